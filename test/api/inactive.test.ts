/** Workspaces that are marked inactive: spec kcp 3.2, 3.9 and 13.1. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import {startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, namespaces} = paths;
const own = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
const inactive = 'core.kcp.io/inactive';

const mark = (api: Api, value: string | null, key = inactive): Promise<Answer> => api.patch(own, {metadata: {annotations: {[key]: value}}});
const phase = async (api: Api) => {
  const cluster = succeeded(await api.get(own));
  return [cluster.at('status', 'phase'), cluster.at('metadata', 'labels', 'tenancy.kcp.io/phase')];
};

test('nothing of an inactive workspace is answered but its LogicalCluster and OpenAPI, and all of it again when it is active', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(configMaps, configMap('a')), 201);
  const id = succeeded(await api.get(own)).at('metadata', 'annotations', 'kcp.io/cluster');
  const byId = plane.api.in(`/clusters/${id}`);
  assert.equal(succeeded(await mark(api, 'true')).at('status', 'phase'), 'Inactive');
  assert.deepEqual(await phase(api), ['Inactive', 'Inactive']);

  const text = `Forbidden: logicalclusters.core.kcp.io "${id}" is forbidden: logical cluster is marked inactive`;
  for (const one of [api, byId, byId.as(users.shardAdmin)]) {
    for (const path of [
      namespaces,
      `${configMaps}/a`,
      `${configMaps}?watch=1`,
      '/api',
      '/apis',
      '/',
      '/version',
      '/healthz',
      '/nothing',
      '/api/v1/nothing',
    ])
      assert.equal(refused(await one.get(path), 403, '').problem, text, path);
    for (const path of [own, '/apis/core.kcp.io/v1alpha1/logicalclusters', '/openapi/v3']) succeeded(await one.get(path));
  }
  refused(await api.post(configMaps, configMap('b')), 403, text);
  refused(await api.patch(`${configMaps}/a`, {data: {a: '1'}}), 403, text);
  refused(await api.del(`${configMaps}/a`), 403, text);
  refused(await api.post(workspacesIn('root').replace('/clusters/root', ''), workspaceObject('child')), 403, text);
  // What lies beside it goes on.
  succeeded(await plane.api.get(`/clusters/root${namespaces}`));

  assert.equal(succeeded(await mark(api, null)).at('status', 'phase'), 'Ready');
  assert.deepEqual(await phase(api), ['Ready', 'Ready']);
  succeeded(await api.get(`${configMaps}/a`));
  succeeded(await api.post(configMaps, configMap('b')), 201);
});

test('the annotation of older versions counts as well, and only "true" does', async () => {
  const api = await newPlace(plane);
  succeeded(await mark(api, 'yes'));
  assert.deepEqual(await phase(api), ['Ready', 'Ready']);
  succeeded(await api.get(configMaps));
  succeeded(await mark(api, 'true', 'internal.kcp.io/inactive'));
  refused(await api.get(configMaps), 403, 'logical cluster is marked inactive');
  succeeded(await mark(api, null, 'internal.kcp.io/inactive'));
  succeeded(await api.get(configMaps));
});

test('whoever has no access learns nothing of it', async () => {
  const api = await newPlace(plane);
  const strangers = ['', users.user1].map(token => api.as(token));
  const before = await Promise.all(strangers.map(one => one.get(configMaps)));
  succeeded(await mark(api, 'true'));
  for (const [i, stranger] of strangers.entries()) {
    const now = await stranger.get(configMaps);
    assert.deepEqual([now.status, now.text], [403, before[i]?.text]);
  }
});

test('who is at home in a workspace can neither close nor open it', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('tenant', 'ClusterRole cluster-admin', 'User user-1')), 201);
  const tenant = api.as(users.user1);
  const cluster = 'Forbidden: logicalclusters.core.kcp.io "cluster" is forbidden: only administrators of kcp may change the annotation';
  refused(await mark(tenant, 'true'), 403, `${cluster} "${inactive}"`);
  succeeded(await mark(api, 'true'));
  refused(await mark(tenant, null), 403, cluster);
  refused(await mark(tenant, 'true', 'internal.kcp.io/inactive'), 403, cluster);
  refused(
    await tenant.patch(own, [{op: 'remove', path: '/metadata/annotations'}], {'content-type': 'application/json-patch+json'}),
    403,
    cluster,
  );
  succeeded(await tenant.patch(own, {metadata: {labels: {mine: 'yes'}}}));
  refused(await tenant.get(configMaps), 403, 'logical cluster is marked inactive');
});

test('what is not ready cannot be marked', async () => {
  const {api} = plane;
  const type = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  succeeded(
    await api.post(type, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: {name: 'slow'},
      spec: {initializer: true},
    }),
    201,
  );
  succeeded(await api.post(workspacesIn('root'), workspaceObject('slow', 'root:slow')), 201);
  const slow = api.in('/clusters/root:slow');
  const text = 'LogicalCluster can only be marked inactive in phase "Ready", but is in phase "Initializing"';
  refused(await mark(slow, 'true'), 403, text);
  succeeded(await slow.get(own));
});

test('an inactive workspace can be deleted', async () => {
  const api = await newPlace(plane);
  const name = String(succeeded(await api.get(own)).at('spec', 'owner', 'name'));
  succeeded(await api.post(configMaps, configMap('a')), 201);
  succeeded(await mark(api, 'true'));
  await plane.api.del(`${workspacesIn('root')}/${name}`);
  await plane.eventually(async () => assert.equal((await plane.api.get(`${workspacesIn('root')}/${name}`)).status, 404));
});

test('watches in it end, those of its LogicalCluster go on, and those of all workspaces begin anew', async () => {
  const api = await newPlace(plane);
  const other = await newPlace(plane);
  const everywhere = await plane.api.as(users.shardAdmin).watch('/clusters/*/api/v1/configmaps');
  const [inside, cluster, beside] = [
    await api.watch(configMaps),
    await api.watch(own.replace('/cluster', '')),
    await other.watch(configMaps),
  ];
  // Another change ends nothing.
  succeeded(await api.patch(own, {metadata: {labels: {a: 'b'}}}));
  await plane.settle();
  assert.deepEqual([inside.over(), everywhere.over()], [undefined, undefined]);
  succeeded(await mark(api, 'true'));
  await plane.eventually(() => assert.deepEqual([inside.over(), everywhere.over()], ['ended', 'ended']));
  assert.ok(!inside.seen().some(event => event.startsWith('ERROR')));
  const again = await plane.api.as(users.shardAdmin).watch('/clusters/*/api/v1/configmaps');
  // Of one that is inactive already nobody is told again.
  succeeded(await api.patch(own, {metadata: {labels: {a: 'c'}}}));
  await plane.settle();
  assert.deepEqual([cluster.over(), beside.over(), again.over()], [undefined, undefined, undefined]);
  await assert.rejects(api.watch(configMaps), /403 Forbidden.*marked inactive/);
  succeeded(await mark(api, null));
  const anew = await api.watch(configMaps);
  for (const one of [cluster, beside, again, anew]) one.close();
});
