import {authenticationMessages, authorizationMessages, certificatesMessages, rbacMessages} from './messages-auth.ts';
import {autoscalingMessages, autoscalingV2Messages} from './messages-autoscaling.ts';
import {clusterMessages} from './messages-cluster.ts';
import {coordinationMessages, eventsMessages} from './messages-core.ts';
import {admissionMessages, apiextensionsMessages} from './messages-extension.ts';
import {metaMessages, metaV1beta1Messages} from './messages-meta.ts';
import {discoveryMessages, networkingMessages, storageMessages} from './messages-network.ts';
import {appsMessages, batchMessages, policyMessages, schedulingMessages} from './messages-workloads.ts';
import type {Message, Scope} from './tables.ts';
import {scopeOf} from './tables.ts';

export type TypeMeta = {readonly apiVersion: string; readonly kind: string};

/** What every enveloped object starts with: `k8s` and a zero. */
export const magic: Uint8Array = Buffer.from('k8s\0', 'latin1');

const scopes: ReadonlyMap<string, Scope> = new Map([
  ['v1', clusterMessages],
  ['meta.k8s.io/v1', metaMessages],
  ['meta.k8s.io/v1beta1', metaV1beta1Messages],
  ['events.k8s.io/v1', eventsMessages],
  ['coordination.k8s.io/v1', coordinationMessages],
  ['autoscaling/v1', autoscalingMessages],
  ['autoscaling/v2', autoscalingV2Messages],
  ['apps/v1', appsMessages],
  ['batch/v1', batchMessages],
  ['policy/v1', policyMessages],
  ['scheduling.k8s.io/v1', schedulingMessages],
  ['networking.k8s.io/v1', networkingMessages],
  ['discovery.k8s.io/v1', discoveryMessages],
  ['storage.k8s.io/v1', storageMessages],
  ['rbac.authorization.k8s.io/v1', rbacMessages],
  ['authentication.k8s.io/v1', authenticationMessages],
  ['authorization.k8s.io/v1', authorizationMessages],
  ['certificates.k8s.io/v1', certificatesMessages],
  ['admissionregistration.k8s.io/v1', admissionMessages],
  ['admissionregistration.k8s.io/v1beta1', admissionMessages],
  ['apiextensions.k8s.io/v1', apiextensionsMessages],
]);

const lists = new Map<string, Message>();

/** Parts that have metadata, as only kinds do otherwise. */
const templates: ReadonlySet<string> = new Set(['PodTemplateSpec', 'JobTemplateSpec', 'PersistentVolumeClaimTemplate']);

/** The message of a kind: an object, a list of objects, Status, or DeleteOptions, which clients label with any group. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  if (kind === 'DeleteOptions') return metaMessages.message(kind);
  const scope = scopes.get(apiVersion);
  if (templates.has(kind)) return undefined;
  const message = scope?.message(kind) ?? (scope && listOf(scope, apiVersion, kind));
  return message?.fields[0]?.name === 'metadata' ? message : undefined;
}

/** Lists are alike in all groups, and so they have no lines of their own. */
function listOf(scope: Scope, apiVersion: string, kind: string): Message | undefined {
  const item = kind.endsWith('List') ? kind.slice(0, -'List'.length) : '';
  if (templates.has(item) || scope.message(item)?.fields[0]?.name !== 'metadata') return undefined;
  const id = `${apiVersion}/${kind}`;
  const known = lists.get(id);
  if (known) return known;
  const made = scopeOf(`${kind}{1 metadata:ListMeta!; 2 items:${item}*!}`, scope).message(kind)!;
  lists.set(id, made);
  return made;
}

/** A message of meta/v1 that the code itself speaks of. */
export function metaMessage(name: 'TypeMeta' | 'Status' | 'PartialObjectMetadata'): Message {
  const message = metaMessages.message(name);
  if (!message) throw new TypeError(`no message ${name} in the protobuf tables`);
  return message;
}
