/** How workspaces and namespaces go, with everything in them (spec kcp 4.5, kubernetes-api 11.2). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Found} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;
const logicalCluster = (path: string) => `/clusters/${path}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
const id = (answer: Answer) => String(answer.at('spec', 'cluster'));
const phase = (answer: Answer) => answer.at('status', 'phase');
const left = async (cluster: string) => (await plane.store.byTerm(`workspace/${cluster}`, {limit: 1000})).entries.map(entry => entry.key);
const gone = (path: string) => plane.eventually(async () => assert.equal((await api.get(path)).status, 404));

test('a workspace goes with everything in it', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'all', 'root:universal');
  const inside = api.in('/clusters/root:all');
  for (let i = 0; i < 30; i++) succeeded(await inside.post('/api/v1/namespaces/default/configmaps', configMap(`c${i}`)), 201);
  const watching = await api.watch(`${workspacesIn('root')}?fieldSelector=metadata.name%3Dall&resourceVersion=${await plane.revision()}`);
  const answer = succeeded(await api.del(`${workspacesIn('root')}/all`));
  assert.deepEqual([answer.at('kind'), phase(answer)], ['Workspace', 'Deleting']);
  await gone(`${workspacesIn('root')}/all`);
  assert.deepEqual(await left(id(made)), []);
  assert.deepEqual(watching.seen(), ['MODIFIED all', 'DELETED all']);
  watching.close();
  refused(await api.get(`/clusters/root:all${paths.namespaces}`), 404, 'workspaces.tenancy.kcp.io "root:all" not found');
  refused(await api.get(`/clusters/${id(made)}${paths.namespaces}`), 403, 'access denied');
  const again = await createWorkspace(api, 'root', 'all', 'root:universal');
  assert.notEqual(id(again), id(made));
});

test('a tree goes from its root', inProcess, async () => {
  const ids: string[] = [];
  const grow = async (path: string, depth: number): Promise<void> => {
    for (const name of ['l', 'r']) {
      ids.push(id(await createWorkspace(api, path, name, 'root:universal')));
      if (depth > 1) await grow(`${path}:${name}`, depth - 1);
    }
  };
  ids.push(id(await createWorkspace(api, 'root', 'tree', 'root:universal')));
  await grow('root:tree', 4);
  assert.equal(ids.length, 31);
  succeeded(await api.del(`${workspacesIn('root')}/tree`));
  await gone(`${workspacesIn('root')}/tree`);
  for (const one of ids) await plane.eventually(async () => assert.deepEqual(await left(one), []));
});

test('content that is held holds its workspace, and says so', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'held', 'root:universal');
  const inside = api.in(`/clusters/${id(made)}`);
  const held = '/api/v1/namespaces/default/configmaps/held';
  succeeded(await inside.post('/api/v1/namespaces/default/configmaps', configMap('held', {}, {finalizers: ['x.io/f']})), 201);
  succeeded(await inside.post('/api/v1/namespaces/default/configmaps', configMap('free')), 201);
  succeeded(await api.del(`${workspacesIn('root')}/held`));
  await plane.eventually(async () => assert.equal((await inside.get('/api/v1/namespaces/default/configmaps/free')).status, 404));
  await plane.eventually(async () => {
    const now = await api.get(logicalCluster(id(made)));
    const all = now.at('status', 'conditions') as {type: string; status: string; message: string}[];
    const content = all.find(one => one.type === 'WorkspaceContentDeleted');
    assert.deepEqual([content?.status, content?.message.includes('configmaps has 1 resource instances')], ['False', true]);
  });
  assert.notEqual(succeeded(await inside.get(held)).at('metadata', 'deletionTimestamp'), undefined);
  // Nothing is taken away and put back while it waits.
  const still = await plane.revision();
  await plane.world.advance(60_000);
  assert.equal(await plane.revision(), still);
  succeeded(await inside.patch(held, {metadata: {finalizers: null}}));
  await gone(`${workspacesIn('root')}/held`);
  await plane.eventually(async () => assert.deepEqual(await left(id(made)), []));
});

test('a workspace tells its parent what still holds it', async () => {
  await createWorkspace(api, 'root', 'telling', 'root:universal');
  const maps = '/clusters/root:telling/api/v1/namespaces/default/configmaps';
  succeeded(await api.post(maps, configMap('held', {}, {finalizers: ['x.io/f']})), 201);
  succeeded(await api.del(`${workspacesIn('root')}/telling`));
  await plane.eventually(async () => {
    const found = succeeded(await api.get(`${workspacesIn('root')}/telling`));
    const all = found.at('status', 'conditions') as {type: string; status: string; reason: string; message: string}[];
    const one = all.find(({type}) => type === 'WorkspaceContentDeleted');
    assert.deepEqual([one?.status, one?.reason, phase(found)], ['False', 'SomeResourcesRemain', 'Deleting']);
    assert.match(one?.message ?? '', /^Some resources are remaining: .*configmaps has 1 resource instances/);
  });
  succeeded(await api.patch(`${maps}/held`, {metadata: {finalizers: null}}));
  await gone(`${workspacesIn('root')}/telling`);
});

test('the shard may look whether anything is left of what is gone, and leave nothing there', async () => {
  const was = id(await createWorkspace(api, 'root', 'past', 'root:universal'));
  succeeded(await api.del(`${workspacesIn('root')}/past`));
  await gone(`${workspacesIn('root')}/past`);
  const shard = api.as(users.shardAdmin);
  for (const list of [paths.namespaces, '/api/v1/configmaps', '/apis/tenancy.kcp.io/v1alpha1/workspaces'])
    assert.deepEqual(succeeded(await shard.get(`/clusters/${was}${list}`)).at('items'), [], list);
  refused(await shard.post(`/clusters/${was}${paths.namespaces}`, {metadata: {name: 'late'}}), 403, 'the workspace is gone');
  refused(await api.get(`/clusters/${was}${paths.namespaces}`), 403, 'access denied');
});

test('whoever holds the logical cluster may still look inside', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'guarded', 'root:universal');
  const own = logicalCluster(id(made));
  succeeded(await api.as(users.shardAdmin).patch(own, {metadata: {finalizers: ['core.kcp.io/logicalcluster-deletion', 'x.io/f']}}));
  succeeded(await api.del(`${workspacesIn('root')}/guarded`));
  await plane.eventually(async () => assert.deepEqual((await api.get(own)).at('metadata', 'finalizers'), ['x.io/f']));
  assert.deepEqual(await left(id(made)), [`/core.kcp.io/logicalclusters/built-in/${id(made)}/cluster`]);
  succeeded(await api.get(`${workspacesIn('root')}/guarded`));
  succeeded(await api.as(users.shardAdmin).patch(own, {metadata: {finalizers: null}}));
  await gone(`${workspacesIn('root')}/guarded`);
  assert.deepEqual(await left(id(made)), []);
});

test('a workspace that somebody else holds keeps its content until then', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'kept', 'root:universal');
  const path = `${workspacesIn('root')}/kept`;
  succeeded(await api.patch(path, {metadata: {finalizers: ['core.kcp.io/logicalcluster', 'x.io/f']}}));
  succeeded(await api.del(path));
  await plane.world.advance(1_000);
  succeeded(await api.get(`/clusters/${id(made)}/api/v1/namespaces/default`));
  succeeded(await api.patch(path, {metadata: {finalizers: ['core.kcp.io/logicalcluster']}}));
  await gone(path);
  assert.deepEqual(await left(id(made)), []);
});

test('a workspace whose own finalizer was taken off leaves nothing behind', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'stripped', 'root:universal');
  const path = `${workspacesIn('root')}/stripped`;
  succeeded(await api.patch(path, {metadata: {finalizers: null}}));
  succeeded(await api.del(path));
  await gone(path);
  await plane.eventually(async () => assert.deepEqual(await left(id(made)), []));
});

test('when the path is gone, what is still held is found by its id', inProcess, async () => {
  const made = await createWorkspace(api, 'root', 'pathless', 'root:universal');
  const inside = api.in(`/clusters/${id(made)}`);
  const held = '/api/v1/namespaces/default/configmaps';
  succeeded(await inside.post(held, configMap('held', {}, {finalizers: ['x.io/f']})), 201);
  const path = `${workspacesIn('root')}/pathless`;
  succeeded(await api.patch(path, {metadata: {finalizers: null}}));
  succeeded(await api.del(path));
  refused(await api.get(`/clusters/root:pathless${held}`), 404, 'workspaces.tenancy.kcp.io "root:pathless" not found');
  await plane.eventually(async () => assert.notEqual((await inside.get(`${held}/held`)).at('metadata', 'deletionTimestamp'), undefined));
  const other = await createWorkspace(api, 'root', 'pathless', 'root:universal');
  succeeded(await inside.patch(`${held}/held`, {metadata: {finalizers: []}}));
  await plane.eventually(async () => assert.deepEqual(await left(id(made)), []));
  succeeded(await api.get(`/clusters/root:pathless${held}`));
  assert.notEqual((await left(id(other))).length, 0);
});

test('a child that is held keeps its parents, found by their ids', inProcess, async () => {
  const top = await createWorkspace(api, 'root', 'top', 'root:universal');
  const child = await createWorkspace(api, 'root:top', 'child', 'root:universal');
  const held = `/clusters/${id(child)}/api/v1/namespaces/default/configmaps`;
  succeeded(await api.post(held, configMap('held', {}, {finalizers: ['x.io/f']})), 201);
  succeeded(await api.del(`${workspacesIn('root')}/top`));
  await plane.eventually(async () => assert.notEqual((await api.get(`${held}/held`)).at('metadata', 'deletionTimestamp'), undefined));
  assert.equal(phase(await api.get(`${workspacesIn(id(top))}/child`)), 'Deleting');
  succeeded(await api.patch(`${held}/held`, {metadata: {finalizers: []}}));
  await gone(`${workspacesIn('root')}/top`);
  for (const one of [top, child]) assert.deepEqual(await left(id(one)), []);
});

test('objects of a kind whose definition is held go too', inProcess, async () => {
  const place = await newPlace(plane);
  const cluster = String((await place.get('/api/v1/namespaces/t')).at('metadata', 'annotations', 'kcp.io/cluster'));
  succeeded(await place.post(paths.widgets, widget('w', {}, {finalizers: ['x.io/f']})), 201);
  const parent = await api.get(workspacesIn('root'));
  const name = (parent.at('items') as {metadata: {name: string}; spec: {cluster: string}}[]).find(one => one.spec.cluster === cluster)
    ?.metadata.name;
  succeeded(await api.del(`${workspacesIn('root')}/${name}`));
  const inside = api.in(`/clusters/${cluster}`);
  await plane.eventually(async () =>
    assert.notEqual((await inside.get(`${paths.widgets}/w`)).at('metadata', 'deletionTimestamp'), undefined),
  );
  succeeded(await inside.patch(`${paths.widgets}/w`, {metadata: {finalizers: null}}));
  await gone(`${workspacesIn('root')}/${name}`);
  assert.deepEqual(await left(cluster), []);
});

test('many at once', inProcess, async () => {
  const names = Array.from({length: 60}, (_, i) => `many-${i}`);
  const ids = (await Promise.all(names.map(name => createWorkspace(api, 'root', name, 'root:universal')))).map(id);
  await Promise.all(names.map(async name => succeeded(await api.del(`${workspacesIn('root')}/${name}`))));
  await plane.eventually(async () => {
    const items = (await api.get(workspacesIn('root'))).at('items') as {metadata: {name: string}}[];
    assert.equal(
      items.some(one => one.metadata.name.startsWith('many-')),
      false,
    );
  });
  for (const one of ids) assert.deepEqual(await left(one), []);
});

test('all workspaces below a parent at once', async () => {
  await createWorkspace(api, 'root', 'several', 'root:universal');
  for (const name of ['a', 'b']) await createWorkspace(api, 'root:several', name, 'root:universal');
  succeeded(await api.del(workspacesIn('root:several')));
  await plane.eventually(async () => assert.deepEqual((await api.get(workspacesIn('root:several'))).at('items') as readonly Found[], []));
});

test('a namespace with more than one page of content', inProcess, async () => {
  const place = await newPlace(plane);
  await Promise.all(
    Array.from({length: 700}, async (_, i) => succeeded(await place.post(paths.secrets, {metadata: {name: `s${i}`}}), 201)),
  );
  succeeded(await place.del(`${paths.namespaces}/t`));
  await plane.eventually(async () => assert.equal((await place.get(`${paths.namespaces}/t`)).status, 404));
  assert.deepEqual((await place.get('/api/v1/secrets')).at('items'), []);
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
