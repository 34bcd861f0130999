/** What time and restarts do: history is forgotten, work that was interrupted is taken up again. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Api} from '../support/api-client.ts';
import {ownedBy, ownersAt} from '../support/owners.ts';
import {configMap, newPlace, paths, succeeded, widget, widgetDefinition} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspacesIn} from '../support/plane.ts';

const minute = 60_000;

test('history is kept for five minutes, and a watch outlives it', inProcess, async () => {
  const plane = await startPlane();
  const api = await newPlace(plane);
  const since = plane.store.revision();
  const watching = await api.watch(`${paths.configMaps}?resourceVersion=${since}&allowWatchBookmarks=true`);
  succeeded(await api.post(paths.configMaps, configMap('a')), 201);
  await plane.world.advance(4 * minute);
  const resumed = await api.watch(`${paths.configMaps}?resourceVersion=${since}`);
  await plane.eventually(() => resumed.events.length === 1);
  resumed.close();
  await plane.world.advance(10 * minute);
  await plane.eventually(() => plane.store.compacted() > since);
  const late = await api.watch(`${paths.configMaps}?resourceVersion=${since}`);
  await plane.eventually(() => late.over() === 'ended');
  assert.deepEqual(late.seen(), ['ERROR']);

  succeeded(await api.post(paths.configMaps, configMap('b')), 201);
  await plane.eventually(() => watching.seen().includes('ADDED b'));
  assert.deepEqual(
    watching.seen().filter(one => one !== 'BOOKMARK'),
    ['ADDED a', 'ADDED b'],
  );
  // Its last bookmark is still within history: it could go on from there.
  const bookmarks = watching.events as {type: string; object: {metadata: {resourceVersion: string}}}[];
  const last = bookmarks.findLast(event => event.type === 'BOOKMARK')?.object.metadata.resourceVersion;
  assert.ok(Number(last) >= plane.store.compacted());
  await plane.stop();
});

test('a restart changes nothing', inProcess, async () => {
  const first = await startPlane();
  const api = await newPlace(first);
  succeeded(await api.post(paths.widgets, widget('w')), 201);
  const before = first.store.revision();
  const second = await first.restart();
  assert.equal(second.store.revision(), before);
  const again = second.api.in('/clusters/root:place-1');
  assert.equal((await again.get(`${paths.widgets}/w`)).at('spec', 'name'), 'n');
  await second.stop();
});

test('what was begun before a restart is ended after it', inProcess, async () => {
  const first = await startPlane();
  const api = await newPlace(first);
  succeeded(await api.post(paths.widgets, widget('w')), 201);
  await createWorkspace(first.api, 'root', 'leaving', 'root:universal');
  await createWorkspace(first.api, 'root:leaving', 'below', 'root:universal');
  await createWorkspace(first.api, 'root', 'stripped', 'root:universal');
  await first.pause();
  succeeded(await api.del(`${paths.namespaces}/t`));
  succeeded(await api.del(`${paths.definitions}/widgets.example.com`));
  succeeded(await first.api.del(`${workspacesIn('root')}/leaving`));
  await first.store.compact(first.store.revision());

  const second = await first.restart();
  const place = second.api.in('/clusters/root:place-1');
  for (const path of [`${paths.namespaces}/t`, `${paths.definitions}/widgets.example.com`])
    await second.eventually(async () => assert.equal((await place.get(path)).status, 404));
  await second.eventually(async () => assert.equal((await second.api.get(`${workspacesIn('root')}/leaving`)).status, 404));
  succeeded(await place.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await place.post(paths.definitions, widgetDefinition()), 201);
  assert.deepEqual((await place.get(paths.widgets)).at('items'), []);
  assert.deepEqual(second.errors, []);
  await second.stop();
});

test('dependents whose owners went while nobody looked are found after a restart', inProcess, async () => {
  const first = await startPlane();
  const api = await newPlace(first);
  const create = async (name: string, metadata: object = {}) =>
    succeeded(await api.post(paths.configMaps, configMap(name, {}, metadata)), 201);
  const policies = ['Background', 'Foreground', 'Orphan'];
  for (const name of policies) {
    const owner = await create(name.toLowerCase());
    await create(`${name.toLowerCase()}-child`, {ownerReferences: [ownedBy(owner, {blockOwnerDeletion: true})]});
  }
  await first.pause();
  for (const name of policies) succeeded(await api.del(`${paths.configMaps}/${name.toLowerCase()}`, {propagationPolicy: name}));
  await create('ghosts-child', {ownerReferences: [{apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: 'no-such-uid'}]});

  const second = await first.restart();
  const place = second.api.in('/clusters/root:place-1');
  await second.eventually(async () => {
    const items = (await place.get(paths.configMaps)).at('items') as {metadata: {name: string}}[];
    const names = items.map(one => one.metadata.name).filter(name => name !== 'kube-root-ca.crt');
    assert.deepEqual(names, ['orphan-child']);
  });
  assert.deepEqual(await ownersAt(place, `${paths.configMaps}/orphan-child`), []);
  assert.deepEqual(second.errors, []);
  await second.stop();
});

test('a workspace that waits finds its shard after a restart', inProcess, async () => {
  const first = await startPlane();
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name: 'waits'},
    spec: {type: {name: 'universal', path: 'root'}, location: {selector: {matchLabels: {zone: 'moon'}}}},
  };
  succeeded(await first.api.post(workspacesIn('root'), body), 201);
  await first.pause();
  const shard = '/clusters/root/apis/core.kcp.io/v1alpha1/shards/root';
  succeeded(await first.api.as(users.shardAdmin).patch(shard, {metadata: {labels: {zone: 'moon'}}}));
  const second = await first.restart();
  await second.eventually(async () => assert.equal((await second.api.get(`${workspacesIn('root')}/waits`)).at('status', 'phase'), 'Ready'));
  await second.stop();
});

const events = {core: '/api/v1/namespaces/t/events', grouped: '/apis/events.k8s.io/v1/namespaces/t/events'} as const;
const coreEvent = (name: string, metadata: object = {}): object => ({
  metadata: {name, ...metadata},
  involvedObject: {kind: 'ConfigMap', namespace: 't', name: 'x'},
  reason: 'Seen',
});
const groupedEvent = (name: string): object => ({
  metadata: {name},
  eventTime: '2026-01-01T00:00:00.000000Z',
  regarding: {kind: 'ConfigMap', namespace: 't', name: 'x'},
  reportingController: 'example.com/c',
  reportingInstance: 'i',
  action: 'Look',
  reason: 'Seen',
  type: 'Normal',
});
const namesIn = async (api: Api, path: string): Promise<string[]> =>
  (succeeded(await api.get(path)).at('items') as {metadata: {name: string}}[]).map(one => one.metadata.name);

test('events go an hour after they were last written, whoever wrote them', inProcess, async () => {
  const plane = await startPlane();
  const api = await newPlace(plane);
  const watches = await Promise.all([events.core, events.grouped].map(path => api.watch(`${path}?timeoutSeconds=7200`)));
  succeeded(await api.post(events.core, coreEvent('idle')), 201);
  succeeded(await api.post(events.core, coreEvent('held', {finalizers: ['x.io/f']})), 201);
  succeeded(await api.post(events.grouped, groupedEvent('grouped')), 201);
  for (const name of ['patched', 'put', 'applied', 'deleted', 'same'])
    succeeded(await api.post(events.core, coreEvent(name, {finalizers: ['x.io/f']})), 201);
  succeeded(await api.post(paths.configMaps, configMap('no-event')), 201);

  await plane.world.advance(30 * minute);
  succeeded(await api.patch(`${events.grouped}/patched`, {series: {count: 2, lastObservedTime: '2026-01-01T00:30:00.000000Z'}}));
  succeeded(await api.put(`${events.core}/put`, coreEvent('put', {labels: {a: 'b'}})));
  const applied = {apiVersion: 'v1', kind: 'Event', ...coreEvent('applied', {labels: {a: 'b'}})};
  succeeded(await api.patch(`${events.core}/applied?fieldManager=a&force=true`, applied, {'content-type': 'application/apply-patch+yaml'}));
  succeeded(await api.del(`${events.core}/deleted`));
  // Nothing is written by this.
  succeeded(await api.patch(`${events.core}/same`, {reason: 'Seen'}));

  await plane.world.advance(29 * minute);
  assert.equal((await namesIn(api, events.core)).length, 8);
  await plane.world.advance(2 * minute);
  const later = ['applied', 'deleted', 'patched', 'put'];
  await plane.eventually(async () => assert.deepEqual(await namesIn(api, events.core), later));
  assert.deepEqual(await namesIn(api, events.grouped), later);
  const gone = ['grouped', 'held', 'idle', 'same'].map(name => `DELETED ${name}`);
  for (const watch of watches)
    await plane.eventually(() =>
      assert.deepEqual(
        watch
          .seen()
          .filter(one => one.startsWith('DELETED'))
          .sort(),
        gone,
      ),
    );

  await plane.world.advance(30 * minute);
  await plane.eventually(async () => assert.deepEqual(await namesIn(api, events.core), []));
  succeeded(await api.get(`${paths.configMaps}/no-event`));
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});

test('events whose time ran out while nobody looked go after a restart', inProcess, async () => {
  const first = await startPlane();
  const api = await newPlace(first);
  succeeded(await api.post(events.core, coreEvent('old')), 201);
  await first.pause();
  await first.world.advance(50 * minute);
  succeeded(await api.post(events.core, coreEvent('young')), 201);
  await first.world.advance(20 * minute);
  await first.store.compact(first.store.revision());
  assert.deepEqual(await namesIn(api, events.core), ['old', 'young']);

  const second = await first.restart();
  const place = second.api.in('/clusters/root:place-1');
  await second.eventually(async () => assert.deepEqual(await namesIn(place, events.core), ['young']));
  await second.world.advance(42 * minute);
  await second.eventually(async () => assert.deepEqual(await namesIn(place, events.core), []));
  assert.deepEqual(second.errors, []);
  await second.stop();
});

test('an object that is only marked for its deletion is still shown as its definition has it now', inProcess, async () => {
  const plane = await startPlane();
  const api = await newPlace(plane);
  succeeded(await api.post(paths.widgets, widget('w', {}, {finalizers: ['x.io/f']})), 201);
  const schema = {type: 'object', properties: {name: {type: 'string'}, added: {type: 'string', default: 'd'}}};
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    subresources: {status: {}},
    schema: {openAPIV3Schema: {type: 'object', properties: {spec: schema}}},
  };
  succeeded(await api.patch(`${paths.definitions}/widgets.example.com`, {spec: {versions: [version]}}));
  const spec = {name: 'n', added: 'd'};
  assert.deepEqual((await api.get(`${paths.widgets}/w`)).at('spec'), spec);
  succeeded(await api.del(`${paths.namespaces}/t`));
  await plane.eventually(async () => assert.notEqual((await api.get(`${paths.widgets}/w`)).at('metadata', 'deletionTimestamp'), undefined));
  assert.deepEqual((await api.get(`${paths.widgets}/w`)).at('spec'), spec);
  await plane.stop();
});
