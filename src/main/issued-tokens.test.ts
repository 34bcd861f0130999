import assert from 'node:assert/strict';
import {createHmac, generateKeyPairSync, type KeyObject} from 'node:crypto';
import {test} from 'node:test';
import {CompactSign} from 'jose/jws/compact/sign';
import {virtualWorld} from '../../test/support/virtual-world.ts';
import type {JsonObject} from '../api/json.ts';
import {compileConfig} from '../auth/jwt/compile.ts';
import {readAuthenticationConfig} from '../auth/jwt/config.ts';
import {issuedTokens, signingAlgorithms} from '../auth/jwt/issued-tokens.ts';
import {keyLimits} from '../auth/jwt/issuer-keys.ts';
import type {Documents} from '../auth/jwt/ports.ts';
import {readKey} from './json-web-keys.ts';

const url = 'https://issuer.example';
const rsa = generateKeyPairSync('rsa', {modulusLength: 2048});
const other = generateKeyPairSync('rsa', {modulusLength: 2048});
const weak = generateKeyPairSync('rsa', {modulusLength: 1024});
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'});
const jwk = (key: KeyObject, kid: string, more: JsonObject = {}): JsonObject => ({
  ...(key.export({format: 'jwk'}) as JsonObject),
  kid,
  ...more,
});
const signed = (key: KeyObject, claims: JsonObject, alg = 'RS256', header: JsonObject = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({alg, kid: 'one', ...header}).sign(key);
const part = (value: JsonObject | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** An issuer that answers as it is told, and the tokens that are judged by it. */
function setUp({algorithms = signingAlgorithms, audiences = ['us']}: {algorithms?: readonly string[]; audiences?: readonly string[]} = {}) {
  const world = virtualWorld('jwt');
  const issuer = {
    keys: [jwk(rsa.publicKey, 'one')] as JsonObject[],
    discovery: {issuer: url, jwks_uri: `${url}/jwks`} as JsonObject,
    problem: undefined as string | undefined,
    asked: [] as string[],
    /** Until it resolves nothing is answered. */
    gate: Promise.resolve(),
  };
  const documents: Documents = {
    async get({url: at}) {
      issuer.asked.push(at);
      await issuer.gate;
      if (issuer.problem !== undefined) return {problem: issuer.problem};
      const found = at.endsWith('/jwks') ? {...(issuer.keys && {keys: issuer.keys})} : issuer.discovery;
      return {bytes: Buffer.from(JSON.stringify(found))};
    },
  };
  const warnings: unknown[] = [];
  const log = {info() {}, error() {}, warn: (_: string, fields?: unknown) => void warnings.push(fields)};
  const tokens = issuedTokens({documents, readKey, clock: world, log});
  const configure = (more: JsonObject = {}): void => {
    const {errors, found} = compileConfig(
      readAuthenticationConfig({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: [
          {
            issuer: {url, audiences: [...audiences], ...(audiences.length > 1 && {audienceMatchPolicy: 'MatchAny'})},
            claimMappings: {username: {claim: 'sub', prefix: ''}},
            ...more,
          },
        ],
      }),
      [],
    );
    assert.deepEqual(errors, []);
    tokens.configure(found, algorithms);
  };
  configure();
  const nowSeconds = (): number => Math.floor(world.now() / 1000);
  const claims = (more: JsonObject = {}): JsonObject => ({iss: url, aud: 'us', sub: 'ann', exp: nowSeconds() + 3600, ...more});
  const why = async (token: string): Promise<string> => {
    const found = await tokens.identify(token);
    return found === undefined ? 'not ours' : 'why' in found ? found.why : `user ${found.user.name}`;
  };
  return {world, issuer, tokens, configure, claims, why, warnings, nowSeconds};
}
const verify = (why: string): string => `oidc: verify token: ${why}`;
const badSignature = verify('failed to verify signature: failed to verify id token signature');

test('a token of a known issuer is its user, by every algorithm that is taken', async () => {
  const {issuer, why, claims} = setUp();
  const curves = ['P-256', 'P-384', 'P-521'].map(namedCurve => generateKeyPairSync('ec', {namedCurve}));
  issuer.keys = [jwk(rsa.publicKey, 'one'), ...curves.map((pair, i) => jwk(pair.publicKey, `ec${i}`))];
  for (const alg of signingAlgorithms) {
    const i = ['ES256', 'ES384', 'ES512'].indexOf(alg);
    const key = i < 0 ? rsa.privateKey : curves[i]!.privateKey;
    assert.equal(await why(await signed(key, claims(), alg, {kid: i < 0 ? 'one' : `ec${i}`})), 'user ann', alg);
  }
  assert.equal(await why(await signed(rsa.privateKey, claims({aud: ['x', 'us']}))), 'user ann');
  assert.deepEqual(issuer.asked, [`${url}/.well-known/openid-configuration`, `${url}/jwks`]);
});

test('tokens of others, and what are none, are not judged', async () => {
  const {why, claims, issuer} = setUp();
  await why(await signed(rsa.privateKey, claims()));
  const asked = issuer.asked.length;
  const head = part({alg: 'RS256', kid: 'one'});
  for (const token of [
    '',
    'opaque',
    'a.b.c',
    `${head}.${part({...claims(), iss: 'https://other.example'})}.x`,
    `${head}.${part({...claims(), iss: `${url}/`})}.x`,
    `${head}.${part({...claims(), iss: [url]})}.x`,
    `${head}.${part('[]')}.x`,
    `${head}.${part('null')}.x`,
    `${part('{}')}.${part(claims())}.x`,
    `${part({alg: 'RS256', kid: 1})}.${part(claims())}.x`,
    `${head}.${part({...claims(), aud: [1]})}.x`,
    `${head}.${part(`{"iss":"${url}","aud":"us","x":${'['.repeat(3000)}${']'.repeat(3000)}}`)}.x`,
    `${head}.${part({...claims(), x: 'y'.repeat(20_000)})}.x`,
    JSON.stringify({payload: part(claims()), protected: head, signature: 'x'}),
  ])
    assert.equal(await why(token), 'not ours', token.slice(0, 80));
  assert.equal(issuer.asked.length, asked);
});

test('audience, expiry and beginning are judged, in the words of Kubernetes', async () => {
  const {why, claims, nowSeconds, world} = setUp();
  const of = async (more: JsonObject) => why(await signed(rsa.privateKey, claims(more)));
  assert.equal(await of({aud: 'them'}), verify('oidc: expected audience "us" got ["them"]'));
  assert.equal(
    await why(await signed(rsa.privateKey, {iss: url, sub: 'ann', exp: nowSeconds() + 1})),
    verify('oidc: expected audience "us" got []'),
  );
  assert.equal(await of({exp: nowSeconds() - 1}), verify('oidc: token is expired (Token Expiry: 2025-12-31 23:59:59 +0000 UTC)'));
  assert.equal(await of({exp: 'soon'}), verify('oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)'));
  assert.match(await of({exp: -1e300}), /token is expired/);
  assert.equal(
    await of({nbf: nowSeconds() + 61}),
    verify('oidc: current time 2026-01-01 00:00:00 +0000 UTC before the nbf (not before) time: 2026-01-01 00:01:01 +0000 UTC'),
  );
  assert.equal(await of({nbf: nowSeconds() + 60}), 'user ann');
  const short = await signed(rsa.privateKey, claims({exp: nowSeconds() + 5}));
  assert.equal(await why(short), 'user ann');
  await world.advance(6_000);
  assert.match(await why(short), /token is expired/);
  const several = setUp({audiences: ['b', 'a']});
  assert.equal(
    await several.why(await signed(rsa.privateKey, several.claims({aud: 'c'}))),
    verify('oidc: expected audience in ["a" "b"] got ["c"]'),
  );
});

test('js-jwt no algorithm but those allowed, no key but the issuer’s, and nothing else that a token brings along', async () => {
  const {why, claims, issuer, configure} = setUp({algorithms: ['RS256']});
  issuer.keys = [
    jwk(rsa.publicKey, 'one'),
    jwk(ec.publicKey, 'ec'),
    {kty: 'oct', k: part('secret'), kid: 'oct'},
    jwk(weak.publicKey, 'weak'),
  ];
  const only = (alg: string): string => verify(`oidc: id token signed with unsupported algorithm, expected ["RS256"] got "${alg}"`);
  const forged = (header: JsonObject, signature = ''): string => `${part(header)}.${part(claims())}.${signature}`;
  assert.equal(await why(forged({alg: 'none', kid: 'one'})), only('none'));
  assert.equal(await why(forged({alg: 'none'}, 'x')), only('none'));
  const pem = rsa.publicKey.export({type: 'spki', format: 'pem'}) as string;
  const input = `${part({alg: 'HS256', kid: 'one'})}.${part(claims())}`;
  assert.equal(await why(`${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`), only('HS256'));
  assert.equal(await why(await signed(ec.privateKey, claims(), 'ES256', {kid: 'ec'})), only('ES256'));
  assert.equal(await why(forged({alg: 'RS256', kid: 'one'})), badSignature);
  assert.equal(await why(forged({alg: 'RS256', kid: 'ec'}, 'AAAA')), badSignature);
  assert.equal(await why(forged({alg: 'RS256', kid: 'oct'}, 'AAAA')), badSignature);
  assert.equal(await why(forged({alg: 'RS256', kid: 'weak'}, 'AAAA')), badSignature);
  assert.equal(await why(await signed(other.privateKey, claims())), badSignature);
  const own = jwk(other.publicKey, 'one');
  for (const header of [{jwk: own}, {jku: 'https://evil.example/jwks'}, {x5u: 'https://evil.example/x'}, {x5c: ['AAAA']}])
    assert.equal(await why(await signed(other.privateKey, claims(), 'RS256', header)), badSignature);
  assert.ok(issuer.asked.every(at => at.startsWith(url)));
  const [head, , signature] = (await signed(rsa.privateKey, claims())).split('.');
  assert.equal(await why(`${head}.${part(claims({sub: 'root'}))}.${signature}`), badSignature);
  const critical = `${part({alg: 'RS256', kid: 'one', crit: ['x'], x: 1})}.${part(claims())}.AAAA`;
  assert.equal(await why(critical), badSignature);
  // A key that its issuer keeps for one thing is not believed for another.
  for (const more of [{use: 'enc'}, {alg: 'RS512'}]) {
    const strict = setUp();
    strict.issuer.keys = [jwk(rsa.publicKey, 'one', more)];
    assert.equal(await strict.why(await signed(rsa.privateKey, strict.claims())), badSignature);
  }
  configure({issuer: {url, audiences: ['us', 'more'], audienceMatchPolicy: 'MatchAny'}});
  assert.equal(await why(await signed(rsa.privateKey, claims({aud: 'more'}))), 'user ann');
});

test('keys that the issuer changes are found, once in a while however many tokens come', async () => {
  const {why, claims, issuer, world} = setUp();
  assert.equal(await why(await signed(rsa.privateKey, claims())), 'user ann');
  issuer.keys = [jwk(other.publicKey, 'two')];
  const rotated = await signed(other.privateKey, claims(), 'RS256', {kid: 'two'});
  assert.equal(await why(rotated), badSignature);
  await world.advance(keyLimits.retryMs);
  assert.equal(await why(rotated), 'user ann');
  assert.equal(issuer.asked.length, 4);
  // The key that was taken back is believed no more, but for the seconds that good tokens are remembered.
  await world.advance(keyLimits.retryMs);
  assert.equal(await why(await signed(rsa.privateKey, claims())), badSignature);
  assert.equal(issuer.asked.length, 6);
  for (let i = 0; i < 3_000; i++) await why(`${part({alg: 'RS256', kid: `made up ${i}`})}.${part(claims())}.AAAA`);
  assert.equal(issuer.asked.length, 6);
});

test('an issuer that fails is not asked in a loop, and its keys are used as long as they may', async () => {
  const {why, claims, issuer, world, warnings} = setUp();
  const token = async () => signed(rsa.privateKey, claims());
  assert.equal(await why(await token()), 'user ann');
  issuer.problem = 'connect: connection refused';
  await world.advance(keyLimits.refreshMs + 1);
  for (let i = 0; i < 10; i++) assert.equal(await why(await token()), 'user ann');
  assert.equal(issuer.asked.length, 3);
  assert.deepEqual(warnings, [{issuer: url, why: `Get "${url}/.well-known/openid-configuration": connect: connection refused`}]);
  await world.advance(keyLimits.keptMsMax);
  assert.equal(await why(await token()), 'oidc: authenticator not initialized');
  assert.equal(await why(await token()), 'oidc: authenticator not initialized');
  assert.equal(issuer.asked.length, 4);
  issuer.problem = undefined;
  await world.advance(keyLimits.retryMs);
  assert.equal(await why(await token()), 'user ann');
});

test('what an issuer says of itself must be whole', async () => {
  for (const [change, why] of [
    [
      {discovery: {issuer: 'https://other.example', jwks_uri: `${url}/jwks`}},
      /^oidc: issuer did not match the issuer returned by provider, expected "https:\/\/issuer\.example" got "https:\/\/other\.example"$/,
    ],
    [{discovery: {jwks_uri: `${url}/jwks`}}, /^oidc: issuer did not match/],
    [{discovery: {issuer: url}}, /^a document is not at an https URL$/],
    [{discovery: {issuer: url, jwks_uri: 'http://issuer.example/jwks'}}, /^a document is not at an https URL$/],
    [{discovery: {issuer: url, jwks_uri: 'https://me:pw@issuer.example/jwks'}}, /^a document is not at an https URL$/],
    [{keys: undefined}, /^the document of the keys lists none$/],
    [{discovery: {issuer: url, jwks_uri: 'file:///etc/passwd'}}, /^a document is not at an https URL$/],
  ] as const) {
    const {issuer, why: told, claims, warnings, world} = setUp();
    await told(await signed(rsa.privateKey, claims()));
    warnings.length = 0;
    await world.advance(keyLimits.retryMs);
    Object.assign(issuer, change);
    assert.equal(await told(await signed(rsa.privateKey, claims(), 'RS256', {kid: 'unknown'})), badSignature);
    assert.match((warnings as {why: string}[])[0]?.why ?? '', why);
  }
  const {issuer, why, claims} = setUp();
  issuer.keys = [null, 1, {}, {kty: 'RSA'}, {kty: 'RSA', n: 'x', e: 'AQAB', kid: 'one'}, {kty: 'EC', crv: 'P-256', x: '', y: ''}] as never;
  assert.equal(await why(await signed(rsa.privateKey, claims())), badSignature);
});

test('requests wait for one answer, and only so many of them', async () => {
  const {issuer, why, claims} = setUp();
  await why(await signed(rsa.privateKey, claims()));
  const late = setUp();
  const {promise, resolve} = Promise.withResolvers<void>();
  late.issuer.gate = promise;
  const tokens = await Promise.all(
    Array.from({length: keyLimits.waitingMax + 5}, (_, i) => signed(rsa.privateKey, late.claims({jti: String(i)}))),
  );
  late.configure({issuer: {url, audiences: ['us'], discoveryURL: `${url}/elsewhere`}});
  const asked = tokens.map(token => late.why(token));
  setImmediate(resolve);
  const answers = await Promise.all(asked);
  assert.equal(answers.filter(answer => answer === 'user ann').length, keyLimits.waitingMax);
  assert.equal(answers.filter(answer => answer === 'oidc: too many requests wait for the keys of the issuer').length, 5);
  assert.equal(late.issuer.asked.filter(at => at === `${url}/elsewhere`).length, 1);
  assert.equal(issuer.asked.length, 2);
});

test('a new configuration holds at once, and keeps the keys of issuers that stay', async () => {
  const {issuer, why, claims, configure, tokens} = setUp();
  const token = await signed(rsa.privateKey, claims());
  assert.equal(await why(token), 'user ann');
  configure({claimMappings: {username: {claim: 'sub', prefix: 'oidc:'}}});
  assert.equal(await why(token), 'user oidc:ann');
  assert.equal(issuer.asked.length, 2);
  tokens.configure([], signingAlgorithms);
  assert.equal(await why(token), 'not ours');
});
