/**
 * The room of workspaces: what their types allow, what a new one contains, which phase follows which. Pure: it reads nothing by itself
 * and never learns of storage or requests.
 */

/** Annotations, labels and finalizers of kcp that clients see (spec kcp 2.3-2.5). */
export const annotations = {
  path: 'kcp.io/path',
  shard: 'core.kcp.io/shard',
  shardHash: 'internal.tenancy.kcp.io/shard',
  scheduledCluster: 'internal.tenancy.kcp.io/cluster',
  type: 'internal.tenancy.kcp.io/type',
  /** Which groups one must have to know of a workspace (spec kcp 7.7). */
  requiredGroups: 'authorization.kcp.io/required-groups',
  owner: 'experimental.tenancy.kcp.io/owner',
  unschedulable: 'experimental.core.kcp.io/unschedulable',
  resourceBindings: 'internal.apis.kcp.io/resource-bindings',
  inactive: 'core.kcp.io/inactive',
  /** The same, as kcp called it before. */
  inactiveBefore: 'internal.kcp.io/inactive',
  /** How many objects a workspace may have (spec kcp 10.6). */
  maxTotalObjects: 'core.kcp.io/max-total-objects',
} as const;

/** Those by which the server knows a workspace and its logical cluster: nobody else changes them. */
export const serversAnnotations: readonly string[] = [
  annotations.path,
  annotations.shard,
  annotations.shardHash,
  annotations.scheduledCluster,
  annotations.type,
  annotations.owner,
  annotations.resourceBindings,
  annotations.requiredGroups,
];

/** Those of a LogicalCluster by which whoever runs the server limits a workspace: who is inside only sees them (spec kcp 12.24). */
export const operatorsAnnotations: readonly string[] = [annotations.inactive, annotations.inactiveBefore, annotations.maxTotalObjects];

export const labels = {
  phase: 'tenancy.kcp.io/phase',
  region: 'region',
} as const;

export const finalizers = {
  /** On a Workspace: its logical cluster is still there. */
  logicalCluster: 'core.kcp.io/logicalcluster',
  /** On a LogicalCluster: its content is still there. */
  content: 'core.kcp.io/logicalcluster-deletion',
  /** On a LogicalCluster: somebody has to clean up before its content goes. */
  terminators: 'kcp.io/has-terminators',
} as const;

/** What waits in a new logical cluster before it is ready, and is done by the server itself in the same commit (spec kcp 4.2). */
export const ownInitializers = {universal: 'root:universal', bindings: 'system:apibindings'} as const;
