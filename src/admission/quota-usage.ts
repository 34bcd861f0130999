import type {WorkspaceId} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, getKey, isObject, setKey} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {parseQuantity, printWhole} from '../api/quantity.ts';
import {fixedKinds} from '../registry/fixed-kinds.ts';
import {builtInSection, customSection, eventSpace, rangeOf} from '../registry/keys.ts';
import type {Resource} from '../registry/resource.ts';
import type {Range, Storage} from '../storage/storage.ts';
import {statusOf} from '../tenancy/conditions.ts';
import {adminNamespace} from './quota-roll.ts';

export const quotaLimits = {
  /** Quotas that one namespace may have; each create that they count is written into all of them. */
  perNamespaceMax: 100,
  /** Objects are counted up to here. */
  countMax: 10_000_000,
} as const;

/** Kinds that are also counted under their bare name, as before there was `count/` (spec kubernetes-api 9.8). */
const bareNames: ReadonlySet<string> = new Set(['configmaps', 'resourcequotas', 'secrets']);
const countPrefix = 'count/';
const clusterScoped = 'experimental.quota.kcp.io/cluster-scoped';
const truths: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** The names in `spec.hard` that limit how many objects of a resource there are. */
export function countNamesOf({gr, space}: Resource): readonly string[] {
  // Events are the same objects in both of their groups.
  if (space.group === eventSpace.group && space.resource === eventSpace.resource) return ['count/events', 'count/events.events.k8s.io'];
  if (gr.group) return [`${countPrefix}${gr.resource}.${gr.group}`];
  return bareNames.has(gr.resource) ? [`${countPrefix}${gr.resource}`, gr.resource] : [`${countPrefix}${gr.resource}`];
}

/** Whether a quota counts the objects of its whole workspace, and not only those of its namespace. */
export const countsWorkspace = ({metadata}: KubeObject): boolean =>
  metadata.namespace === adminNamespace && truths.has(metadata.annotations?.[clusterScoped] ?? '');

/** Whether a quota counts objects at all: scopes tell pods apart, and apply to nothing that is served here. */
export function isUnscoped(quota: KubeObject): boolean {
  const spec = dig(asJson(quota), 'spec');
  const [scopes, conditions] = [dig(spec, 'scopes'), dig(spec, 'scopeSelector', 'matchExpressions')];
  return ![scopes, conditions].some(list => Array.isArray(list) && list.length > 0);
}

/** The limits of a quota, as they are written. */
export function hardOf(quota: KubeObject): JsonObject {
  const hard = dig(asJson(quota), 'spec', 'hard');
  return isObject(hard) ? hard : {};
}

/** How much of a resource the status of a quota shows to be used; undefined when it does not say. */
export function shownUse(quota: KubeObject, name: string): bigint | undefined {
  const used = dig(asJson(quota), 'status', 'used');
  const text = isObject(used) ? getKey(used, name) : undefined;
  const quantity = typeof text === 'string' ? parseQuantity(text) : undefined;
  return quantity && quantity.numerator / quantity.denominator;
}

/** How many objects a name in `spec.hard` of a quota stands for now; undefined when it does not speak of objects. */
export async function countUse(store: Storage, quota: KubeObject, name: string, workspace: WorkspaceId): Promise<bigint | undefined> {
  const range = countedRange(name, workspace, countsWorkspace(quota) ? undefined : quota.metadata.namespace);
  if (range === undefined) return undefined;
  return BigInt(isUnscoped(quota) ? await store.count(range, quotaLimits.countMax) : 0);
}

/** Whether a name in `spec.hard` speaks of objects that are counted. */
export const isCounted = (name: string): boolean => countedResource(name) !== undefined;

/** Writes the status of a quota: its limits, and what is used of them. */
export function writeUse(quota: KubeObject, used: ReadonlyMap<string, bigint>): void {
  const status = statusOf(quota);
  const amounts: JsonObject = {};
  for (const [name, amount] of used) setKey(amounts, name, printWhole(amount));
  status['hard'] = {...hardOf(quota)};
  status['used'] = amounts;
}

function countedRange(name: string, workspace: WorkspaceId, namespace: string | undefined): Range | undefined {
  const counted = countedResource(name);
  if (!counted) return undefined;
  const {group, resource} = counted;
  const kind = fixedKinds.find(one => one.group === group && one.names.plural === resource);
  if (kind?.strategy.virtual) return undefined;
  const space = {group: kind?.view?.group ?? group, resource, section: kind ? builtInSection : customSection};
  return rangeOf(space, workspace, namespace);
}

function countedResource(name: string): {readonly group: string; readonly resource: string} | undefined {
  if (bareNames.has(name)) return {group: '', resource: name};
  if (!name.startsWith(countPrefix)) return undefined;
  const [resource = '', ...group] = name.slice(countPrefix.length).split('.');
  return {group: group.join('.'), resource};
}
