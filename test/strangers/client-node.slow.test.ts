import assert from 'node:assert/strict';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {Informer, KubernetesListObject, KubernetesObject, ObjectCache} from '@kubernetes/client-node';
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  Watch,
} from '@kubernetes/client-node';
import {parse} from 'yaml';
import {openEmbedded} from '../../src/storage/embedded.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, sleep, startServer, steadyPort, until} from '../support/process.ts';
import {widget, widgetsCrd} from './widgets.ts';

const namespace = 'default';
const widgets = {group: 'demo.dev', version: 'v1', plural: 'widgets', namespace};

test('the Kubernetes client for JavaScript creates, lists, changes and deletes', {timeout: 60_000}, async t => {
  const config = configOf(await startServer(t, {root: folder(t)}));
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespacedConfigMap({namespace, body: {metadata: {name: 'a'}, data: {n: '1'}}});
  const read = await core.readNamespacedConfigMap({namespace, name: 'a'});
  assert.deepEqual(read.data, {n: '1'});
  assert.ok(read.metadata?.creationTimestamp instanceof Date);
  await core.replaceNamespacedConfigMap({namespace, name: 'a', body: {...read, data: {n: '2'}}});
  await assert.rejects(
    core.replaceNamespacedConfigMap({namespace, name: 'a', body: read}),
    (err: unknown) => err instanceof ApiException && err.code === 409,
    'the second of two who read the same',
  );
  await core.patchNamespacedConfigMap({namespace, name: 'a', body: [{op: 'add', path: '/data/m', value: '3'}]});
  assert.deepEqual((await core.readNamespacedConfigMap({namespace, name: 'a'})).data, {n: '2', m: '3'});
  const page = await core.listNamespacedConfigMap({namespace, limit: 1});
  assert.equal(page.items.length, 1);
  const rest = await core.listNamespacedConfigMap({namespace, _continue: page.metadata?._continue as string});
  assert.deepEqual([...page.items, ...rest.items].map(item => item.metadata?.name).toSorted(), ['a', 'kube-root-ca.crt']);
  await core.deleteNamespacedConfigMap({namespace, name: 'a'});
  await assert.rejects(
    core.readNamespacedConfigMap({namespace, name: 'a'}),
    (err: unknown) => err instanceof ApiException && err.code === 404,
  );
});

test('its objects of any kind find their paths by discovery', {timeout: 60_000}, async t => {
  const config = configOf(await startServer(t, {root: folder(t)}));
  const objects = KubernetesObjectApi.makeApiClient(config);
  await serveWidgets(config);
  const made = await objects.create(parse(widget('a', 3)) as Named);
  assert.equal(made.metadata?.namespace, 'default');
  const change = parse(widget('a', 5)) as Named;
  const patched = await objects.patch(change, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
  assert.deepEqual((patched as {spec?: unknown}).spec, {size: 5, color: 'blue'});
  await objects.delete(made);
});

test('its informers see every change, also over a restart and when history is forgotten', {timeout: 60_000}, async t => {
  const root = folder(t);
  const first = await startServer(t, {root, port: await steadyPort()});
  const {port} = first;
  // The token of shard-admin is valid over restarts; that of kcp-admin is not.
  const config = configOf(first, 'shard-admin');
  await serveWidgets(config);
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const configmaps = follow(t, config, '/api/v1/namespaces/default/configmaps', () => core.listNamespacedConfigMap({namespace}));
  const seenWidgets = follow(t, config, '/apis/demo.dev/v1/namespaces/default/widgets', () => custom.listNamespacedCustomObject(widgets));

  await t.test('while all is well', async () => {
    await core.createNamespacedConfigMap({namespace, body: {metadata: {name: 'a'}, data: {n: '1'}}});
    await custom.createNamespacedCustomObject({...widgets, body: parse(widget('w', 3))});
    await until(() => configmaps.has('a') && seenWidgets.has('w'), 'new objects');
    await core.patchNamespacedConfigMap({namespace, name: 'a', body: [{op: 'add', path: '/data/n', value: '2'}]});
    await custom.deleteNamespacedCustomObject({...widgets, name: 'w'});
    await until(() => configmaps.told.includes('update a') && seenWidgets.told.includes('delete w'), 'changes');
    assert.deepEqual(seenWidgets.told, ['add w', 'delete w']);
  });

  await t.test('over a restart, without listing again', async () => {
    const lists = configmaps.lists();
    await first.stop();
    const second = await startServer(t, {root, port});
    await core.createNamespacedConfigMap({namespace, body: {metadata: {name: 'b'}}});
    await until(() => configmaps.has('b'), 'an object made after the restart');
    assert.equal(configmaps.lists(), lists);
    assert.equal(configmaps.told.filter(line => line === 'add a').length, 1);
    await second.stop();
  });

  await t.test('what happened while it was away and was forgotten since', async () => {
    const elsewhere = await startServer(t, {root});
    const path = '/clusters/root/api/v1/namespaces/default/configmaps';
    assert.equal((await elsewhere.call(`${path}/a`, {method: 'DELETE'})).status, 200);
    assert.equal((await elsewhere.call(path, {method: 'POST', body: {metadata: {name: 'c'}}})).status, 201);
    assert.equal((await elsewhere.call(path, {method: 'POST', body: {metadata: {name: 'd'}}})).status, 201);
    await elsewhere.stop();
    const store = await openEmbedded({directory: join(root, 'data')});
    await store.compact(store.revision());
    await store.close();

    const lists = configmaps.lists();
    await startServer(t, {root, port});
    await until(() => configmaps.has('d') && !configmaps.has('a'), 'what a new list shows', 30_000);
    assert.equal(configmaps.lists(), lists + 1, '410 makes it list again');
  });
});

test('its watch is told 410 of a resourceVersion that is forgotten', {timeout: 60_000}, async t => {
  const root = folder(t);
  await (await startServer(t, {root})).stop();
  const store = await openEmbedded({directory: join(root, 'data')});
  await store.compact(store.revision());
  await store.close();
  const config = configOf(await startServer(t, {root}));
  const {promise, resolve} = Promise.withResolvers<unknown>();
  await new Watch(config).watch('/api/v1/configmaps', {resourceVersion: '1'}, (_phase, object) => resolve(object), resolve);
  const told = (await promise) as {code?: number; statusCode?: number};
  assert.equal(told.code ?? told.statusCode, 410);
});

type Named = KubernetesObject & {metadata: {name: string}};

function configOf(server: ServerProcess, user: 'kcp-admin' | 'shard-admin' = 'kcp-admin'): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  config.setCurrentContext('root');
  const context = config.getContextObject('root') as {user: string};
  context.user = user;
  return config;
}

async function serveWidgets(config: KubeConfig): Promise<void> {
  const custom = config.makeApiClient(CustomObjectsApi);
  const crds = {group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions'};
  await custom.createClusterCustomObject({...crds, body: parse(widgetsCrd)});
  await until(
    () =>
      custom.listNamespacedCustomObject(widgets).then(
        () => true,
        () => false,
      ),
    'widgets that are served',
  );
}

type Followed = {has(name: string): boolean; readonly told: readonly string[]; lists(): number};

/** An informer that starts again after every error, as its documentation says. */
function follow(t: TestContext, config: KubeConfig, path: string, list: () => Promise<unknown>): Followed {
  let lists = 0;
  let over = false;
  const told: string[] = [];
  const informer: Informer<KubernetesObject> & ObjectCache<KubernetesObject> = makeInformer(config, path, () => {
    lists++;
    return list() as Promise<KubernetesListObject<KubernetesObject>>;
  });
  for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, object => told.push(`${verb} ${object.metadata?.name}`));
  informer.on('error', async () => {
    await sleep(100);
    if (!over) await informer.start();
  });
  void informer.start();
  t.after(async () => {
    over = true;
    await informer.stop();
  });
  return {has: name => informer.get(name, namespace) !== undefined, told, lists: () => lists};
}
