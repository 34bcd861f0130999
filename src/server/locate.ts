import type {WorkspaceId} from '../api/cluster.ts';
import {isWorkspaceId, root, startOf} from '../api/cluster.ts';
import {ApiError, notFound} from '../api/errors.ts';
import {digString} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {isSystem, logicalClusterKey, phaseOf, read, workspaceKey} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Storage} from '../storage/storage.ts';

/**
 * Where a request goes: one workspace or all of them, or nowhere, of which only those learn who may see what exists. A path that leads nowhere is
 * not found; an id that nothing has looks as if it were forbidden (spec kcp 12.5).
 */
export type Place = {readonly workspace: WorkspaceId | '*'; readonly missing?: ApiError | 'hidden'};

/** Finds the workspace a target names (spec kcp 3.4, 3.6). The bare form means root. */
export async function locate(store: Storage, cluster: string | undefined): Promise<Place> {
  if (cluster === undefined) return {workspace: root};
  if (cluster === '*') return {workspace: '*'};
  const found = isWorkspaceId(cluster) ? {workspace: cluster} : await walk(store, cluster);
  if (found.missing || isSystem(found.workspace)) return found;

  const entry = await read(store, logicalClusterKey(found.workspace));
  // Of a home that is not there, those who could be told know at least what was asked for.
  if (!entry) return {...found, missing: isWorkspaceId(cluster) ? 'hidden' : noPath(cluster)};
  const phase = phaseOf(peek(entry));
  return phase === 'Scheduling' || phase === 'Unavailable' ? {...found, missing: 'hidden'} : found;
}

type Found = {readonly workspace: WorkspaceId; readonly missing?: ApiError | 'hidden'};

/** Follows a path from its first segment, which is an id, through one Workspace object per further segment. */
async function walk(store: Storage, path: string): Promise<Found> {
  const {first, names} = startOf(path);
  let at = first as WorkspaceId;
  let unavailable = false;
  for (const name of names) {
    const entry = await read(store, workspaceKey(at, name));
    const workspace = entry && peek(entry);
    const id = workspace && digString(asJson(workspace), 'spec', 'cluster');
    if (!workspace || id === undefined || phaseOf(workspace) === 'Scheduling') return {workspace: at, missing: noPath(path)};
    unavailable ||= phaseOf(workspace) === 'Unavailable';
    at = id as WorkspaceId;
  }
  return unavailable ? {workspace: at, missing: new ApiError('ServiceUnavailable', 'Not available.')} : {workspace: at};
}

const noPath = (path: string): ApiError => notFound({group: 'tenancy.kcp.io', resource: 'workspaces'}, path);
