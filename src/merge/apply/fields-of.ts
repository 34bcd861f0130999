import type {Json} from '../../api/json.ts';
import {isObject} from '../../api/json.ts';
import type {FieldSet, Trie} from './field-set.ts';
import {emptySet, leaf, sorted, startOf} from './field-set.ts';
import type {FieldType, MapType} from './field-type.ts';
import {childType, formOf} from './field-type.ts';
import {itemElement} from './list-items.ts';
import {fieldElement, fieldName, self} from './path-element.ts';

/**
 * The fields that a configuration sets (spec kubernetes-api 5.2): leaves, items of lists, entries of maps whose keys are not declared,
 * nulls and empty maps. Declared maps and lists are not members by themselves, and empty lists are nothing.
 */
export const fieldsOf = (type: MapType, value: Json): FieldSet => sorted(fieldsAt(type, value, false) ?? emptySet);

/** `member`: whether the place is a member whatever is there. */
function fieldsAt(type: FieldType, value: Json, member: boolean): FieldSet | undefined {
  const form = formOf(type, value);
  switch (form.is) {
    case 'unowned':
      return undefined;
    case 'map': {
      if (!isObject(value)) return member ? leaf : undefined;
      const isOwn = member && !form.implicit;
      const found = startOf(isOwn);
      for (const key of Object.keys(value)) {
        const node = fieldsAt(childType(form, key), value[key]!, !form.fields.has(key) || isNothing(value[key]!));
        if (node) found[fieldElement(key)] = node;
      }
      return ended(found, isOwn);
    }
    case 'set':
    case 'items': {
      if (!Array.isArray(value)) return member ? leaf : undefined;
      const found = startOf(member);
      for (const item of value) {
        const element = itemElement(form, item);
        // Of items that are several only the identity can be owned.
        if (typeof element === 'string') found[element] = element in found ? leaf : fieldsAt(form.items, item, true)!;
      }
      return ended(found, member);
    }
    default:
      return leaf;
  }
}

/** A node that began with `startOf`: without children it is a leaf, or nothing. */
function ended(found: Trie, member: boolean): FieldSet | undefined {
  for (const element in found) if (element !== self) return found;
  return member ? leaf : undefined;
}

const isNothing = (value: Json): boolean => value === null || (isObject(value) && Object.keys(value).length === 0);

/** The same set, with those declared fields as members that have members below. */
export function withDeclaredFields(type: FieldType, set: FieldSet): FieldSet {
  if (type.is !== 'map' && type.is !== 'items') return set;
  const result: Trie = {};
  for (const element of Object.keys(set)) {
    const node = set[element]!;
    if (element === self || Object.keys(node).length === 0) {
      result[element] = node;
      continue;
    }
    const name = fieldName(element);
    const child = type.is === 'items' ? type.items : name === undefined ? undefined : childType(type, name);
    const below = child ? withDeclaredFields(child, node) : node;
    const declared = type.is === 'map' && name !== undefined && type.fields.has(name) && !(child?.is === 'map' && child.implicit);
    result[element] = declared && below[self] === undefined ? {[self]: leaf, ...below} : below;
  }
  return result;
}
