import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {equal, getKey, isObject} from '../../api/json.ts';
import type {FieldSet, Trie} from './field-set.ts';
import {leaf, startOf, union} from './field-set.ts';
import type {FieldType, Form, ItemsType, MapType, SetType} from './field-type.ts';
import {childType, formOf} from './field-type.ts';
import type {ItemIndex} from './list-items.ts';
import {indexItems} from './list-items.ts';
import type {PathElement} from './path-element.ts';
import {fieldElement} from './path-element.ts';

/** What differs between two values, in no order: fields that were added or got another value, and fields that went. */
export type Changes = {readonly changed: FieldSet | undefined; readonly removed: FieldSet | undefined};

/**
 * Compares two values of one type (spec kubernetes-api 5.5); undefined is an absent one. Maps and lists that came or went count
 * themselves beside what is in them. Items that have no identity make their list a single field. Undefined when nothing differs.
 */
export function compare(type: FieldType, before: Json | undefined, after: Json | undefined): Changes | undefined {
  if (before === after || type.is === 'unowned') return undefined;
  if (type.is !== 'deduced') return compareForm(type, before, after);
  const form = formOf(type, after ?? before);
  const old = formOf(type, before ?? after);
  // A null has no form of its own where the other side has one.
  if (form.is === old.is || before === null || after === null) return compareForm(before === null ? form : old, before, after);
  return joined(compareForm(old, before, after), compareForm(form, before, after));
}

function compareForm(form: Form, before: Json | undefined, after: Json | undefined): Changes | undefined {
  switch (form.is) {
    case 'map':
      return compareMaps(form, before, after);
    case 'set':
    case 'items':
      return compareLists(form, before, after);
    case 'unowned':
      return undefined;
    default:
      return compareLeaves(before, after);
  }
}

const leafChanged: Changes = {changed: leaf, removed: undefined};
const leafRemoved: Changes = {changed: undefined, removed: leaf};

function compareLeaves(before: Json | undefined, after: Json | undefined): Changes | undefined {
  if (after === undefined) return leafRemoved;
  return equal(before, after) ? undefined : leafChanged;
}

function compareMaps(type: MapType, before: Json | undefined, after: Json | undefined): Changes | undefined {
  const old = isObject(before) ? before : noFields;
  const now = isObject(after) ? after : noFields;
  const found = new Found(before === undefined && !type.implicit, after === undefined && !type.implicit);
  let fields = 0;
  for (const key of Object.keys(now)) {
    fields++;
    const changes = compare(childType(type, key), getKey(old, key), now[key]!);
    if (changes) found.add(fieldElement(key), changes);
  }
  for (const key of Object.keys(old)) {
    fields++;
    if (!Object.hasOwn(now, key)) {
      const changes = compare(childType(type, key), old[key]!, undefined);
      if (changes) found.add(fieldElement(key), changes);
    }
  }
  return fields === 0 && !type.implicit ? compareLeaves(before, after) : found.result();
}

const noFields: JsonObject = Object.freeze({});
const noItems: JsonArray = [];

function compareLists(type: SetType | ItemsType, before: Json | undefined, after: Json | undefined): Changes | undefined {
  const old = Array.isArray(before) ? before : noItems;
  const now = Array.isArray(after) ? after : noItems;
  // Texts of items cost much more than looking whether they are the same ones.
  if (old.length === 0 ? now.length === 0 : equal(old, now)) return compareLeaves(before, after);
  const oldItems = indexItems(type, old);
  const nowItems = indexItems(type, now);
  if (!oldItems || !nowItems) return compareLeaves(before, after);
  const found = new Found(before === undefined, after === undefined);
  for (const [element, item] of nowItems.items) {
    const changes = compareRepeated(element, oldItems, nowItems) ?? compare(type.items, oldItems.items.get(element), item);
    if (changes) found.add(element, changes);
  }
  for (const [element, item] of oldItems.items) {
    const changes = nowItems.items.has(element) ? undefined : compare(type.items, item, undefined);
    if (changes) found.add(element, changes);
  }
  return found.result();
}

/** Items of one identity are one field if they are several. Undefined if they are not. */
function compareRepeated(element: PathElement, old: ItemIndex, now: ItemIndex): Changes | undefined {
  const before = old.repeated?.get(element);
  const after = now.repeated?.get(element);
  if (!before && !after) return undefined;
  return equal(before, after) ? unchanged : leafChanged;
}

const unchanged: Changes = {changed: undefined, removed: undefined};

/** Collects the changes of a value, which itself came or went, out of those of its parts. */
class Found {
  private readonly came: boolean;
  private readonly went: boolean;
  private changed: Trie | undefined;
  private removed: Trie | undefined;

  constructor(came: boolean, went: boolean) {
    this.came = came;
    this.went = went;
  }

  add(element: PathElement, {changed, removed}: Changes): void {
    if (changed) {
      this.changed ??= startOf(this.came);
      this.changed[element] = changed;
    }
    if (removed) {
      this.removed ??= startOf(this.went);
      this.removed[element] = removed;
    }
  }

  result(): Changes | undefined {
    const changed = this.changed ?? (this.came ? leaf : undefined);
    const removed = this.removed ?? (this.went ? leaf : undefined);
    return changed || removed ? {changed, removed} : undefined;
  }
}

const joined = (a: Changes | undefined, b: Changes | undefined): Changes | undefined =>
  a && b ? {changed: joinedNodes(a.changed, b.changed), removed: joinedNodes(a.removed, b.removed)} : (a ?? b);

function joinedNodes(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined {
  if (!a || !b) return a ?? b;
  // Through a parent, since the root of a set is never a member.
  return union({x: a}, {x: b})['x'];
}
