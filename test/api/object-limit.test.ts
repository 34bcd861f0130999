/** How many objects a workspace may have: spec kcp 10.6. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {inProcess, startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, namespaces, widgets, secrets} = paths;
const own = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
const annotation = 'core.kcp.io/max-total-objects';
const events = '/api/v1/namespaces/t/events';

const limitTo = (api: Api, limit: number | string | null): Promise<Answer> =>
  api.patch(own, {metadata: {annotations: {[annotation]: limit === null ? null : String(limit)}}});
const idOf = async (api: Api) => String(succeeded(await api.get(own)).at('metadata', 'annotations', 'kcp.io/cluster'));
/** How many objects there are, by the server's own word: a limit below that refuses, and tells. */
async function countIn(api: Api): Promise<number> {
  succeeded(await limitTo(api, 1));
  const {problem} = refused(await api.post(`${configMaps}?dryRun=All`, configMap('probe')), 403, 'total object count limit');
  succeeded(await limitTo(api, null));
  return Number(/\((\d+)\/1 objects\)/.exec(problem)?.[1]);
}
/** A workspace with room for so many objects more. */
async function roomFor(room: number): Promise<{readonly api: Api; readonly limit: number}> {
  const api = await newPlace(plane);
  const limit = (await countIn(api)) + room;
  succeeded(await limitTo(api, limit));
  return {api, limit};
}
const text = async (api: Api, what: string, count: number, limit: number) =>
  `Forbidden: ${what} is forbidden: logical cluster "${await idOf(api)}" has reached its total object count limit (${count}/${limit} objects); delete objects to free up capacity`;

test('what is too much is refused, of whatever kind, and what is deleted makes room at once', async () => {
  const {api, limit} = await roomFor(2);
  succeeded(await api.post(configMaps, configMap('a')), 201);
  succeeded(await api.post(widgets, widget('b')), 201);
  const full = await text(api, 'configmaps "c"', limit, limit);
  assert.equal(refused(await api.post(configMaps, configMap('c')), 403, '').problem, full);
  assert.equal(refused(await api.post(`${configMaps}?dryRun=All`, configMap('c')), 403, '').problem, full);
  const limitText = 'total object count limit';
  refused(await api.post(widgets, widget('c')), 403, limitText);
  refused(await api.post(rbac.clusterRoles, {metadata: {name: 'c'}, rules: []}), 403, limitText);
  refused(
    await api.patch(`${configMaps}/c?fieldManager=m`, configMap('c'), {'content-type': 'application/apply-patch+yaml'}),
    403,
    limitText,
  );
  refused(await api.put('/apis/coordination.k8s.io/v1/namespaces/t/leases/c', {metadata: {name: 'c'}, spec: {}}), 403, limitText);
  refused(await api.as(users.shardAdmin).post(configMaps, configMap('c')), 403, limitText);
  // What is there can be changed, and what is no object can be asked.
  succeeded(await api.patch(`${configMaps}/a`, {data: {x: 'y'}}));
  succeeded(await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}), 201);
  refused(await api.post(configMaps, configMap('a')), 409, 'AlreadyExists');
  succeeded(await api.del(`${widgets}/b`));
  succeeded(await api.post(configMaps, configMap('c')), 201);
  refused(await api.post(configMaps, configMap('d')), 403, limitText);
});

test('64 creates at once fill it to the last place and not beyond', async () => {
  const {api, limit} = await roomFor(10);
  const answers = await Promise.all(
    Array.from({length: 64}, (_, i) =>
      i % 2 ? api.post(configMaps, configMap(`c-${i}`)) : api.post(secrets, {metadata: {name: `c-${i}`}}),
    ),
  );
  const counts = answers.reduce((all, {status}) => all.set(status, (all.get(status) ?? 0) + 1), new Map<number, number>());
  assert.deepEqual([...counts].sort(), [
    [201, 10],
    [403, 54],
  ]);
  for (const answer of answers)
    if (answer.status === 403) assert.ok(answer.problem.includes(`(${limit}/${limit} objects)`), answer.problem);
  succeeded(await limitTo(api, null));
  assert.equal(await countIn(api), limit);
});

test('what comes with an object takes room as well', async () => {
  const {api, limit} = await roomFor(2);
  assert.equal(
    refused(await api.post(namespaces, {metadata: {name: 'n'}}), 403, '').problem,
    await text(api, 'namespaces "n"', limit - 2, limit),
  );
  succeeded(await limitTo(api, limit + 1));
  // With its account and its certificates.
  succeeded(await api.post(namespaces, {metadata: {name: 'n'}}), 201);
  refused(await api.post(configMaps, configMap('x')), 403, `(${limit + 1}/${limit + 1} objects)`);
});

test('Events are neither counted nor refused', async () => {
  const {api, limit} = await roomFor(1);
  const event = (name: string) => ({metadata: {name, namespace: 't'}, involvedObject: {kind: 'ConfigMap', name: 'a', namespace: 't'}});
  for (const name of ['a', 'b', 'c']) succeeded(await api.post(events, event(name)), 201);
  succeeded(await api.post(configMaps, configMap('a')), 201);
  succeeded(await api.post(events, event('d')), 201);
  refused(await api.post(configMaps, configMap('b')), 403, `(${limit}/${limit} objects)`);
});

test('the annotation: no limit without a number above zero', async () => {
  const api = await newPlace(plane);
  for (const value of ['0', '-5', 'many', '', '1.5', '9223372036854775808', '0x10', ' 3']) {
    succeeded(await limitTo(api, value));
    succeeded(await api.post(`${configMaps}?dryRun=All`, configMap('a')), 201);
  }
  for (const value of ['1', '+1', '0001']) {
    succeeded(await limitTo(api, value));
    refused(await api.post(configMaps, configMap('a')), 403, '/1 objects)');
  }
});

test('who is at home in a workspace cannot give it more', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('tenant', 'ClusterRole cluster-admin', 'User user-1')), 201);
  succeeded(await limitTo(api, 5));
  const tenant = api.as(users.user1);
  for (const value of [null, 0, 1_000_000])
    refused(await limitTo(tenant, value), 403, `only administrators of kcp may change the annotation "${annotation}"`);
  refused(await tenant.post(configMaps, configMap('a')), 403, '/5 objects)');
});

test('a workspace below has room of its own, and counts as one above', async () => {
  const {api, limit} = await roomFor(1);
  const inside = workspacesIn('root').replace('/clusters/root', '');
  succeeded(await api.post(inside, workspaceObject('child')), 201);
  refused(await api.post(inside, workspaceObject('child-2')), 403, `(${limit}/${limit} objects)`);
  const name = String(succeeded(await api.get(own)).at('spec', 'owner', 'name'));
  succeeded(await plane.api.post(`/clusters/root:${name}:child/api/v1/namespaces/default/configmaps`, configMap('a')), 201);
});

test('what a namespace has lost is put back when there is room', inProcess, async () => {
  const {api} = await roomFor(0);
  succeeded(await api.del(`${configMaps}/kube-root-ca.crt`));
  const taken = await api.post(configMaps, configMap('taken'));
  if (taken.status === 201) {
    await plane.settle();
    assert.equal((await api.get(`${configMaps}/kube-root-ca.crt`)).status, 404);
    refused(await api.post(configMaps, configMap('more')), 403, 'total object count limit');
    succeeded(await api.del(`${configMaps}/taken`));
  }
  await plane.world.advance(60_000);
  await plane.eventually(async () => succeeded(await api.get(`${configMaps}/kube-root-ca.crt`)));
});

test('a limit for all workspaces', inProcess, async t => {
  const limited = await startPlane('limited', {objectsMax: 30});
  t.after(() => limited.stop());
  const api = await newPlace(limited);
  let created = 0;
  for (; created < 40; created++) {
    const answer = await api.post(configMaps, configMap(`c-${created}`));
    if (answer.status === 201) continue;
    refused(answer, 403, '(30/30 objects)');
    break;
  }
  assert.ok(created > 0 && created < 30, String(created));
  // Root has more already, and a workspace may be given its own limit, or none.
  for (let i = 0; i < 40; i++)
    succeeded(await limited.api.post('/clusters/root/api/v1/namespaces/default/configmaps', configMap(`c-${i}`)), 201);
  succeeded(await limitTo(api, 31));
  succeeded(await api.post(configMaps, configMap('one')), 201);
  refused(await api.post(configMaps, configMap('two')), 403, '(31/31 objects)');
  succeeded(await limitTo(api, 0));
  succeeded(await api.post(configMaps, configMap('two')), 201);
  succeeded(await limitTo(api, 'zork'));
  refused(await api.post(configMaps, configMap('three')), 403, '(32/30 objects)');
  const again = await limited.restart();
  refused(await api.post(configMaps, configMap('three')), 403, '(32/30 objects)');
  await again.pause();
});
