import {forbidden, notFound} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {isAggregated} from '../auth/rbac/aggregation.ts';
import {escalation, fullAuthority} from '../auth/rbac/escalation.ts';
import type {PolicyRule} from '../auth/rbac/objects.ts';
import {readRole, readRoleRef} from '../auth/rbac/objects.ts';
import {groups} from '../auth/user.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

const group = 'rbac.authorization.k8s.io';
const roles: ReadonlySet<string> = new Set(['roles', 'clusterroles']);
const bindings: ReadonlySet<string> = new Set(['rolebindings', 'clusterrolebindings']);

/**
 * Nobody gives permissions that they do not hold: neither by writing them into a role, unless they may `escalate` it, nor by binding a role, unless they
 * may `bind` it (spec kubernetes-api 8.9).
 */
export const roleGrants: Rule = {
  name: 'RBAC escalation',
  of: ({gr}) => gr.group === group && (roles.has(gr.resource) || bindings.has(gr.resource)),
  async settle(write, around) {
    const {verb, user, object, old, resource} = write;
    if (verb === 'delete' || user.groups.includes(groups.masters) || (old && onlyCollected(object, old))) return;
    await (roles.has(resource.gr.resource) ? checkRole(write, around) : checkBinding(write, around));
  },
};

async function checkRole(write: Write, {authorizer}: Surroundings): Promise<void> {
  const {verb, user, workspace, object, old, resource} = write;
  const {name, namespace} = object.metadata;
  // Who creates has not said yet what the role is to be called.
  const asked = {group, plural: resource.gr.resource, subresource: undefined, namespace, name: verb === 'create' ? undefined : name};
  if ((await authorizer.decide(user, {verb: 'escalate', workspace, resource: asked})).allowed) return;
  await confirm(write, readRole(object).rules, authorizer);
  if (!isAggregated(object) && !(old && isAggregated(old))) return;
  const holdings = await authorizer.holdings(user, workspace, undefined);
  if (escalation(user, holdings, fullAuthority) !== undefined)
    throw forbidden(resource.gr, name, 'must have cluster-admin privileges to use the aggregationRule');
}

async function checkBinding(write: Write, {authorizer}: Surroundings): Promise<void> {
  const {user, workspace, object} = write;
  const {namespace} = object.metadata;
  const ref = readRoleRef(object);
  const plural = ref.kind === 'Role' ? 'roles' : 'clusterroles';
  const asked = {group, plural, subresource: undefined, namespace, name: ref.name};
  if ((await authorizer.decide(user, {verb: 'bind', workspace, resource: asked})).allowed) return;
  const role = await authorizer.role(workspace, ref, namespace);
  if (!role) throw notFound({group, resource: plural}, ref.name);
  await confirm(write, role.rules, authorizer);
}

/** @throws ApiError Forbidden, with what is missing */
async function confirm(
  {user, workspace, object: {metadata}, resource}: Write,
  rules: readonly PolicyRule[],
  authorizer: Surroundings['authorizer'],
): Promise<void> {
  const why = escalation(user, await authorizer.holdings(user, workspace, metadata.namespace), rules);
  if (why !== undefined) throw forbidden(resource.gr, metadata.name, why);
}

/** Whether nothing changes but what the collector of garbage needs to do its work. */
function onlyCollected(object: KubeObject, old: KubeObject): boolean {
  const rest = (of: KubeObject): JsonObject => {
    const {ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...metadata} = of.metadata;
    return {...asJson(of), metadata: metadata as unknown as JsonObject};
  };
  return equal(rest(object), rest(old));
}
