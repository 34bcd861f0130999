import {forbidden} from '../api/errors.ts';
import {digString, isObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {Rule} from './rule.ts';

const gr = {group: 'core.kcp.io', resource: 'shards'} as const;

/** A shard's other addresses are its base address unless they are given (spec kcp 7.8). */
export const shards: Rule = {
  name: 'tenancy.kcp.io/Shard',
  // Workspaces that have no shards may define something of that name.
  of: resource => !resource.definition && resource.gr.group === gr.group && resource.gr.resource === gr.resource,
  mutate({object, verb, subresource}) {
    if (verb === 'delete' || subresource !== undefined) return;
    const {spec} = asJson(object);
    const base = digString(spec, 'baseURL');
    if (!base) throw forbidden(gr, object.metadata.name, 'spec.baseURL must be set');
    if (!isObject(spec)) return;
    for (const field of ['externalURL', 'virtualWorkspaceURL']) if (!digString(spec, field)) spec[field] = base;
  },
};
