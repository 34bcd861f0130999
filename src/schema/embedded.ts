import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, getKey, isObject} from '../api/json.ts';
import {validateMetadata} from '../api/metadata.ts';
import {cleanMetadata, metadataTypeError} from '../api/metadata-shape.ts';
import {dns1035Label, pathSegment} from '../api/names.ts';
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
  if (metadata !== undefined) checkMetadata(metadata, path, errors);
}

const mixedCase = (texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${texts.join(',')}`];

/** Stands in for a missing name, which embedded metadata may leave out. */
const anyName = 'name';

function checkMetadata(metadata: Json, path: string, errors: FieldError[]): void {
  const error = isObject(metadata) ? metadataTypeError(metadata) : 'must be an object';
  if (error !== undefined || !isObject(metadata)) {
    errors.push(invalidValue(at(path, 'metadata'), metadata, error ?? ''));
    return;
  }
  const copy = clone(metadata);
  cleanMetadata(copy);
  copy['name'] ??= anyName;
  const rules = {namespaced: Object.hasOwn(copy, 'namespace'), name: pathSegment, standardFinalizers: false};
  for (const each of validateMetadata(rules, copy)) errors.push({...each, field: at(path, each.field)});
}
