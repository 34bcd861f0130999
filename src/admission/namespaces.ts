import {ApiError, forbidden} from '../api/errors.ts';
import {timestamp} from '../api/object.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {createOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import {statusOf} from '../tenancy/conditions.ts';
import {defaultAccountOf, rootCaOf} from '../tenancy/contents.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

const namespaces = {group: '', resource: 'namespaces'} as const;
const immortal = new Set(['default', 'kube-system', 'kube-public']);

/** Objects are created only in namespaces that exist and stay (spec kubernetes-api 3.1). */
export const namespaceLifecycle: Rule = {
  name: 'NamespaceLifecycle',
  of: resource => resource.kind.namespaced,
  async settle(write, {store}) {
    if (write.verb !== 'create') return;
    const name = write.object.metadata.namespace as string;
    const entry = await read(store, keyOf({...namespaces, section: builtInSection}, write.workspace, undefined, name));
    if (!entry) throw new ApiError('NotFound', `namespaces ${JSON.stringify(name)} not found`, {name, kind: 'namespaces'});
    if (peek(entry).metadata.deletionTimestamp !== undefined) throw terminating(write, name);
    write.also.push({check: entry.key, expect: entry.revision});
  },
};

function terminating({resource, object}: Write, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const cause = {reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace'};
  return forbidden(resource.gr, object.metadata.name, why, {causes: [cause]});
}

/** A namespace comes with its service account and the server's certificates, and goes in two steps (spec kubernetes-api 8.2). */
export const namespaceContents: Rule = {
  name: 'NamespaceContents',
  of: ({gr}) => gr.group === '' && gr.resource === 'namespaces',
  mutate(write) {
    if (write.verb !== 'delete') return;
    const {name} = write.object.metadata;
    if (immortal.has(name)) throw forbidden(namespaces, name, 'this namespace may not be deleted');
    statusOf(write.object)['phase'] = 'Terminating';
  },
  settle(write, around) {
    if (write.verb === 'create') write.also.push(...contentsOf(write, around));
  },
};

function contentsOf({workspace, object}: Write, {world, registry, settings}: Surroundings) {
  const maker = {cluster: workspace, now: timestamp(world.now()), uid: world.uid};
  const {name} = object.metadata;
  return [rootCaOf(maker, name, settings.rootCa), defaultAccountOf(maker, name)].map(made =>
    createOp(registry.fixed(made.group, made.version, made.plural), workspace, made.object),
  );
}
