import type {WorkspaceId} from '../api/cluster.ts';
import {clusterNameFrom, root} from '../api/cluster.ts';
import {dig, digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import {everything, selectorFromObject} from '../api/selectors.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {createOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import type {Op} from '../storage/storage.ts';
import {setConditions, statusOf} from '../tenancy/conditions.ts';
import type {Creator} from '../tenancy/creator.ts';
import {annotations, labels} from '../tenancy/names.ts';
import type {Shard} from '../tenancy/new-cluster.ts';
import {furnish} from '../tenancy/new-workspace.ts';
import {findType, parseType, printType, withBases} from '../tenancy/workspace-types.ts';
import {canonicalPath, typeLookup} from './lookups.ts';
import type {Surroundings} from './rule.ts';

const randomBytes = 32;

/**
 * Gives a workspace its logical cluster: completes the object and returns what is to be committed with it. Where no shard will have it,
 * it stays Scheduling, says so in a condition, and is tried again when shards change.
 */
export async function schedule(
  workspace: KubeObject,
  parent: WorkspaceId,
  creator: Creator | undefined,
  around: Surroundings,
): Promise<Op[]> {
  const {store, world, registry, settings} = around;
  const now = timestamp(world.now());
  const shard = await ownShard(workspace, around);
  if (typeof shard === 'string') return wait(workspace, shard, now);
  const lookup = typeLookup(store);
  const ref = parseType(`${digString(asJson(workspace), 'spec', 'type', 'path')}:${digString(asJson(workspace), 'spec', 'type', 'name')}`);
  const path = await canonicalPath(store, parent);
  const type = ref && (await findType(ref, path, lookup));
  // It was there when the workspace was made.
  if (!type) return wait(workspace, `workspace type ${ref ? printType(ref) : ''} cannot be resolved`, now);
  const types = await withBases(type, lookup);
  if (typeof types === 'string') return wait(workspace, types, now);
  const id = clusterNameFrom(world.bytes(randomBytes));
  const made = furnish({
    workspace,
    parent: {id: parent, path},
    id,
    types,
    creator,
    shard,
    now,
    uid: world.uid,
    rootCa: settings.rootCa,
    standing: settings.standing,
  });
  return made.map(one => createOp(registry.fixed(one.group, one.version, one.plural), id, one.object));
}

function wait(workspace: KubeObject, message: string, now: string): Op[] {
  statusOf(workspace)['phase'] = 'Scheduling';
  workspace.metadata.labels = {...workspace.metadata.labels, [labels.phase]: 'Scheduling'};
  setConditions(workspace, [{type: 'WorkspaceScheduled', status: 'False', severity: 'Error', reason: 'Unschedulable', message}], now);
  return [];
}

/** This server's own shard, if the workspace may lie on it; otherwise why not. */
async function ownShard(workspace: KubeObject, around: Surroundings): Promise<Shard | string> {
  const shard = await shardObject(around);
  const wanted = dig(asJson(workspace), 'spec', 'location', 'selector');
  const selector = wanted === undefined ? everything : selectorFromObject(wanted);
  if (!shard || shard.metadata.annotations?.[annotations.unschedulable] !== undefined || !selector.matches(shard.metadata.labels)) {
    return 'No available shards to schedule the workspace';
  }
  return describe(shard, around);
}

/** This server's own shard, as root lists it; undefined when it does not. */
export async function thisShard(around: Surroundings): Promise<Shard | undefined> {
  const shard = await shardObject(around);
  return shard && describe(shard, around);
}

async function shardObject({store, settings}: Surroundings): Promise<KubeObject | undefined> {
  const space = {group: 'core.kcp.io', resource: 'shards', section: builtInSection};
  const entry = await read(store, keyOf(space, root, undefined, settings.shardName));
  return entry && peek(entry);
}

function describe(shard: KubeObject, {settings}: Surroundings): Shard {
  const spec = asJson(shard)['spec'];
  return {
    name: settings.shardName,
    externalUrl: digString(spec, 'externalURL') ?? digString(spec, 'baseURL') ?? '',
    region: shard.metadata.labels?.[labels.region],
  };
}
