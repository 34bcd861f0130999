import type {WorkspaceId} from '../api/cluster.ts';
import {isWorkspaceId, root, startOf} from '../api/cluster.ts';
import {digString} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {builtInSection, keyOf, rangeOf} from '../registry/keys.ts';
import {logicalClusterKey, pathOf, read, workspaceKey} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Storage} from '../storage/storage.ts';
import {annotations} from '../tenancy/names.ts';
import type {FoundType, TypeLookup} from '../tenancy/workspace-types.ts';
import {parseType} from '../tenancy/workspace-types.ts';

const workspaceTypes = {group: 'tenancy.kcp.io', resource: 'workspacetypes', section: builtInSection} as const;

/** The id behind a path or id; undefined when there is none. */
export async function clusterAt(store: Storage, path: string): Promise<WorkspaceId | undefined> {
  if (isWorkspaceId(path)) return path;
  const {first, names} = startOf(path);
  if (!isWorkspaceId(first)) return undefined;
  let at: WorkspaceId = first;
  for (const name of names) {
    const entry = await read(store, workspaceKey(at, name));
    const id = entry && digString(asJson(peek(entry)), 'spec', 'cluster');
    if (!id || !isWorkspaceId(id)) return undefined;
    at = id;
  }
  return at;
}

/** Looks workspace types up where they lie. */
export const typeLookup =
  (store: Storage): TypeLookup =>
  async (path, name) => {
    const cluster = await clusterAt(store, path);
    if (cluster === undefined) return undefined;
    const entry = await read(store, keyOf(workspaceTypes, cluster, undefined, name));
    if (!entry) return undefined;
    const object = peek(entry);
    return {ref: {path: object.metadata.annotations?.[annotations.path] ?? (await canonicalPath(store, cluster)), name}, cluster, object};
  };

/** The canonical path of a logical cluster. */
export async function canonicalPath(store: Storage, id: WorkspaceId): Promise<string> {
  const entry = await read(store, logicalClusterKey(id));
  return entry ? pathOf(entry, id) : id;
}

/** The type of an existing logical cluster as it calls it, and its object; undefined when that is gone. */
export async function typeOf(
  store: Storage,
  logicalCluster: Entry,
): Promise<{readonly name: string; readonly type: FoundType | undefined}> {
  const name = peek(logicalCluster).metadata.annotations?.[annotations.type] ?? '';
  const ref = parseType(name);
  return {name, type: ref && (await typeLookup(store)(ref.path, ref.name))};
}

export const lookupLimits = {
  /** Shards that workspace types tell of: the first ones by name. */
  shardsMax: 1_000,
} as const;

const shards = rangeOf({group: 'core.kcp.io', resource: 'shards', section: builtInSection}, root);

/** Where the virtual workspaces of each shard are, by the names of the shards; those that do not say have none. */
export async function shardBases(store: Storage): Promise<readonly string[]> {
  const {entries} = await store.list(shards, {limit: lookupLimits.shardsMax});
  return entries.flatMap(entry => digString(asJson(peek(entry)), 'spec', 'virtualWorkspaceURL') || []);
}
