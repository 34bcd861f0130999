import {root} from '../api/cluster.ts';
import {forbidden} from '../api/errors.ts';
import {dig, digString, isObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {annotations} from '../tenancy/names.ts';
import {canonicalPath} from './lookups.ts';
import type {Rule} from './rule.ts';

const gr = {group: 'tenancy.kcp.io', resource: 'workspacetypes'} as const;
const reserved = new Set(['any', 'system']);

/** Workspace types carry their canonical path, say where the types they name lie, and leave a few names to the server (spec kcp 7.8). */
export const workspaceTypes: Rule = {
  name: 'tenancy.kcp.io/WorkspaceType',
  of: resource => resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  async mutate({object, verb, subresource, workspace}, {store}) {
    if (verb === 'delete' || subresource !== undefined) return;
    const {name} = object.metadata;
    if (reserved.has(name)) throw refused(object, 'name is reserved');
    if (name === 'root' && workspace !== root) throw refused(object, 'root workspace type can only be created in root cluster');
    object.metadata.annotations = {...object.metadata.annotations, [annotations.path]: await canonicalPath(store, workspace)};
    const spec = dig(asJson(object), 'spec');
    const child = dig(spec, 'defaultChildWorkspaceType');
    if (isObject(child) && !digString(child, 'path')) throw refused(object, '.spec.defaultChildWorkspaceType.path must be set');
    for (const field of ['limitAllowedChildren', 'limitAllowedParents']) {
      const types = dig(spec, field, 'types');
      const at = Array.isArray(types) ? types.findIndex(type => !digString(type, 'path')) : -1;
      if (at >= 0) throw refused(object, `.spec.${field}.types[${at}].path must be set`);
    }
  },
};

const refused = (object: KubeObject, why: string) => forbidden(gr, object.metadata.name, why);
