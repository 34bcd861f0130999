import type {WorkspaceId} from '../api/cluster.ts';
import {root} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import type {User} from '../auth/user.ts';
import {logicalClusterKey, read} from '../registry/logical-clusters.ts';
import {annotations} from '../tenancy/names.ts';
import {renewTypeStatus} from '../tenancy/workspace-type-status.ts';
import {canonicalPath, clusterAt, shardBases} from './lookups.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

const gr = {group: 'tenancy.kcp.io', resource: 'workspacetypes'} as const;
const reserved = new Set(['any', 'system']);
/** How many exports are asked about before others have their turn. */
const bindingsAtOnce = 50;

/** Workspace types carry their canonical path and their status, which is the server's, say where the types they name lie, and leave a few names to the server (spec kcp 7.8). */
export const workspaceTypes: Rule = {
  name: 'tenancy.kcp.io/WorkspaceType',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  async mutate(write, around) {
    const {object, verb, subresource, workspace} = write;
    if (verb === 'delete') return;
    renewTypeStatus(object, workspace, await shardBases(around.store), timestamp(around.world.now()));
    if (subresource !== undefined) return;
    const {name} = object.metadata;
    if (reserved.has(name)) throw refused(object, `metadata.name: Invalid value: ${JSON.stringify(name)}: name is reserved`);
    if (name === 'root' && workspace !== root) throw refused(object, 'root workspace type can only be created in root cluster');
    object.metadata.annotations = {...object.metadata.annotations, [annotations.path]: await canonicalPath(around.store, workspace)};
    const spec = dig(asJson(object), 'spec');
    const child = dig(spec, 'defaultChildWorkspaceType');
    if (isObject(child) && !digString(child, 'path')) throw refused(object, '.spec.defaultChildWorkspaceType.path must be set');
    for (const field of ['limitAllowedChildren', 'limitAllowedParents']) {
      const types = dig(spec, field, 'types');
      const at = Array.isArray(types) ? types.findIndex(type => !digString(type, 'path')) : -1;
      if (at >= 0) throw refused(object, `.spec.${field}.types[${at}].path must be set`);
    }
    await checkBindings(write, around);
  },
};

/**
 * Workspaces of the type will be bound by the server to what it names, so who adds a name must be able to bind to it themselves. It need not be there yet;
 * and whether its workspace is there is not told.
 */
async function checkBindings({object, old, user, workspace}: Write, around: Surroundings): Promise<void> {
  let asked = 0;
  const before = new Set(old ? bindingsOf(old).map(print) : []);
  for (const one of bindingsOf(object)) {
    if (before.has(print(one))) continue;
    before.add(print(one));
    // The list is as long as a tenant makes it.
    if (++asked % bindingsAtOnce === 0) await around.world.turn();
    if (!(await mayBind(one, {user, workspace}, around)))
      throw refused(object, `unable to create or update WorkspaceType: no permission to bind to export ${print(one)}`);
  }
}

type Wanted = {readonly path: string; readonly name: string};

const print = ({path, name}: Wanted): string => (path ? `${path}:${name}` : name);

function bindingsOf(object: KubeObject): Wanted[] {
  const found = dig(asJson(object), 'spec', 'defaultAPIBindings');
  if (!Array.isArray(found)) return [];
  return found.filter(isObject).map(item => ({path: digString(item, 'path') ?? '', name: digString(item, 'export') ?? ''}));
}

async function mayBind(
  {path, name}: Wanted,
  {user, workspace}: {readonly user: User; readonly workspace: WorkspaceId},
  {store, authorizer}: Surroundings,
): Promise<boolean> {
  const cluster = path ? await clusterAt(store, path) : workspace;
  if (cluster === undefined || !(await read(store, logicalClusterKey(cluster)))) return false;
  const resource = {group: 'apis.kcp.io', plural: 'apiexports', subresource: undefined, namespace: undefined, name};
  return (await authorizer.decide(user, {verb: 'bind', workspace: cluster, resource}, {entered: true})).allowed;
}

const refused = (object: KubeObject, why: string) => forbidden(gr, object.metadata.name, why);
