import type {Surroundings} from '../admission/rule.ts';
import type {KubeObject} from '../api/object.ts';
import {timestamp} from '../api/object.ts';
import {parseKey} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import type {Resource} from '../registry/resource.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import {view} from '../registry/view.ts';
import type {Entry, Key, Op, Range, Storage} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';

/** Objects of one commit, where many go at once. */
export const removalLimits = {opsPerCommitMax: 500, pageEntriesMax: 500} as const;

const finalizersMark = Buffer.from('"finalizers":');

/** The finalizers that hold an object. Most have none, and then nothing is parsed. */
export function finalizersOf(entry: Entry): readonly string[] {
  const {value} = entry;
  if (Buffer.from(value.buffer, value.byteOffset, value.byteLength).indexOf(finalizersMark) < 0) return [];
  return peek(entry).metadata.finalizers ?? [];
}

export const isMarked = (entry: Entry): boolean => peek(entry).metadata.deletionTimestamp !== undefined;

/** The first step of deleting what finalizers hold; `more` completes the object. */
export async function markOp(entry: Entry, around: Surroundings, more?: (object: KubeObject) => void): Promise<Op> {
  const object = shapedBy(await resourceOf(entry, around), entry);
  const {metadata} = object;
  metadata.deletionTimestamp = timestamp(around.world.now());
  metadata.deletionGracePeriodSeconds = 0;
  if (metadata.generation) metadata.generation++;
  more?.(object);
  return putOp(entry.key, object, entry.revision);
}

/** What an object is, in the version it is stored in; undefined when that is not served. */
export function resourceOf(entry: Entry, {registry}: Surroundings): Promise<Resource | undefined> {
  const {space, workspace} = parseKey(entry.key);
  return registry.resolve(workspace, space.group, peek(entry).apiVersion.split('/').at(-1) as string, space.resource);
}

/** The object in the form its definition has now: whatever is newer than the definition is taken to have it. */
export const shapedBy = (resource: Resource | undefined, entry: Entry): KubeObject =>
  resource ? view(resource, entry) : decodeStored(entry);

/** Commits many operations that need not happen together. One that lost a race is left for the next time; says how many these are. */
export async function commitAll({store}: Surroundings, ops: readonly Op[]): Promise<number> {
  let lost = 0;
  for (let i = 0; i < ops.length; i += removalLimits.opsPerCommitMax) {
    const some = ops.slice(i, i + removalLimits.opsPerCommitMax);
    try {
      await store.commit(some as [Op, ...Op[]]);
    } catch (err) {
      if (!(err instanceof Unexpected)) throw err;
      lost += sum(await Promise.all(some.map(op => commitUnit(store, [op]))));
    }
  }
  return lost;
}

/** Commits operations that belong together; 1 when they lost a race, else 0. */
export async function commitUnit(store: Storage, unit: readonly [Op, ...Op[]]): Promise<0 | 1> {
  try {
    await store.commit(unit);
    return 0;
  } catch (err) {
    if (!(err instanceof Unexpected)) throw err;
    return 1;
  }
}

export const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

/** How much of something is left, for the conditions that tell of it. */
export type Remains = {readonly objects: number; readonly finalizers: ReadonlyMap<string, number>};

/** Deletes everything in a range that nothing holds, and marks the rest, of which it tells. */
export async function emptyRange(around: Surroundings, range: Range): Promise<Remains> {
  const {store, world} = around;
  const finalizers = new Map<string, number>();
  let objects = 0;
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.list(range, {limit: removalLimits.pageEntriesMax, ...(after && {after})});
    const ops: Op[] = [];
    for (const entry of page.entries) {
      const held = finalizersOf(entry);
      if (held.length === 0) ops.push(deleteOp(entry));
      else {
        objects++;
        for (const one of held) finalizers.set(one, (finalizers.get(one) ?? 0) + 1);
        if (!isMarked(entry)) ops.push(await markOp(entry, around));
      }
    }
    await commitAll(around, ops);
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more) await world.turn();
  }
  return {objects, finalizers};
}
