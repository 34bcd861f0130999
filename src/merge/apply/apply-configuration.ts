import {badRequest} from '../../api/errors.ts';
import type {JsonObject} from '../../api/json.ts';
import {clone, digString, equal, isObject} from '../../api/json.ts';
import {timestamp} from '../../api/object.ts';
import {checkConfig} from './check-config.ts';
import {applyConflict} from './conflicts.ts';
import type {FieldSet} from './field-set.ts';
import {difference, isEmpty, withoutBelow} from './field-set.ts';
import {fieldsOf} from './fields-of.ts';
import {fieldsOfLastApplied, keepLastApplied, kubectl} from './last-applied.ts';
import type {Ownership} from './managed-fields.ts';
import {isSameManager, sameOwnerships, storedOwnerships, writeOwnerships} from './managed-fields.ts';
import {mergeObjects} from './merge-values.ts';
import type {Conflict, Write} from './ownership.ts';
import {differenceOf, grown, reconciled, settle} from './ownership.ts';
import {pruneFields} from './prune-fields.ts';
import {removeFields} from './remove-fields.ts';

export type Applied = {
  /** The object as applied, without managedFields. Defaults and what the endpoint resets come after. It shares nothing. */
  readonly object: JsonObject;
  /** The entries of the object. They may be part of the live object, and are its very list when nobody's ownership changed. */
  readonly managedFields: JsonObject[];
};

/**
 * Server-side apply (spec kubernetes-api 5.5): merges `config` into the live object, takes away what the manager applied before and no
 * longer does unless somebody else owns it, and makes the manager an owner of all that `config` has. When the object stays as it is, so
 * do the times. That other items of a list come first is a change of the object, but of nobody's fields.
 *
 * `config` is in the version of the write; its name, namespace and resourceVersion are the caller's to check. Throws BadRequest for a
 * configuration with managedFields or of another version, the nameless error (500) for one that does not fit the type, and Conflict,
 * with its causes, for fields that others own with other values, unless `force` takes them away from those.
 */
export function applyConfiguration(write: Write, config: JsonObject, force: boolean): Applied {
  const type = write.versions(write.apiVersion)?.type;
  if (!type) throw badRequest(`no such version: ${write.apiVersion}`);
  checkVersion(config, write.apiVersion);
  const wanted = withoutManagedFields(config);
  checkConfig(type, wanted);
  const live = write.live && withoutManagedFields(write.live);
  const stored = storedOwnerships(write.live);
  const before = reconciled(stored.length === 0 && live ? beforeFirstApply({...write, live}) : stored, write.versions);

  const me = {manager: write.manager, operation: 'Apply', apiVersion: write.apiVersion, subresource: write.subresource} as const;
  const last = before.find(each => isSameManager(each, me));
  const mine: Ownership = {...me, time: last?.time, fields: withoutBelow(fieldsOf(type, wanted), write.resetFields)};
  const owners = [...before.filter(each => each !== last), mine];
  const merged = live ? mergeObjects(type, live, wanted) : wanted;
  const pruned = pruneFields(write, merged, last, owners);
  const kept = (object: JsonObject): JsonObject => removeFields(type, object, write.resetFields);
  const isSame = live !== undefined && equal(kept(live), kept(pruned));
  const {ownerships, conflicts} = isSame ? unsettled(owners) : settle(owners, differenceOf({...write, live}, pruned), mine);
  if (conflicts.length > 0 && !force && !mayTakeOver(write, conflicts)) throw applyConflict(conflicts);

  const object = clone(isSame ? live : pruned);
  if (write.manager === kubectl) keepLastApplied(object, wanted);
  if (isSame && sameOwnerships(owned(ownerships), stored)) return {object, managedFields: storedList(write.live)};
  const time = isSame ? mine.time : timestamp(write.now);
  return {object, managedFields: writeOwnerships(ownerships.map(each => (each === mine ? {...mine, time} : each)))};
}

/** What is the same in every field is the same in every version. */
const unsettled = (ownerships: readonly Ownership[]): ReturnType<typeof settle> => ({ownerships: [...ownerships], conflicts: []});

const owned = (ownerships: readonly Ownership[]): Ownership[] => ownerships.filter(each => !isEmpty(each.fields));

const storedList = (live: JsonObject | undefined): JsonObject[] => {
  const metadata = live?.['metadata'];
  const list = isObject(metadata) ? metadata['managedFields'] : undefined;
  return Array.isArray(list) ? (list as JsonObject[]) : [];
};

function checkVersion(config: JsonObject, expected: string): void {
  const metadata = config['metadata'];
  const managedFields = isObject(metadata) && Object.hasOwn(metadata, 'managedFields') ? metadata['managedFields'] : null;
  if (managedFields !== null) throw badRequest('metadata.managedFields must be nil');
  const version = digString(config, 'apiVersion') ?? '';
  if (version !== expected)
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${expected}`);
}

function withoutManagedFields(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  if (!isObject(metadata) || !Object.hasOwn(metadata, 'managedFields')) return object;
  const {managedFields: _, ...rest} = metadata;
  return {...object, metadata: rest};
}

/** An object that nobody tracked so far belongs to whoever was before the first who applies. */
function beforeFirstApply(write: Write & {readonly live: JsonObject}): Ownership[] {
  const all = differenceOf({...write, live: undefined}, write.live)(write.apiVersion);
  const fields: FieldSet = grown({}, all?.changed ?? {});
  const {apiVersion, subresource, now} = write;
  if (isEmpty(fields)) return [];
  return [{manager: 'before-first-apply', operation: 'Update', apiVersion, subresource, time: timestamp(now), fields}];
}

/** kubectl takes over what client-side apply set, unless somebody changed it since (spec kubernetes-api 5.5, Apply 8). */
function mayTakeOver(write: Write, conflicts: readonly Conflict[]): boolean {
  const type = write.versions(write.apiVersion)?.type;
  if (write.manager !== kubectl || !type || !write.live) return false;
  const free = fieldsOfLastApplied(type, write.live);
  return conflicts.every(conflict => isEmpty(difference(conflict.fields, free)));
}
