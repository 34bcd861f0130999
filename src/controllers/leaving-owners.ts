import {isHeld, propagationFinalizers} from '../admission/deletion.ts';
import type {Surroundings} from '../admission/rule.ts';
import {parseKey} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {deleteOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import {view} from '../registry/view.ts';
import type {Entry, Key, Op} from '../storage/storage.ts';
import {changeMetadata, changeOwners, collect, commitUnits, unblock} from './dependents.ts';
import {dependentsOf, ownerKey, ownersOf, waitsForDependents} from './owners.ts';
import {finalizersOf, isMarked, resourceOf} from './removal.ts';

const limits = {
  /** How soon a waiting owner is looked at again; from then on it is left alone for as long as it has waited. */
  againMsMin: 1_000,
  againMsMax: 5 * 60_000,
  /** Owners that the search for a circle looks at. */
  circleOwnersMax: 1_000,
} as const;

/**
 * Brings on the deletion of an owner that waits for its dependents or orphans them (spec kubernetes-api 11.1.4). `onlyLook` leaves the
 * dependents alone, which were told before, and sees whether one still blocks.
 */
export async function bringOn(owner: Entry, around: Surroundings, onlyLook: boolean): Promise<{againMs: number} | undefined> {
  if (!isMarked(owner)) return undefined;
  if (finalizersOf(owner).includes(propagationFinalizers.Orphan)) return orphan(owner, around);
  if (!waitsForDependents(peek(owner))) return undefined;
  if (!onlyLook) for await (const page of dependentsOf(owner, around)) await collect(page, around);
  if (!(await isBlocked(owner, around))) return release(owner, propagationFinalizers.Foreground, around);
  const waitedMs = around.world.now() - Date.parse(peek(owner).metadata.deletionTimestamp as string);
  // Circles are broken where they close. One that is deleted in several places at once may close unseen; that is looked for later.
  if (waitedMs >= limits.againMsMin && (await isBelowItself(owner, around)))
    await commitUnits([await changeMetadata(owner, around, unblock)], around);
  // What woke us tells of dependents that go or change, but not of one that left its owner: the reference is no longer in its event.
  return {againMs: Math.min(Math.max(waitedMs, limits.againMsMin), limits.againMsMax)};
}

async function isBlocked(owner: Entry, around: Surroundings): Promise<boolean> {
  const {uid} = peek(owner).metadata;
  for await (const page of dependentsOf(owner, around)) {
    for (const entry of page) {
      const references = ownersOf(entry).filter(one => one.uid === uid && one.blockOwnerDeletion === true);
      for (const reference of references) if ((await ownerKey(reference, parseKey(entry.key), around)) === owner.key) return true;
    }
  }
  return false;
}

/**
 * Whether an owner blocks one that blocks one … that blocks it, and all of them wait. Of a circle, only the one with the smallest uid finds
 * out: the others stop where they meet a smaller one, so that long chains, which are no circles, cost their members little.
 */
async function isBelowItself(start: Entry, around: Surroundings): Promise<boolean> {
  const {uid} = peek(start).metadata;
  const seen = new Set<Key>();
  const ahead: Entry[] = [start];
  for (let entry = ahead.pop(); entry && seen.size < limits.circleOwnersMax; entry = ahead.pop()) {
    for (const reference of ownersOf(entry)) {
      if (reference.blockOwnerDeletion !== true) continue;
      const key = await ownerKey(reference, parseKey(entry.key), around);
      if (key === start.key && entry !== start) return true;
      if (typeof key !== 'string' || key === start.key || seen.has(key)) continue;
      seen.add(key);
      const above = await read(around.store, key);
      if (!above || peek(above).metadata.uid !== reference.uid || reference.uid < uid) continue;
      if (waitsForDependents(peek(above))) ahead.push(above);
    }
  }
  return false;
}

async function orphan(owner: Entry, around: Surroundings): Promise<undefined> {
  const {uid} = peek(owner).metadata;
  for await (const page of dependentsOf(owner, around)) {
    const units = page.map(entry => changeOwners(entry, around, all => all.filter(one => one.uid !== uid)));
    await commitUnits(await Promise.all(units), around);
  }
  return release(owner, propagationFinalizers.Orphan, around);
}

/** Takes our finalizer off, and the object away with the last one. */
async function release(owner: Entry, finalizer: string, around: Surroundings): Promise<undefined> {
  const resource = await resourceOf(owner, around);
  const left = finalizersOf(owner).filter(name => name !== finalizer);
  const object = resource && view(resource, owner);
  if (object) object.metadata.finalizers = left;
  const held = resource && object ? isHeld(resource, object) : left.length > 0;
  const unit: readonly Op[] = held
    ? await changeMetadata(owner, around, ({metadata}) => {
        if (left.length > 0) metadata.finalizers = left;
        else delete metadata.finalizers;
      })
    : [deleteOp(owner)];
  await commitUnits([unit], around);
  return undefined;
}
