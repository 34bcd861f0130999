import {type ApiError, forbidden} from '../api/errors.ts';
import type {JsonObject} from '../api/json.ts';
import {equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {AskedResource} from '../auth/attributes.ts';
import {child, objects, text} from '../kinds/read.ts';
import {readParamKind} from './policies.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

/**
 * Who says of an object that it has an owner has it deleted with that one, and who says that it blocks the deletion of the owner prevents that: they need
 * the rights for both. Off in Kubernetes unless asked for, and so here (spec kubernetes-api 9.7).
 */
export const ownerReferences: Rule = {
  name: 'OwnerReferencesPermissionEnforcement',
  of: () => true,
  async settle(write, around) {
    const {verb, object, old, subresource} = write;
    const refs = ownersOf(object);
    if (verb === 'delete' || equal([...refs], [...ownersOf(old)])) return;
    if (old && !(await may(write, around, 'delete', {...own(write), subresource})))
      throw refused(write, "cannot set an ownerRef on a resource you can't delete: ");
    const blocking = refs.filter(ref => blocks(ref) && !ownersOf(old).some(one => one['uid'] === ref['uid'] && blocks(one)));
    if (blocking.length === 0) return;
    const everything = {group: '*', plural: '*', subresource: 'finalizers', namespace: undefined, name: '*'};
    if (await may(write, around, 'update', everything)) return;
    for (const ref of blocking) await checkBlocking(write, around, ref);
  },
};

const ownersOf = (object: KubeObject | undefined): readonly JsonObject[] =>
  object ? objects(child(asJson(object), 'metadata'), 'ownerReferences') : [];
const blocks = (ref: JsonObject): boolean => ref['blockOwnerDeletion'] === true;

const own = ({resource, object}: Write): Omit<AskedResource, 'subresource'> => ({
  group: resource.gr.group,
  plural: resource.gr.resource,
  namespace: object.metadata.namespace,
  name: object.metadata.name,
});

async function may({user, workspace}: Write, {authorizer}: Surroundings, verb: string, resource: AskedResource): Promise<boolean> {
  return (await authorizer.decide(user, {verb, workspace, resource})).allowed;
}

async function checkBlocking(write: Write, around: Surroundings, ref: JsonObject): Promise<void> {
  const {group, version, kind} = readParamKind(ref);
  const owner = await around.registry.ofKind(write.workspace, group, version, kind);
  if (!owner) {
    const what = `APIVersion ${text(ref, 'apiVersion')} Kind ${kind}`;
    const why = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(text(ref, 'apiVersion'))}`;
    throw refused(write, `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for ${what}: ${why}`);
  }
  // An owner in a namespace lies in that of the object.
  const namespace = owner.kind.namespaced ? write.object.metadata.namespace : undefined;
  const asked = {group, plural: owner.gr.resource, subresource: 'finalizers', namespace, name: text(ref, 'name')};
  if (await may(write, around, 'update', asked)) return;
  throw refused(write, "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ");
}

/** What the authorizer says besides is for those who may know it; Kubernetes writes it here. */
const refused = ({resource, object}: Write, why: string): ApiError =>
  forbidden(resource.gr, object.metadata.name, why.endsWith(': ') ? `${why}, <nil>` : why);
