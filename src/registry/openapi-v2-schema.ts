import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject, setKey} from '../api/json.ts';

/**
 * A published v3 schema in v2's poorer words (spec kubernetes-api 6.12, 7.3.5): never stricter than before, since clients refuse
 * manifests by it. They refuse the whole document at a word they do not expect, so only known ones are taken over.
 */
export function schemaV2(schema: JsonObject): JsonObject {
  const reference = referenceIn(schema);
  if (reference !== undefined) return {...described(schema), $ref: reference.replace(v3Prefix, '#/definitions/')};
  const out: JsonObject = {...described(schema), ...extensions(schema)};
  if (isLoose(schema)) return out;
  const type = getKey(schema, 'type');
  const items = getKey(schema, 'items');
  if (type === 'array' && !isObject(items)) return out;
  for (const word of words) {
    const value = getKey(schema, word);
    if (value !== undefined) out[word] = value;
  }
  const properties = getKey(schema, 'properties');
  const additional = getKey(schema, 'additionalProperties');
  // No properties at all would say that there must be none.
  if (isObject(properties) && Object.keys(properties).length > 0) out['properties'] = mapValues(properties, schemaV2);
  if (isObject(additional)) out['additionalProperties'] = schemaV2(additional);
  if (isObject(items)) out['items'] = schemaV2(items);
  return out;
}

/** The same for a whole object: one that may hold anything stays an object. */
export const definitionV2 = (schema: JsonObject): JsonObject =>
  getKey(schema, 'x-kubernetes-preserve-unknown-fields') === true
    ? {...described(schema), type: 'object', ...extensions(schema)}
    : schemaV2(schema);

const v3Prefix = '#/components/schemas/';
const words = ['type', 'format', 'enum', 'required'] as const;

/** Where a schema only points to another one: v3 wraps that to say more beside it. */
function referenceIn(schema: JsonObject): string | undefined {
  const direct = getKey(schema, '$ref');
  if (typeof direct === 'string') return direct;
  const all = getKey(schema, 'allOf');
  const sole = Array.isArray(all) && all.length === 1 ? all[0] : undefined;
  const wrapped = isObject(sole) ? getKey(sole, '$ref') : undefined;
  return typeof wrapped === 'string' ? wrapped : undefined;
}

/** What v2 has no words for: null beside a type, integer or string, fields nobody knows. */
const isLoose = (schema: JsonObject): boolean =>
  ['nullable', 'x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'].some(word => getKey(schema, word) === true);

function described(schema: JsonObject): JsonObject {
  const description = getKey(schema, 'description');
  return typeof description === 'string' ? {description} : {};
}

const extensions = (schema: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith('x-kubernetes-') && key !== 'x-kubernetes-validations'));

function mapValues(from: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const key of Object.keys(from)) {
    const value: Json | undefined = from[key];
    if (isObject(value)) setKey(out, key, change(value));
  }
  return out;
}
