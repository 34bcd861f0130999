import type {WorkspaceId} from '../api/cluster.ts';
import type {ApiError} from '../api/errors.ts';
import {forbidden} from '../api/errors.ts';
import {equal, getKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {parseQuantity, printWhole} from '../api/quantity.ts';
import {keyOf} from '../registry/keys.ts';
import {read} from '../registry/logical-clusters.ts';
import {putOp} from '../registry/ops.ts';
import type {Resource} from '../registry/resource.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key, Op, Storage} from '../storage/storage.ts';
import type {Roll} from './quota-roll.ts';
import {adminNamespace, quotaSpace, readRoll, rollCheck, rollKey, rollOp} from './quota-roll.ts';
import {countNamesOf, countsWorkspace, countUse, hardOf, isUnscoped, quotaLimits, shownUse, writeUse} from './quota-usage.ts';
import type {Rule, Surroundings, Write} from './rule.ts';

/**
 * No namespace gets more objects than its quotas allow (spec kubernetes-api 9.8). A new object is charged to them in the commit that
 * creates it: the commit holds on to the revision of every quota and of the roll that names them, so that not even a thousand creates at once
 * overrun one. What is deleted is given back by the controller, which counts anew and holds on to the revision in the same way.
 *
 * Kubernetes refuses with `status unknown for quota` until its controller has counted for a new quota, or lets objects slip by. Here the first
 * create that needs the number counts by itself.
 */
export const quotas: Rule = {
  name: 'ResourceQuota',
  of: ({kind}) => !kind.strategy.virtual,
  async settle(write, {store, world}) {
    if (isQuota(write.resource) && write.verb === 'update' && write.subresource === undefined) forgetUse(write);
    if (write.verb !== 'create') return;
    const {resource, workspace, object} = write;
    const namespace = resource.kind.namespaced ? object.metadata.namespace : undefined;
    const [own, admin] = [namespace ?? adminNamespace, adminNamespace];
    for (const where of own === admin ? [admin] : [own, admin]) {
      const roll = await readRoll(store, rollKey(workspace, where));
      const isItsOwn = isQuota(resource) && where === namespace;
      // One of the name of the new one is there already: the commit will say so.
      const others = isItsOwn ? roll.names.filter(name => name !== object.metadata.name) : roll.names;
      for (const name of others) await charge(write, {where, namespace, name}, store);
      write.also.push(isItsOwn ? enlist(roll, write, world) : rollCheck(roll));
    }
  },
};

/** Who is to wait for whom: creates that a quota may count take turns under this key. */
export function quotaTurn(store: Storage, workspace: WorkspaceId, namespace: string | undefined): Key {
  const admin = rollKey(workspace, adminNamespace);
  return namespace === undefined || typeof store.hot(admin) === 'object' ? admin : rollKey(workspace, namespace);
}

const isQuota = ({space}: Resource): boolean => space.group === quotaSpace.group && space.resource === quotaSpace.resource;

function enlist(roll: Roll, {resource, object}: Write, world: Surroundings['world']): Op {
  const {name} = object.metadata;
  const names = [...new Set([...roll.names, name])].sort();
  if (names.length > quotaLimits.perNamespaceMax)
    throw forbidden(resource.gr, name, `a namespace may have at most ${quotaLimits.perNamespaceMax} quotas`);
  return rollOp(roll, names, world) as Op;
}

/** What a change of a quota makes uncertain is counted anew: what it did not limit before, or everything when it counts elsewhere. */
function forgetUse({object, old}: Write): void {
  const before = old as KubeObject;
  if (equal(hardOf(object), hardOf(before)) && countsWorkspace(object) === countsWorkspace(before)) return;
  const kept = new Map<string, bigint>();
  const limited = hardOf(object);
  const known = countsWorkspace(object) === countsWorkspace(before) ? Object.keys(hardOf(before)) : [];
  for (const name of known) {
    const amount = shownUse(before, name);
    if (amount !== undefined && getKey(limited, name) !== undefined) kept.set(name, amount);
  }
  writeUse(object, kept);
}

type Which = {
  /** The namespace of the quota. */
  readonly where: string;
  readonly name: string;
  /** The namespace of the new object, if it has one. */
  readonly namespace: string | undefined;
};

/** Adds to the commit what a quota has to say to it. @throws ApiError Forbidden when nothing is left of it */
async function charge(write: Write, {where, name, namespace}: Which, store: Storage): Promise<void> {
  const {workspace, also, resource} = write;
  const entry = await read(store, keyOf(quotaSpace, workspace, where, name));
  if (!entry) return;
  const names = countedBy(peek(entry), resource, namespace);
  also.push(names.length > 0 ? await chargeOp(write, entry, names, store) : {check: entry.key, expect: entry.revision});
}

/** The limits of a quota that a new object falls under. */
function countedBy(quota: KubeObject, resource: Resource, namespace: string | undefined): string[] {
  if (!isUnscoped(quota)) return [];
  if (!countsWorkspace(quota) && quota.metadata.namespace !== namespace) return [];
  const hard = hardOf(quota);
  return countNamesOf(resource).filter(name => getKey(hard, name) !== undefined);
}

async function chargeOp({workspace, resource, object}: Write, entry: Entry, names: readonly string[], store: Storage): Promise<Op> {
  const quota = decodeStored(entry);
  const hard = hardOf(quota);
  const used = new Map<string, bigint>();
  for (const name of Object.keys(hard)) {
    const amount = shownUse(quota, name) ?? (names.includes(name) ? await countUse(store, quota, name, workspace) : undefined);
    if (amount !== undefined) used.set(name, amount);
  }
  const exceeded = names.filter(name => !leavesRoom(String(getKey(hard, name)), used.get(name) ?? 0n));
  if (exceeded.length > 0) throw exceededQuota(resource, object, {quota, used, exceeded});
  for (const name of names) used.set(name, (used.get(name) ?? 0n) + 1n);
  writeUse(quota, used);
  return putOp(entry.key, quota, entry.revision);
}

function leavesRoom(limit: string, used: bigint): boolean {
  const quantity = parseQuantity(limit);
  return quantity !== undefined && (used + 1n) * quantity.denominator <= quantity.numerator;
}

type Excess = {readonly quota: KubeObject; readonly used: ReadonlyMap<string, bigint>; readonly exceeded: readonly string[]};

function exceededQuota({gr}: Resource, {metadata}: KubeObject, {quota, used, exceeded}: Excess): ApiError {
  const names = [...exceeded].sort();
  const list = (amount: (name: string) => string): string => names.map(name => `${name}=${amount(name)}`).join(',');
  const parts = [
    `exceeded quota: ${quota.metadata.name}`,
    `requested: ${list(() => '1')}`,
    `used: ${list(name => printWhole(used.get(name) ?? 0n))}`,
    `limited: ${list(name => String(getKey(hardOf(quota), name)))}`,
  ];
  return forbidden(gr, metadata.name, parts.join(', '));
}
