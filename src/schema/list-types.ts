import type {FieldError} from '../api/field-error.ts';
import {at, atKey, duplicate, invalidValue} from '../api/field-error.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {getKey, isObject, setKey} from '../api/json.ts';
import {canonical} from './canonical.ts';
import type {JsonSchema} from './json-schema.ts';

/** Adds what is wrong with `value` at `path` and below. */
export type PathCheck = (value: Json, path: string, errors: FieldError[]) => void;

/**
 * Compiles the check that lists of type `set` and `map` hold nothing twice (spec kubernetes-api 6.3).
 * Undefined if no list below is of these types.
 */
export function listTypeCheck(schema: JsonSchema): PathCheck | undefined {
  const unique = uniqueCheck(schema);
  const within = withinCheck(schema, listTypeCheck);
  if (!unique) return within;
  return (value, path, errors) => {
    if (Array.isArray(value)) unique(value, path, errors);
    within?.(value, path, errors);
  };
}

/** Compiles a check of all that is in a value out of the checks of its parts; paths have map keys in brackets. */
export function withinCheck(schema: JsonSchema, compile: (schema: JsonSchema) => PathCheck | undefined): PathCheck | undefined {
  const properties = new Map<string, PathCheck>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const check = compile(property);
    if (check) properties.set(name, check);
  }
  const additional = typeof schema.additionalProperties === 'object' ? compile(schema.additionalProperties) : undefined;
  const item = schema.items && compile(schema.items);
  const known = new Set(Object.keys(schema.properties ?? {}));
  if (properties.size === 0 && !additional && !item) return undefined;

  return (value, path, errors) => {
    if (Array.isArray(value)) {
      if (item) for (const [i, child] of value.entries()) item(child, at(path, i), errors);
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) {
        if (known.has(key)) properties.get(key)?.(value[key]!, at(path, key), errors);
        else additional?.(value[key]!, atKey(path, key), errors);
      }
    }
  };
}

function uniqueCheck(schema: JsonSchema): ((list: JsonArray, path: string, errors: FieldError[]) => void) | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') {
    return (list, path, errors) => {
      for (const i of repeated(list, canonical)) errors.push(duplicate(at(path, i), list[i]));
    };
  }
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (list, path, errors) => {
    const stranger = list.findIndex(item => item !== null && !isObject(item));
    if (stranger >= 0) {
      errors.push(invalidValue(at(path, stranger), list[stranger], 'must be an object for an array of list-type map'));
      return;
    }
    for (const i of repeated(list, item => identityText(item, keys))) errors.push(duplicate(at(path, i), identity(list[i]!, keys)));
  };
}

/** The key fields of an item, those that it has. */
function identity(item: Json, keys: readonly string[]): JsonObject {
  const found: JsonObject = {};
  if (!isObject(item)) return found;
  for (const key of keys) {
    const value = getKey(item, key);
    if (value !== undefined) setKey(found, key, value);
  }
  return found;
}

/** The same for items with the same keys. Texts of JSON have no line ends of their own. */
function identityText(item: Json, keys: readonly string[]): string {
  if (!isObject(item)) return keys.map(() => '').join('\n');
  return keys
    .map(key => {
      const value = getKey(item, key);
      return value === undefined ? '' : canonical(value);
    })
    .join('\n');
}

/** The index at which each repeated value occurs for the second time; `textOf` gives the same text for equal ones. */
function repeated(list: readonly Json[], textOf: (value: Json) => string): number[] {
  if (list.length < 2) return [];
  const times = new Map<string, number>();
  const found: number[] = [];
  for (const [i, value] of list.entries()) {
    const text = textOf(value);
    const before = times.get(text) ?? 0;
    times.set(text, before + 1);
    if (before === 1) found.push(i);
  }
  return found;
}

const noPartner = (): undefined => undefined;

/**
 * For each item of a list, the item it was before: only lists of type `map` tell (spec kubernetes-api 6.7).
 * Give it the old list, and it gives the function from item to old item.
 */
export function itemPairing(schema: JsonSchema): (old: Json | undefined) => ((item: Json) => Json | undefined) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys) return noPartner;
  return old => {
    if (!Array.isArray(old)) return undefined;
    let byIdentity: Map<string, Json> | undefined;
    return item => {
      byIdentity ??= new Map(old.map(each => [identityText(each, keys), each]));
      return byIdentity.get(identityText(item, keys));
    };
  };
}
