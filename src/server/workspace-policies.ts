import type {WorkspaceId} from '../api/cluster.ts';
import {systemAdmin} from '../api/cluster.ts';
import {bootstrapPolicy} from '../auth/bootstrap-policy.ts';
import type {Binding, Role} from '../auth/rbac/objects.ts';
import {readBinding, readRole} from '../auth/rbac/objects.ts';
import type {Policy} from '../auth/rbac/policy.ts';
import {compilePolicy} from '../auth/rbac/policy.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {builtInSection, parseKey, rangeOf} from '../registry/keys.ts';
import {decodeStored} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';

export const workspacePoliciesLimits = {
  /** Roles and bindings that are read in one go. */
  objectsAtOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** Of one kind in one workspace: the first ones by key. What is beyond allows nothing. */
  objectsOfKindMax: 10_000,
  /** What is held of all workspaces that somebody asked about, by the bytes it was read from. */
  heldBytesMax: 64 * 1024 * 1024,
  /** What a workspace, a role or a binding takes at least. */
  overheadBytes: 1024,
  /** Roles and bindings of a workspace that change before it is read as a whole again. */
  changesMax: 200,
} as const;

const group = 'rbac.authorization.k8s.io';
const spaceOf = (resource: string) => ({group, resource, section: builtInSection});
const roleSpaces = ['clusterroles', 'roles'].map(spaceOf);
const bindingSpaces = ['clusterrolebindings', 'rolebindings'].map(spaceOf);
const spaces = [...roleSpaces, ...bindingSpaces];
const roleRanges = roleSpaces.map(space => rangeOf(space));

type Read = ({readonly role: Role} | {readonly binding: Binding}) & {readonly bytes: number};
type Objects = ReadonlyMap<Key, Read>;
type Held = {
  readonly objects: Objects;
  readonly bytes: number;
  readonly changed: Set<Key>;
  /** What the policy was compiled upon: where that has changed, it is compiled anew. */
  readonly base: Policy;
  readonly policy: Policy;
};

/**
 * The policies of workspaces: their own roles and bindings, upon those of `system:admin`, which are upon what is there from the start. What was read of a
 * workspace is remembered. When a role or binding changes, which the log tells before the change is acknowledged, that one alone is read again. `turn`
 * lets others in between pieces of long work.
 */
export function workspacePolicies(store: Storage, turn: () => Promise<void>): (workspace: WorkspaceId) => Policy | Promise<Policy> {
  const {heldBytesMax, changesMax} = workspacePoliciesLimits;
  const known = new BoundedCache<WorkspaceId, Held>(heldBytesMax, ({bytes}) => bytes);
  const reading = new Map<WorkspaceId, {readonly base: Policy; readonly policy: Promise<Policy>}>();
  let following = false;

  const follow = (): void => {
    if (following) return;
    following = true;
    const forget = (): void => {
      following = false;
      for (const watch of watches) watch.close();
      known.clear();
      reading.clear();
    };
    const watches = spaces.map(space =>
      store.watch(rangeOf(space), store.revision(), {
        events(batch) {
          for (const {key} of batch) {
            const {workspace} = parseKey(key);
            const changed = known.get(workspace)?.changed.add(key);
            if (changed && changed.size > changesMax) known.delete(workspace);
            reading.delete(workspace);
          }
        },
        ended: forget,
      }),
    );
  };

  const readIn = (workspace: WorkspaceId, base: Policy, held: Held | undefined): Promise<Policy> => {
    const under = reading.get(workspace);
    if (under?.base === base) return under.policy;
    const mine = (held ? readChanged(held, store) : readAll(workspace, store, turn)).then(
      objects => {
        const policy = compiled(workspace, objects, base);
        // A change meanwhile has taken it out.
        if (reading.get(workspace)?.policy === mine) {
          reading.delete(workspace);
          known.set(workspace, {objects, bytes: weight(objects), changed: new Set(), base, policy});
        }
        return policy;
      },
      err => {
        if (reading.get(workspace)?.policy === mine) reading.delete(workspace);
        throw err;
      },
    );
    reading.set(workspace, {base, policy: mine});
    return mine;
  };

  const over = (workspace: WorkspaceId, base: Policy): Policy | Promise<Policy> => {
    const held = known.get(workspace);
    if (held?.changed.size !== 0) return readIn(workspace, base, held);
    if (held.base === base) return held.policy;
    const renewed = {...held, base, policy: compiled(workspace, held.objects, base)};
    known.set(workspace, renewed);
    return renewed.policy;
  };

  return workspace => {
    follow();
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

function weight(objects: Objects): number {
  let bytes: number = workspacePoliciesLimits.overheadBytes;
  for (const one of objects.values()) bytes += workspacePoliciesLimits.overheadBytes + one.bytes;
  return bytes;
}

function read(entry: Entry): Read {
  const bytes = entry.value.length;
  // Not `peek`: what it remembers lives as long as the bytes, and both would be held.
  const object = decodeStored(entry);
  return roleRanges.some(range => entry.key.startsWith(range)) ? {role: readRole(object), bytes} : {binding: readBinding(object), bytes};
}

async function readAll(workspace: WorkspaceId, store: Storage, turn: () => Promise<void>): Promise<Objects> {
  const {objectsAtOnce, objectsOfKindMax} = workspacePoliciesLimits;
  const found = new Map<Key, Read>();
  for (const space of spaces) {
    let count = 0;
    for (let after: Key | undefined, more = true; more && count < objectsOfKindMax; ) {
      const limit = Math.min(objectsAtOnce.limit, objectsOfKindMax - count);
      const page = await store.list(rangeOf(space, workspace), {...objectsAtOnce, limit, ...(after && {after})});
      for (const entry of page.entries) found.set(entry.key, read(entry));
      count += page.entries.length;
      after = page.entries.at(-1)?.key;
      more = page.more;
      if (more) await turn();
    }
  }
  return found;
}

async function readChanged({objects, changed}: Held, store: Storage): Promise<Objects> {
  const found = new Map(objects);
  for (const key of [...changed]) {
    const entry = await store.get(key);
    if (entry) found.set(key, read(entry));
    else found.delete(key);
  }
  return found;
}
