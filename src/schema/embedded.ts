import type {FieldError} from '../api/field-error.ts';
import {at, atKey, invalidValue, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, getKey, isObject} from '../api/json.ts';
import {dns1035Label, labelValue, pathSegment, qualifiedName} from '../api/names.ts';
import {compileDecode} from './decode.ts';
import type {JsonSchema} from './json-schema.ts';
import type {PathCheck} from './list-types.ts';
import {withinCheck} from './list-types.ts';

/**
 * Compiles the check of embedded resources: apiVersion and kind must be there and in order, and so must metadata, if any
 * (spec kubernetes-api 6.5). Undefined if there are none in the schema. The root is not taken for one.
 */
export function embeddedCheck(schema: JsonSchema, known: KnownChecks = new Map()): PathCheck | undefined {
  if (known.has(schema)) return known.get(schema);
  const within = withinCheck(schema, child => embeddedCheck(child, known));
  const check = schema['x-kubernetes-embedded-resource'] ? both(within) : within;
  known.set(schema, check);
  return check;
}

/** What was compiled before, for callers that check parts of one schema. */
export type KnownChecks = Map<JsonSchema, PathCheck | undefined>;

const both =
  (within: PathCheck | undefined): PathCheck =>
  (value, path, errors) => {
    if (isObject(value)) checkResource(value, path, errors);
    within?.(value, path, errors);
  };

function checkResource(resource: JsonObject, path: string, errors: FieldError[]): void {
  const say = (field: string, value: Json, texts: readonly string[]): void => {
    for (const text of texts) errors.push(invalidValue(at(path, field), value, text));
  };
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = getKey(resource, field);
    if (value === undefined || value === '') errors.push(required(at(path, field)));
    else if (typeof value !== 'string') say(field, value, ['must be a string']);
    else if (field === 'kind') say(field, value, mixedCase(dns1035Label(value.toLowerCase())));
    else if (value.split('/').length > 2) say(field, value, [`unexpected GroupVersion string: ${value}`]);
  }
  const metadata = getKey(resource, 'metadata');
  if (metadata !== undefined) checkMetadata(metadata, at(path, 'metadata'), errors);
}

const mixedCase = (texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${texts.join(',')}`];

const texts: JsonSchema = {type: 'object', additionalProperties: {type: 'string'}};
const text: JsonSchema = {type: 'string'};
const metadataTypes = compileDecode({
  type: 'object',
  properties: {
    name: text,
    generateName: text,
    namespace: text,
    uid: text,
    resourceVersion: text,
    generation: {type: 'integer'},
    creationTimestamp: {type: 'string', format: 'date-time'},
    deletionTimestamp: {type: 'string', format: 'date-time'},
    labels: texts,
    annotations: texts,
    finalizers: {type: 'array', items: text},
    ownerReferences: {type: 'array', items: {type: 'object'}},
    managedFields: {type: 'array', items: {type: 'object'}},
  },
});

function checkMetadata(metadata: Json, path: string, errors: FieldError[]): void {
  const error = isObject(metadata) ? metadataTypes(metadata, 'ObjectMeta') : 'must be an object';
  if (error !== undefined) {
    errors.push(invalidValue(path, metadata, error));
    return;
  }
  const name = dig(metadata, 'name');
  if (typeof name === 'string') for (const e of pathSegment(name)) errors.push(invalidValue(at(path, 'name'), name, e));
  const labels = dig(metadata, 'labels');
  if (isObject(labels)) {
    for (const [key, value] of Object.entries(labels)) {
      for (const e of qualifiedName(key)) errors.push(invalidValue(at(path, 'labels'), key, e));
      for (const e of labelValue(value as string)) errors.push(invalidValue(atKey(at(path, 'labels'), key), value, e));
    }
  }
  const annotations = dig(metadata, 'annotations');
  if (isObject(annotations)) {
    for (const key of Object.keys(annotations)) {
      for (const e of qualifiedName(key.toLowerCase())) errors.push(invalidValue(at(path, 'annotations'), key, e));
    }
  }
}
