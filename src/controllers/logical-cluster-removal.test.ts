import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Surroundings} from '../admission/rule.ts';
import {workspaceIdOf} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import {keyOf} from '../registry/keys.ts';
import {logicalClusterKey} from '../registry/logical-clusters.ts';
import {putOp} from '../registry/ops.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Storage} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {sweep} from './logical-cluster-removal.ts';

const id = workspaceIdOf('285xjbwx8vocb');
const object = (apiVersion: string, kind: string, name: string): KubeObject =>
  ({apiVersion, kind, metadata: {name, uid: name, creationTimestamp: '2020-01-01T00:00:00Z'}}) as KubeObject;
const leftOver = keyOf({group: '', resource: 'namespaces', section: 'built-in'}, id, undefined, 'late');
const writeLeftOver = (store: Storage) => store.commit([putOp(leftOver, object('v1', 'Namespace', 'late'), 'absent')]);
const makeAnew = (store: Storage) =>
  store.commit([putOp(logicalClusterKey(id), object('core.kcp.io/v1alpha1', 'LogicalCluster', 'cluster'), 'absent')]);

test('what came in while a logical cluster went is swept out', async () => {
  const store = memoryStorage();
  await writeLeftOver(store);
  await sweep(id, {store} as Surroundings);
  assert.equal(await store.get(leftOver), undefined);
});

test('the content of one that was made anew under the same id is not', async () => {
  const store = memoryStorage();
  await writeLeftOver(store);
  const slow: Pick<Storage, 'get' | 'byTerm' | 'commit'> = {
    get: key => store.get(key),
    commit: ops => store.commit(ops),
    async byTerm(term, options) {
      const page = await store.byTerm(term, options);
      await makeAnew(store);
      return page;
    },
  };
  await assert.rejects(sweep(id, {store: slow as Storage} as Surroundings), Unexpected);
  await sweep(id, {store} as Surroundings);
  assert.ok(await store.get(logicalClusterKey(id)));
  assert.ok(await store.get(leftOver));
});
