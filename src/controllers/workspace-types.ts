import {shardBases} from '../admission/lookups.ts';
import type {Surroundings} from '../admission/rule.ts';
import {root} from '../api/cluster.ts';
import {equal} from '../api/json.ts';
import {asJson, timestamp} from '../api/object.ts';
import {builtInSection, parseKey, rangeOf} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key, Op} from '../storage/storage.ts';
import {renewTypeStatus} from '../tenancy/workspace-type-status.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import {commitAll} from './removal.ts';

export const workspaceTypesLimits = {
  /** Types that are brought in line with changed shards in one go. */
  atOnceMax: 200,
} as const;

const types = rangeOf({group: 'tenancy.kcp.io', resource: 'workspacetypes', section: builtInSection});
const shards = rangeOf({group: 'core.kcp.io', resource: 'shards', section: builtInSection}, root);
const everyType = 'every type';

/**
 * Keeps in the status of workspace types where their initializers and terminators find the workspaces, shard by shard (spec kcp 1.2). Whoever writes a type
 * brings it up to date; here is what happens when shards change.
 */
export const workspaceTypes: Controller = {
  name: 'workspace-types',
  wakes({key, type}) {
    if (key.startsWith(shards)) return [everyType];
    return type !== 'delete' && key.startsWith(types) ? [key] : none;
  },
  async reconcile(ref, around) {
    const {store, world} = around;
    const bases = await shardBases(store);
    if (ref !== everyType) {
      const entry = await store.get(ref as Key);
      await write(entry ? [entry] : [], bases, around);
      return undefined;
    }
    for (let after: Key | undefined, more = true; more; await world.turn()) {
      const page = await store.list(types, {limit: workspaceTypesLimits.atOnceMax, ...(after && {after})});
      await write(page.entries, bases, around);
      after = page.entries.at(-1)?.key;
      more = page.more;
    }
    return undefined;
  },
};

/** Who was quicker with one of them has made an event of their own. */
async function write(entries: readonly Entry[], bases: readonly string[], around: Surroundings): Promise<void> {
  const now = timestamp(around.world.now());
  await commitAll(
    around,
    entries.flatMap(entry => statusOp(entry, bases, now) ?? []),
  );
}

function statusOp(entry: Entry, bases: readonly string[], now: string): Op | undefined {
  const type = decodeStored(entry);
  renewTypeStatus(type, parseKey(entry.key).workspace, bases, now);
  return equal(asJson(type)['status'], asJson(peek(entry))['status']) ? undefined : putOp(entry.key, type, entry.revision);
}
