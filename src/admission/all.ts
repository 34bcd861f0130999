import {certificateRequests} from './certificate-requests.ts';
import {definitions} from './definitions.ts';
import {logicalClusters} from './logical-clusters.ts';
import {namespaceContents, namespaceLifecycle} from './namespaces.ts';
import {objectLimit} from './object-limit.ts';
import {policyParams} from './policy-params.ts';
import {quotas} from './quotas.ts';
import {roleGrants} from './role-grants.ts';
import type {Rule} from './rule.ts';
import {shards} from './shards.ts';
import {workspaceTypes} from './workspace-types.ts';
import {workspaces} from './workspaces.ts';

/** Every rule, in the order in which they have their say. */
export const rules: readonly Rule[] = [
  namespaceLifecycle,
  namespaceContents,
  workspaces,
  workspaceTypes,
  logicalClusters,
  shards,
  definitions,
  certificateRequests,
  roleGrants,
  policyParams,
  quotas,
  // Sees all that is written with an object.
  objectLimit,
];
