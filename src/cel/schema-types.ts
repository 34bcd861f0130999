import type {JsonSchema} from '../schema/json-schema.ts';
import type {Field, ListKind, ObjectType, Type} from './types.ts';
import {bool, bytes, double, duration, dyn, int, listOf, mapOf, string, timestamp} from './types.ts';

/**
 * The type that expressions see for values of a structural schema (spec kubernetes-api 6.6); undefined for what they cannot see:
 * content without a schema. `root` is the schema of a whole resource, in which kind, apiVersion and the name are always there.
 * `name` is what error messages call an object; those inside it are named by their path. That a value may be null does not show:
 * in objects it is absent then. `known` has the types of schemas met before, for callers that ask for parts of one schema.
 */
export function typeOfSchema(schema: JsonSchema, {name, root, known = new Map()}: Naming): Type | undefined {
  if (known.has(schema)) return known.get(schema);
  const type = newType(schema, {name, root, known});
  known.set(schema, type);
  return type;
}

export type KnownTypes = Map<JsonSchema, Type | undefined>;
type Naming = {readonly name: string; readonly root: boolean; readonly known?: KnownTypes};

function newType(schema: JsonSchema, {name, root, known}: Required<Naming>): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return dyn;
  switch (schema.type) {
    case 'object':
      return objectType(schema, {name, root: root || schema['x-kubernetes-embedded-resource'] === true, known});
    case 'array': {
      const item = schema.items && typeOfSchema(schema.items, {name: `${name}.@idx`, root: false, known});
      const as = listKind(schema);
      return item && {...listOf(item), ...(as && {as})};
    }
    case 'string':
      return formats.get(schema.format ?? '') ?? string;
    case 'integer':
      return int;
    case 'number':
      return double;
    case 'boolean':
      return bool;
    default:
      return undefined;
  }
}

function listKind(schema: JsonSchema): ListKind | undefined {
  const listType = schema['x-kubernetes-list-type'];
  return listType === 'map' ? schema['x-kubernetes-list-map-keys'] : listType === 'set' ? 'set' : undefined;
}

const formats: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['byte', bytes],
  ['date', timestamp],
  ['date-time', timestamp],
  ['duration', duration],
]);

function objectType(schema: JsonSchema, {name, root, known}: Required<Naming>): Type | undefined {
  const {additionalProperties} = schema;
  if (typeof additionalProperties === 'object') {
    const value = typeOfSchema(additionalProperties, {name: `${name}.@elem`, root: false, known});
    return value && mapOf(string, value);
  }
  const fields = new Map<string, Field>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeField(key);
    const type = typeOfSchema(property, {name: `${name}.${key}`, root: false, known});
    if (escaped !== undefined && type) fields.set(escaped, {type, key});
  }
  if (root) for (const [key, type] of Object.entries(resourceFields(name))) fields.set(key, {type, key});
  return {kind: 'object', name, fields};
}

const resourceFields = (name: string): {readonly [key: string]: Type} => ({
  kind: string,
  apiVersion: string,
  metadata: {
    kind: 'object',
    name: `${name}.metadata`,
    fields: new Map(['name', 'generateName'].map(key => [key, {type: string, key}])),
  } satisfies ObjectType,
});

const keywords: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(' '),
);
const escapes: ReadonlyMap<string, string> = new Map([
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
]);

/** The name by which expressions reach a property; undefined if none does. */
export function escapeField(key: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(key)) return undefined;
  return keywords.has(key) ? `__${key}__` : key.replace(/__|[./-]/g, found => escapes.get(found)!);
}
