import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import {timestamp} from '../api/object.ts';
import {builtInSection, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {logicalClusterKey} from '../registry/logical-clusters.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key, Op} from '../storage/storage.ts';
import {setConditions} from '../tenancy/conditions.ts';
import {sayLeaving, terminatorsOf} from '../tenancy/leaving.ts';
import {finalizers} from '../tenancy/names.ts';
import {commitAll, finalizersOf, isMarked, markOp, removalLimits} from './removal.ts';

const workspacePrefix = rangeOf({group: 'tenancy.kcp.io', resource: 'workspaces', section: builtInSection});

/** What those who take finalizers off may still need to do so; it goes with the last of them. */
const supporting = ['rbac.authorization.k8s.io', 'apiextensions.k8s.io', 'apis.kcp.io'];
const supportingCore = ['namespaces', 'serviceaccounts', 'secrets'];

type Content = {
  /** Nothing holds these, and nobody needs them. */
  readonly free: Entry[];
  /** Nothing holds these, but they stay while others are held. */
  readonly supporting: Entry[];
  readonly held: Entry[];
};

/**
 * Takes a logical cluster apart: what is free goes, what finalizers hold is marked and waited for. With nothing left, the logical cluster, its workspace
 * and the rest of its content go in one commit, so that a small workspace is deleted by a single one.
 */
export async function clearCluster(
  id: WorkspaceId,
  logicalCluster: Entry,
  workspace: Entry | undefined,
  around: Surroundings,
): Promise<void> {
  if (terminatorsOf(peek(logicalCluster)).length > 0) {
    // They work with what is inside. When the last of them is done, the logical cluster says so.
    await letTerminate(logicalCluster, around);
    return;
  }
  const content = await contentOf(id, around);
  if (content.held.length > 0) {
    await commitAll(around, [...content.free.map(deleteOp), ...(await markHeld(content.held, around))]);
    await waitFor(logicalCluster, workspace, content.held, around);
    return;
  }
  const all = [...content.free, ...content.supporting];
  const early = all.splice(removalLimits.opsPerCommitMax);
  await commitAll(around, early.map(deleteOp));
  const [first, ...rest] = [...lastOps(logicalCluster, workspace, around), ...all.map(deleteOp)];
  if (first) await around.store.commit([first, ...rest]);
}

async function contentOf(id: WorkspaceId, {store, world}: Surroundings): Promise<Content> {
  const content: Content = {free: [], supporting: [], held: []};
  const own = logicalClusterKey(id);
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.byTerm(terms.workspace(id), {limit: removalLimits.pageEntriesMax, ...(after && {after})});
    for (const entry of page.entries) {
      if (entry.key === own) continue;
      if (finalizersOf(entry).length > 0) content.held.push(entry);
      else if (isSupporting(entry)) content.supporting.push(entry);
      else content.free.push(entry);
    }
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more) await world.turn();
  }
  return content;
}

function isSupporting({key}: Entry): boolean {
  const {group, resource} = parseKey(key).space;
  return group === '' ? supportingCore.includes(resource) : supporting.includes(group);
}

const markHeld = (held: readonly Entry[], around: Surroundings): Promise<Op[]> =>
  Promise.all(
    held
      .filter(entry => !isMarked(entry))
      .map(entry => markOp(entry, around, entry.key.startsWith(workspacePrefix) ? sayLeaving : undefined)),
  );

/** Begins the end of a logical cluster whose terminators come first. */
async function letTerminate(logicalCluster: Entry, {store, world}: Surroundings): Promise<void> {
  if (isMarked(logicalCluster)) return;
  const object = decodeStored(logicalCluster);
  markLogicalCluster(object, timestamp(world.now()));
  await store.commit([putOp(logicalCluster.key, object, logicalCluster.revision)]);
}

/** Says on the logical cluster, and on the workspace for those who only see that, what is still in it (spec kcp 4.5). */
async function waitFor(
  logicalCluster: Entry,
  workspace: Entry | undefined,
  held: readonly Entry[],
  {store, world}: Surroundings,
): Promise<void> {
  const counts = Map.groupBy(held, entry => {
    const {group, resource} = parseKey(entry.key).space;
    return group ? `${resource}.${group}` : resource;
  });
  const message = `Some resources are remaining: ${[...counts].map(([name, of]) => `${name} has ${of.length} resource instances`).join(', ')}`;
  const remaining = {type: 'WorkspaceContentDeleted', status: 'False', severity: 'Info', reason: 'SomeResourcesRemain', message} as const;
  const now = timestamp(world.now());
  const ops: Op[] = [];
  for (const entry of [logicalCluster, ...(workspace && isMarked(workspace) ? [workspace] : [])]) {
    const object = decodeStored(entry);
    const before = JSON.stringify(object);
    if (entry === logicalCluster) markLogicalCluster(object, now);
    setConditions(object, [remaining], now);
    if (JSON.stringify(object) !== before) ops.push(putOp(entry.key, object, entry.revision));
  }
  const [first, ...others] = ops;
  if (first) await store.commit([first, ...others]);
}

function markLogicalCluster(object: KubeObject, now: string): void {
  const {metadata} = object;
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = now;
    metadata.deletionGracePeriodSeconds = 0;
    if (metadata.generation) metadata.generation++;
  }
  sayLeaving(object);
}

/** The end of a logical cluster and of its workspace, unless somebody else still holds them. */
function lastOps(logicalCluster: Entry, workspace: Entry | undefined, {world}: Surroundings): Op[] {
  const others = finalizersOf(logicalCluster).filter(name => name !== finalizers.content);
  if (others.length > 0) {
    const object = decodeStored(logicalCluster);
    const before = JSON.stringify(object);
    const now = timestamp(world.now());
    object.metadata.finalizers = others;
    markLogicalCluster(object, now);
    setConditions(object, [{type: 'WorkspaceContentDeleted', status: 'True'}], now);
    return JSON.stringify(object) === before ? [] : [putOp(logicalCluster.key, object, logicalCluster.revision)];
  }
  if (!workspace || !isMarked(workspace)) return [deleteOp(logicalCluster)];
  const held = finalizersOf(workspace).filter(name => name !== finalizers.logicalCluster);
  return held.length > 0 ? [deleteOp(logicalCluster)] : [deleteOp(logicalCluster), deleteOp(workspace)];
}

/** Removes what was created while the logical cluster went; nothing more can come after it. Its DELETED event is the call for this. */
export async function sweep(id: WorkspaceId, around: Surroundings): Promise<void> {
  const {store} = around;
  if (await store.get(logicalClusterKey(id))) return;
  for (;;) {
    const {entries} = await store.byTerm(terms.workspace(id), {limit: removalLimits.pageEntriesMax});
    if (entries.length === 0) return;
    // The home of a user may be made anew under the same id: then what is there is its content.
    await store.commit([{check: logicalClusterKey(id), expect: 'absent'}, ...entries.map(deleteOp)]);
  }
}
