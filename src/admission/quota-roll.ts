import type {WorkspaceId} from '../api/cluster.ts';
import {dig} from '../api/json.ts';
import {asJson, asObject, timestamp} from '../api/object.ts';
import type {World} from '../api/world.ts';
import {builtInSection, keyOf, parseKey, rangeOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {peek} from '../registry/stored.ts';
import type {Entry, Key, Op, Range, Storage} from '../storage/storage.ts';

export const quotaSpace = {group: '', resource: 'resourcequotas', section: builtInSection} as const;
const rollSpace = {...quotaSpace, section: 'roll'} as const;

/** The namespace whose quotas may count a whole workspace (spec kcp-e2e, TestClusterScopedQuota). */
export const adminNamespace = 'admin';

/**
 * The names of a namespace's quotas, kept beside them under a key of its own, which no client sees. Whoever creates an object finds with one
 * look at hand that there is no quota, and holds its commit to that: the roll is written with every new quota, so none is overlooked.
 * Quotas that are gone may still be named in it.
 */
export type Roll = {
  readonly key: Key;
  readonly entry: Entry | undefined;
  readonly names: readonly string[];
};

/** Where all quotas of a namespace lie. */
export const quotasIn = (workspace: WorkspaceId, namespace: string): Range => rangeOf(quotaSpace, workspace, namespace);

/** Where all rolls of a workspace lie. */
export const rollsIn = (workspace: WorkspaceId): Range => rangeOf(rollSpace, workspace);

export const rollKey = (workspace: WorkspaceId, namespace: string): Key => keyOf(rollSpace, workspace, undefined, namespace);

export async function readRoll(store: Storage, key: Key): Promise<Roll> {
  const entry = await read(store, key);
  const names = entry && dig(asJson(peek(entry)), 'names');
  return {key, entry, names: Array.isArray(names) ? (names as string[]) : []};
}

/** Holds a commit to a roll as it was read. */
export const rollCheck = ({key, entry}: Roll): Op => ({check: key, expect: entry?.revision ?? 'absent'});

/** Writes a roll anew, or takes it away when it is to name nothing. Undefined when there is none and none is needed. */
export function rollOp({key, entry}: Roll, names: readonly string[], world: World): Op | undefined {
  if (names.length === 0) return entry && deleteOp(entry);
  const metadata = {name: parseKey(key).path[0] as string, uid: world.uid(), creationTimestamp: timestamp(world.now())};
  const object = asObject({apiVersion: 'v1', kind: 'ResourceQuotaRoll', metadata, names: [...names]});
  return putOp(key, object, entry?.revision ?? 'absent');
}
