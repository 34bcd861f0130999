import type {Surroundings} from '../admission/rule.ts';
import {root} from '../api/cluster.ts';
import {equal} from '../api/json.ts';
import {asJson, timestamp} from '../api/object.ts';
import {logicalClusterKey} from '../registry/logical-clusters.ts';
import {createOp, keyOfObject, putOp} from '../registry/ops.ts';
import {decodeStored} from '../registry/stored.ts';
import type {Op} from '../storage/storage.ts';
import type {Made} from '../tenancy/contents.ts';
import type {RootPlan} from '../tenancy/root.ts';
import {homeCreators, rootContents, shard} from '../tenancy/root.ts';

export type Bootstrap = Pick<RootPlan, 'urls' | 'workspaceTypes' | 'homeCreatorGroups'>;

/** Writes the root workspace into an empty store, in one commit, and brings what the configuration says up to date in a filled one. */
export async function bootstrapRoot(around: Surroundings, {urls, workspaceTypes, homeCreatorGroups}: Bootstrap): Promise<'made' | 'found'> {
  const {store, registry, world, settings} = around;
  const maker = {cluster: root, now: timestamp(world.now()), uid: world.uid};
  const {shardName, rootCa, standing} = settings;
  const plan: RootPlan = {maker, shardName, urls, rootCa, standing, workspaceTypes, homeCreatorGroups};
  if (await store.get(logicalClusterKey(root))) {
    // Ports and host names may be others than at the last start, and so may be the groups.
    await renew(around, shard(plan), 'spec');
    await renew(around, homeCreators(plan), 'subjects');
    return 'found';
  }
  const ops = rootContents(plan).map(made => createOp(registry.fixed(made.group, made.version, made.plural), root, made.object));
  await store.commit(ops as [Op, ...Op[]]);
  return 'made';
}

/** Brings one field of an object up to date, or writes the object where it is missing. */
async function renew({store, registry}: Surroundings, {group, version, plural, object}: Made, field: string): Promise<void> {
  const key = keyOfObject(registry.fixed(group, version, plural), root, object);
  const entry = await store.get(key);
  if (!entry) {
    await store.commit([putOp(key, object, 'absent')]);
    return;
  }
  const now = decodeStored(entry);
  if (equal(asJson(now)[field], asJson(object)[field])) return;
  asJson(now)[field] = asJson(object)[field] as never;
  await store.commit([putOp(key, now, entry.revision)]);
}
