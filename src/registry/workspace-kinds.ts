import type {WorkspaceId} from '../api/cluster.ts';
import type {Kind} from '../kinds/kind.ts';
import type {Range, Storage} from '../storage/storage.ts';
import {BoundedCache} from './bounded-cache.ts';
import {parseKey} from './keys.ts';

/** What a workspace serves. */
export type WorkspaceKinds = {
  /** What it has without doing anything for it. */
  readonly fixed: readonly Kind[];
  /** What it defines by itself. */
  readonly own: readonly Kind[];
  /** Equal for workspaces that serve the same. */
  readonly hash: string;
  /** The same for groups of which not every workspace serves the same; what all others have has no hash. */
  readonly groups: ReadonlyMap<string, string>;
};

/** Kinds that are held, of all workspaces that somebody asked about. */
const heldKindsMax = 20_000;

/**
 * Remembers what was read of workspaces, until one of their definitions changes: the log says so before the change is acknowledged. Who asks while it
 * is being read waits for the same reading.
 */
export function workspaceKinds(
  store: Storage,
  definitions: Range,
  read: (workspace: WorkspaceId) => Promise<WorkspaceKinds>,
): (workspace: WorkspaceId) => Promise<WorkspaceKinds> {
  const known = new BoundedCache<WorkspaceId, WorkspaceKinds>(heldKindsMax, ({own}) => 1 + own.length);
  const reading = new Map<WorkspaceId, Promise<WorkspaceKinds>>();
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
