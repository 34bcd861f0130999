import type {JsonObject} from '../../api/json.ts';
import type {FieldSet} from './field-set.ts';
import {difference, emptySet, intersection, isEmpty, union} from './field-set.ts';
import type {MapType} from './field-type.ts';
import {fieldsOf, withDeclaredFields} from './fields-of.ts';
import type {Ownership} from './managed-fields.ts';
import type {Version, Write} from './ownership.ts';
import {removeFields} from './remove-fields.ts';

/**
 * The merged object without what the applier set last time, sets no more, and nobody else owns (spec kubernetes-api 5.5, Apply 3).
 * `owners` includes the applier with what it sets now. Each version counts in its own fields.
 */
export function pruneFields(write: Write, merged: JsonObject, last: Ownership | undefined, owners: readonly Ownership[]): JsonObject {
  const version = last && write.versions(last.apiVersion);
  if (!version || !dropsFields(last, owners)) return merged;
  const {type} = version;
  const whole = inVersion(write, version, last.apiVersion, merged);
  const lastSet = withDeclaredFields(type, last.fields);
  let pruned = removeFields(type, whole, lastSet);
  let at = last.apiVersion;
  // The version of last time first: the conversion of a bare object may fail, of one with all that is owned it should not.
  for (const apiVersion of new Set([last.apiVersion, ...owners.map(owner => owner.apiVersion)])) {
    const each = write.versions(apiVersion);
    if (!each) continue;
    const all = apiVersion === last.apiVersion ? whole : each.convert(whole);
    pruned = withOwned(each.type, all, apiVersion === at ? pruned : each.convert(pruned), ownedIn(owners, apiVersion));
    at = apiVersion;
  }
  if (at !== last.apiVersion) pruned = version.convert(pruned);
  const gone = intersection(difference(membersOf(type, whole), membersOf(type, pruned)), lastSet);
  if (isEmpty(gone)) return merged;
  const result = removeFields(type, whole, gone);
  return last.apiVersion === write.apiVersion ? result : (write.versions(write.apiVersion)?.convert(result) ?? result);
}

/** Whether the applier set something last time that it does not set now; mostly it did not. */
function dropsFields(last: Ownership, owners: readonly Ownership[]): boolean {
  const now = owners.find(owner => owner.operation === 'Apply' && owner.manager === last.manager && owner.subresource === last.subresource);
  return now?.apiVersion !== last.apiVersion || !isEmpty(difference(last.fields, now.fields));
}

const inVersion = (write: Write, version: Version, apiVersion: string, object: JsonObject): JsonObject =>
  apiVersion === write.apiVersion ? object : version.convert(object);

const membersOf = (type: MapType, object: JsonObject): FieldSet => withDeclaredFields(type, fieldsOf(type, object));

const ownedIn = (owners: readonly Ownership[], apiVersion: string): FieldSet =>
  owners.filter(owner => owner.apiVersion === apiVersion).reduce((all, owner) => union(all, owner.fields), emptySet);

/** The pruned object with everything of the whole one that is owned. */
function withOwned(type: MapType, whole: JsonObject, pruned: JsonObject, owned: FieldSet): JsonObject {
  const kept = union(membersOf(type, pruned), withDeclaredFields(type, owned));
  return removeFields(type, whole, difference(membersOf(type, whole), kept));
}
