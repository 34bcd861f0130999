import type {WorkspaceId} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {Storage} from '../storage/storage.ts';
import {builtInSection, keyOf} from './keys.ts';
import {read} from './logical-clusters.ts';
import {peek} from './stored.ts';

/** Reads namespaced objects of the core group, to look at only. */
export const coreReader =
  (store: Storage) =>
  async (workspace: WorkspaceId, resource: string, namespace: string, name: string): Promise<KubeObject | undefined> => {
    const entry = await read(store, keyOf({group: '', resource, section: builtInSection}, workspace, namespace, name));
    return entry && peek(entry);
  };
