import assert from 'node:assert/strict';
import {test} from 'node:test';
import {root, systemAdmin, type WorkspaceId, workspaceIdOf} from '../api/cluster.ts';
import {asObject} from '../api/object.ts';
import {judge} from '../auth/rbac/policy.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Storage} from '../storage/storage.ts';
import {workspacePolicies} from './workspace-policies.ts';

const shop = workspaceIdOf('shop');
const put = async (store: Storage, workspace: WorkspaceId, resource: string, name: string, rest: object): Promise<void> => {
  const key = keyOf({group: 'rbac.authorization.k8s.io', resource, section: builtInSection}, workspace, undefined, name);
  const old = await store.get(key);
  await store.commit([putOp(key, asObject({apiVersion: 'v1', kind: 'X', metadata: {name}, ...rest}), old ? old.revision : 'absent')]);
};
const role = (verb: string) => ({rules: [{verbs: [verb], apiGroups: [''], resources: ['pods']}]});
const binding = (name: string, user = 'alice') => ({subjects: [{kind: 'User', name: user}], roleRef: {kind: 'ClusterRole', name}});

function counted(store: Storage) {
  let lists = 0;
  const list: Storage['list'] = (range, page) => {
    lists++;
    return store.list(range, page);
  };
  const bound = (name: string | symbol): unknown => {
    const found: unknown = Reflect.get(store, name);
    return typeof found === 'function' ? found.bind(store) : found;
  };
  return {store: new Proxy(store, {get: (_, name) => (name === 'list' ? list : bound(name))}), lists: () => lists};
}

const may = async (policyOf: ReturnType<typeof workspacePolicies>, workspace: WorkspaceId, verb: string): Promise<boolean> => {
  const resource = {group: '', plural: 'pods', subresource: undefined, namespace: undefined, name: undefined};
  return judge(await policyOf(workspace), [{name: 'alice', groups: []}], {verb, resource}).allowed;
};

test('a policy is read once, and follows what changes', async () => {
  const {store, lists} = counted(memoryStorage());
  const policyOf = workspacePolicies(store, async () => {});
  assert.equal(await may(policyOf, shop, 'get'), false);
  const read = lists();
  assert.ok(!(policyOf(shop) instanceof Promise), 'it is at hand');
  await put(store, shop, 'clusterrolebindings', 'b', binding('r'));
  await put(store, shop, 'clusterroles', 'r', role('get'));
  assert.deepEqual([await may(policyOf, shop, 'get'), await may(policyOf, root, 'get')], [true, false]);
  await put(store, shop, 'clusterroles', 'r', role('list'));
  assert.deepEqual([await may(policyOf, shop, 'get'), await may(policyOf, shop, 'list')], [false, true]);
  const entry = await store.get(
    keyOf({group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings', section: builtInSection}, shop, undefined, 'b'),
  );
  assert.ok(entry);
  await store.commit([{delete: entry.key, expect: entry.revision}]);
  assert.equal(await may(policyOf, shop, 'list'), false);
  // Root was read as well; of the changed ones only what had changed.
  assert.equal(lists(), read + 4);
});

test('roles of system:admin are there for every workspace, its bindings for itself and all', async () => {
  const store = memoryStorage();
  const policyOf = workspacePolicies(store, async () => {});
  await put(store, shop, 'clusterrolebindings', 'b', binding('shared'));
  assert.equal(await may(policyOf, shop, 'get'), false);
  await put(store, systemAdmin, 'clusterroles', 'shared', role('get'));
  assert.equal(await may(policyOf, shop, 'get'), true);
  await put(store, shop, 'clusterroles', 'shared', role('list'));
  assert.deepEqual([await may(policyOf, shop, 'get'), await may(policyOf, shop, 'list')], [false, true]);
  assert.equal(await may(policyOf, systemAdmin, 'get'), false);
  await put(store, systemAdmin, 'clusterrolebindings', 'b', binding('shared'));
  assert.equal(await may(policyOf, systemAdmin, 'get'), true);
});

test('who asks while it is read waits for the same reading, and sees what was written meanwhile at the next', async () => {
  const {store, lists} = counted(memoryStorage());
  const policyOf = workspacePolicies(store, async () => {});
  await policyOf(root);
  const before = lists();
  const asked = Array.from({length: 10}, () => may(policyOf, shop, 'get'));
  await put(store, shop, 'clusterroles', 'r', role('get'));
  await put(store, shop, 'clusterrolebindings', 'b', binding('r'));
  await Promise.all(asked);
  assert.equal(await may(policyOf, shop, 'get'), true);
  assert.ok(lists() - before <= 8, `${lists() - before} lists`);
  for (let i = 0; i < 250; i++) await put(store, shop, 'clusterroles', `r${i}`, role('get'));
  assert.equal(await may(policyOf, shop, 'get'), true);
});
