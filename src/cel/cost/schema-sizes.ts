import {Buffer} from 'node:buffer';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {childSchema} from '../../schema/unchanged.ts';
import {escapeField} from '../schema-types.ts';

/** Kubernetes' estimates are made for requests of this size. */
const requestBytesMax = 3 * 1024 * 1024;
const quotesBytes = 2;
const textBytesMax = requestBytesMax - quotesBytes;
const durationBytesMax = 32;
const dateBytes = 12;
const dateTimeBytesMax = 32;
/** A character is as many bytes at most. */
const bytesPerChar = 4;
const nameCharsMax = 253;

/**
 * Where in a schema a value stands. `keys` are those of a map, of whose length nothing is said; `lost` is what a path leads to that
 * the schema does not have. The schema of a resource has its name and the like whether they are written or not.
 */
export type Place = {readonly schema: JsonSchema; readonly resource: boolean} | 'keys' | 'lost';

/** The largest size of values at a place, by Kubernetes' numbers; 0 for what has none, undefined where nothing is known. */
export function sizeMaxAt(place: Place): number | undefined {
  if (place === 'lost') return undefined;
  if (place === 'keys') return 0;
  const {schema} = place;
  if (schema['x-kubernetes-int-or-string']) return textSizeMax(schema);
  switch (schema.type) {
    case 'string':
      return stringSizeMax(schema);
    case 'array':
      return schema.items && Math.max(0, schema.maxItems ?? fitting(quotesBytes, sizeMin(schema.items) + 1));
    case 'object': {
      const {additionalProperties} = schema;
      if (typeof additionalProperties !== 'object') return 0;
      return Math.max(0, schema.maxProperties ?? fitting(quotesBytes, sizeMin(additionalProperties) + 6));
    }
    default:
      return 0;
  }
}

/** As many parts as a request has room for. */
const fitting = (frameBytes: number, partBytes: number): number => Math.floor((requestBytesMax - frameBytes) / partBytes);

const textSizeMax = ({maxLength}: JsonSchema): number => (maxLength === undefined ? textBytesMax : Math.max(0, maxLength) * bytesPerChar);

function stringSizeMax(schema: JsonSchema): number {
  switch (schema.format) {
    case 'byte':
      return Math.max(0, schema.maxLength ?? textBytesMax);
    case 'duration':
      return durationBytesMax;
    case 'date':
      return dateBytes;
    case 'date-time':
      return dateTimeBytesMax;
  }
  const {enum: values} = schema;
  if (schema.maxLength !== undefined || !values || values.length === 0) return textSizeMax(schema);
  return Math.max(...values.map(value => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
}

const known = new WeakMap<JsonSchema, number>();

/** The bytes that values of a schema take in JSON at least, by Kubernetes' numbers. */
export function sizeMin(schema: JsonSchema): number {
  let size = known.get(schema);
  if (size === undefined) {
    size = schema['x-kubernetes-int-or-string'] ? 1 : typeSizeMin(schema);
    known.set(schema, size);
  }
  return size;
}

const formatSizesMin: ReadonlyMap<string, number> = new Map([
  ['duration', 3],
  ['date', dateBytes],
  ['date-time', 21],
]);

function typeSizeMin(schema: JsonSchema): number {
  switch (schema.type) {
    case 'string':
      return formatSizesMin.get(schema.format ?? '') ?? quotesBytes;
    case 'boolean':
      return 4;
    case 'object':
      return typeof schema.additionalProperties === 'object' ? quotesBytes : objectSizeMin(schema);
    case 'array':
      return quotesBytes;
    default:
      return 1;
  }
}

/** Braces, and every field that must be sent: its name, its value, and four more characters. */
function objectSizeMin({properties = {}, required = []}: JsonSchema): number {
  let size = 2;
  for (const name of new Set(required)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property?.type && property.default === undefined) size += Buffer.byteLength(name) + sizeMin(property) + 4;
  }
  return size;
}

/** How often values of a schema occur in one request at most, when nothing around them bounds their number. */
export const occurrencesMax = (schema: JsonSchema): number => Math.floor(requestBytesMax / (sizeMin(schema) + 1));

const place = (schema: JsonSchema | undefined): Place =>
  schema ? {schema, resource: schema['x-kubernetes-embedded-resource'] === true} : 'lost';

/** The values that a list or map at this place holds. */
export function elementPlace(at: Place): Place {
  if (typeof at === 'string') return 'lost';
  const {items, additionalProperties} = at.schema;
  return place(items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined));
}

/** The keys of a map; of anything else nothing is known. */
export const keysPlace = (at: Place): Place =>
  typeof at !== 'string' && typeof at.schema.additionalProperties === 'object' ? 'keys' : 'lost';

/** A field of an object, by the name that expressions use. */
export function fieldPlace(at: Place, name: string): Place {
  if (typeof at === 'string' || typeof at.schema.additionalProperties === 'object') return 'lost';
  const {properties = {}} = at.schema;
  if (at.resource && implied.has(name)) return name === 'metadata' ? {schema: metadataOf(properties), resource: false} : place(text);
  if (escapeField(name) === name) return place(childSchema({properties}, name));
  const key = Object.keys(properties).find(each => escapeField(each) === name);
  return key === undefined ? 'lost' : place(properties[key]);
}

const implied: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);
const text: JsonSchema = {type: 'string'};

/** Of metadata expressions see only the names, whose length has a limit. */
function metadataOf(properties: {readonly [name: string]: JsonSchema}): JsonSchema {
  const written = Object.hasOwn(properties, 'metadata') ? properties['metadata']!.properties : undefined;
  const name = (key: string, charsMax: number): JsonSchema => ({
    type: 'string',
    maxLength: Math.min(childSchema({properties: written ?? {}}, key)?.maxLength ?? charsMax, charsMax),
  });
  // What the server adds to generate a name takes at least one more character.
  return {type: 'object', properties: {name: name('name', nameCharsMax), generateName: name('generateName', nameCharsMax - 1)}};
}
