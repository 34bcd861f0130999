import {cleanupFinalizer, decideNames, rivals} from '../admission/definitions.ts';
import type {Surroundings} from '../admission/rule.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {dig, digString, equal} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson, timestamp} from '../api/object.ts';
import {setDefinitionConditions} from '../kinds/crd-conditions.ts';
import {customSection, keyOf, parseKey, rangeOf, definitions as space, terms} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Event, Key} from '../storage/storage.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import {emptyRange, finalizersOf, isMarked} from './removal.ts';

const prefix = rangeOf(space);
const namesRef = 'names ';
const lookAgainMs = 15_000;
/** Definitions that are judged anew are read so many at a time. */
const waitingAtOnce = 100;

/** Removes the objects of deleted definitions before them, and gives the names that come free to those who wait for them (spec kubernetes-api 6.10). */
export const definitions: Controller = {
  name: 'definitions',
  wakes(event, around) {
    if (event.key.startsWith(prefix)) return ofDefinition(event);
    if (event.type !== 'delete') return none;
    const {space: of, workspace} = parseKey(event.key);
    if (of.section !== customSection) return none;
    const key = keyOf(space, workspace, undefined, `${of.resource}.${of.group}`);
    const entry = around.store.hot(key);
    return entry && entry !== 'wait' && isLeaving(peek(entry)) ? [key] : none;
  },
  reconcile: (ref, around) =>
    ref.startsWith(namesRef) ? renewNames(ref.slice(namesRef.length) as WorkspaceId, around) : leave(ref as Key, around),
};

const isLeaving = ({metadata}: KubeObject): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(cleanupFinalizer);

function ofDefinition(event: Event): readonly string[] {
  const {workspace} = parseKey(event.key);
  if (event.type === 'delete') return [`${namesRef}${workspace}`];
  return finalizersOf(event).includes(cleanupFinalizer) && isMarked(event) ? [event.key] : none;
}

async function leave(key: Key, around: Surroundings): Promise<{againMs: number} | undefined> {
  const {store, world} = around;
  const entry = await store.get(key);
  if (!entry || !isLeaving(peek(entry))) return undefined;
  const crd = peek(entry);
  const {workspace} = parseKey(key);
  const resource =
    digString(asJson(crd), 'status', 'acceptedNames', 'plural') || (digString(asJson(crd), 'spec', 'names', 'plural') as string);
  const group = digString(asJson(crd), 'spec', 'group') as string;
  const left = await emptyRange(around, rangeOf({group, resource, section: customSection}, workspace));
  const object = decodeStored(entry);
  if (left.objects > 0) {
    const message = `CustomResource deletion is in progress; ${left.objects} objects are held by finalizers`;
    setDefinitionConditions(
      asJson(object),
      [{type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress', message}],
      timestamp(world.now()),
    );
    if (!equal(dig(asJson(object), 'status'), dig(asJson(crd), 'status'))) await store.commit([putOp(key, object, entry.revision)]);
    return {againMs: lookAgainMs};
  }
  const finalizers = (object.metadata.finalizers ?? []).filter(name => name !== cleanupFinalizer);
  if (finalizers.length === 0) await store.commit([deleteOp(entry)]);
  else {
    object.metadata.finalizers = finalizers;
    await store.commit([putOp(key, object, entry.revision)]);
  }
  return undefined;
}

/** Judges anew the names of definitions that did not get all they want: one after the other, for what one is given the next ones cannot have. */
async function renewNames(workspace: WorkspaceId, around: Surroundings): Promise<undefined> {
  const {store, world} = around;
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.byTerm(terms.definitionsWaiting(workspace), {limit: waitingAtOnce, ...(after && {after})});
    for (const entry of page.entries) {
      const object = decodeStored(entry);
      decideNames(asJson(object), await rivals(asJson(object), workspace, around), timestamp(world.now()));
      if (!equal(dig(asJson(object), 'status'), dig(asJson(peek(entry)), 'status')))
        await store.commit([putOp(entry.key, object, entry.revision)]);
    }
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
  return undefined;
}
