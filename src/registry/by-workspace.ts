import type {WorkspaceId} from '../api/cluster.ts';
import type {Entry, Key, Range, Storage} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import type {KeySpace} from './keys.ts';
import {parseKey, rangeOf} from './keys.ts';

export type ByWorkspaceLimits = {
  /** Objects that are read in one go. */
  readonly atOnce: {readonly limit: number; readonly bytesMax: number};
  /** Of one kind in one workspace: the first ones by key. What is beyond is not there. */
  readonly ofKindMax: number;
  /** What is held of all workspaces that somebody asked about, by the bytes it was read from. */
  readonly heldBytesMax: number;
  /** What a workspace or an object takes at least. */
  readonly overheadBytes: number;
  /** Objects of a workspace that change before it is read as a whole again. */
  readonly changesMax: number;
};

/** What is read, and of which kinds. */
export type ByWorkspaceSource<T> = {
  readonly store: Storage;
  readonly spaces: readonly KeySpace[];
  readonly read: (entry: Entry) => T;
  readonly limits: ByWorkspaceLimits;
  /** Lets others in between pieces of long work. */
  readonly turn: () => Promise<void>;
};

type Read = {readonly bytes: number};
type Held<T> = {readonly objects: ReadonlyMap<Key, T>; readonly changed: Set<Key>};

/**
 * The objects of some kinds in a workspace, remembered as read. When one changes, which the log tells before the change is acknowledged, that one alone is
 * read again; who asks while a workspace is being read waits for the same reading. A map never changes: what is derived from it may be kept by it in a
 * WeakMap. Objects of a kind stand in the order of their keys.
 */
export function byWorkspace<T extends Read>(
  source: ByWorkspaceSource<T>,
): (workspace: WorkspaceId) => ReadonlyMap<Key, T> | Promise<ReadonlyMap<Key, T>> {
  const {store, spaces} = source;
  const {heldBytesMax, overheadBytes, changesMax} = source.limits;
  const known = new BoundedCache<WorkspaceId, Held<T>>(heldBytesMax, ({objects}) => {
    let bytes = overheadBytes;
    for (const one of objects.values()) bytes += overheadBytes + one.bytes;
    return bytes;
  });
  const reading = new Map<WorkspaceId, Promise<ReadonlyMap<Key, T>>>();
  let following = false;

  const follow = (): void => {
    if (following) return;
    following = true;
    const forget = (): void => {
      following = false;
      for (const watch of watches) watch.close();
      known.clear();
      reading.clear();
    };
    const watches = spaces.map(space =>
      store.watch(rangeOf(space), store.revision(), {
        events(batch) {
          for (const {key} of batch) {
            const {workspace} = parseKey(key);
            const changed = known.get(workspace)?.changed.add(key);
            if (changed && changed.size > changesMax) known.delete(workspace);
            reading.delete(workspace);
          }
        },
        ended: forget,
      }),
    );
  };

  return workspace => {
    follow();
    const held = known.get(workspace);
    if (held?.changed.size === 0) return held.objects;
    const under = reading.get(workspace);
    if (under) return under;
    const mine = (held ? readChanged(held, workspace, source) : readAll(workspace, source)).then(
      objects => {
        // A change meanwhile has taken it out.
        if (reading.get(workspace) === mine) {
          reading.delete(workspace);
          known.set(workspace, {objects, changed: new Set()});
        }
        return objects;
      },
      err => {
        if (reading.get(workspace) === mine) reading.delete(workspace);
        throw err;
      },
    );
    reading.set(workspace, mine);
    return mine;
  };
}

async function readAll<T>(workspace: WorkspaceId, source: ByWorkspaceSource<T>): Promise<ReadonlyMap<Key, T>> {
  // All at once: of most kinds there is nothing, and to be told so takes as long as anything.
  const ofKinds = await Promise.all(source.spaces.map(space => readKind(rangeOf(space, workspace), source)));
  return new Map(ofKinds.flat());
}

async function readKind<T>(range: Range, {store, read, limits, turn}: ByWorkspaceSource<T>): Promise<(readonly [Key, T])[]> {
  const {atOnce, ofKindMax} = limits;
  const found: (readonly [Key, T])[] = [];
  for (let after: Key | undefined, more = true; more && found.length < ofKindMax; ) {
    const limit = Math.min(atOnce.limit, ofKindMax - found.length);
    const page = await store.list(range, {...atOnce, limit, ...(after && {after})});
    for (const entry of page.entries) found.push([entry.key, read(entry)]);
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more) await turn();
  }
  return found;
}

async function readChanged<T>(
  {objects, changed}: Held<T>,
  workspace: WorkspaceId,
  source: ByWorkspaceSource<T>,
): Promise<ReadonlyMap<Key, T>> {
  // Which ones come first is not known of a part.
  if (objects.size >= source.limits.ofKindMax) return readAll(workspace, source);
  const found = new Map(objects);
  let added = false;
  for (const key of [...changed]) {
    const entry = await source.store.get(key);
    added ||= !found.has(key);
    if (entry) found.set(key, source.read(entry));
    else found.delete(key);
  }
  // What is new stands at the end.
  return added ? new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1))) : found;
}
