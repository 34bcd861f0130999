import {propagationFinalizers} from '../admission/deletion.ts';
import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import type {OwnerReference} from '../api/object.ts';
import type {Located} from '../registry/keys.ts';
import {definitions, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {isSystem, logicalClusterKey} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Event, Key} from '../storage/storage.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import {collect} from './dependents.ts';
import {bringOn} from './leaving-owners.ts';
import {isEvent, ownerKey, ownersOf, pagesOf} from './owners.ts';
import {finalizersOf, isMarked} from './removal.ts';

/** What has to be looked at, and why. */
type Ref =
  /** An owner is gone, as its delete event proves, though its kind may be gone with it: its dependents. */
  | readonly ['gone', WorkspaceId, string]
  /** An object was written that has owners: whether they are there. */
  | readonly ['dependent', Key]
  /** An object was deleted in the foreground or orphans its dependents. */
  | readonly ['owner', Key]
  /** A dependent of this owner is gone: whether another one still blocks it. The owner lies in the namespace, or in none. */
  | readonly ['blocked', WorkspaceId, string | null, Name]
  /** A kind may be served that was not: what names owners of it. */
  | readonly ['kind', WorkspaceId, string, string];

type Name = Pick<OwnerReference, 'apiVersion' | 'kind' | 'name' | 'uid'>;

/**
 * Deletes what has lost its owners, and holds owners that wait for their dependents (spec kubernetes-api 11.1). There is no graph of objects in
 * memory: dependents are found by the index of owners' uids, owners by their names.
 *
 * A crash loses nothing. That an owner is gone is told by its delete event, and that one never was by the write of the dependent; history keeps
 * both until they are dealt with, and the runner begins with the oldest. An owner that waits is found by the term of what is being deleted.
 */
export const garbageCollector: Controller = {
  name: 'garbage-collector',
  wakes: (event, around) => (isEvent(event) ? none : refsOf(event, around).map(ref => JSON.stringify(ref))),
  async reconcile(text, around) {
    const ref = JSON.parse(text) as Ref;
    if (ref[0] === 'gone') return collectAll(terms.owner(ref[1], ref[2]), around, ref[2]);
    if (ref[0] === 'kind') return collectAll(terms.ownerKind(ref[1], ref[2], ref[3]), around);
    if (ref[0] === 'blocked') return lookAtOwner(ref[3], {workspace: ref[1], path: ref[2] === null ? [''] : [ref[2], '']}, around);
    const entry = await around.store.get(ref[1]);
    if (!entry) return undefined;
    return ref[0] === 'owner' ? bringOn(entry, around, false) : lookAtDependent(entry, around);
  },
};

const definitionRange = rangeOf(definitions);
const ownersMark = Buffer.from('"ownerReferences":');

function refsOf(event: Event, around: Surroundings): Ref[] {
  const {key} = event;
  const {workspace, path} = parseKey(key);
  const owners = ownersIn(event);
  if (event.type === 'delete') {
    const refs = owners.filter(mayBeBlocked).map(({apiVersion, kind, name, uid}): Ref => {
      return ['blocked', workspace, path.length > 1 ? (path[0] as string) : null, {apiVersion, kind, name, uid}];
    });
    return isLeaving(workspace, around) ? refs : [['gone', workspace, peek(event).metadata.uid], ...refs];
  }
  const refs: Ref[] = [];
  if (owners.length > 0) refs.push(['dependent', key]);
  const held = finalizersOf(event);
  const ours = held.includes(propagationFinalizers.Orphan) || held.includes(propagationFinalizers.Foreground);
  if (ours && isMarked(event)) refs.push(['owner', key]);
  if (key.startsWith(definitionRange)) {
    const {group, kind} = around.registry.wanted(event);
    refs.push(['kind', workspace, group, kind]);
  }
  return refs;
}

/** The owners an object names. Most name none, and then nothing is parsed. */
function ownersIn(event: Event): readonly OwnerReference[] {
  const {value} = event;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).indexOf(ownersMark) < 0 ? [] : ownersOf(event);
}

/** What is longer names nothing that there could be, and is not kept waiting. */
const nameCharactersMax = 400;
const mayBeBlocked = (owner: OwnerReference): boolean =>
  owner.blockOwnerDeletion === true && Object.values(owner).every(value => typeof value === 'boolean' || value.length <= nameCharactersMax);

/** What is in a workspace that is being deleted goes with it; what is told of one that is gone went with it. */
function isLeaving(workspace: WorkspaceId, {store}: Surroundings): boolean {
  const logicalCluster = store.hot(logicalClusterKey(workspace));
  if (logicalCluster === undefined) return !isSystem(workspace);
  return logicalCluster !== 'wait' && isMarked(logicalCluster);
}

async function collectAll(term: string, around: Surroundings, gone?: string): Promise<undefined> {
  for await (const page of pagesOf(term, around)) await collect(page, around, gone);
  return undefined;
}

async function lookAtDependent(entry: Entry, around: Surroundings): Promise<undefined> {
  await collect([entry], around);
  if (!isMarked(entry)) return;
  // One that is held has perhaps stopped to block.
  for (const owner of ownersOf(entry)) if (owner.blockOwnerDeletion !== true) await lookAtOwner(owner, parseKey(entry.key), around);
}

async function lookAtOwner(owner: Name, from: Pick<Located, 'workspace' | 'path'>, around: Surroundings): Promise<undefined> {
  const key = await ownerKey(owner, from, around);
  const entry = typeof key === 'string' ? await around.store.get(key) : undefined;
  // One that still waits is looked at again under its own name.
  if (entry && peek(entry).metadata.uid === owner.uid) await bringOn(entry, around, true);
}
