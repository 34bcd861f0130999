import type {WorkspaceId} from '../api/cluster.ts';
import type {Json} from '../api/json.ts';
import {equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {aggregate, isAggregated} from '../auth/rbac/aggregation.ts';
import {builtInSection, parseKey, rangeOf, terms} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key, Storage} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';

export const aggregatedRolesLimits = {
  /** Aggregated roles of a workspace: the first ones by key. */
  aggregatedMax: 500,
  /** Cluster roles of a workspace that are looked at, and how many of them in one go. */
  rolesMax: 10_000,
  rolesAtOnce: 200,
} as const;

const space = {group: 'rbac.authorization.k8s.io', resource: 'clusterroles', section: builtInSection} as const;
const prefix = rangeOf(space);

/** Keeps the rules of aggregated ClusterRoles the sum of those they select, whatever others write there (spec kubernetes-api 8.9). */
export const aggregatedRoles: Controller = {
  name: 'aggregated-roles',
  wakes: ({key}) => (key.startsWith(prefix) ? [parseKey(key).workspace] : none),
  async reconcile(ref, {store, world}) {
    const workspace = ref as WorkspaceId;
    const {entries} = await store.byTerm(terms.aggregatedRoles(workspace), {limit: aggregatedRolesLimits.aggregatedMax});
    if (entries.length === 0) return undefined;
    const all = await clusterRoles(workspace, store, world.turn);
    // One that selects another sees it at the next event, which the other's change makes.
    for (const entry of entries) await renew(entry, all, store);
    return undefined;
  },
};

async function clusterRoles(workspace: WorkspaceId, store: Storage, turn: () => Promise<void>): Promise<readonly KubeObject[]> {
  const {rolesMax, rolesAtOnce} = aggregatedRolesLimits;
  const found: KubeObject[] = [];
  for (let after: Key | undefined, more = true; more && found.length < rolesMax; await turn()) {
    const page = await store.list(rangeOf(space, workspace), {limit: rolesAtOnce, ...(after && {after})});
    found.push(...page.entries.map(peek));
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
  return found;
}

async function renew(entry: Entry, all: readonly KubeObject[], store: Storage): Promise<void> {
  const object = decodeStored(entry);
  if (!isAggregated(object)) return;
  const rules = aggregate(object, all) as Json[];
  if (equal(rules, asJson(object)['rules'] ?? [])) return;
  if (rules.length > 0) asJson(object)['rules'] = rules;
  else delete asJson(object)['rules'];
  try {
    await store.commit([putOp(entry.key, object, entry.revision)]);
  } catch (err) {
    // Who was quicker has made an event of their own.
    if (!(err instanceof Unexpected)) throw err;
  }
}
