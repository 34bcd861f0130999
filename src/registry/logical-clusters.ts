import type {WorkspaceId} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {Entry, Key, Range, Storage} from '../storage/storage.ts';
import {builtInSection, keyOf, rangeOf} from './keys.ts';
import {peek} from './stored.ts';

/** A logical cluster exists when it holds this one object (spec kcp 0). */
export const logicalClusterName = 'cluster';

const space = {group: 'core.kcp.io', resource: 'logicalclusters', section: builtInSection} as const;
const workspaces = {group: 'tenancy.kcp.io', resource: 'workspaces', section: builtInSection} as const;

/** Where all LogicalCluster objects lie. */
export const logicalClusterRange: Range = rangeOf(space);
/** Where all Workspace objects lie. */
export const workspaceRange: Range = rangeOf(workspaces);

export const logicalClusterKey = (id: WorkspaceId): Key => keyOf(space, id, undefined, logicalClusterName);
export const workspaceKey = (parent: WorkspaceId, name: string): Key => keyOf(workspaces, parent, undefined, name);

/** System clusters hold the server's own things and have no LogicalCluster object. */
export const isSystem = (id: WorkspaceId): boolean => id.startsWith('system:');

/** The newest entry under a key, without waiting when it is at hand. */
export function read(store: Storage, key: Key): Entry | undefined | Promise<Entry | undefined> {
  const hot = store.hot(key);
  return hot === 'wait' ? store.get(key) : hot;
}

export type Phase = 'Scheduling' | 'Initializing' | 'Ready' | 'Unavailable' | 'Inactive' | 'Terminating' | 'Deleting';

export const phaseOf = (object: KubeObject): Phase => (object['status'] as {phase?: Phase} | undefined)?.phase ?? 'Scheduling';

/** The canonical path of a logical cluster; its id where it has none, as `root`. */
export const pathOf = (logicalCluster: Entry, id: WorkspaceId): string => peek(logicalCluster).metadata.annotations?.['kcp.io/path'] ?? id;

/** Reads the object of a logical cluster, to look at only, without waiting when it is at hand. */
export const logicalClusterReader =
  (store: Storage) =>
  (id: WorkspaceId): KubeObject | undefined | Promise<KubeObject | undefined> => {
    const found = read(store, logicalClusterKey(id));
    return found instanceof Promise ? found.then(entry => entry && peek(entry)) : found && peek(found);
  };
