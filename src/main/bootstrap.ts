import type {Surroundings} from '../admission/rule.ts';
import {root} from '../api/cluster.ts';
import {equal} from '../api/json.ts';
import {asJson, timestamp} from '../api/object.ts';
import {logicalClusterKey} from '../registry/logical-clusters.ts';
import {createOp, keyOfObject, putOp} from '../registry/ops.ts';
import {decodeStored} from '../registry/stored.ts';
import type {Op} from '../storage/storage.ts';
import type {RootPlan} from '../tenancy/root.ts';
import {rootContents, shard} from '../tenancy/root.ts';

export type Bootstrap = Pick<RootPlan, 'urls' | 'workspaceTypes'>;

/** Writes the root workspace into an empty store, in one commit, and brings this shard's addresses up to date in a filled one. */
export async function bootstrapRoot(around: Surroundings, {urls, workspaceTypes}: Bootstrap): Promise<'made' | 'found'> {
  const {store, registry, world, settings} = around;
  const maker = {cluster: root, now: timestamp(world.now()), uid: world.uid};
  const plan: RootPlan = {maker, shardName: settings.shardName, urls, rootCa: settings.rootCa, standing: settings.standing, workspaceTypes};
  if (await store.get(logicalClusterKey(root))) {
    await renewShard(around, plan);
    return 'found';
  }
  const ops = rootContents(plan).map(made => createOp(registry.fixed(made.group, made.version, made.plural), root, made.object));
  await store.commit(ops as [Op, ...Op[]]);
  return 'made';
}

/** Ports and host names may be others than at the last start. */
async function renewShard({store, registry}: Surroundings, plan: RootPlan): Promise<void> {
  const {object} = shard(plan);
  const key = keyOfObject(registry.fixed('core.kcp.io', 'v1alpha1', 'shards'), root, object);
  const entry = await store.get(key);
  if (!entry) {
    await store.commit([putOp(key, object, 'absent')]);
    return;
  }
  const now = decodeStored(entry);
  if (equal(asJson(now)['spec'], asJson(object)['spec'])) return;
  asJson(now)['spec'] = asJson(object)['spec'] as never;
  await store.commit([putOp(key, now, entry.revision)]);
}
