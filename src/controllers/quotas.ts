import {adminNamespace, quotaSpace, quotasIn, readRoll, rollKey, rollOp} from '../admission/quota-roll.ts';
import {countUse, hardOf, isCounted, quotaLimits, shownUse, writeUse} from '../admission/quota-usage.ts';
import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {dig, equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import {parseKey, rangeOf} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Event, Key} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {defaultAccountName, rootCaName} from '../tenancy/contents.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';

const quotaPrefix = rangeOf(quotaSpace);

/** How often a quota is counted anew when creates were charged to it meanwhile, before others have their turn. */
const countsMax = 5;

/**
 * Counts for quotas (spec kubernetes-api 11.3): new ones and changed ones, and all of a namespace when something in it goes. Creates charge
 * them by themselves, but for what the server puts into namespaces. Its names are the keys of rolls.
 *
 * The count is right although objects come and go meanwhile: a create changes the revision that the status is written against, and a delete
 * makes this controller count again.
 */
export const quotas: Controller = {
  name: 'quotas',
  wakes(event, {store}) {
    const {key, type} = event;
    const isQuota = key.startsWith(quotaPrefix);
    if (!isQuota && type !== 'delete' && !isServers(event)) return none;
    const {workspace, path} = parseKey(key);
    const [namespace] = path as [string];
    if (isQuota && (type === 'delete' || !isCountedFor(peek(event)))) return [rollKey(workspace, namespace)];
    if (isQuota) return none;
    const keys = [rollKey(workspace, adminNamespace)];
    if (path.length > 1 && namespace !== adminNamespace) keys.push(rollKey(workspace, namespace));
    return keys.filter(roll => store.hot(roll) !== undefined);
  },
  async reconcile(ref, around) {
    const {workspace, path} = parseKey(ref as Key);
    const [namespace] = path as [string];
    const {store, world} = around;
    const {entries} = await store.list(quotasIn(workspace, namespace), {limit: quotaLimits.perNamespaceMax});
    const roll = await readRoll(store, ref as Key);
    const names = entries.map(entry => peek(entry).metadata.name);
    if (!equal([...roll.names], names)) {
      const op = rollOp(roll, names, world);
      if (op) await store.commit([op]);
    }
    for (const entry of entries) await recount(entry, workspace, around);
    return undefined;
  },
};

/** What comes into a namespace without a request. */
const isServers = ({key, type}: Event): boolean =>
  type === 'create' && (key.endsWith(`/${rootCaName}`) || key.endsWith(`/${defaultAccountName}`));

/** Whether the status of a quota speaks of all that it limits. */
function isCountedFor(quota: KubeObject): boolean {
  const hard = hardOf(quota);
  if (!equal(hard, dig(asJson(quota), 'status', 'hard') ?? {})) return false;
  return Object.keys(hard).every(name => !isCounted(name) || shownUse(quota, name) !== undefined);
}

async function recount(first: Entry, workspace: WorkspaceId, {store}: Surroundings): Promise<void> {
  let entry: Entry | undefined = first;
  for (let tries = 1; entry; tries++) {
    const quota = decodeStored(entry);
    const before = JSON.stringify(quota);
    const used = new Map<string, bigint>();
    for (const name of Object.keys(hardOf(quota))) {
      const amount = await countUse(store, quota, name, workspace);
      if (amount !== undefined) used.set(name, amount);
    }
    writeUse(quota, used);
    if (JSON.stringify(quota) === before) return;
    try {
      await store.commit([putOp(entry.key, quota, entry.revision)]);
      return;
    } catch (err) {
      if (!(err instanceof Unexpected) || tries >= countsMax) throw err;
      entry = await store.get(entry.key);
    }
  }
}
