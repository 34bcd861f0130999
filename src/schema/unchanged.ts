import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {equal, getKey, isObject} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {itemPairing} from './list-types.ts';

/**
 * Whether an update left a value as it was, as ratcheting sees it (spec kubernetes-api 6.7): items of a list of type `map` may
 * have moved, and an object with fields that the schema does not know counts as changed.
 */
export function isUnchanged(schema: JsonSchema, value: Json, old: Json): boolean {
  if (Array.isArray(value)) return Array.isArray(old) && isListUnchanged(schema, value, old);
  if (isObject(value)) return isObject(old) && isObjectUnchanged(schema, value, old);
  return equal(value, old);
}

function isListUnchanged(schema: JsonSchema, list: JsonArray, old: JsonArray): boolean {
  if (list.length !== old.length) return false;
  const {items} = schema;
  const pair = items && itemPairing(schema)(old);
  if (!pair) return equal(list, old);
  return list.every(item => {
    const before = pair(item);
    return before !== undefined && isUnchanged(items, item, before);
  });
}

function isObjectUnchanged(schema: JsonSchema, object: JsonObject, old: JsonObject): boolean {
  const keys = Object.keys(object);
  return (
    keys.length === Object.keys(old).length &&
    keys.every(key => {
      const child = childSchema(schema, key);
      const before = getKey(old, key);
      return child !== undefined && before !== undefined && isUnchanged(child, object[key]!, before);
    })
  );
}

/** The schema of what an object holds under a key; undefined where there is none. */
export function childSchema({properties, additionalProperties}: JsonSchema, key: string): JsonSchema | undefined {
  if (properties && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}
