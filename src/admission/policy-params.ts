import {invalid} from '../api/errors.ts';
import {forbiddenField} from '../api/field-error.ts';
import {equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import {child, text} from '../kinds/read.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {peek} from '../registry/stored.ts';
import {readParamKind} from './policies.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

const group = 'admissionregistration.k8s.io';
const ruled = /^(validating|mutating)admissionpolic(ies|ybindings)$/;

/**
 * Policies read their params in the name of nobody. So whoever sets up that they are read must be allowed to read them: all of a kind that a policy names,
 * those that a binding names (as Kubernetes' strategies of these kinds have it).
 */
export const policyParams: Rule = {
  name: 'PolicyParams',
  of: ({gr}) => gr.group === group && ruled.test(gr.resource),
  async settle(write, around) {
    const {verb, user, resource} = write;
    if (verb === 'delete' || user.groups.includes(groups.masters)) return;
    await (resource.gr.resource.endsWith('bindings') ? checkBinding(write, around) : checkPolicy(write, around));
  },
};

const specOf = (object: KubeObject | undefined) => child(object && asJson(object), 'spec');
const paramKindOf = (policy: KubeObject | undefined) => child(specOf(policy), 'paramKind');

async function checkPolicy(write: Write, around: Surroundings): Promise<void> {
  const {user, workspace, object, old} = write;
  const paramKind = paramKindOf(object);
  if (!paramKind || (old && equal(paramKindOf(old), paramKind))) return;
  const found = await addressOf(paramKind, write, around);
  const asked = {group: found.group, plural: found.plural, subresource: undefined, namespace: '*', name: '*'};
  if ((await around.authorizer.decide(user, {verb: 'get', workspace, resource: asked})).allowed) return;
  const kind = `kind=${text(paramKind, 'kind')}, apiVersion=${text(paramKind, 'apiVersion')}`;
  throw refused(write, 'spec.paramKind', `must have "get" permission on all objects of the referenced paramKind (${kind})`);
}

async function checkBinding(write: Write, around: Surroundings): Promise<void> {
  const {user, workspace, object, old, resource} = write;
  const spec = specOf(object);
  const ref = child(spec, 'paramRef');
  if (!ref) return;
  const policyName = text(spec, 'policyName');
  if (old && equal(child(specOf(old), 'paramRef'), ref) && text(specOf(old), 'policyName') === policyName) return;
  const plural = resource.gr.resource.replace('ybindings', 'ies');
  const entry = await read(around.store, keyOf({group, resource: plural, section: builtInSection}, workspace, undefined, policyName));
  const paramKind = entry && paramKindOf(peek(entry));
  const found = paramKind ? await addressOf(paramKind, write, around) : {group: '*', plural: '*', known: false};
  const name = text(ref, 'name');
  const verb = name ? 'get' : 'list';
  const asked = {group: found.group, plural: found.plural, subresource: undefined, namespace: text(ref, 'namespace') || undefined, name};
  if ((await around.authorizer.decide(user, {verb, workspace, resource: asked})).allowed) return;
  const everything = `permission for all groups, versions and resources`;
  if (!entry) throw refused(write, 'spec.paramRef', `does not have "${verb}" ${everything}`, `unable to get policy ${policyName}`);
  if (paramKind && !found.known)
    throw refused(write, 'spec.paramRef', `does not have "${verb}" ${everything}`, 'unable to resolve paramKind');
  throw refused(write, 'spec.paramRef', `does not have "${verb}" permission on the object referenced by paramRef`);
}

/** The group and the plural of a kind of params; any plural where there is no such kind. */
async function addressOf(paramKind: Parameters<typeof readParamKind>[0], {workspace}: Write, {registry}: Surroundings) {
  const {group: of, version, kind} = readParamKind(paramKind);
  const resource = await registry.ofKind(workspace, of, version, kind);
  return {group: of, plural: resource?.gr.resource ?? '*', known: resource !== undefined};
}

function refused({user, object, resource}: Write, path: string, why: string, unknown?: string) {
  const who = `user ${printUser(user)} ${why}`;
  const text = unknown === undefined ? who : `${unknown} to determine minimum required permissions and ${who}`;
  return invalid(group, resource.kind.names.kind, object.metadata.name, [forbiddenField(path, text)]);
}

/** As Go prints it. */
function printUser({name, uid = '', groups: memberOf, extra = {}}: User): string {
  const extras = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `&{${name} ${uid} [${memberOf.join(' ')}] map[${extras.map(([key, values]) => `${key}:[${values.join(' ')}]`).join(' ')}]}`;
}
