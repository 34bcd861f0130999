import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {setConditions, statusOf} from './conditions.ts';

/**
 * Says on a workspace type that it can be used, and where those who initialize or clean up find their workspaces (spec kcp 1.2): an endpoint each per
 * shard, whether or not the type has them now.
 * @param cluster the id of the workspace the type lies in
 * @param bases the URLs of the shards' virtual workspaces, in the order of the shards' names
 */
export function renewTypeStatus(type: KubeObject, cluster: string, bases: readonly string[], now: string): void {
  const status = statusOf(type);
  const found = bases.flatMap(base => endpointsOf(base, `${cluster}:${type.metadata.name}`));
  if (found.length > 0) status['virtualWorkspaces'] = found;
  else delete status['virtualWorkspaces'];
  setConditions(
    type,
    ['Ready', 'VirtualWorkspaceURLsReady'].map(one => ({type: one, status: 'True'}) as const),
    now,
  );
}

const endpointsOf = (base: string, id: string): JsonObject[] =>
  (['initializing', 'terminating'] as const).map(type => ({url: `${base.replace(/\/+$/, '')}/services/${type}workspaces/${id}`, type}));
