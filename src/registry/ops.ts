import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString} from '../api/json.ts';
import type {KubeObject, OwnerReference} from '../api/object.ts';
import {asJson, groupVersionOf} from '../api/object.ts';
import {namesOf, waitsForNames} from '../kinds/crd-names.ts';
import type {Entry, Expect, Key, Op} from '../storage/storage.ts';
import {builtInSection, definitions, keyOf, parseKey, rangeOf, terms} from './keys.ts';
import {workspaceRange} from './logical-clusters.ts';
import type {Resource} from './resource.ts';
import {encodeStored} from './stored.ts';

/** Where an object lies. */
export const keyOfObject = (resource: Resource, workspace: WorkspaceId, object: KubeObject): Key =>
  keyOf(resource.space, workspace, resource.kind.namespaced ? object.metadata.namespace : undefined, object.metadata.name);

/** Stores an object in the form of its storage version, which the caller has brought it to. */
export function putOp(key: Key, object: KubeObject, expect: Expect): Extract<Op, {put: Key}> {
  return {put: key, value: encodeStored(object), expect, terms: termsOf(key, object)};
}

/** Stores a new object that the server makes by itself. */
export const createOp = (resource: Resource, workspace: WorkspaceId, object: KubeObject): Extract<Op, {put: Key}> =>
  putOp(keyOfObject(resource, workspace, object), object, 'absent');

export const deleteOp = (entry: Entry): Extract<Op, {delete: Key}> => ({delete: entry.key, expect: entry.revision});

/** Under what an object is found besides its key (architecture D7). Events are dated besides, by whoever commits them (`datedEvents`). */
function termsOf(key: Key, object: KubeObject): string[] {
  const {metadata} = object;
  const {workspace} = parseKey(key);
  const found = [terms.workspace(workspace)];
  if (metadata.ownerReferences) found.push(...ownerTerms(workspace, metadata.ownerReferences));
  if (key.startsWith(definitionRange)) found.push(...definitionTerms(workspace, asJson(object)));
  if (key.startsWith(clusterRoleRange) && asJson(object)['aggregationRule'] !== undefined) found.push(terms.aggregatedRoles(workspace));
  if (metadata.deletionTimestamp !== undefined) found.push(terms.terminating);
  if (metadata.labels?.[phaseLabel] === 'Scheduling' && key.startsWith(workspaceRange)) found.push(terms.unscheduled);
  return found;
}

function ownerTerms(workspace: WorkspaceId, owners: readonly OwnerReference[]): Set<string> {
  const found = new Set<string>();
  for (const {apiVersion, kind, uid} of owners) {
    found.add(terms.owner(workspace, uid));
    const {group} = groupVersionOf(apiVersion);
    // Nobody defines kinds of the core group.
    if (group) found.add(terms.ownerKind(workspace, group, kind));
  }
  return found;
}

const definitionRange = rangeOf(definitions);
const clusterRoleRange = rangeOf({group: 'rbac.authorization.k8s.io', resource: 'clusterroles', section: builtInSection});

function definitionTerms(workspace: WorkspaceId, crd: JsonObject): string[] {
  const group = digString(crd, 'spec', 'group') ?? '';
  const {resources, kinds} = namesOf(dig(crd, 'status', 'acceptedNames'));
  return [
    terms.definitionOf(workspace, group, digString(crd, 'spec', 'names', 'kind') ?? ''),
    ...[...new Set(resources)].map(name => terms.definitionNamed(workspace, group, 'resource', name)),
    ...[...new Set(kinds)].map(name => terms.definitionNamed(workspace, group, 'kind', name)),
    ...(waitsForNames(crd) ? [terms.definitionsWaiting(workspace)] : []),
  ];
}

/** Where kcp shows the phase of workspaces (spec kcp 2.4). */
const phaseLabel = 'tenancy.kcp.io/phase';
