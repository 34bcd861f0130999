import type {FieldError} from '../api/field-error.ts';
import {at, atKey, forbiddenField, typeInvalid} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {isObject, setKey} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';

/** A schema as it was understood, and what could not be. */
export type ReadSchema = {readonly schema: JsonSchema; readonly errors: FieldError[]};

/**
 * Reads a schema out of JSON that anybody may have written, such as `openAPIV3Schema` of a CustomResourceDefinition. Nulls and
 * unknown keywords are dropped, values of the wrong type and unsupported keywords are errors (spec kubernetes-api 6.2.8). The
 * caller has made sure that the schema keeps within the limits of `bounds.ts`.
 */
export function readSchema(written: JsonObject, path: string): ReadSchema {
  const errors: FieldError[] = [];
  return {schema: read(written, path, errors) as JsonSchema, errors};
}

type Read = (value: Json, path: string, errors: FieldError[]) => Json | undefined;

const unsupported = ['id', '$ref', 'definitions', 'dependencies', 'additionalItems', 'patternProperties'] as const;

function read(written: JsonObject, path: string, errors: FieldError[]): JsonObject {
  const schema = readFields(written, keywords, path, errors);
  for (const key of unsupported) {
    if (Object.hasOwn(written, key) && !isEmpty(written[key]!)) errors.push(forbiddenField(at(path, key), `${key} is not supported`));
  }
  return schema;
}

/** The fields that are known and not null. */
function readFields(written: JsonObject, readers: ReadonlyMap<string, Read>, path: string, errors: FieldError[]): JsonObject {
  const found: JsonObject = {};
  for (const key of Object.keys(written)) {
    const value = written[key]!;
    if (value === null) continue;
    const understood = readers.get(key)?.(value, at(path, key), errors);
    if (understood !== undefined) found[key] = understood;
  }
  return found;
}

const isEmpty = (value: Json): boolean => value === null || value === '' || (isObject(value) && Object.keys(value).length === 0);

const ofType =
  (type: string, accepts: (value: Json) => boolean): Read =>
  (value, path, errors) => {
    if (accepts(value)) return value;
    errors.push(wrongType(path, value, type));
    return undefined;
  };

function wrongType(path: string, value: Json, type: string): FieldError {
  const actual = Array.isArray(value) ? 'array' : typeof value === 'bigint' ? 'integer' : typeof value;
  return typeInvalid(path, actual, `${path} in body must be of type ${type}: "${actual}"`);
}

const text = ofType('string', value => typeof value === 'string');
const flag = ofType('boolean', value => typeof value === 'boolean');
const count = ofType('integer', value => Number.isSafeInteger(value));
const list = ofType('array', value => Array.isArray(value));
const texts = ofType('array', value => Array.isArray(value) && value.every(each => typeof each === 'string'));
const anything: Read = value => value;

const number: Read = (value, path, errors) => {
  if (typeof value === 'bigint') return Number(value);
  return ofType('number', each => typeof each === 'number')(value, path, errors);
};

const schema: Read = (value, path, errors) => {
  if (isObject(value)) return read(value, path, errors);
  errors.push(wrongType(path, value, 'object'));
  return undefined;
};

const schemaOrFlag: Read = (value, path, errors) => (typeof value === 'boolean' ? value : schema(value, path, errors));

const items: Read = (value, path, errors) => {
  if (!Array.isArray(value)) return schema(value, path, errors);
  errors.push(forbiddenField(path, 'items must be a schema object and not an array'));
  return undefined;
};

const schemas: Read = (value, path, errors) => {
  if (!Array.isArray(value)) return list(value, path, errors);
  return value.map((each, i) => schema(each, at(path, i), errors) ?? {});
};

const schemasByName: Read = (value, path, errors) => {
  if (!isObject(value)) return schema(value, path, errors);
  const named: JsonObject = {};
  for (const name of Object.keys(value)) {
    const child = value[name]!;
    setKey(named, name, child === null ? {} : (schema(child, atKey(path, name), errors) ?? {}));
  }
  return named;
};

const ruleFields: ReadonlyMap<string, Read> = new Map<string, Read>([
  ...['rule', 'message', 'messageExpression', 'reason', 'fieldPath'].map(reading(text)),
  ['optionalOldSelf', flag],
]);

const rules: Read = (value, path, errors) => {
  if (!Array.isArray(value)) return list(value, path, errors);
  return value.map((each, i) => {
    const where = at(path, i);
    if (isObject(each)) return readFields(each, ruleFields, where, errors);
    errors.push(wrongType(where, each, 'object'));
    return {};
  });
};

const keywords: ReadonlyMap<string, Read> = new Map<string, Read>([
  ...['type', 'description', 'title', 'format', 'pattern', 'x-kubernetes-list-type', 'x-kubernetes-map-type'].map(reading(text)),
  ...['nullable', 'uniqueItems', 'exclusiveMinimum', 'exclusiveMaximum'].map(reading(flag)),
  ...['preserve-unknown-fields', 'embedded-resource', 'int-or-string'].map(name => reading(flag)(`x-kubernetes-${name}`)),
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map(reading(count)),
  ...['minimum', 'maximum', 'multipleOf'].map(reading(number)),
  ...['required', 'x-kubernetes-list-map-keys'].map(reading(texts)),
  ['enum', list],
  ['x-kubernetes-validations', rules],
  ...['default', 'example', 'externalDocs'].map(reading(anything)),
  ...['allOf', 'anyOf', 'oneOf'].map(reading(schemas)),
  ['not', schema],
  ['items', items],
  ['additionalProperties', schemaOrFlag],
  ['properties', schemasByName],
]);

function reading(reader: Read): (keyword: string) => [string, Read] {
  return keyword => [keyword, reader];
}
