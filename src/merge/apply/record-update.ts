/**
 * Who owns which fields (spec kubernetes-api 5): `recordUpdate` for all writes but one, `applyConfiguration` for that one,
 * server-side apply. Both are pure: objects, a type, a time go in; entries of `metadata.managedFields` come out.
 */
import type {JsonObject} from '../../api/json.ts';
import {dig} from '../../api/json.ts';
import {timestamp} from '../../api/object.ts';
import {isEmpty} from './field-set.ts';
import type {Manager, Ownership} from './managed-fields.ts';
import {capUpdates, isSameManager, ownershipsOfWrite, storedOwnerships, writeOwnerships} from './managed-fields.ts';
import type {Write} from './ownership.ts';
import {differenceOf, grown, reconciled, settle} from './ownership.ts';

/**
 * The managedFields of an object that was created, updated or patched: the manager owns what it changed, the others no longer do,
 * and who changed nothing gets no entry and keeps the times as they are. `object` is as it will be stored, but for the
 * managedFields, which are what the client sent: they count if they can be read, unless a subresource is written. An object whose
 * managedFields are empty is not tracked until somebody applies to it. The result may be part of `live`; an empty one means that the
 * object has none. Throws nothing.
 */
export function recordUpdate(write: Write, object: JsonObject): JsonObject[] {
  const {live, subresource} = write;
  const before = subresource ? storedOwnerships(live) : ownershipsOfWrite(live, object);
  if (live && before.length === 0) return [];
  const differences = differenceOf(write, object);
  const own = differences(write.apiVersion);
  if (!own?.any) return isStored(before, live) ? storedList(live) : writeOwnerships(before);
  const {ownerships} = settle(reconciled(before, write.versions), differences);
  if (isEmpty(own.changed)) return writeOwnerships(ownerships);
  const me: Manager = {manager: write.manager, operation: 'Update', apiVersion: write.apiVersion, subresource};
  const mine = ownerships.find(each => isSameManager(each, me));
  const fields = grown(mine?.fields ?? {}, own.changed);
  const others = ownerships.filter(each => each !== mine);
  return writeOwnerships(capUpdates([...others, {...me, time: timestamp(write.now), fields}]));
}

const storedList = (live: JsonObject | undefined): JsonObject[] =>
  (dig(live, 'metadata', 'managedFields') as JsonObject[] | undefined) ?? [];

const isStored = (ownerships: readonly Ownership[], live: JsonObject | undefined): boolean => {
  const stored = storedList(live);
  return ownerships.length === stored.length && ownerships.every((each, i) => each.fields === stored[i]!['fieldsV1']);
};
