import type {WorkspaceId} from '../api/cluster.ts';
import {systemAdmin} from '../api/cluster.ts';
import {bootstrapPolicy} from '../auth/bootstrap-policy.ts';
import type {Binding, Role} from '../auth/rbac/objects.ts';
import {readBinding, readRole} from '../auth/rbac/objects.ts';
import type {Policy} from '../auth/rbac/policy.ts';
import {compilePolicy} from '../auth/rbac/policy.ts';
import {byWorkspace} from '../registry/by-workspace.ts';
import {builtInSection, rangeOf} from '../registry/keys.ts';
import {decodeStored} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';

/** Of roles and bindings. */
const limits = {
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** What is beyond allows nothing. */
  ofKindMax: 10_000,
  heldBytesMax: 64 * 1024 * 1024,
  overheadBytes: 1024,
  changesMax: 200,
} as const;

const group = 'rbac.authorization.k8s.io';
const spaceOf = (resource: string) => ({group, resource, section: builtInSection});
const roleSpaces = ['clusterroles', 'roles'].map(spaceOf);
const bindingSpaces = ['clusterrolebindings', 'rolebindings'].map(spaceOf);
/** Where what makes policies lies. */
export const policySpaces = [...roleSpaces, ...bindingSpaces];
const roleRanges = roleSpaces.map(space => rangeOf(space));

type Read = ({readonly role: Role} | {readonly binding: Binding}) & {readonly bytes: number};
type Objects = ReadonlyMap<Key, Read>;
type Compiled = {readonly base: Policy; readonly policy: Policy};

/**
 * The policies of workspaces: their own roles and bindings, upon those of `system:admin`, which are upon what is there from the start. `turn` lets others in
 * between pieces of long work.
 */
export function workspacePolicies(store: Storage, turn: () => Promise<void>): (workspace: WorkspaceId) => Policy | Promise<Policy> {
  const objectsOf = byWorkspace({store, spaces: policySpaces, read, limits, turn});
  const known = new WeakMap<Objects, Compiled>();

  const compiledUpon = (workspace: WorkspaceId, objects: Objects, base: Policy): Policy => {
    const found = known.get(objects);
    if (found?.base === base) return found.policy;
    const policy = compiled(workspace, objects, base);
    known.set(objects, {base, policy});
    return policy;
  };
  const over = (workspace: WorkspaceId, base: Policy): Policy | Promise<Policy> => {
    const objects = objectsOf(workspace);
    return objects instanceof Promise ? objects.then(read => compiledUpon(workspace, read, base)) : compiledUpon(workspace, objects, base);
  };

  return workspace => {
    const everywhere = over(systemAdmin, bootstrapPolicy);
    if (workspace === systemAdmin) return everywhere;
    return everywhere instanceof Promise ? everywhere.then(base => over(workspace, base)) : over(workspace, everywhere);
  };
}

/** `system:admin` also has the bindings that are there from the start; others only give out its roles. */
function compiled(workspace: WorkspaceId, objects: Objects, base: Policy): Policy {
  if (objects.size === 0) return workspace === systemAdmin ? base : rolesAlone(base);
  const all = [...objects.values()];
  const policy = compilePolicy(
    all.flatMap(one => ('role' in one ? [one.role] : [])),
    all.flatMap(one => ('binding' in one ? [one.binding] : [])),
    base,
  );
  return workspace === systemAdmin ? both(base, policy) : policy;
}

const nothing: Policy['grants'] = [];
const rolesAlone = ({role}: Policy): Policy => ({role, grants: nothing, grantsTo: () => nothing});

const both = (first: Policy, second: Policy): Policy => ({
  role: second.role,
  grants: [...first.grants, ...second.grants],
  grantsTo: (users, namespace, asked) => [...first.grantsTo(users, namespace, asked), ...second.grantsTo(users, namespace, asked)],
});

function read(entry: Entry): Read {
  const bytes = entry.value.length;
  // Not `peek`: what it remembers lives as long as the bytes, and both would be held.
  const object = decodeStored(entry);
  return roleRanges.some(range => entry.key.startsWith(range)) ? {role: readRole(object), bytes} : {binding: readBinding(object), bytes};
}
