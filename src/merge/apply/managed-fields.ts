import {ApiError, badRequest} from '../../api/errors.ts';
import type {FieldError} from '../../api/field-error.ts';
import {at, invalidValue, tooLong} from '../../api/field-error.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {dig, digString, equal, getKey, isObject} from '../../api/json.ts';
import {timestamp} from '../../api/object.ts';
import type {FieldSet} from './field-set.ts';
import {emptySet, equalSets, isEmpty, readFieldSet, union} from './field-set.ts';

/** What entries of `metadata.managedFields` may hold. */
export const managedFieldsLimits = {
  /** Entries of updates; older ones become one per version. */
  updatesMax: 10,
  managerBytesMax: 128,
  subresourceBytesMax: 256,
  /** Entries that a client may write. */
  entriesMax: 1_000,
} as const;

/** Who did something, and in which way: what tells entries apart (spec kubernetes-api 5.1), and what they were told apart by. */
export type Manager = {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** '' for the object itself. */
  readonly subresource: string;
};

/** The fields that one manager owns. */
export type Ownership = Manager & {readonly time: string | undefined; readonly fields: FieldSet};

/** Whether two entries are of one manager. Appliers have one entry, whatever its version. */
export const isSameManager = (a: Manager, b: Manager): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** The entries of an object that came out of storage: the server wrote them, so that they need no checks. */
export function storedOwnerships(object: JsonObject | undefined): Ownership[] {
  const list = dig(object, 'metadata', 'managedFields');
  return Array.isArray(list) ? list.filter(isObject).map(ownershipOf) : [];
}

const ownershipOf = (entry: JsonObject): Ownership => ({
  manager: digString(entry, 'manager') ?? '',
  operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
  apiVersion: digString(entry, 'apiVersion') ?? '',
  subresource: digString(entry, 'subresource') ?? '',
  time: digString(entry, 'time'),
  fields: (entry['fieldsV1'] as FieldSet | undefined) ?? emptySet,
});

/**
 * The entries from which a write of the object goes on: what the client sent if that is any good, else the live ones
 * (spec kubernetes-api 5.5). `[]` and `[{}]` forget everything.
 */
export function ownershipsOfWrite(live: JsonObject | undefined, object: JsonObject): Ownership[] {
  const sent = dig(object, 'metadata', 'managedFields');
  if (!Array.isArray(sent) || equal(sent, dig(live, 'metadata', 'managedFields'))) return storedOwnerships(live);
  if (isReset(sent)) return [];
  try {
    return sentOwnerships(sent);
  } catch (err) {
    // Kubernetes says nothing either: clients that do not understand the field must not lose it.
    if (err instanceof ApiError) return storedOwnerships(live);
    throw err;
  }
}

const isReset = (sent: readonly Json[]): boolean => {
  const [first] = sent;
  return first === undefined || (sent.length === 1 && isObject(first) && Object.keys(first).length === 0);
};

/** Entries as a client wrote them, in canonical form. The last of one manager counts. */
function sentOwnerships(sent: readonly Json[]): Ownership[] {
  if (sent.length > managedFieldsLimits.entriesMax) throw badRequest('managedFields has too many entries');
  const found = new Map<string, Ownership>();
  for (const entry of sent) {
    if (!isObject(entry)) throw badRequest('an entry of managedFields must be an object');
    checkReadable(entry);
    const time = digString(entry, 'time');
    const ms = time ? Date.parse(time) : Number.NaN;
    const ownership: Ownership = {
      ...ownershipOf(entry),
      time: Number.isNaN(ms) ? undefined : timestamp(ms),
      fields: readFieldSet(getKey(entry, 'fieldsV1') ?? {}),
    };
    const {manager, operation, apiVersion, subresource} = ownership;
    found.set(JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]), ownership);
  }
  return [...found.values()];
}

function checkReadable(entry: JsonObject): void {
  const operation = digString(entry, 'operation');
  if (operation !== 'Apply' && operation !== 'Update') throw badRequest('operation must be `Apply` or `Update`');
  if (!digString(entry, 'apiVersion')) throw badRequest('apiVersion must not be empty');
  if (digString(entry, 'fieldsType') !== 'FieldsV1') throw badRequest('fieldsType must be `FieldsV1`');
}

/** Entries as they are stored and sent: in order, without those that own nothing. */
export function writeOwnerships(ownerships: readonly Ownership[]): JsonObject[] {
  const list = ownerships.filter(each => !isEmpty(each.fields));
  return list.sort(compareOwnerships).map(({manager, operation, apiVersion, time, fields, subresource}) => ({
    manager,
    operation,
    apiVersion,
    ...(time !== undefined && {time}),
    fieldsType: 'FieldsV1',
    // A set is the JSON that it is written as.
    fieldsV1: fields as JsonObject,
    ...(subresource && {subresource}),
  }));
}

function compareOwnerships(a: Ownership, b: Ownership): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time ?? '', b.time ?? '') ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether the same managers own the same fields, whenever they took them. */
export function sameOwnerships(a: readonly Ownership[], b: readonly Ownership[]): boolean {
  return (
    a.length === b.length &&
    a.every(one => {
      const other = b.find(each => isSameManager(one, each));
      return other !== undefined && other.apiVersion === one.apiVersion && equalSets(one.fields, other.fields);
    })
  );
}

/** The name under which the oldest updates are kept together. */
const ancientChanges = 'ancient-changes';

/** Puts the oldest entries of updates together, one entry a version, until there are few enough. */
export function capUpdates(ownerships: readonly Ownership[]): readonly Ownership[] {
  const updates = ownerships.filter(each => each.operation === 'Update');
  let surplus = updates.length - managedFieldsLimits.updatesMax;
  if (surplus <= 0) return ownerships;
  updates.sort(compareOwnerships);
  const merged = new Set<Ownership>();
  const oldest = new Map<string, Ownership>();
  for (const each of updates) {
    if (surplus <= 0) break;
    const first = oldest.get(each.apiVersion);
    if (first === undefined) {
      oldest.set(each.apiVersion, each);
      continue;
    }
    // The first of a version is only taken when a second one shares its entry.
    merged.add(first).add(each);
    oldest.set(each.apiVersion, {
      manager: ancientChanges,
      operation: 'Update',
      apiVersion: each.apiVersion,
      subresource: '',
      time: each.time,
      fields: union(first.fields, each.fields),
    });
    surplus--;
  }
  const kept = ownerships.filter(each => !merged.has(each));
  for (const bucket of oldest.values()) {
    if (updates.includes(bucket)) continue;
    const i = kept.findIndex(each => isSameManager(each, bucket));
    if (i >= 0) kept[i] = {...kept[i]!, fields: union(kept[i]!.fields, bucket.fields)};
    else kept.push(bucket);
  }
  return kept;
}

/** What is wrong with entries that are to be stored (spec kubernetes-api 5.8); `path` is that of the list. */
export function managedFieldsErrors(entries: readonly Json[], path: string): FieldError[] {
  return entries.filter(isObject).flatMap((entry, i) => {
    const where = (field: string): string => at(at(path, i), field);
    const errors: FieldError[] = [];
    const operation = digString(entry, 'operation') ?? '';
    if (operation !== 'Apply' && operation !== 'Update')
      errors.push(invalidValue(where('operation'), operation, 'must be `Apply` or `Update`'));
    const fieldsType = digString(entry, 'fieldsType') ?? '';
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') errors.push(invalidValue(where('fieldsType'), fieldsType, 'must be `FieldsV1`'));
    const {subresourceBytesMax} = managedFieldsLimits;
    errors.push(...managerErrors(digString(entry, 'manager') ?? '', where('manager')));
    if (Buffer.byteLength(digString(entry, 'subresource') ?? '') > subresourceBytesMax)
      errors.push(tooLong(where('subresource'), subresourceBytesMax));
    return errors;
  });
}

/** What is wrong with the name of a manager; `field` is where it stands. */
export function managerErrors(manager: string, field: string): FieldError[] {
  const {managerBytesMax} = managedFieldsLimits;
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > managerBytesMax) errors.push(tooLong(field, managerBytesMax));
  const found = unprintable.exec(manager);
  if (found) {
    const code = (found[0].codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
    const at = [...manager.slice(0, found.index)].length;
    errors.push(invalidValue(field, manager, `invalid character U+${code} (at position ${at})`));
  }
  return errors;
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
