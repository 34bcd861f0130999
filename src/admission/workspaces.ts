import type {WorkspaceId} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import {dig, digString, equal, isObject, setKey, stringify} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {groups} from '../auth/user.ts';
import {logicalClusterKey, pathOf, phaseOf, read} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import {ownerText} from '../tenancy/creator.ts';
import {sayLeaving} from '../tenancy/leaving.ts';
import {annotations, labels} from '../tenancy/names.ts';
import type {Closure, TypeLookup} from '../tenancy/workspace-types.ts';
import {additionalLabels, defaultChildType, findType, nestingProblem, printType, withBases} from '../tenancy/workspace-types.ts';
import {clusterAt, typeLookup, typeOf} from './lookups.ts';
import type {Rule, Surroundings, Write} from './rule.ts';
import {schedule} from './schedule.ts';
import {keepServersAnnotations} from './servers-annotations.ts';

const gr = {group: 'tenancy.kcp.io', resource: 'workspaces'} as const;

/** Workspaces: what type they get, whether they may lie where they are wanted, and their logical cluster in the same commit (spec kcp 4.1, 4.2). */
export const workspaces: Rule = {
  name: 'tenancy.kcp.io/Workspace',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  async mutate(write, around) {
    if (write.verb === 'create') await prepare(write, around);
    else if (write.verb === 'delete') sayLeaving(write.object);
    else keepServersFields(write);
    label(write.object);
  },
  settle: ({verb, object, old}) => {
    // That it is another one is an error of validation, which does not see that it is gone.
    const [now, before] = [object, old].map(one => one && dig(asJson(one), 'spec', 'type'));
    if (verb === 'update' && !equal(now, before))
      throw refused(object, `spec.type: Invalid value: ${stringify(now ?? null)}: field is immutable`);
  },
};

async function prepare(write: Write, around: Surroundings): Promise<void> {
  const {object, user, workspace} = write;
  const json = asJson(object);
  json['spec'] ??= {};
  // What is no Workspace at all is told by its schema.
  if (!isObject(json['spec'])) return;
  for (const [field, name] of [
    ['cluster', 'Cluster'],
    ['URL', 'URL'],
  ] as const)
    if (dig(json, 'spec', field) !== undefined) throw refused(object, `spec.${name} can only be set by system privileged users`);
  const creator = user.groups.includes(groups.masters) ? undefined : user;
  if (creator) {
    keepServersAnnotations(object, undefined);
    object.metadata.annotations = {...object.metadata.annotations, [annotations.owner]: ownerText(creator, 'Scheduling')};
  }
  await inheritRequiredGroups(object, workspace, around);
  const {mount, type} = json['spec'];
  if (isObject(mount)) throw refused(object, 'mounts are not offered by this server');
  await resolveType(object, isObject(type) ? type : undefined, write, around);
  write.also.push(...(await schedule(object, workspace, creator, around)));
}

/** Who may know of a workspace's children is who may know of it, unless somebody who may says otherwise. */
async function inheritRequiredGroups(object: KubeObject, parent: WorkspaceId, {store}: Surroundings): Promise<void> {
  if (object.metadata.annotations?.[annotations.requiredGroups] !== undefined) return;
  const above = await read(store, logicalClusterKey(parent));
  const required = above && peek(above).metadata.annotations?.[annotations.requiredGroups];
  if (required !== undefined) object.metadata.annotations = {...object.metadata.annotations, [annotations.requiredGroups]: required};
}

/** Fills in the type and its labels, and checks that the workspace may lie below its parent. */
async function resolveType(
  object: KubeObject,
  wanted: {[field: string]: unknown} | undefined,
  write: Write,
  around: Surroundings,
): Promise<void> {
  const {workspace} = write;
  const {store} = around;
  const lookup = typeLookup(store);
  const above = await read(store, logicalClusterKey(workspace));
  if (!above) throw refused(object, `workspace type cannot be resolved: logicalclusters.core.kcp.io "cluster" not found`);
  const parent = await typeOf(store, above);
  const name = digString(wanted as never, 'name');
  const gone = `cannot be resolved: workspacetypes.tenancy.kcp.io ${JSON.stringify(parent.name)} not found`;
  if (!parent.type) throw refused(object, `${name ? 'workspace' : 'parent'} type ${gone}`);
  const ask = name ? {name, path: digString(wanted as never, 'path')} : defaultChildType(parent.type);
  const usable = usableTypes(around, write);
  const type = await findType(ask, pathOf(above, workspace), ask.path ? usable : lookup);
  if (!type) {
    const asked = ask.path ? printType({path: ask.path, name: ask.name}) : JSON.stringify(ask.name);
    throw refused(object, `workspace type ${asked} cannot be resolved`);
  }
  // A path is kept as it was written, be it an id.
  const ref = {name: type.ref.name, path: ask.path || type.ref.path};
  if (!ask.path) await usable(type.ref.path, type.ref.name);
  const types = basesOr(object, await withBases(type, usable));
  const parents = {name: parent.name, types: basesOr(object, await withBases(parent.type, lookup))};
  const problem = nestingProblem({name: printType(ref), types}, parents);
  if (problem) throw refused(object, problem);
  setKey(asJson(object)['spec'] as never, 'type', ref);
  object.metadata.labels = {...(additionalLabels(type) as {[key: string]: string}), ...object.metadata.labels};
}

function basesOr(object: KubeObject, found: Closure | string): Closure {
  if (typeof found === 'string') throw refused(object, found);
  return found;
}

/**
 * Looks types up for somebody who wants workspaces of them. What they may use, the type's own workspace says; whether they may enter that one does not matter
 * (spec kcp 4.1). Who may not is not told either whether the type, or its workspace, is there. @throws ApiError Forbidden
 */
function usableTypes({store, authorizer}: Surroundings, {object, user}: Write): TypeLookup {
  const lookup = typeLookup(store);
  return async (path, name) => {
    const found = await lookup(path, name);
    const workspace = (found?.cluster ?? (await clusterAt(store, path)) ?? nowhere) as WorkspaceId;
    const resource = {group: gr.group, plural: 'workspacetypes', subresource: undefined, namespace: undefined, name};
    const decision = await authorizer.decide(user, {verb: 'use', workspace, resource}, {entered: true});
    if (decision.allowed) return found;
    throw refused(object, `unable to use workspace type ${printType({path, name})}: missing verb='use' permission on workspacetype`);
  };
}

/** No workspace has this id: what somebody may in it they may everywhere. */
const nowhere = 'nowhere';

/** Where a workspace lies is decided by the server alone. */
function keepServersFields({object, old, user}: Write): void {
  if (user.groups.includes(groups.masters)) return;
  keepServersAnnotations(object, old);
  for (const field of ['cluster', 'URL']) {
    const before = dig(asJson(old as KubeObject), 'spec', field);
    if (before !== undefined && dig(asJson(object), 'spec', field) !== before)
      throw refused(object, `spec.${field} can only be changed by system privileged users`);
  }
}

function label(object: KubeObject): void {
  object.metadata.labels = {...object.metadata.labels, [labels.phase]: phaseOf(object)};
}

const refused = (object: KubeObject, why: string) => forbidden(gr, object.metadata.name, why);
