/** Tokens of service accounts: spec kubernetes-api 8.5, 10.2, 13.8, and spec kcp 7.2. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {compactVerify, createLocalJWKSet} from 'jose';
import type {Answer, Found} from '../support/api-client.ts';
import {newPlace, paths, refused, succeeded} from '../support/place.ts';
import {inProcess, issuer, startPlane, users, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {secrets} = paths;
const accounts = '/api/v1/namespaces/t/serviceaccounts';
const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';
const selfReviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

const made = async (path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
const account = (name: string): Promise<Answer> => made(accounts, {metadata: {name}});
const request = (name: string, spec: object = {}): Promise<Answer> => api.post(`${accounts}/${name}/token`, {spec});
const tokenFor = async (name: string, spec: object = {}): Promise<string> =>
  succeeded(await request(name, spec), 201).at('status', 'token') as string;
/** Who a token is, according to the server itself; its status when it is nobody. */
const whoIs = async (token: string): Promise<Answer> => api.as(token).post(selfReviews, {});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

type Claims = {readonly [name: string]: Found};
const claimsOf = (token: string): Claims => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString()) as Claims;

test('168 the published keys verify a token', async () => {
  const configuration = succeeded(await api.get('/.well-known/openid-configuration'));
  assert.deepEqual([configuration.at('issuer'), configuration.at('jwks_uri')], [issuer, `${plane.url}/openid/v1/jwks`]);
  const algorithms = configuration.at('id_token_signing_alg_values_supported') as string[];
  const keys = succeeded(await api.get('/openid/v1/jwks'));
  assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
  assert.doesNotMatch(keys.text, /"d":/);
  const {protectedHeader} = await compactVerify(await tokenFor('default'), createLocalJWKSet(JSON.parse(keys.text)));
  assert.equal(protectedHeader.kid, keys.at('keys', 0, 'kid'));
  assert.deepEqual(algorithms, [protectedHeader.alg]);
  assert.deepEqual(
    (succeeded(await api.get('/')).at('paths') as string[]).filter(path => path.includes('openid')),
    ['/.well-known/openid-configuration', '/openid/v1/jwks'],
  );
});

test('176 a token for an hour', inProcess, async () => {
  const uid = (await account('hour')).at('metadata', 'uid');
  const answer = succeeded(await request('hour'), 201);
  assert.deepEqual([answer.at('kind'), answer.at('apiVersion')], ['TokenRequest', 'authentication.k8s.io/v1']);
  assert.deepEqual(answer.at('spec'), {expirationSeconds: 3600, audiences: [issuer], boundObjectRef: null});
  const now = Math.floor(plane.world.now() / 1000);
  const {jti, ...claims} = claimsOf(answer.at('status', 'token') as string);
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  const ours = claims['kubernetes.io'] as Claims;
  assert.match(String(ours['clusterName']), /^[a-z0-9]{16}$/);
  assert.deepEqual(claims, {
    aud: [issuer],
    exp: now + 3600,
    iat: now,
    nbf: now,
    iss: issuer,
    sub: 'system:serviceaccount:t:hour',
    'kubernetes.io': {clusterName: ours['clusterName'], namespace: 't', serviceaccount: {name: 'hour', uid}},
  });
  assert.equal(answer.at('status', 'expirationTimestamp'), new Date((now + 3600) * 1000).toISOString().replace('.000', ''));
});

test('176 wishes that cannot be met', async () => {
  await account('wishes');
  const cases: readonly [spec: object, status: number, why: string][] = [
    [{expirationSeconds: 599}, 422, 'may not specify a duration less than 10 minutes'],
    [{expirationSeconds: 0}, 422, 'spec.expirationSeconds: Invalid value: 0'],
    [{expirationSeconds: 2 ** 32 + 1}, 422, 'may not specify a duration larger than 2^32 seconds'],
    [{expirationSeconds: 12345678901234567890n}, 400, 'BadRequest'],
    [{audiences: ['x'.repeat(9000)]}, 422, 'spec.audiences: Too long'],
    [{boundObjectRef: {kind: 'Secret', apiVersion: 'v1', name: 'nothing'}}, 404, 'secrets "nothing" not found'],
    [{boundObjectRef: {kind: 'Secret', apiVersion: 'v1'}}, 404, 'not found'],
    [{boundObjectRef: {kind: 'Pod', apiVersion: 'v1', name: 'p'}}, 404, 'pods "p" not found'],
    [{boundObjectRef: {kind: 'ConfigMap', apiVersion: 'v1', name: 'p'}}, 400, 'cannot bind token to object of type /v1, Kind=ConfigMap'],
    [{boundObjectRef: {kind: '__proto__', apiVersion: 'a/b/c', name: 'p'}}, 400, 'cannot bind token to object of type'],
  ];
  for (const [spec, status, why] of cases) refused(await request('wishes', spec), status, why);
  refused(await request('nobody'), 404, 'serviceaccounts "nobody" not found');
  refused(await api.post(`${accounts}/wishes/token`, {metadata: {name: 'other'}}), 422, 'must match the service account name if specified');
  refused(await api.post(`${accounts}/wishes/token`, {metadata: {uid: 'another'}}), 409, 'the UID in the token request (another)');
  refused(await api.post(`${accounts}/wishes/token`, {kind: 'Secret', apiVersion: 'v1'}), 400, 'BadRequest');
  for (const verb of ['GET', 'PUT', 'DELETE']) assert.equal((await api.send(verb, `${accounts}/wishes/token`, {})).status, 405, verb);
  assert.equal((await api.post(`${secrets}/wishes/token`, {})).status, 404);
  const rehearsed = succeeded(await api.post(`${accounts}/wishes/token?dryRun=All`, {}), 201);
  assert.equal(rehearsed.at('status', 'token'), '');
});

test('176 a token is for its audiences, and ends in time', inProcess, async () => {
  await account('audience');
  const elsewhere = await tokenFor('audience', {audiences: ['elsewhere', 'vault']});
  assert.deepEqual(claimsOf(elsewhere)['aud'], ['elsewhere', 'vault']);
  refused(await whoIs(elsewhere), 401, 'Unauthorized: Unauthorized');
  const short = await tokenFor('audience', {expirationSeconds: 600});
  succeeded(await whoIs(short), 201);
  await plane.world.advance(659_000);
  succeeded(await whoIs(short), 201);
  await plane.world.advance(2_000);
  refused(await whoIs(short), 401, 'Unauthorized: Unauthorized');
});

test('176 a token is good no longer than the server allows', inProcess, async () => {
  const answer = succeeded(await request('default', {expirationSeconds: 200_000}), 201);
  assert.deepEqual(answer.headers.warning, ['299 - "requested expiration of 200000 seconds shortened to 100000 seconds"']);
  assert.equal(answer.at('spec', 'expirationSeconds'), 100_000);
  const {exp, iat} = claimsOf(answer.at('status', 'token') as string);
  assert.equal(Number(exp) - Number(iat), 100_000);
});

test('176 a token ends with the Secret it is bound to', inProcess, async () => {
  await account('bound');
  await made(secrets, {metadata: {name: 'anchor'}});
  const uid = succeeded(await api.get(`${secrets}/anchor`)).at('metadata', 'uid');
  const ref = {kind: 'Secret', apiVersion: 'v1', name: 'anchor'};
  refused(await request('bound', {boundObjectRef: {...ref, uid: 'other'}}), 409, 'the UID in the bound object reference (other)');
  const token = await tokenFor('bound', {boundObjectRef: ref});
  assert.deepEqual((claimsOf(token)['kubernetes.io'] as Claims)['secret'], {name: 'anchor', uid});
  succeeded(await whoIs(token), 201);
  succeeded(await api.del(`${secrets}/anchor`));
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
  await made(secrets, {metadata: {name: 'anchor'}});
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
});

test('177 a token ends with its account', inProcess, async () => {
  await account('again');
  const token = await tokenFor('again');
  const who = succeeded(await whoIs(token), 201);
  assert.deepEqual(who.at('status', 'userInfo', 'groups'), ['system:serviceaccounts', 'system:serviceaccounts:t', 'system:authenticated']);
  succeeded(await api.del(`${accounts}/again`));
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
  await account('again');
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
  succeeded(await whoIs(await tokenFor('again')), 201);
});

test('177 a token of a deleted account is good for a minute more while finalizers hold it', inProcess, async () => {
  await made(accounts, {metadata: {name: 'held', finalizers: ['x.io/f']}});
  const token = await tokenFor('held');
  succeeded(await api.del(`${accounts}/held`));
  succeeded(await whoIs(token), 201);
  await plane.world.advance(61_000);
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
});

test('177 a token ends with its workspace, and is not good in the next of that name', async () => {
  const first = await plane.workspace('passing');
  const asked = succeeded(await first.post('/api/v1/namespaces/default/serviceaccounts/default/token', {}), 201);
  const token = asked.at('status', 'token') as string;
  succeeded(await first.as(token).post(selfReviews, {}), 201);
  succeeded(await plane.api.del(`${workspacesIn('root')}/passing`));
  await plane.eventually(async () => assert.equal((await plane.api.get(`${workspacesIn('root')}/passing`)).status, 404));
  const second = await plane.workspace('passing');
  for (const place of [second, plane.api]) refused(await place.as(token).post(selfReviews, {}), 401, 'Unauthorized: Unauthorized');
});

test('178 a review tells whose a token is, and for whom', async () => {
  const uid = (await account('reviewed')).at('metadata', 'uid');
  const token = await tokenFor('reviewed', {audiences: [issuer, 'vault']});
  const claims = claimsOf(token);
  const cluster = (claims['kubernetes.io'] as Claims)['clusterName'];
  const review = (spec: object): Promise<Answer> => made(reviews, {spec});
  const good = await review({token});
  assert.deepEqual(good.at('status'), {
    authenticated: true,
    user: {
      username: 'system:serviceaccount:t:reviewed',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:t', 'system:authenticated'],
      extra: {
        'authentication.kcp.io/cluster-name': [cluster],
        'authentication.kcp.io/scopes': [`cluster:${cluster}`],
        'authentication.kubernetes.io/credential-id': [`JTI=${claims['jti']}`],
      },
    },
    audiences: [issuer],
  });
  assert.deepEqual((await review({token, audiences: ['vault', 'other']})).at('status', 'audiences'), ['vault']);
  const wrong = await review({token, audiences: ['other']});
  assert.notEqual(wrong.at('status', 'authenticated'), true);
  assert.match(String(wrong.at('status', 'error')), /is invalid for the target audiences \["other"\]/);
  assert.equal((await review({token: users.user1, audiences: [issuer]})).at('status', 'user', 'username'), 'user-1');
  assert.deepEqual((await review({token: users.user1, audiences: ['other']})).at('status'), {user: {}, error: 'invalid bearer token'});
  succeeded(await api.del(`${accounts}/reviewed`));
  const ended = await review({token});
  assert.deepEqual(ended.at('status'), {user: {}, error: '[invalid bearer token, service account token has been invalidated]'});
});

const tokenSecret = (name: string, of: string, annotations: object = {}, more: object = {}): object => ({
  metadata: {...more, name, annotations: {'kubernetes.io/service-account.name': of, ...annotations}},
  type: 'kubernetes.io/service-account-token',
});
const gone = (path: string): Promise<void> => plane.eventually(async () => assert.equal((await api.get(path)).status, 404));
/** The token of a Secret, once it has one. */
const tokenIn = (name: string): Promise<string> =>
  plane.eventually(async () => {
    const token = succeeded(await api.get(`${secrets}/${name}`)).at('data', 'token');
    assert.ok(token);
    return Buffer.from(token as string, 'base64').toString();
  });

test('174 a Secret for a token is filled', async () => {
  const uid = (await account('legacy')).at('metadata', 'uid');
  await made(secrets, tokenSecret('filled', 'legacy'));
  const token = await tokenIn('filled');
  const secret = succeeded(await api.get(`${secrets}/filled`));
  assert.equal(secret.at('metadata', 'annotations', 'kubernetes.io/service-account.uid'), uid);
  assert.deepEqual(secret.at('data'), {'ca.crt': base64(plane.rootCa), namespace: base64('t'), token: base64(token)});
  assert.deepEqual(claimsOf(token), {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/clusterName': secret.at('metadata', 'annotations', 'kcp.io/cluster'),
    'kubernetes.io/serviceaccount/namespace': 't',
    'kubernetes.io/serviceaccount/secret.name': 'filled',
    'kubernetes.io/serviceaccount/service-account.name': 'legacy',
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: 'system:serviceaccount:t:legacy',
  });
  const who = succeeded(await whoIs(token), 201);
  assert.deepEqual(who.at('status', 'userInfo', 'extra', 'authentication.kubernetes.io/credential-id'), undefined);
  assert.deepEqual((await made(reviews, {spec: {token}})).at('status', 'audiences'), [issuer]);

  succeeded(await api.patch(`${secrets}/filled`, {data: {token: null, 'ca.crt': null, more: base64('more')}}));
  const refilled = await tokenIn('filled');
  succeeded(await whoIs(refilled), 201);
  assert.equal(succeeded(await api.get(`${secrets}/filled`)).at('data', 'more'), base64('more'));
  succeeded(await api.del(`${secrets}/filled`));
  for (const gone of [token, refilled]) refused(await whoIs(gone), 401, 'Unauthorized: Unauthorized');
});

test('174 a Secret for a token ends with its account, and its token with it', async () => {
  await account('leaving');
  await made(secrets, tokenSecret('first', 'leaving'));
  await made(secrets, tokenSecret('second', 'leaving'));
  await made(secrets, tokenSecret('others', 'default'));
  const token = await tokenIn('first');
  await tokenIn('second');
  succeeded(await whoIs(token), 201);
  succeeded(await api.del(`${accounts}/leaving`));
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
  await gone(`${secrets}/first`);
  await gone(`${secrets}/second`);
  await tokenIn('others');
  await made(secrets, tokenSecret('orphan', 'nobody'));
  await gone(`${secrets}/orphan`);
  await made(secrets, tokenSecret('mistaken', 'default', {'kubernetes.io/service-account.uid': 'another'}));
  await gone(`${secrets}/mistaken`);
  await made(secrets, tokenSecret('held', 'nobody', {}, {finalizers: ['x.io/f']}));
  await plane.eventually(async () => assert.ok(succeeded(await api.get(`${secrets}/held`)).at('metadata', 'deletionTimestamp')));
});

test('174 a token ends with its Secret', async () => {
  await account('kept');
  await made(secrets, tokenSecret('keeps', 'kept'));
  const token = await tokenIn('keeps');
  succeeded(await whoIs(token), 201);
  succeeded(await api.del(`${secrets}/keeps`));
  refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
});

test('what a service account may', async () => {
  await account('plain');
  const token = await tokenFor('plain');
  const own = api.as(token);
  for (const path of ['/api', '/api/v1', '/apis', '/openapi/v3', '/version', '/openid/v1/jwks'])
    assert.equal((await own.get(path)).status, 200, path);
  refused(await own.get(paths.configMaps), 403, 'User "system:serviceaccount:t:plain" cannot list resource "configmaps"');
  refused(await own.post(`${accounts}/plain/token`, {}), 403, 'cannot create resource "serviceaccounts/token"');
  const top = plane.api.as(token);
  assert.equal((await top.get('/api/v1')).status, 200, 'without a workspace, the token leads to its own');
  const elsewhere = (await plane.workspace('foreign')).as(token);
  for (const path of ['/api', paths.configMaps]) refused(await elsewhere.get(path), 403, 'User "system:serviceaccount:t:plain" cannot');
  refused(await elsewhere.post(selfReviews, {}), 403, 'cannot create resource "selfsubjectreviews"');
});

test('js-jwt hostile tokens are answered with a Status, and nothing breaks', async () => {
  const good = await tokenFor('default');
  const [header, payload] = good.split('.') as [string, string, string];
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const bad = [
    'x',
    'a.b.c',
    `${header}.${payload}.`,
    `${none}.${payload}.x`,
    `${good}x`,
    `${header}.${payload}.${'A'.repeat(20_000)}`,
    '__proto__',
  ];
  for (const token of bad) {
    const answer = refused(await whoIs(token), 401, 'Unauthorized: Unauthorized');
    assert.deepEqual([answer.at('kind'), answer.at('code')], ['Status', 401]);
    assert.deepEqual((await made(reviews, {spec: {token}})).at('status'), {user: {}, error: 'invalid bearer token'});
  }
  assert.deepEqual(plane.errors, []);
});

test('discovery and OpenAPI tell of the subresource', async () => {
  type Named = readonly {readonly name?: Found; readonly resource?: Found}[];
  const listed = (succeeded(await api.get('/api/v1')).at('resources') as Named).find(({name}) => name === 'serviceaccounts/token');
  assert.deepEqual(listed, {
    name: 'serviceaccounts/token',
    singularName: '',
    namespaced: true,
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    verbs: ['create'],
  });
  const document = succeeded(await api.get('/openapi/v3/api/v1'));
  const post = ['paths', '/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token', 'post'] as const;
  assert.equal(document.at(...post, 'operationId'), 'createCoreV1NamespacedServiceAccountToken');
  assert.equal(document.at('components', 'schemas', 'io.k8s.api.authentication.v1.TokenRequest', 'type'), 'object');
});
