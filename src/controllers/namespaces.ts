import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {dig} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import type {Kind} from '../kinds/kind.ts';
import {builtInSection, customSection, keyOf, parseKey, rangeOf} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key} from '../storage/storage.ts';
import {conditionsOf, statusOf} from '../tenancy/conditions.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import type {Remains} from './removal.ts';
import {emptyRange} from './removal.ts';

const space = {group: '', resource: 'namespaces', section: builtInSection} as const;
const prefix = rangeOf(space);

/** Empties deleted namespaces and lets them go (spec kubernetes-api 11.2). */
export const namespaces: Controller = {
  name: 'namespaces',
  wakes(event, {store}) {
    if (event.key.startsWith(prefix))
      return event.type !== 'delete' && peek(event).metadata.deletionTimestamp !== undefined ? [event.key] : none;
    if (event.type !== 'delete') return none;
    const {workspace, path} = parseKey(event.key);
    if (path.length < 2) return none;
    const key = keyOf(space, workspace, undefined, path[0] as string);
    const entry = store.hot(key);
    return entry && entry !== 'wait' && peek(entry).metadata.deletionTimestamp !== undefined ? [key] : none;
  },
  async reconcile(ref, around) {
    const entry = await around.store.get(ref as Key);
    if (!entry || peek(entry).metadata.deletionTimestamp === undefined) return undefined;
    if (specFinalizers(peek(entry)).length === 0) return undefined;
    const {workspace, path} = parseKey(entry.key);
    const left = await empty(around, workspace, path[0] as string);
    await settle(around, entry, left);
    return left.length > 0 ? {againMs: lookAgainMs} : undefined;
  },
};

/** Somebody else's finalizers are at work; their end wakes us, and this is only for the case that it did not. */
const lookAgainMs = 15_000;

/** Kinds that are looked at between two turns of the event loop. */
const kindsAtOnce = 100;

type Left = {readonly kind: Kind; readonly remains: Remains};

async function empty(around: Surroundings, workspace: WorkspaceId, namespace: string): Promise<Left[]> {
  const {fixed, own} = await around.registry.kindsOf(workspace);
  const left: Left[] = [];
  const seen = new Set<string>();
  for (const [kinds, section] of [[fixed, builtInSection] as const, [own, customSection] as const]) {
    for (const kind of kinds) {
      if (!kind.namespaced || kind.strategy.virtual) continue;
      const range = rangeOf({group: kind.group, resource: kind.names.plural, section}, workspace, namespace);
      if (seen.has(range)) continue;
      seen.add(range);
      // Most hold nothing, and looking needs no waiting: thousands of kinds would hold up everybody else.
      if (seen.size % kindsAtOnce === 0) await around.world.turn();
      const remains = await emptyRange(around, range);
      if (remains.objects > 0) left.push({kind, remains});
    }
  }
  return left;
}

const specFinalizers = (object: KubeObject): readonly unknown[] => {
  const found = dig(asJson(object), 'spec', 'finalizers');
  return Array.isArray(found) ? found : [];
};

/** Lets an empty namespace go, or says what is left in it. */
async function settle({store, world}: Surroundings, entry: Entry, left: readonly Left[]): Promise<void> {
  const object = decodeStored(entry);
  const before = JSON.stringify(object);
  writeConditions(object, left, timestamp(world.now()));
  if (left.length === 0) {
    const others = specFinalizers(object).filter(name => name !== 'kubernetes');
    asJson(object)['spec'] = others.length > 0 ? {finalizers: others as string[]} : {};
    if (others.length === 0 && (object.metadata.finalizers ?? []).length === 0) {
      await store.commit([deleteOp(entry)]);
      return;
    }
  }
  if (JSON.stringify(object) !== before) await store.commit([putOp(entry.key, object, entry.revision)]);
}

/** Conditions of others stay. The time of one of ours changes with its status. */
function writeConditions(object: KubeObject, left: readonly Left[], now: string): void {
  const all = statusOf(object);
  const conditions = conditionsOf(object);
  for (const condition of [...fine, contentRemaining(left), finalizersRemaining(left)]) {
    const found = conditions.findIndex(one => one['type'] === condition.type);
    const before = conditions[found];
    const lastTransitionTime = before?.['status'] === condition.status ? (before['lastTransitionTime'] ?? now) : now;
    conditions.splice(found < 0 ? conditions.length : found, 1, {...condition, lastTransitionTime});
  }
  all['conditions'] = conditions;
}

type NamespaceCondition = {readonly type: string; readonly status: 'True' | 'False'; readonly reason: string; readonly message: string};

const fine: readonly NamespaceCondition[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'False',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    status: 'False',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  {
    type: 'NamespaceDeletionContentFailure',
    status: 'False',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
];

function contentRemaining(left: readonly Left[]): NamespaceCondition {
  const type = 'NamespaceContentRemaining';
  if (left.length === 0) return {type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed'};
  const counts = left.map(({kind, remains}) => `${kind.names.plural}.${kind.group} has ${remains.objects} resource instances`);
  return {type, status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${counts.sort().join(', ')}`};
}

function finalizersRemaining(left: readonly Left[]): NamespaceCondition {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const {remains} of left) for (const [name, count] of remains.finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
  if (counts.size === 0)
    return {type, status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished'};
  const texts = [...counts].map(([name, count]) => `${name} in ${count} resource instances`);
  return {
    type,
    status: 'True',
    reason: 'SomeFinalizersRemain',
    message: `Some content in the namespace has finalizers remaining: ${texts.sort().join(', ')}`,
  };
}
