import type {WorkspaceId} from '../api/cluster.ts';
import type {Kind} from '../kinds/kind.ts';
import type {Range, Storage} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {parseKey} from './keys.ts';

/** What a workspace defines by itself. */
export type CustomKinds = {
  readonly kinds: readonly Kind[];
  /** Equal for workspaces with equal definitions; '' when there are none. */
  readonly hash: string;
  /** The same for the definitions of each group. */
  readonly groups: ReadonlyMap<string, string>;
  /** The stored bytes that are held with them. */
  readonly bytes: number;
};

/** What is held of all workspaces that somebody asked about, by what it was read from. */
const heldBytesMax = 160 * 1024 * 1024;
/** What a workspace or a kind takes at least. */
const overheadBytes = 4 * 1024;

/**
 * Remembers what was read of workspaces, until one of their definitions changes: the log says so before the change is acknowledged. Who asks while it
 * is being read waits for the same reading.
 */
export function workspaceKinds(
  store: Storage,
  definitions: Range,
  read: (workspace: WorkspaceId) => Promise<CustomKinds>,
): (workspace: WorkspaceId) => Promise<CustomKinds> {
  const known = new BoundedCache<WorkspaceId, CustomKinds>(heldBytesMax, ({kinds, bytes}) => overheadBytes * (1 + kinds.length) + bytes);
  const reading = new Map<WorkspaceId, Promise<CustomKinds>>();
  let following = false;

  const follow = (): void => {
    if (following) return;
    following = true;
    store.watch(definitions, store.revision(), {
      events(batch) {
        for (const {key} of batch) {
          const {workspace} = parseKey(key);
          known.delete(workspace);
          reading.delete(workspace);
        }
      },
      ended() {
        following = false;
        known.clear();
        reading.clear();
      },
    });
  };

  return workspace => {
    follow();
    const found = known.get(workspace);
    if (found) return Promise.resolve(found);
    const under = reading.get(workspace);
    if (under) return under;
    const mine = read(workspace).then(
      kinds => {
        // A change meanwhile has taken it out.
        if (reading.get(workspace) === mine) {
          reading.delete(workspace);
          known.set(workspace, kinds);
        }
        return kinds;
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
