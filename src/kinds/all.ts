import {certificateSigningRequest} from './certificate-signing-request.ts';
import {configMap} from './config-map.ts';
import {customResourceDefinition} from './custom-resource-definition.ts';
import {event} from './event.ts';
import {eventsV1} from './events-v1.ts';
import {apiBindingV1alpha1, apiBindingV1alpha2} from './kcp/api-binding.ts';
import {apiConversion} from './kcp/api-conversion.ts';
import {apiExportV1alpha1, apiExportV1alpha2} from './kcp/api-export.ts';
import {apiExportEndpointSlice} from './kcp/api-export-endpoint-slice.ts';
import {apiResourceSchema} from './kcp/api-resource-schema.ts';
import {logicalCluster} from './kcp/logical-cluster.ts';
import {partition, partitionSet} from './kcp/partitions.ts';
import {shard} from './kcp/shard.ts';
import {workspace} from './kcp/workspace.ts';
import {workspaceAuthenticationConfiguration} from './kcp/workspace-authentication-configuration.ts';
import {workspaceType} from './kcp/workspace-type.ts';
import type {Kind} from './kind.ts';
import {lease} from './lease.ts';
import {mutatingAdmissionPolicy, mutatingAdmissionPolicyBinding} from './mutating-admission-policy.ts';
import {namespace} from './namespace.ts';
import {resourceQuota} from './resource-quota.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from './reviews.ts';
import {clusterRoleBinding, roleBinding} from './role-bindings.ts';
import {clusterRole, role} from './roles.ts';
import {secret} from './secret.ts';
import {serviceAccount} from './service-account.ts';
import {validatingAdmissionPolicy, validatingAdmissionPolicyBinding} from './validating-admission-policy.ts';
import {mutatingWebhookConfiguration, validatingWebhookConfiguration} from './webhook-configurations.ts';

/** The kinds of Kubernetes that every workspace serves (spec kcp 3.10), in the order of discovery (spec kubernetes-api 7.1.5). */
export const builtIn: readonly Kind[] = [
  configMap,
  event,
  namespace,
  resourceQuota,
  secret,
  serviceAccount,
  eventsV1,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  certificateSigningRequest,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  customResourceDefinition,
  lease,
];

/** The kinds of kcp, in the same order; of kinds with two versions, the stored one first. */
export const system: readonly Kind[] = [
  apiBindingV1alpha2,
  apiExportV1alpha2,
  apiBindingV1alpha1,
  apiConversion,
  apiExportEndpointSlice,
  apiExportV1alpha1,
  apiResourceSchema,
  logicalCluster,
  shard,
  workspaceAuthenticationConfiguration,
  workspace,
  workspaceType,
  partition,
  partitionSet,
];
