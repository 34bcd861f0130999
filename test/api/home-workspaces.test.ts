/** The workspace that each user has for themselves, made when they first ask for it (spec kcp 3.8). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {homeClusterName} from '../../src/api/cluster.ts';
import type {Answer, Api, Headers} from '../support/api-client.ts';
import {rbac, roleObject} from '../support/permissions.ts';
import {configMap, paths, refused, succeeded} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {api} = plane;
const [one, two, three] = [api.as(users.user1), api.as(users.user2), api.as(users.user3)];
const shardAdmin = api.as(users.shardAdmin);

const home = `${workspacesIn('root')}/~`;
const logicalCluster = (path: string) => `/clusters/${path}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
const homeOf = async (as: Api, headers: Headers = {}): Promise<string> =>
  String(succeeded(await as.get(home, headers)).at('spec', 'cluster'));
const creators = `/clusters/root${rbac.clusterRoleBindings}/system:kcp:configured-group:home-clusterworkspace-create`;
const forGroup = (...names: string[]) => ({
  subjects: names.map(name => ({kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name})),
});
const notPermitted = (user: string) =>
  `Forbidden: workspaces.tenancy.kcp.io "~" is forbidden: User "${user}" cannot create resource "workspaces" in API group "tenancy.kcp.io" at the cluster scope: workspace access not permitted`;

test('whoever asks for their home gets one, and is its administrator', async () => {
  const found = succeeded(await one.get(home));
  const id = '285xjbwx8vocb';
  const creationTimestamp = found.at('metadata', 'creationTimestamp');
  assert.match(String(creationTimestamp), /^\d{4}-/);
  assert.deepEqual(JSON.parse(found.text), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name: 'cluster', creationTimestamp},
    spec: {cluster: id, URL: `${plane.url}/clusters/${id}`},
    status: {phase: 'Ready', conditions: [{type: 'WorkspaceInitialized', status: 'True', lastTransitionTime: creationTimestamp}]},
  });
  const inside = one.in(`/clusters/${id}`);
  const {metadata, spec} = JSON.parse(succeeded(await one.get(logicalCluster(id))).text);
  assert.deepEqual(
    [metadata.annotations['kcp.io/path'], metadata.annotations['internal.tenancy.kcp.io/type']],
    ['user:user-1', 'root:home'],
  );
  assert.equal(metadata.annotations['experimental.tenancy.kcp.io/owner'], '{"username":"user-1"}');
  assert.deepEqual(metadata.finalizers, ['core.kcp.io/logicalcluster-deletion']);
  assert.deepEqual(spec, {
    directlyDeletable: false,
    createdBy: {username: 'user-1', uid: 'uid-of-user-1', groups: spec.createdBy.groups},
    initializers: ['root:universal', 'system:apibindings'],
  });
  assert.ok(spec.createdBy.groups.includes('system:authenticated'));
  const bindings = succeeded(await inside.get(rbac.clusterRoleBindings)).at('items') as {subjects: object; roleRef: object}[];
  assert.deepEqual(
    bindings.map(({subjects, roleRef}) => ({subjects, roleRef})),
    [
      {
        subjects: [{kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'user-1'}],
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'},
      },
    ],
  );
  succeeded(await inside.post('/api/v1/namespaces/default/configmaps', configMap('mine')), 201);
  succeeded(await inside.post(rbac.clusterRoles, roleObject('any', ['get core/secrets'])), 201);
  const bound = succeeded(await inside.get('/apis/apis.kcp.io/v1alpha2/apibindings')).at('items') as {status: {phase: string}}[];
  assert.deepEqual(
    bound.map(({status}) => status.phase),
    ['Bound', 'Bound'],
  );
});

test('asking again gives the same home', async () => {
  const first = succeeded(await one.get(home));
  await plane.settle();
  const revision = await plane.revision();
  assert.equal(succeeded(await one.get(home)).text, first.text);
  await plane.settle();
  assert.equal(await plane.revision(), revision);
});

test('a home goes by the name of its user, and so does what is below it', async () => {
  const id = await homeOf(one);
  assert.equal(succeeded(await one.get(logicalCluster('user:user-1'))).text, succeeded(await one.get(logicalCluster(id))).text);
  const child = succeeded(await one.post(workspacesIn('user:user-1'), workspaceObject('mine')), 201);
  assert.deepEqual(child.at('spec', 'type'), {name: 'universal', path: 'root'});
  assert.equal(child.at('spec', 'URL'), `${plane.url}/clusters/user:user-1:mine`);
  for (const path of ['user:user-1:mine', `${id}:mine`]) {
    const inside = succeeded(await one.get(logicalCluster(path)));
    assert.equal(inside.at('metadata', 'annotations', 'kcp.io/path'), 'user:user-1:mine');
  }
  await createWorkspace(one, 'user:user-1:mine', 'deeper');
  succeeded(await one.get(logicalCluster('user:user-1:mine:deeper')));
  refused(await one.get(logicalCluster('user:user-1:none')), 404, 'workspaces.tenancy.kcp.io "user:user-1:none" not found');
  refused(
    await one.post(workspacesIn('user:user-1'), workspaceObject('org', 'organization')),
    403,
    'workspace type root:organization only allows [root:root] parent workspaces, but parent type root:home only implements [root:home root:universal]',
  );
});

test('types in a home are found by its path', async () => {
  const types = '/clusters/user:user-1/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const type = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name: 'own'}, spec: {}};
  assert.equal(succeeded(await one.post(types, type), 201).at('metadata', 'annotations', 'kcp.io/path'), 'user:user-1');
  for (const [name, of] of [
    ['a', 'own'],
    ['b', 'user:user-1:own'],
  ] as const)
    assert.deepEqual((await createWorkspace(one, 'user:user-1:mine', name, of)).at('spec', 'type'), {name: 'own', path: 'user:user-1'});
});

test('T7 nobody else comes in, nor learns who has a home', async () => {
  await homeOf(one);
  const told = new Set<string>();
  for (const path of ['user:user-1', 'user:nobody', 'user:user-1:mine', 'user:user-1:none', 'user:nobody:none', await homeOf(one)]) {
    const answer = refused(await two.get(`/clusters/${path}${paths.namespaces}`), 403, 'User "user-2" cannot list resource "namespaces"');
    told.add(answer.text);
    refused(await two.get(logicalCluster(path)), 403, 'access denied');
  }
  assert.equal(told.size, 1);
  refused(await two.get(logicalCluster('user')), 403, 'access denied');
  // Those who could be told of every workspace are.
  refused(await shardAdmin.get(logicalCluster('user:nobody')), 404, 'workspaces.tenancy.kcp.io "user:nobody" not found');
  succeeded(await api.get(logicalCluster('user:user-1')));
});

test('who may have a home is said in root; who has one keeps it', async () => {
  await homeOf(one);
  succeeded(await api.patch(creators, forGroup('team-2')));
  succeeded(await two.get(home));
  succeeded(await one.get(home));
  const stranger = {'impersonate-user': 'stranger'};
  refused(await api.get(home, stranger), 403, notPermitted('stranger'));
  assert.deepEqual(JSON.parse((await api.get(home, stranger)).text).details, {name: '~', group: 'tenancy.kcp.io', kind: 'workspaces'});
  refused(await api.get(home, {...stranger, 'impersonate-group': 'team-3'}), 403, notPermitted('stranger'));
  refused(await api.as('').get(home), 403, notPermitted('system:anonymous'));
  refused(await shardAdmin.get(logicalCluster(homeClusterName('stranger'))), 404, 'logicalclusters.core.kcp.io "cluster" not found');
  succeeded(await api.get(home, {...stranger, 'impersonate-group': 'team-2'}));
  succeeded(await api.patch(creators, forGroup('system:authenticated')));
});

test('many first requests at once make one home', async () => {
  await plane.settle();
  const before = await plane.revision();
  const answers = await Promise.all(Array.from({length: 20}, () => three.get(home)));
  assert.deepEqual(
    [...new Set(answers.map(answer => `${answer.status} ${answer.text}`))],
    [`200 ${answers[0]?.text}`],
    'all see the same one',
  );
  await plane.settle();
  const inside = api.in('/clusters/user:user-3');
  const found = succeeded(await inside.get('/api/v1/namespaces')).at('items') as object[];
  assert.equal(found.length, 2);
  assert.equal((await plane.revision()) - before, 10, 'what is written for one home');
});

/** Names, and what kcp calls their homes. */
const oddNames: readonly (readonly [name: string, id: string])[] = [
  ['a:b/c', '3384ayzzmzggd'],
  ['system:odd', '2hl13v6xgxzgu'],
  ['alice@example.com', '8lzxt8ta0j0c'],
  ['Upper', '1w4oo3bcesw2f'],
  ['user:with:colons', '2bqfj6xlthg3t'],
  ['..', homeClusterName('..')],
  ['__proto__', homeClusterName('__proto__')],
  ['%2e%2e/root', homeClusterName('%2e%2e/root')],
  [`${'long'.repeat(60)}`, homeClusterName('long'.repeat(60))],
];

for (const [name, id] of oddNames)
  test(`the home of ${name.slice(0, 20)}`, async () => {
    const as = {'impersonate-user': name, 'impersonate-extra-authentication.kcp.io%2fscopes': `cluster:root,cluster:${id}`};
    assert.equal(await homeOf(api, as), id);
    const inside = succeeded(await api.get(logicalCluster(id), as));
    assert.equal(inside.at('metadata', 'annotations', 'kcp.io/path'), id, 'a name that makes no path is not used as one');
    assert.equal(inside.at('spec', 'createdBy', 'username'), name);
    succeeded(await api.post(`/clusters/${id}/api/v1/namespaces/default/configmaps`, configMap('mine'), as), 201);
    const child = succeeded(await api.post(workspacesIn(id), workspaceObject('child'), as), 201);
    assert.equal(child.at('spec', 'URL'), `${plane.url}/clusters/${id}:child`);
    succeeded(await api.get(logicalCluster(`${id}:child`)));
  });

test('a user whose name has a colon owns nothing in the home of another', async () => {
  const [victim, other] = [{'impersonate-user': 'ann'}, {'impersonate-user': 'ann:evil'}];
  const [home1, home2] = [await homeOf(api, victim), await homeOf(api, other)];
  const child = await createWorkspace(api, home1, 'evil');
  const inside = succeeded(await api.get(logicalCluster('user:ann:evil')));
  assert.equal(inside.at('metadata', 'annotations', 'kcp.io/cluster'), child.at('spec', 'cluster'));
  assert.notEqual(child.at('spec', 'cluster'), home2);
});

test('service accounts of two workspaces have homes of their own', async () => {
  const homes = new Map<string, Api>();
  for (const name of ['robots-a', 'robots-b']) {
    const place = await plane.workspace(name);
    const token = succeeded(await place.post('/api/v1/namespaces/default/serviceaccounts/default/token', {}), 201).at('status', 'token');
    const robot = api.as(String(token));
    const id = await homeOf(robot);
    assert.equal(await homeOf(robot), id);
    succeeded(await robot.post(`/clusters/${id}/api/v1/namespaces/default/configmaps`, configMap('mine')), 201);
    // The account of that name in the home itself is somebody else.
    const local = succeeded(await robot.post(`/clusters/${id}/api/v1/namespaces/default/serviceaccounts/default/token`, {}), 201);
    refused(
      await api.as(String(local.at('status', 'token'))).get(`/clusters/${id}/api/v1/namespaces/default/configmaps`),
      403,
      'access denied',
    );
    homes.set(id, robot);
  }
  const [[a, robotA], [b]] = [...homes] as [[string, Api], [string, Api]];
  assert.notEqual(a, b);
  refused(await robotA.get(`/clusters/${b}${paths.namespaces}`), 403, 'access denied');
});

test('only asking for it in root gives a home', async () => {
  const id = await homeOf(one);
  refused(await one.get(`${workspacesIn(id)}/~`), 404, 'workspaces.tenancy.kcp.io "~" not found');
  for (const verb of ['DELETE', 'PATCH', 'PUT'] as const) {
    refused(await one.send(verb, home, {}, {'content-type': 'application/merge-patch+json'}), 403, 'access denied');
  }
  refused(await api.del(home), 404, '"~" not found');
  refused(await api.post(workspacesIn('root'), workspaceObject('~')), 422, 'metadata.name: Invalid value: "~"');
  refused(await one.get('/clusters/root/apis/tenancy.kcp.io/v1/workspaces/~'), 404, 'could not find the requested resource');
  const head = await one.send('HEAD', home);
  assert.deepEqual([head.status, head.headers['content-type']], [200, 'application/json']);
  assert.deepEqual(succeeded(await one.get(`${workspacesIn('root')}?fieldSelector=metadata.name%3D~`)).at('items'), []);
});

test('a home is shown as it is asked for', async () => {
  const id = await homeOf(one);
  const as = (accept: string) => one.get(home, {accept});
  const table = succeeded(await as('application/json;as=Table;v=v1;g=meta.k8s.io,application/json'));
  assert.deepEqual([table.at('kind'), table.at('rows', 0, 'cells', 0), table.at('rows', 0, 'cells', 3)], ['Table', 'cluster', 'Ready']);
  assert.match(succeeded(await as('application/yaml')).text, new RegExp(`^ {2}cluster: ${id}$`, 'm'));
  assert.equal(succeeded(await as('application/vnd.kubernetes.protobuf,application/json')).at('kind'), 'Workspace');
  assert.match(succeeded(await one.get(`${home}?pretty=true`)).text, /\n {2}"spec"/);
  refused(await as('text/plain'), 406, 'only the following media types are accepted');
});

const initializing = (answer: Answer): void => {
  assert.equal(answer.status, 429, answer.text);
  assert.equal(answer.text, 'Creating the home workspace\n');
  assert.deepEqual([answer.headers['retry-after'], answer.headers['content-type']], ['1', 'text/plain; charset=utf-8']);
};

test('a home that others have to initialize is waited for, but not for ever', inProcess, async () => {
  const types = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const slow = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name: 'slow'}, spec: {initializer: true}};
  succeeded(await api.post(types, slow), 201);
  const bases = (...names: string[]) => ({spec: {extend: {with: names.map(name => ({name, path: 'root'}))}}});
  succeeded(await api.patch(`${types}/home`, bases('universal', 'slow')));
  const user = {'impersonate-user': 'patient'};
  initializing(await api.get(home, user));
  initializing(await api.get(home, user));
  await plane.world.advance(61_000);
  refused(await api.get(home, user), 500, 'InternalError: Internal error occurred: home workspace creation timeout');
  const status = `${logicalCluster('user:patient')}/status`;
  succeeded(await api.patch(status, {status: {initializers: []}}));
  assert.equal(succeeded(await api.get(home, user)).at('status', 'phase'), 'Ready');

  succeeded(await api.patch(`${types}/home`, bases('gone')));
  refused(await api.get(home, {'impersonate-user': 'unlucky'}), 503, 'unable to find inherited workspace type gone');
  succeeded(await api.patch(`${types}/home`, bases('universal')));
  succeeded(await api.get(home, {'impersonate-user': 'unlucky'}));
});

test('a home that is deleted is made anew for who asks, with nothing of the old one', async () => {
  const user = {'impersonate-user': 'returning'};
  const id = await homeOf(api, user);
  const inside = api.in(`/clusters/${id}`);
  succeeded(await inside.post('/api/v1/namespaces/default/configmaps', configMap('old')), 201);
  const uid = succeeded(await api.get(logicalCluster(id))).at('metadata', 'uid');
  refused(await api.del(logicalCluster(id)), 403, 'LogicalCluster cannot be deleted');
  succeeded(await shardAdmin.del(logicalCluster(id)));
  // Until then it is the old one, on its way out.
  await plane.eventually(async () => {
    const seen = succeeded(await api.get(home, user));
    assert.equal(seen.at('status', 'phase'), 'Ready');
  });
  await plane.settle();
  assert.notEqual(succeeded(await api.get(logicalCluster(id))).at('metadata', 'uid'), uid);
  refused(await inside.get('/api/v1/namespaces/default/configmaps/old'), 404, 'configmaps "old" not found');
  assert.deepEqual(
    (succeeded(await inside.get('/api/v1/namespaces')).at('items') as {metadata: {name: string}}[]).map(({metadata}) => metadata.name),
    ['default', 'kube-system'],
  );
});

test('what a home is made of goes on being looked after', async () => {
  const inside = api.in(`/clusters/${await homeOf(one)}`);
  succeeded(await inside.post('/api/v1/namespaces', {metadata: {name: 'later'}}), 201);
  await plane.eventually(async () => succeeded(await inside.get('/api/v1/namespaces/later/serviceaccounts/default')));
});

test('the groups that have homes follow the configuration at every start', inProcess, async () => {
  const alone = await startPlane('alone');
  succeeded(await alone.api.patch(creators, forGroup('somebody')));
  refused(await alone.api.as(users.user1).get(home), 403, notPermitted('user-1'));
  const second = await alone.restart();
  assert.deepEqual(succeeded(await second.api.get(creators)).at('subjects'), forGroup('system:authenticated').subjects);
  succeeded(await second.api.as(users.user1).get(home));
  succeeded(await second.api.del(creators));
  const third = await second.restart();
  succeeded(await third.api.as(users.user2).get(home));
  await third.stop();
});

test('without homes, ~ is a name as any other', inProcess, async () => {
  const without = await startPlane('without', {homes: false});
  refused(await without.api.as(users.user1).get(home), 404, 'workspaces.tenancy.kcp.io "~" not found');
  refused(await without.api.get(home), 404, 'workspaces.tenancy.kcp.io "~" not found');
  await without.stop();
});
