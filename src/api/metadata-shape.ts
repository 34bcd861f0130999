/** Bringing foreign metadata into the shape of ObjectMeta: types, unknown fields, empty values (spec kubernetes-api 2, 6.4). */
import type {Json, JsonObject} from './json.ts';
import {isObject, setKey} from './json.ts';

/** A type of Kubernetes' metadata; `go` is the name that decode errors give it. */
type Shape =
  | {readonly type: 'string' | 'integer' | 'boolean' | 'time' | 'any'; readonly go: string}
  | {readonly type: 'map' | 'list'; readonly go: string; readonly of: Shape}
  | {readonly type: 'struct'; readonly go: string; readonly fields: {readonly [name: string]: Shape}; readonly always?: readonly string[]};

const string: Shape = {type: 'string', go: 'string'};
const uid: Shape = {type: 'string', go: 'types.UID'};
const integer: Shape = {type: 'integer', go: 'int64'};
const boolean: Shape = {type: 'boolean', go: 'bool'};
const time: Shape = {type: 'time', go: 'string'};
const stringMap: Shape = {type: 'map', go: 'map[string]string', of: string};

const owner: Shape = {
  type: 'struct',
  go: 'v1.OwnerReference',
  fields: {apiVersion: string, kind: string, name: string, uid, controller: boolean, blockOwnerDeletion: boolean},
  always: ['apiVersion', 'kind', 'name', 'uid'],
};
const managedFieldsEntry: Shape = {
  type: 'struct',
  go: 'v1.ManagedFieldsEntry',
  fields: {
    manager: string,
    operation: string,
    apiVersion: string,
    time,
    fieldsType: string,
    fieldsV1: {type: 'any', go: ''},
    subresource: string,
  },
};
const objectMeta = {
  type: 'struct',
  go: 'v1.ObjectMeta',
  fields: {
    name: string,
    generateName: string,
    namespace: string,
    selfLink: string,
    uid,
    resourceVersion: string,
    generation: integer,
    creationTimestamp: time,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: integer,
    labels: stringMap,
    annotations: stringMap,
    ownerReferences: {type: 'list', go: '[]v1.OwnerReference', of: owner},
    finalizers: {type: 'list', go: '[]string', of: string},
    managedFields: {type: 'list', go: '[]v1.ManagedFieldsEntry', of: managedFieldsEntry},
  },
} as const satisfies Shape;

/**
 * The decode error (400) of metadata with a wrong type in it, worded as Go's JSON decoder does; undefined when all is well.
 * `typed` is the kind for kinds of Kubernetes, whose objects are decoded as a whole; custom resources have their metadata
 * decoded by itself, and their texts have shorter paths.
 */
export function metadataTypeError(meta: Json | undefined, typed?: string): string | undefined {
  if (meta === undefined) return undefined;
  return typeError(objectMeta, meta, {struct: typed ?? '', path: typed === undefined ? '' : 'metadata'});
}

type Place = {readonly struct: string; readonly path: string};

function typeError(shape: Shape, value: Json, place: Place): string | undefined {
  if (value === null || shape.type === 'any') return undefined;
  if (shape.type === 'time') return timeError(value);
  if (typeOf(value) !== goodType[shape.type]) return mismatch(shape, value, place);
  if (shape.type === 'integer') return isInteger(value) ? undefined : mismatch(shape, value, place);
  if (shape.type === 'list') return firstError(value as Json[], item => typeError(shape.of, item, place));
  if (shape.type === 'map') return firstError(Object.values(value as JsonObject), item => typeError(shape.of, item, place));
  if (shape.type !== 'struct') return undefined;
  const struct = shape.go.replace('v1.', '');
  return firstError(Object.entries(value as JsonObject), ([key, item]) => {
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    return field && typeError(field, item, {struct, path: place.path ? `${place.path}.${key}` : key});
  });
}

const goodType = {string: 'string', integer: 'number', boolean: 'bool', list: 'array', map: 'object', struct: 'object'} as const;

function mismatch(shape: Shape, value: Json, place: Place): string {
  const what = shape.type === 'integer' && typeOf(value) === 'number' ? `number ${value}` : typeOf(value);
  const where = place.path ? `Go struct field ${place.struct}.${place.path}` : 'Go value';
  return `json: cannot unmarshal ${what} into ${where} of type ${shape.go}`;
}

function timeError(value: Json): string | undefined {
  if (typeof value !== 'string') return `json: cannot unmarshal ${typeOf(value)} into Go value of type string`;
  if (value !== '' && Number.isNaN(Date.parse(value)))
    return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`;
  return undefined;
}

function firstError<T>(items: readonly T[], error: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = error(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The words of Go's decoder for JSON types. */
function typeOf(value: Json): 'string' | 'number' | 'bool' | 'array' | 'object' {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'number';
  if (typeof value === 'boolean') return 'bool';
  return typeof value as 'string' | 'number' | 'object';
}

const isInteger = (value: Json): boolean => typeof value === 'bigint' || Number.isInteger(value);

/**
 * Brings metadata of the right types into stored form: unknown fields go, and so do `selfLink` and whatever is empty, since
 * Kubernetes writes neither. Answers with the paths of what was unknown (`metadata.foo`), for warnings and strict refusals.
 */
export function cleanMetadata(meta: Json): string[] {
  if (!isObject(meta)) return [];
  const unknown: string[] = [];
  clean(objectMeta, meta, 'metadata', unknown);
  delete meta['selfLink'];
  return unknown;
}

function clean(shape: Shape, value: Json, path: string, unknown: string[]): void {
  if (shape.type === 'list' && Array.isArray(value)) {
    value.forEach((item, i) => {
      if (item === null) value[i] = shape.of.type === 'string' ? '' : {};
      clean(shape.of, value[i]!, `${path}[${i}]`, unknown);
    });
  }
  if (shape.type === 'map' && isObject(value)) for (const [key, item] of Object.entries(value)) if (item === null) setKey(value, key, '');
  if (shape.type !== 'struct' || !isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field) clean(field, item, `${path}.${key}`, unknown);
    else unknown.push(`${path}.${key}`);
    if (!field || (field.type !== 'any' && isEmpty(field, item))) delete value[key];
  }
  for (const key of shape.always ?? []) value[key] ??= '';
}

/** What Go leaves out: nulls and empty values, but pointers to an empty value stay. */
function isEmpty(shape: Shape, value: Json): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return shape.type === 'map' && isObject(value) && Object.keys(value).length === 0;
}
