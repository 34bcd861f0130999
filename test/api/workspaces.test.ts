/** Workspaces: how they come, where they are found, what keeps them apart (spec kcp 2.2, 3.1, 3.4, 3.6, 4.1, 4.2, 14, 15). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Found} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetDefinition} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;
/** Who may look across workspaces and into those of the system. */
const shard = api.as(users.shardAdmin);
const logicalCluster = (path: string) => `/clusters/${path}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
const id = (answer: Answer) => String(answer.at('spec', 'cluster'));
const conditions = (answer: Answer) =>
  (answer.at('status', 'conditions') as {type: string; status: string; reason?: string}[]).map(one => `${one.type} ${one.status}`);
const version = (answer: Answer) => Number(answer.at('metadata', 'resourceVersion'));
const cluster = (object: Found) => (object as {metadata: {annotations: {[key: string]: string}}}).metadata.annotations['kcp.io/cluster'];

test('a workspace is ready with the answer that it was made', async () => {
  const answer = await createWorkspace(api, 'root', 'made', 'root:universal');
  const {annotations, labels, finalizers} = answer.at('metadata') as {[key: string]: Found};
  assert.match(id(answer), /^[a-z0-9]{16}$/);
  assert.deepEqual(annotations, {
    'kcp.io/cluster': 'root',
    'core.kcp.io/shard': 'root',
    'internal.tenancy.kcp.io/cluster': id(answer),
    'internal.tenancy.kcp.io/shard': '1pfxsevk',
    'experimental.tenancy.kcp.io/owner': '{"username":"kcp-admin"}',
  });
  assert.deepEqual([labels, finalizers], [{'tenancy.kcp.io/phase': 'Ready'}, ['core.kcp.io/logicalcluster']]);
  assert.deepEqual(answer.at('spec'), {
    type: {name: 'universal', path: 'root'},
    cluster: id(answer),
    URL: `${plane.url}/clusters/root:made`,
  });
  assert.deepEqual([answer.at('status', 'phase'), conditions(answer)], ['Ready', ['WorkspaceInitialized True', 'WorkspaceScheduled True']]);
});

test('what a new workspace holds', async () => {
  const made = await createWorkspace(api, 'root', 'holds', 'root:universal');
  const inside = api.in('/clusters/root:holds');
  const own = succeeded(await api.get(logicalCluster('root:holds')));
  const {annotations, finalizers, labels} = own.at('metadata') as {[key: string]: {[key: string]: string}};
  assert.equal(annotations?.['kcp.io/path'], 'root:holds');
  assert.equal(annotations?.['internal.tenancy.kcp.io/type'], 'root:universal');
  assert.deepEqual([finalizers, labels], [['core.kcp.io/logicalcluster-deletion'], {'tenancy.kcp.io/phase': 'Ready'}]);
  assert.deepEqual(own.at('spec', 'owner'), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    resource: 'workspaces',
    name: 'holds',
    cluster: 'root',
    uid: made.at('metadata', 'uid'),
  });
  assert.equal(own.at('spec', 'createdBy', 'username'), 'kcp-admin');
  assert.deepEqual(own.at('spec', 'initializers'), ['root:universal', 'system:apibindings']);
  assert.deepEqual([own.at('status', 'phase'), own.at('status', 'URL')], ['Ready', `${plane.url}/clusters/${id(made)}`]);

  const names = async (path: string) =>
    ((await inside.get(path)).at('items') as {metadata: {name: string}}[]).map(one => one.metadata.name);
  assert.deepEqual(await names(paths.namespaces), ['default', 'kube-system']);
  assert.deepEqual(await names('/api/v1/namespaces/default/serviceaccounts'), ['default']);
  assert.deepEqual((await inside.get('/api/v1/namespaces/default/configmaps/kube-root-ca.crt')).at('data'), {'ca.crt': plane.rootCa});
  const admins = succeeded(await inside.get('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/workspace-admin'));
  assert.equal(admins.at('subjects', 0, 'name'), 'kcp-admin');
  const bindings = (await inside.get('/apis/apis.kcp.io/v1alpha2/apibindings')).at('items') as {
    spec: {reference: {export: object}};
    status: {phase: string};
  }[];
  assert.deepEqual(
    bindings.map(one => [one.spec.reference.export, one.status.phase]),
    ['tenancy.kcp.io', 'topology.kcp.io'].map(name => [{path: 'root', name}, 'Bound']),
  );
});

test('a workspace and all it starts with are one commit', inProcess, async () => {
  const watching = await api.watch(`${workspacesIn('root')}?resourceVersion=${await plane.revision()}`);
  const before = await plane.revision();
  const answer = await createWorkspace(api, 'root', 'whole');
  const content = await plane.store.byTerm(`workspace/${id(answer)}`, {limit: 100});
  const revisions = [version(answer), ...content.entries.map(entry => Number(entry.revision))].sort((a, b) => a - b);
  assert.deepEqual(
    revisions,
    revisions.map((_, i) => before + 1 + i),
  );
  assert.equal(await plane.revision(), revisions.at(-1));
  await plane.eventually(() => watching.events.length === 1);
  assert.deepEqual(watching.seen(), ['ADDED whole']);
  assert.equal((watching.events as {object: {status: {phase: string}}}[])[0]?.object.status.phase, 'Ready');
  watching.close();
});

test('a dry run makes nothing', async () => {
  const before = await plane.revision();
  const answer = succeeded(await api.post(`${workspacesIn('root')}?dryRun=All`, workspaceObject('dry')), 201);
  assert.equal(await plane.revision(), before);
  refused(await api.get(logicalCluster(id(answer))), 403, 'access denied');
});

test('ten deep, by path, by id, and by any mixture of them', async () => {
  const ids = ['root'];
  let path = 'root';
  for (let depth = 1; depth <= 10; depth++) {
    const answer = await createWorkspace(api, path, `d${depth}`, 'root:universal');
    path = `${path}:d${depth}`;
    ids.push(id(answer));
    assert.equal(answer.at('spec', 'URL'), `${plane.url}/clusters/${path}`);
  }
  succeeded(await api.post(`/clusters/${path}/api/v1/namespaces/default/configmaps`, configMap('deep')), 201);
  const names = path.split(':');
  for (let from = 1; from <= 10; from++) {
    const mixed = [ids[from], ...names.slice(from + 1)].join(':');
    const found = succeeded(await api.get(`/clusters/${mixed}/api/v1/namespaces/default/configmaps/deep`));
    assert.equal(cluster(JSON.parse(found.text) as Found), ids[10]);
  }
  assert.equal((await api.get(logicalCluster(path))).at('metadata', 'annotations', 'kcp.io/path'), path);
});

test('a name taken in one workspace is free in another', async () => {
  await createWorkspace(api, 'root', 'twice', 'root:universal');
  refused(
    await api.post(workspacesIn('root'), workspaceObject('twice')),
    409,
    'AlreadyExists: workspaces.tenancy.kcp.io "twice" already exists',
  );
  await createWorkspace(api, 'root:twice', 'twice');
});

const badNames = ['A', 'a.b', 'a_b', '-a', 'a'.repeat(64), 'a:b', 'root:x'];

test('names of workspaces', async () => {
  for (const name of badNames) refused(await api.post(workspacesIn('root'), workspaceObject(name)), 422, 'metadata.name: Invalid value');
  await createWorkspace(api, 'root', 'a'.repeat(63));
});

test('where a workspace lies is the server’s to say', async () => {
  for (const [field, name] of [
    ['cluster', 'Cluster'],
    ['URL', 'URL'],
  ] as const) {
    const body = workspaceObject('forged', undefined, {[field]: 'x'});
    refused(await api.post(workspacesIn('root'), body), 403, `spec.${name} can only be set by system privileged users`);
  }
  await createWorkspace(api, 'root', 'fixed');
  const path = `${workspacesIn('root')}/fixed`;
  refused(await api.patch(path, {spec: {cluster: 'other'}}), 403, 'spec.cluster can only be changed by system privileged users');
  const type = await api.patch(path, {spec: {type: {name: 'universal'}}});
  assert.ok(type.status === 403 || type.status === 422, type.text);
  refused(await api.patch(path, {spec: {type: null}}), 403, 'spec.type: Invalid value: null: field is immutable');
});

test('nobody makes or takes a logical cluster by hand', async () => {
  const body = {apiVersion: 'core.kcp.io/v1alpha1', kind: 'LogicalCluster', metadata: {name: 'cluster'}, spec: {}};
  const inside = await plane.workspace('by-hand');
  refused(
    await inside.post('/apis/core.kcp.io/v1alpha1/logicalclusters', {...body, metadata: {name: 'other'}}),
    403,
    'LogicalCluster cannot be created',
  );
  refused(await inside.del('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster'), 403, 'LogicalCluster cannot be deleted');
  refused(await api.del(logicalCluster('root')), 403, 'LogicalCluster cannot be deleted');
  await inside.del('/apis/core.kcp.io/v1alpha1/logicalclusters');
  assert.equal((await inside.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'deletionTimestamp'), undefined);
});

const nowhere: readonly [string, number, string][] = [
  ['root:nowhere', 404, 'NotFound: workspaces.tenancy.kcp.io "root:nowhere" not found'],
  ['root:made:x:y', 404, 'NotFound: workspaces.tenancy.kcp.io "root:made:x:y" not found'],
  ['0123456789abcdef', 403, 'at the cluster scope: access denied'],
  ['Root', 400, 'BadRequest: invalid cluster: "Root" does not match the regex'],
  ['root:', 400, 'BadRequest: invalid cluster: "root:" does not match the regex'],
  ['root::a', 400, 'invalid cluster'],
  ['a_b', 400, 'invalid cluster'],
  ['**', 400, 'invalid cluster'],
];

test('workspaces that are not there', async () => {
  for (const [path, status, problem] of nowhere) refused(await api.get(`/clusters/${path}${paths.namespaces}`), status, problem);
});

test('T10 a stranger learns nothing of what exists', async () => {
  const stranger = api.as(users.user1);
  const answers = [];
  for (const path of ['root:made', 'root:made:nowhere', '0123456789abcdef'])
    answers.push(await stranger.get(`/clusters/${path}${paths.namespaces}`));
  for (const answer of answers) assert.deepEqual([answer.status, answer.text], [403, answers[0]?.text]);
});

test('T19 neighbours share nothing', async () => {
  const [one, two] = [await plane.workspace('one'), await plane.workspace('two')];
  for (const place of [one, two]) succeeded(await place.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await one.post(paths.configMaps, configMap('same', {of: 'one'})), 201);
  succeeded(await two.post(paths.configMaps, configMap('same', {of: 'two'})), 201);
  assert.deepEqual((await one.get(`${paths.configMaps}/same`)).at('data'), {of: 'one'});
  succeeded(await one.post(paths.definitions, widgetDefinition()), 201);
  succeeded(await one.post(paths.widgets, widget('w')), 201);
  succeeded(await two.get(paths.widgets), 404);
  succeeded(await two.get('/apis/example.com'), 404);
  assert.equal((await two.get('/openapi/v3')).at('paths', 'apis/example.com/v1'), undefined);
  assert.equal((await two.get('/openapi/v2')).text.includes('com.example'), false);

  const scope = {scope: 'Cluster'};
  succeeded(await two.post(paths.definitions, widgetDefinition(scope)), 201);
  assert.deepEqual(succeeded(await two.get('/apis/example.com/v1/widgets')).at('items'), []);
  succeeded(await two.get(paths.widgets), 404);
  succeeded(await one.del(`${paths.configMaps}/same`));
  assert.deepEqual((await two.get(`${paths.configMaps}/same`)).at('data'), {of: 'two'});
});

test('every object says where it lives, whatever a client says', async () => {
  const place = await newPlace(plane);
  const [{metadata}] = (await place.get('/apis/core.kcp.io/v1alpha1/logicalclusters')).at('items') as [
    {metadata: {annotations: {[key: string]: string}}},
  ];
  const own = metadata.annotations['kcp.io/cluster'];
  const forged = {annotations: {'kcp.io/cluster': 'root', a: 'b'}};
  const expected = {'kcp.io/cluster': own, a: 'b'};
  for (const [path, body] of [
    [paths.configMaps, configMap('x', {}, forged)],
    [paths.widgets, widget('x', {}, forged)],
  ] as const) {
    assert.deepEqual(succeeded(await place.post(path, body), 201).at('metadata', 'annotations'), expected);
    const patched = succeeded(await place.patch(`${path}/x`, {metadata: forged}));
    assert.deepEqual(patched.at('metadata', 'annotations'), expected);
    const without = succeeded(await place.patch(`${path}/x`, {metadata: {annotations: null}}));
    assert.deepEqual(without.at('metadata', 'annotations'), {'kcp.io/cluster': own});
    const items = (await place.get(path)).at('items') as readonly Found[];
    for (const item of items) assert.equal(cluster(item), own);
  }
});

test('all workspaces at once', async () => {
  const [one, two] = [await plane.workspace('all-one'), await plane.workspace('all-two')];
  const watching = await shard.watch(`/clusters/*/api/v1/configmaps?labelSelector=all%3Dyes&resourceVersion=${await plane.revision()}`);
  for (const place of [one, two])
    succeeded(await place.post('/api/v1/namespaces/default/configmaps', configMap('x', {}, {labels: {all: 'yes'}})), 201);
  const list = succeeded(await shard.get('/clusters/*/api/v1/configmaps?labelSelector=all%3Dyes'));
  assert.equal(new Set((list.at('items') as readonly Found[]).map(cluster)).size, 2);
  await plane.eventually(() => watching.events.length === 2);
  watching.close();
  const parents = new Set(((await shard.get(workspacesIn('*'))).at('items') as readonly Found[]).map(cluster));
  assert.ok(parents.has('root') && parents.size > 5);

  const why = 'in the `*` logical cluster';
  refused(await shard.get('/clusters/*/api/v1/namespaces/default/configmaps/x'), 405, why);
  refused(await shard.post('/clusters/*/api/v1/namespaces/default/configmaps', configMap('y')), 405, why);
  refused(await shard.del('/clusters/*/api/v1/namespaces/default/configmaps'), 405, why);
  succeeded(await shard.get('/clusters/*/apis/example.com/v1/widgets'), 404);
  for (const other of [api, api.as(users.user1)]) refused(await other.get('/clusters/*/api/v1/configmaps'), 403, 'cannot list resource');
});

test('pages of a list over all workspaces', async () => {
  for (const name of ['page-one', 'page-two']) {
    const place = await plane.workspace(name);
    for (const secret of ['a', 'b'])
      succeeded(await place.post('/api/v1/namespaces/default/secrets', {metadata: {name: secret, labels: {pages: 'yes'}}}), 201);
  }
  const seen: string[] = [];
  for (let token: Found = ''; token !== undefined; ) {
    const page = succeeded(await shard.get(`/clusters/*/api/v1/secrets?limit=1&labelSelector=pages&continue=${token}`));
    for (const item of page.at('items') as readonly Found[])
      seen.push(`${cluster(item)} ${(item as {metadata: {name: string}}).metadata.name}`);
    token = page.at('metadata', 'continue');
  }
  assert.equal(new Set(seen).size, 4);
  assert.equal(seen.length, 4);
});

test('system clusters need nobody to make them', async () => {
  const place = shard.in('/clusters/system:admin');
  assert.deepEqual(succeeded(await place.get('/apis/coordination.k8s.io/v1/leases')).at('items'), []);
  succeeded(await place.post(paths.namespaces, {metadata: {name: 'own'}}), 201);
  const made = succeeded(await place.post('/api/v1/namespaces/own/configmaps', configMap('x')), 201);
  assert.equal(made.at('metadata', 'annotations', 'kcp.io/cluster'), 'system:admin');
  refused(await api.get('/clusters/system:/api/v1/namespaces'), 400, 'invalid cluster');
  for (const other of [api, api.as(users.user1)])
    refused(await other.get('/clusters/system:admin/api/v1/namespaces'), 403, 'access denied');
});

test('what belongs to the shard is not a workspace’s', async () => {
  assert.equal(succeeded(await api.get('/clusters/root/metrics'), 501).text.includes('shard-level'), true);
  assert.equal(succeeded(await api.get('/clusters/root')).at('paths', 0) !== undefined, true);
});

const forged = '{"username":"somebody-else","groups":["system:masters"]}';

test('who made a workspace is not for its maker to say', async () => {
  const owner = 'experimental.tenancy.kcp.io/owner';
  const body = workspaceObject('owned', 'root:universal') as {metadata: object};
  const annotations = {[owner]: forged, 'core.kcp.io/shard': 'other', mine: 'yes'};
  const made = succeeded(await api.post(workspacesIn('root'), {...body, metadata: {...body.metadata, annotations}}), 201);
  const real = made.at('metadata', 'annotations') as {[key: string]: string};
  assert.deepEqual([real[owner], real['core.kcp.io/shard'], real['mine']], ['{"username":"kcp-admin"}', 'root', 'yes']);
  const path = `${workspacesIn('root')}/owned`;
  assert.deepEqual(succeeded(await api.patch(path, {metadata: {annotations}})).at('metadata', 'annotations'), real);
  const {mine: _, ...servers} = real;
  assert.deepEqual(succeeded(await api.patch(path, {metadata: {annotations: null}})).at('metadata', 'annotations'), servers);
});

test('where a logical cluster lies, and of what type it is, is not for those inside to say', async () => {
  const inside = await plane.workspace('lies', 'root:universal');
  const path = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
  const before = (await inside.get(path)).at('metadata', 'annotations');
  const annotations = {
    'kcp.io/path': 'root:made',
    'internal.tenancy.kcp.io/type': 'root:organization',
    'experimental.tenancy.kcp.io/owner': forged,
  };
  for (const patch of [{annotations}, {annotations: null}]) {
    assert.deepEqual(succeeded(await inside.patch(path, {metadata: patch})).at('metadata', 'annotations'), before);
    succeeded(await inside.patch(`${path}/status`, {metadata: patch}));
    assert.deepEqual((await inside.get(path)).at('metadata', 'annotations'), before);
  }
});
