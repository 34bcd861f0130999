import type {WorkspaceId} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import {isSystem, logicalClusterKey, read} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import type {Storage} from '../storage/storage.ts';
import {isInactive} from '../tenancy/inactive.ts';
import type {Call} from './call.ts';

const gr = {group: 'core.kcp.io', resource: 'logicalclusters'} as const;

/** What says nothing of a workspace, where none is named. */
const shardPaths: ReadonlySet<string> = new Set(['healthz', 'livez', 'readyz', 'version', 'metrics']);

/**
 * A workspace that is marked inactive answers nothing but for its LogicalCluster, by which it is made active again, and OpenAPI, which editing that needs
 * (spec kcp 3.2, 3.9). Unlike in kcp only those are told who would have been answered otherwise.
 * @throws ApiError Forbidden
 */
export async function checkActive(store: Storage, call: Call, workspace: WorkspaceId | '*'): Promise<void> {
  if (workspace === '*' || isSystem(workspace) || isExempt(call)) return;
  const found = read(store, logicalClusterKey(workspace));
  const entry = found instanceof Promise ? await found : found;
  if (entry && isInactive(peek(entry))) throw forbidden(gr, workspace, 'logical cluster is marked inactive');
}

function isExempt({resource, target: {segments, cluster}}: Call): boolean {
  if (resource) return resource.group === gr.group && resource.plural === gr.resource;
  const first = segments[0] ?? '';
  // Metrics are refused in a workspace in any case, and in words of their own.
  return first === 'openapi' || first === 'metrics' || (cluster === undefined && shardPaths.has(first));
}
