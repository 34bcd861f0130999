/** Nobody becomes somebody else by what they say (spec reliability-and-security K1, K5, B2, T3, T4). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {HeaderList} from '../../src/server/http.ts';
import type {Api, Found, Headers} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import {inProcess, isStarted, startPlane, users} from '../support/plane.ts';
import {requestFor} from '../support/signing-request.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets} = paths;
const selfReviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const place = await newPlace(plane);
succeeded(await place.post(rbac.clusterRoleBindings, bindingObject('tenant', 'ClusterRole cluster-admin', 'User user-1')), 201);
const tenant = place.as(users.user1);
const elsewhere = await newPlace(plane);
succeeded(await elsewhere.post(paths.secrets, {metadata: {name: 'crown'}, stringData: {jewels: 'here'}}), 201);
const annotationOf = async (api: Api, name: string): Promise<string> =>
  (await api.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'annotations', name) as string;
const [placePath, path, id] = [
  await annotationOf(place, 'kcp.io/path'),
  await annotationOf(elsewhere, 'kcp.io/path'),
  await annotationOf(elsewhere, 'kcp.io/cluster'),
];
const userOf = async (api: Api, headers: Headers = {}): Promise<Found> =>
  succeeded(await api.post(selfReviews, {}, headers), 201).at('status', 'userInfo');

const warrant = '{"user":"x","groups":["system:masters"]}';
/** Headers by which some server in front of some other says who asks, or where. */
const told: readonly Headers[] = [
  ...[
    'X-Remote-User',
    'x-remote-user',
    'X_Remote_User',
    'X-Remote_User',
    'X-Forwarded-User',
    'X-Auth-Request-User',
    'Remote-User',
    'X-WEBAUTH-USER',
  ].map(name => ({[name]: 'system:admin'})),
  {'x-remote-user': 'root', 'x-remote-uid': '0', 'x-remote-group': 'system:masters'},
  {'x-remote-group': 'system:masters'},
  {'x-remote-user': 'x', 'x-remote-extra-authorization.kcp.io%2fwarrant': warrant},
  {'X-Remote-User': 'x', 'X-Remote-Extra-Authorization.kcp.io%2FWarrant': warrant},
  {'x-remote-user': 'x', 'x-remote-extra-authentication.kcp.io%2fscopes': 'cluster:root'},
  {'x-kcp-internal-deep-subjectaccessreview': 'true'},
  {'x-kcp-api-v1-discovery-passthrough': 'true'},
  {'x-kubernetes-cluster': '*'},
  {'x-kubernetes-cluster': path},
  {'x-kubernetes-sharded-request': 'true', 'x-kcp-hops': '0'},
  {'x-original-url': `/clusters/${path}${secrets}`, 'x-rewrite-url': `/clusters/${path}${secrets}`},
  {forwarded: 'for=127.0.0.1;host=localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost', 'x-real-ip': '127.0.0.1'},
  {connection: 'close, authorization', 'x-remote-user': 'root'},
];

test('K5 NCC-YVU T3 js-hop-by-hop headers of a front proxy change nothing', async () => {
  const who = await userOf(tenant);
  for (const headers of told) {
    const what = JSON.stringify(headers);
    refused(await place.as('').get(configMaps, headers), 403, 'User "system:anonymous" cannot list');
    assert.equal((await place.as('made-up').get(configMaps, headers)).status, 401, what);
    assert.deepEqual(await userOf(tenant, headers), who, what);
    const foreign = elsewhere.as(users.user1);
    refused(await foreign.get(secrets, headers), 403, 'User "user-1" cannot list');
    refused(await plane.api.as(users.user1).get(`/clusters/*/api/v1/secrets`, headers), 403, 'User "user-1" cannot list');
  }
});

test('K5 groups with commas are one group', inProcess, async () => {
  const ask = async (token: string, headers: HeaderList) =>
    plane.handler({
      method: 'POST',
      target: `/clusters/${placePath}${selfReviews}`,
      headers: ['authorization', `Bearer ${token}`, ...headers],
      remoteAddress: '',
      body: async () => Buffer.from('{}'),
      signal: new AbortController().signal,
    });
  const groupsOf = async (...groups: readonly string[]): Promise<readonly string[]> => {
    const reply = await ask(users.shardAdmin, ['impersonate-user', 'user-1', ...groups.flatMap(group => ['impersonate-group', group])]);
    assert.equal(reply.status, 201);
    return (JSON.parse(Buffer.from(reply.body as Uint8Array).toString()) as {status: {userInfo: {groups: string[]}}}).status.userInfo
      .groups;
  };
  assert.deepEqual(await groupsOf('team, system:masters'), ['team, system:masters', 'system:authenticated']);
  assert.deepEqual(await groupsOf('a,b', 'c'), ['a,b', 'c', 'system:authenticated']);
  // Who holds a group of such a name is not in either.
  const inside = elsewhere.as(users.shardAdmin);
  refused(await inside.get(secrets, {'impersonate-user': 'u', 'impersonate-group': 'team, system:masters'}), 403, 'User "u" cannot list');
  succeeded(await inside.get(secrets, {'impersonate-user': 'u', 'impersonate-group': 'system:masters'}));
});

test('kcp-drop-list K1 groups that kcp keeps for itself are for no service account and nobody who acts as another', async () => {
  const request = succeeded(await tenant.post('/api/v1/namespaces/t/serviceaccounts/default/token', {spec: {}}), 201);
  const {groups} = (await userOf(place.as(request.at('status', 'token') as string))) as {groups: readonly string[]};
  assert.deepEqual([...groups].sort(), ['system:authenticated', 'system:serviceaccounts', 'system:serviceaccounts:t']);
  for (const group of [
    'system:kcp:initializer:root:x',
    'system:kcp:terminator:root:x',
    'system:kcp:logical-cluster-admin',
    'system:kcp:external-logical-cluster-admin',
    'system:kcp:tenancy:workspace-bootstrapper',
    'system:masters',
    'SYSTEM:MASTERS'.toLowerCase(),
  ]) {
    refused(await tenant.get(configMaps, {'impersonate-user': 'user-1', 'impersonate-group': group}), 403, 'impersonation is not allowed');
    // Nor may an administrator of kcp, who holds none of them.
    refused(await place.get(configMaps, {'impersonate-user': 'u', 'impersonate-group': group}), 403, 'impersonation is not allowed');
  }
  // Nobody signs what a tenant has asked for and approved.
  const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const wanting = (group: string): object => ({
    metadata: {name: 'wanted'},
    spec: {request: requestFor('root', [group]), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth']},
  });
  refused(await tenant.post(requests, wanting('system:masters')), 403, 'signer with system:masters group is not allowed');
  succeeded(await tenant.post(requests, wanting('system:kcp:admin')), 201);
  const status = {conditions: [{type: 'Approved', status: 'True', reason: 'Mine'}]};
  await tenant.patch(`${requests}/wanted/approval`, {status});
  await plane.settle();
  assert.equal(succeeded(await tenant.get(`${requests}/wanted`)).at('status', 'certificate'), undefined);
  const names = [' system:masters', 'system:masters ', 'System:Masters', 'ｓystem:masters', 'system:masters,team'];
  for (const group of names) {
    const {status} = await tenant.get(secrets, {'impersonate-user': 'u', 'impersonate-group': encodeURIComponent(group)});
    assert.equal(status, 403, group);
  }
});

test('T4 facts that somebody states about others in a question give nobody anything', async () => {
  const ask = async (spec: object): Promise<Found> =>
    succeeded(await tenant.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {spec}), 201).at('status', 'allowed');
  const resourceAttributes = {verb: 'list', resource: 'secrets', namespace: 't'};
  const extra = (key: string, ...values: readonly string[]): object => ({
    user: 'nobody',
    groups: [],
    extra: {[key]: values},
    resourceAttributes,
  });
  const nest = (depth: number): string =>
    depth === 0 ? warrant : JSON.stringify({user: 'n', extra: {'authorization.kcp.io/warrant': [nest(depth - 1)]}});
  const start = performance.now();
  // It is a question: within the workspace of who asks, what they say may be true.
  assert.equal(await ask(extra('authorization.kcp.io/warrant', warrant)), true);
  assert.equal(await ask(extra('authorization.kcp.io/warrant', warrant.slice(1))), false);
  assert.equal(typeof (await ask(extra('authorization.kcp.io/warrant', nest(12)))), 'boolean');
  assert.equal(await ask(extra('authorization.kcp.io/warrant', '['.repeat(60_000))), false);
  assert.equal(
    await ask(
      extra(
        'authorization.kcp.io/warrant',
        ...Array.from({length: 5_000}, () => '{"user":"a","extra":{"authentication.kcp.io/scopes":["cluster:x"]}}'),
      ),
    ),
    false,
  );
  for (const scopes of [
    ['cluster:a,cluster:*'],
    ['*'],
    ['cluster:*'],
    [''],
    ['cluster:'],
    [`cluster:${id}`],
    ['zone:a'],
    ['cluster:a', 'cluster:b'],
  ])
    assert.equal(await ask({...extra('authentication.kcp.io/scopes', ...scopes), user: 'user-1'}), false, scopes.join());
  assert.equal(await ask({user: 'user-1', groups: [], resourceAttributes}), true);
  assert.ok(performance.now() - start < 5_000);
});

test('kcp-3cc86c62 T19 whoever asks at the same time is told who they themselves are', async () => {
  const who = new Map<string, string>([
    [users.user1, 'user-1'],
    [users.user2, 'user-2'],
    [users.user3, 'user-3'],
  ]);
  for (const user of ['user-2', 'user-3'])
    succeeded(await place.post(rbac.clusterRoleBindings, bindingObject(user, 'ClusterRole cluster-admin', `User ${user}`)), 201);
  succeeded(await place.post(rbac.clusterRoleBindings, bindingObject('guests', 'ClusterRole cluster-admin', 'Group guests')), 201);
  const tokens = [...who.keys()];
  const rounds = isStarted ? 5 : 50;
  for (let round = 0; round < rounds; round++) {
    const asked = Array.from({length: 200}, (_, i) => tokens[(i * 7 + round) % tokens.length] as string);
    const answers = await Promise.all(
      asked.map(async (token, i) => {
        const acting = i % 5 === 0 && token === users.user1;
        const info = (await userOf(place.as(token), acting ? {'impersonate-user': `guest-${i}`, 'impersonate-group': 'guests'} : {})) as {
          username: string;
        };
        return [info.username, acting ? `guest-${i}` : who.get(token)];
      }),
    );
    for (const [told, expected] of answers) assert.equal(told, expected);
  }
});

test('kcp-4165 K5 whatever paths a tenant opens in their workspace, what is the shard’s stays closed', async () => {
  succeeded(await tenant.post(rbac.clusterRoles, roleObject('all-paths', ['* /*'])), 201);
  succeeded(await tenant.post(rbac.clusterRoleBindings, bindingObject('all-paths', 'ClusterRole all-paths', 'User user-2')), 201);
  const shard = ['/metrics', '/debug/pprof', '/debug/pprof/heap', '/logs', '/configz', '/flagz', '/statusz', '/metrics/slis'];
  for (const api of [tenant, place.as(users.user2)])
    for (const path of shard) {
      const {status, text} = await api.get(path);
      assert.ok([403, 404, 501].includes(status), `${path} → ${status}`);
      assert.doesNotMatch(text, /process_|nodejs_/);
    }
  // At the shard itself they have nothing to say.
  for (const path of shard) assert.ok([403, 404].includes((await plane.api.as(users.user1).get(path)).status), path);
});

test('KEP-5284 the roles that tenants give away act as nobody but service accounts', async () => {
  succeeded(await place.post('/api/v1/namespaces', {metadata: {name: 'kep'}}), 201);
  for (const role of ['view', 'edit', 'admin', 'system:kcp:workspace:access', 'system:kcp:tenancy:reader']) {
    const there = await newPlace(plane);
    succeeded(
      await there.post(rbac.clusterRoleBindings, bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-2')),
      201,
    );
    succeeded(await there.post(rbac.clusterRoleBindings, bindingObject('given', `ClusterRole ${role}`, 'User user-2')), 201);
    const given = there.as(users.user2);
    for (const headers of [
      {'impersonate-user': 'user-1'},
      {'impersonate-user': 'user-1', 'impersonate-group': 'team'},
      {'impersonate-user': 'user-1', 'impersonate-uid': '1'},
      {'impersonate-user': 'user-2', 'impersonate-extra-a': 'b'},
    ])
      for (const verb of ['GET', 'POST', 'DELETE'])
        refused(
          await given.send(verb, configMaps, verb === 'POST' ? configMap('x') : undefined, headers),
          403,
          'cannot impersonate resource "users"',
        );
    const {status} = await given.get(configMaps, {'impersonate-user': 'system:serviceaccount:t:default'});
    assert.equal(status, 403, role);
  }
});
