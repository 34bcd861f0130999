import {rules} from '../admission/all.ts';
import type {Propagation} from '../admission/deletion.ts';
import {decideDeletion, deletionOps} from '../admission/deletion.ts';
import type {Surroundings, Write} from '../admission/rule.ts';
import {ApiError} from '../api/errors.ts';
import type {KubeObject, OwnerReference} from '../api/object.ts';
import {groups} from '../auth/user.ts';
import {parseKey} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import {stored, view} from '../registry/view.ts';
import type {Entry, Op} from '../storage/storage.ts';
import {reportForeignOwner} from './foreign-owners.ts';
import {dependentsOf, isEvent, ownersOf, standingOf, waitsForDependents} from './owners.ts';
import {commitAll, commitUnit, finalizersOf, isMarked, markOp, resourceOf, shapedBy, sum} from './removal.ts';

/** Operations that belong together; none where nothing has to be done. */
type Unit = readonly Op[];

/** As whom dependents are deleted. */
const collector = {name: 'system:serviceaccount:kube-system:generic-garbage-collector', groups: [groups.masters, groups.authenticated]};

/**
 * Does to every dependent of a page what its owners' state asks for. `gone` is the uid of an owner known to be gone, whatever a look-up would say.
 * @throws Error when one of them changed meanwhile: the caller must be told again
 */
export async function collect(page: readonly Entry[], around: Surroundings, gone?: string): Promise<void> {
  const units: Unit[] = [];
  for (const entry of page) units.push(await unitOf(entry, around, gone));
  await commitUnits(units, around);
}

/** @throws Error when one of the units lost a race */
export async function commitUnits(units: readonly Unit[], around: Surroundings): Promise<void> {
  // Most are deletions of one object each, which travel together.
  const single = units.filter(unit => unit.length === 1).flat();
  const several = units.filter(unit => unit.length > 1) as [Op, ...Op[]][];
  const lost = await Promise.all([commitAll(around, single), ...several.map(unit => commitUnit(around.store, unit))]);
  if (sum(lost) > 0) throw new Error('something changed while it was collected');
}

/** Weighs the owners of one dependent (spec kubernetes-api 11.1.3). */
async function unitOf(entry: Entry, around: Surroundings, gone: string | undefined): Promise<Unit> {
  const owners = ownersOf(entry);
  if (owners.length === 0 || isEvent(entry) || isMarked(entry)) return [];
  const located = parseKey(entry.key);
  const kept = new Set<string>();
  const dropped = new Set<string>();
  let waiting = false;
  for (const owner of owners) {
    const standing = owner.uid === gone ? 'absent' : await standingOf(owner, located, around);
    if (owner.uid !== gone && (standing === 'absent' || standing === 'unknown')) await reportForeignOwner(entry, owner, around);
    if (standing === 'solid' || standing === 'unknown') kept.add(owner.uid);
    else dropped.add(owner.uid);
    waiting ||= standing === 'waiting';
  }
  if (kept.size > 0) {
    const leaving = new Set([...dropped].filter(uid => !kept.has(uid)));
    return leaving.size > 0 ? changeOwners(entry, around, all => all.filter(owner => !leaving.has(owner.uid))) : [];
  }
  const below = waiting ? await lookBelow(entry, around) : 'nothing';
  if (below === 'nothing') return deletion(entry, undefined, around);
  return deletion(entry, 'Foreground', around, below === 'waiting' ? unblock : undefined);
}

/** Whether an object has dependents itself, and whether one of these already waits: then its owners form a circle. */
async function lookBelow(entry: Entry, around: Surroundings): Promise<'nothing' | 'dependents' | 'waiting'> {
  let found: 'nothing' | 'dependents' = 'nothing';
  for await (const page of dependentsOf(entry, around)) {
    if (page.some(one => waitsForDependents(peek(one)))) return 'waiting';
    if (page.length > 0) found = 'dependents';
  }
  return found;
}

/** Its owners need not wait for an object any more. */
export function unblock({metadata}: KubeObject): void {
  metadata.ownerReferences = (metadata.ownerReferences ?? []).map(owner => ({...owner, blockOwnerDeletion: false}));
}

/** Deletes an object as a client would, by all rules; one that a rule protects is left alone. */
async function deletion(
  entry: Entry,
  propagation: Propagation | undefined,
  around: Surroundings,
  change?: (object: KubeObject) => void,
): Promise<Unit> {
  const resource = await resourceOf(entry, around);
  // Its definition is on its way out and takes it along.
  if (!resource) return [finalizersOf(entry).length > 0 ? await markOp(entry, around) : deleteOp(entry)];
  const object = view(resource, entry);
  change?.(object);
  const {workspace} = parseKey(entry.key);
  const write: Write = {
    verb: 'delete',
    resource,
    subresource: undefined,
    workspace,
    user: collector,
    object,
    old: undefined,
    also: [],
    warnings: [],
  };
  try {
    const outcome = await decideDeletion(write, propagation, {...around, rules});
    return outcome === 'unchanged' ? [] : deletionOps(write, entry, outcome);
  } catch (err) {
    if (err instanceof ApiError && err.reason === 'Forbidden') return [];
    throw err;
  }
}

/** Writes the owners of an object anew. */
export const changeOwners = (
  entry: Entry,
  around: Surroundings,
  change: (owners: readonly OwnerReference[]) => OwnerReference[],
): Promise<Unit> =>
  changeMetadata(entry, around, ({metadata}) => {
    metadata.ownerReferences = change(metadata.ownerReferences ?? []);
    if (metadata.ownerReferences.length === 0) delete metadata.ownerReferences;
  });

/** Writes the metadata of an object anew, in the form its definition has now. */
export async function changeMetadata(entry: Entry, around: Surroundings, change: (object: KubeObject) => void): Promise<Unit> {
  const resource = await resourceOf(entry, around);
  const object = shapedBy(resource, entry);
  change(object);
  const op = putOp(entry.key, resource ? stored(resource, object) : object, entry.revision);
  return resource?.definition ? [op, {check: resource.definition.key, expect: resource.definition.revision}] : [op];
}
