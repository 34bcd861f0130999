import type {Json, JsonArray} from '../../api/json.ts';
import {getKey, isObject, stringify} from '../../api/json.ts';
import {canonical} from '../../schema/canonical.ts';
import type {ItemsType, SetType} from './field-type.ts';
import type {PathElement} from './path-element.ts';
import {valueElement} from './path-element.ts';

/** An item without an identity: why, in the words of Kubernetes. */
type Unidentified = {readonly why: string};

/** The path element of an item of a set or of a list with keys. Keys that are absent count as their defaults. */
export function itemElement(type: SetType | ItemsType, item: Json): PathElement | Unidentified {
  return type.is === 'set' ? setElement(item) : keyElement(type, item);
}

function setElement(item: Json): PathElement | Unidentified {
  if (item === null) return {why: "associative list without keys has an element that's an explicit null"};
  if (Array.isArray(item)) return {why: 'not supported: associative list with lists as elements'};
  if (isObject(item)) return {why: "associative list without keys has an element that's a map type"};
  return valueElement(item);
}

function keyElement(type: ItemsType, item: Json): PathElement | Unidentified {
  if (item === null) return {why: 'associative list with keys may not have a null element'};
  if (!isObject(item)) return {why: 'associative list with keys may not have non-map elements'};
  let fields = '';
  for (const {name, fallback} of type.keys) {
    const value = getKey(item, name) ?? fallback;
    if (value === undefined) continue;
    const text = typeof value === 'object' ? canonical(value) : stringify(value);
    fields += `${fields ? ',' : ''}${JSON.stringify(name)}:${text}`;
  }
  if (fields) return `k:{${fields}}`;
  const names = type.keys.map(key => JSON.stringify(key.name)).join(' ');
  const omits = 'associative list with keys has an element that omits all key fields';
  return {why: `${omits} [${names}] (and doesn't have default values for any key fields)`};
}

/** A list by the identity of its items. */
export type ItemIndex = {
  /** Of each item in turn. */
  readonly elements: readonly PathElement[];
  /** The first of each identity. */
  readonly items: ReadonlyMap<PathElement, Json>;
  /** All items of those identities that occur more than once. */
  readonly repeated: ReadonlyMap<PathElement, JsonArray> | undefined;
};

/** Undefined if an item has no identity. */
export function indexItems(type: SetType | ItemsType, list: JsonArray): ItemIndex | undefined {
  const elements: PathElement[] = [];
  const items = new Map<PathElement, Json>();
  let repeated: Map<PathElement, JsonArray> | undefined;
  for (const item of list) {
    const element = itemElement(type, item);
    if (typeof element !== 'string') return undefined;
    elements.push(element);
    const first = items.get(element);
    if (first === undefined) {
      items.set(element, item);
      continue;
    }
    repeated ??= new Map();
    const all = repeated.get(element);
    if (all) all.push(item);
    else repeated.set(element, [first, item]);
  }
  return {elements, items, repeated};
}
