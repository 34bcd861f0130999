import type {JsonObject} from '../../api/json.ts';
import type {Changes} from './compare.ts';
import {compare} from './compare.ts';
import type {FieldSet} from './field-set.ts';
import {difference, emptySet, intersection, isEmpty, sorted, union, withoutBelow} from './field-set.ts';
import type {MapType} from './field-type.ts';
import type {Manager, Ownership} from './managed-fields.ts';
import {reconcile} from './reconcile.ts';

/** A version of a kind: its type, and how objects of other versions become objects of this one. */
export type Version = {readonly type: MapType; readonly convert: (object: JsonObject) => JsonObject};

/** A write whose ownership is to be found. None of it is changed. */
export type Write = {
  /** The object before; undefined when there was none. */
  readonly live: JsonObject | undefined;
  /** In which version live and new objects are given, and who writes through which subresource ('' for none). */
  readonly apiVersion: string;
  readonly manager: string;
  readonly subresource: string;
  /** ms */
  readonly now: number;
  /** What this endpoint takes from nobody, such as the status at the main one. */
  readonly resetFields: FieldSet;
  /** The versions that the kind has now; undefined for those it has no more. `apiVersion` must be one. */
  readonly versions: (apiVersion: string) => Version | undefined;
};

/** The difference that a write makes, in any version. */
type Difference = (apiVersion: string) => Settled | undefined;
/** What changed, and what went, without what the endpoint resets. */
type Settled = {readonly type: MapType; readonly changed: FieldSet; readonly removed: FieldSet; readonly any: boolean};

/** Finds what a write changes, once for each version. */
export function differenceOf(write: Write, object: JsonObject): Difference {
  const found = new Map<string, Settled | undefined>();
  const find = (apiVersion: string): Settled | undefined => {
    const version = write.versions(apiVersion);
    if (!version) return undefined;
    const isOwn = apiVersion === write.apiVersion;
    const before = isOwn || !write.live ? (write.live ?? {}) : version.convert(write.live);
    const after = isOwn ? object : version.convert(object);
    return settled(version.type, compare(version.type, before, after), write.resetFields);
  };
  return apiVersion => {
    if (!found.has(apiVersion)) found.set(apiVersion, find(apiVersion));
    return found.get(apiVersion);
  };
}

function settled(type: MapType, changes: Changes | undefined, resetFields: FieldSet): Settled {
  const changed = withoutBelow(changes?.changed ?? emptySet, resetFields);
  const removed = withoutBelow(changes?.removed ?? emptySet, resetFields);
  return {type, changed, removed, any: !isEmpty(changed) || !isEmpty(removed)};
}

/** What a manager owned and somebody else now sets otherwise. */
export type Conflict = {readonly owner: Manager; readonly fields: FieldSet};

/** Ownership under the types of today; entries of versions that are gone are gone too. */
export function reconciled(ownerships: readonly Ownership[], versions: Write['versions']): readonly Ownership[] {
  const result: Ownership[] = [];
  for (const each of ownerships) {
    const version = versions(each.apiVersion);
    if (!version) continue;
    const fields = reconcile(version.type, each.fields);
    result.push(fields === each.fields ? each : {...each, fields});
  }
  return result;
}

/** The owners but for what changed or went, and the conflicts this makes. `applier` keeps what it has. */
export function settle(
  ownerships: readonly Ownership[],
  differences: Difference,
  applier?: Ownership,
): {readonly ownerships: Ownership[]; readonly conflicts: Conflict[]} {
  const kept: Ownership[] = [];
  const conflicts: Conflict[] = [];
  for (const each of ownerships) {
    const changes = differences(each.apiVersion);
    if (each === applier || !changes) {
      if (each === applier) kept.push(each);
      continue;
    }
    const {changed, removed} = changes;
    let fields = difference(each.fields, changed);
    if (fields !== each.fields) {
      const lost = intersection(each.fields, changed);
      if (!isEmpty(lost)) conflicts.push({owner: each, fields: lost});
    }
    fields = difference(fields, removed);
    if (!isEmpty(fields)) kept.push(fields === each.fields ? each : {...each, fields});
  }
  return {ownerships: kept, conflicts};
}

/** The set with what changed. */
export const grown = (set: FieldSet, changed: FieldSet): FieldSet => union(set, sorted(changed));
