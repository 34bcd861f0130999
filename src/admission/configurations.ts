/** What a workspace has set up to look at its writes: webhooks and policies, ready to be asked. */
import type {WorkspaceId} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {objects} from '../kinds/read.ts';
import {byWorkspace} from '../registry/by-workspace.ts';
import {builtInSection, parseKey} from '../registry/keys.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import type {Hook} from './hooks.ts';
import {readHook} from './hooks.ts';
import type {Binding, Policy} from './policies.ts';
import {readBinding, readPolicy} from './policies.ts';

/** Of configurations, policies and bindings. */
const limits = {
  atOnce: {limit: 200, bytesMax: 1024 * 1024},
  /** Leaving one out would let requests past it. */
  ofKindMax: Number.POSITIVE_INFINITY,
  heldBytesMax: 16 * 1024 * 1024,
  overheadBytes: 256,
  changesMax: 200,
} as const;

/** A policy and what makes it apply, by name. */
export type Bound = {readonly policy: Policy; readonly bindings: readonly Binding[]};

/** In the order in which they are asked. */
export type Admission = {readonly policies: readonly Bound[]; readonly hooks: readonly Hook[]};
export type Admissions = {readonly mutating: Admission; readonly validating: Admission};

type Read = Sorted & {readonly mutating: boolean; readonly bytes: number};
type Sorted = {readonly hooks: readonly Hook[]} | {readonly policy: Policy} | {readonly binding: Binding};
type Objects = ReadonlyMap<Key, Read>;

const sorts: {readonly [plural: string]: (object: KubeObject) => Sorted} = {
  webhookconfigurations: object => ({hooks: objects(asJson(object), 'webhooks').map(hook => readHook(hook, object.metadata.name))}),
  admissionpolicies: object => ({policy: readPolicy(object)}),
  admissionpolicybindings: object => ({binding: readBinding(object)}),
};

const readers: ReadonlyMap<string, (entry: Entry) => Read> = new Map(
  Object.entries(sorts).flatMap(([plural, sort]) =>
    [true, false].map((mutating): [string, (entry: Entry) => Read] => [
      `${mutating ? 'mutating' : 'validating'}${plural}`,
      entry => ({...sort(peek(entry)), mutating, bytes: entry.value.length}),
    ]),
  ),
);
const spaces = [...readers.keys()].map(resource => ({group: 'admissionregistration.k8s.io', resource, section: builtInSection}));
const read = (entry: Entry): Read => (readers.get(parseKey(entry.key).space.resource) as (entry: Entry) => Read)(entry);

const nothing: Admission = {policies: [], hooks: []};
/** Where nothing is set up, as nearly everywhere. */
export const unattended: Admissions = {mutating: nothing, validating: nothing};

function admissionsOf(all: Objects): Admissions {
  if (all.size === 0) return unattended;
  const of = (mutating: boolean): Admission => {
    const some = [...all.values()].filter(each => each.mutating === mutating);
    const bindings = Map.groupBy(
      some.flatMap(each => ('binding' in each ? [each.binding] : [])),
      binding => binding.policyName,
    );
    return {
      // One that nothing binds does nothing.
      policies: some.flatMap(each => {
        const bound = 'policy' in each && bindings.get(each.policy.name);
        return bound ? [{policy: each.policy, bindings: bound}] : [];
      }),
      hooks: some.flatMap(each => ('hooks' in each ? each.hooks : [])),
    };
  };
  return {mutating: of(true), validating: of(false)};
}

type AdmissionsIn = (workspace: WorkspaceId) => Admissions | Promise<Admissions>;
const known = new WeakMap<Storage, AdmissionsIn>();

/** What looks at the writes in a workspace: remembered as long as there is room, and read again after something of it changed. */
export function admissionsIn(store: Storage, workspace: WorkspaceId): Admissions | Promise<Admissions> {
  let of = known.get(store);
  if (!of) {
    of = derived(store);
    known.set(store, of);
  }
  return of(workspace);
}

function derived(store: Storage): AdmissionsIn {
  const objectsOf = byWorkspace({store, spaces, read, limits, turn: async () => {}});
  const made = new WeakMap<Objects, Admissions>();
  const from = (all: Objects): Admissions => {
    let admissions = made.get(all);
    if (!admissions) {
      admissions = admissionsOf(all);
      made.set(all, admissions);
    }
    return admissions;
  };
  return workspace => {
    const all = objectsOf(workspace);
    return all instanceof Promise ? all.then(from) : from(all);
  };
}
