import type {Surroundings} from '../admission/rule.ts';
import {schedule} from '../admission/schedule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {isWorkspaceId} from '../api/cluster.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {builtInSection, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {isSystem, logicalClusterKey, logicalClusterRange, phaseOf, workspaceKey, workspaceRange} from '../registry/logical-clusters.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Event, Key} from '../storage/storage.ts';
import {readOwner} from '../tenancy/creator.ts';
import {annotations, finalizers} from '../tenancy/names.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import {clearCluster, sweep} from './logical-cluster-removal.ts';

const shardPrefix = rangeOf({group: 'core.kcp.io', resource: 'shards', section: builtInSection});
const unscheduledRef = 'unscheduled';
const unscheduledMax = 10_000;

/** Deleted workspaces and everything below them, and workspaces that found no shard when they were made (spec kcp 4.2, 4.5). */
export const workspaces: Controller = {
  name: 'workspaces',
  wakes(event, around) {
    const {key} = event;
    if (key.startsWith(workspaceRange)) return isDeleted(event) ? [key] : [...leftBehind(event), ...ofContent(event, around)];
    if (key.startsWith(logicalClusterRange)) return ofLogicalCluster(event);
    if (key.startsWith(shardPrefix)) return [unscheduledRef];
    return ofContent(event, around);
  },
  async reconcile(ref, around) {
    if (ref === unscheduledRef) await scheduleWaiting(around);
    else if (ref.startsWith(workspaceRange)) await removeWorkspace(ref as Key, around);
    else await removeLogicalCluster(ref as Key, around);
    return undefined;
  },
};

const isDeleted = (event: Event): boolean => event.type !== 'delete' && peek(event).metadata.deletionTimestamp !== undefined;

/** A Workspace that went by itself, because somebody took our finalizer off, leaves its logical cluster. */
function leftBehind(event: Event): readonly string[] {
  const id = event.type === 'delete' && digString(asJson(peek(event)), 'spec', 'cluster');
  return id && isWorkspaceId(id) ? [logicalClusterKey(id)] : none;
}

/** What goes from a logical cluster that is being deleted may have been the last. */
function ofContent(event: Event, {store}: Surroundings): readonly string[] {
  if (event.type !== 'delete') return none;
  const key = logicalClusterKey(parseKey(event.key).workspace);
  const entry = store.hot(key);
  return entry && entry !== 'wait' && peek(entry).metadata.deletionTimestamp !== undefined ? [key] : none;
}

function ofLogicalCluster(event: Event): readonly string[] {
  if (event.type !== 'delete') return isDeleted(event) ? [event.key] : none;
  const owner = ownerKey(peek(event));
  return owner ? [event.key, owner] : [event.key];
}

function ownerKey(logicalCluster: KubeObject): Key | undefined {
  const owner = asJson(logicalCluster)['spec'];
  const [parent, name] = [digString(owner, 'owner', 'cluster'), digString(owner, 'owner', 'name')];
  return parent && name ? workspaceKey(parent as WorkspaceId, name) : undefined;
}

/** Whether it is the very Workspace that a logical cluster was made for, and not a later one of the same name. */
const isOwner = (workspace: Entry | undefined, logicalCluster: KubeObject): boolean =>
  workspace !== undefined && peek(workspace).metadata.uid === digString(asJson(logicalCluster), 'spec', 'owner', 'uid');

async function removeWorkspace(key: Key, around: Surroundings): Promise<void> {
  const {store} = around;
  const entry = await store.get(key);
  if (!entry) return;
  const workspace = peek(entry);
  const held = workspace.metadata.finalizers ?? [];
  // Others come before us: they may still need what is inside.
  if (workspace.metadata.deletionTimestamp === undefined || held.some(name => name !== finalizers.logicalCluster)) return;
  const id = digString(asJson(workspace), 'spec', 'cluster') as WorkspaceId | undefined;
  const logicalCluster = id && (await store.get(logicalClusterKey(id)));
  if (id && logicalCluster) await clearCluster(id, logicalCluster, entry, around);
  else await store.commit([deleteOp(entry)]);
}

async function removeLogicalCluster(key: Key, around: Surroundings): Promise<void> {
  const {store} = around;
  const entry = await store.get(key);
  const {workspace: id} = parseKey(key);
  if (!entry) {
    // Gone; what was created in its last moment goes too.
    if (!isSystem(id)) await sweep(id, around);
    return;
  }
  const logicalCluster = peek(entry);
  const owner = ownerKey(logicalCluster);
  const workspace = owner && (await store.get(owner));
  const abandoned = owner !== undefined && !isOwner(workspace, logicalCluster);
  if (logicalCluster.metadata.deletionTimestamp === undefined && !abandoned) return;
  await clearCluster(id, entry, abandoned ? undefined : workspace, around);
}

/** Tries workspaces again that no shard would have. */
async function scheduleWaiting(around: Surroundings): Promise<void> {
  const {store} = around;
  const {entries} = await store.byTerm(terms.unscheduled, {limit: unscheduledMax});
  let failed: unknown;
  for (const entry of entries) {
    try {
      await scheduleAgain(entry, around);
    } catch (err) {
      // One that cannot be scheduled keeps nobody else waiting; all are tried again after it.
      failed ??= err;
    }
  }
  if (failed !== undefined) throw failed;
}

async function scheduleAgain(entry: Entry, around: Surroundings): Promise<void> {
  const workspace = decodeStored(entry);
  if (workspace.metadata.deletionTimestamp !== undefined || digString(asJson(workspace), 'spec', 'cluster') !== undefined) return;
  const {workspace: parent} = parseKey(entry.key);
  const above = await around.store.get(logicalClusterKey(parent));
  if (!above) return;
  const ops = await schedule(workspace, parent, readOwner(workspace.metadata.annotations?.[annotations.owner]), around);
  if (phaseOf(workspace) === 'Scheduling') return;
  // The parent must still be there, or nobody would ever find the child again.
  await around.store.commit([putOp(entry.key, workspace, entry.revision), ...ops, {check: above.key, expect: above.revision}]);
}
