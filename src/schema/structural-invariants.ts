import type {FieldError} from '../api/field-error.ts';
import {at, atKey, forbiddenField, invalidValue, required} from '../api/field-error.ts';
import type {Json} from '../api/json.ts';
import {equal} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {linearRegex} from './regex.ts';

type Level = 'root' | 'items' | 'field';

const emptyType: {readonly [level in Level]: string} = {
  root: 'must not be empty at the root',
  items: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

/** What makes a schema structural, but for completeness (spec kubernetes-api 6.2.1 to 6.2.7, 6.2.10 to 6.2.12). */
export function checkInvariants(schema: JsonSchema, path: string): FieldError[] {
  const walk: Walk = {errors: [], patterns: new Map(), patternSize: 0};
  checkNode(schema, 'root', path, walk);
  return walk.errors;
}

/** Instructions of all patterns of a schema. Hundreds of ordinary ones fit. */
const patternSizeMax = 100_000;

type Walk = {
  readonly errors: FieldError[];
  /** What is wrong with each pattern met so far, '' if nothing. */
  readonly patterns: Map<string, string>;
  patternSize: number;
};

function checkNode(schema: JsonSchema, level: Level, path: string, walk: Walk): void {
  const {errors} = walk;
  if (schema.type === 'array' && !schema.items) errors.push(required(at(path, 'items'), 'must be specified'));
  if (schema.items) checkNode(schema.items, 'items', at(path, 'items'), walk);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNode(property, 'field', atKey(at(path, 'properties'), name), walk);
  }
  const {additionalProperties} = schema;
  if (additionalProperties !== undefined) {
    const where = at(path, 'additionalProperties');
    if (level === 'root') errors.push(forbiddenField(where, 'must not be used at the root'));
    if (typeof additionalProperties === 'object') checkNode(additionalProperties, 'field', where, walk);
  }
  checkIntOrString(schema, path, errors);
  checkJunctors(schema, intOrStringAt(schema), path, walk);
  checkType(schema, level, path, errors);
  checkImplied(schema, level, path, errors);
}

function checkIntOrString(schema: JsonSchema, path: string, errors: FieldError[]): void {
  if (!schema['x-kubernetes-int-or-string']) return;
  for (const keyword of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[keyword]) errors.push(invalidValue(at(path, keyword), true, 'must be false if x-kubernetes-int-or-string is true'));
  }
}

function checkType(schema: JsonSchema, level: Level, path: string, errors: FieldError[]): void {
  const where = at(path, 'type');
  const {type} = schema;
  if (schema['x-kubernetes-embedded-resource']) {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    if (!type) errors.push(required(where, detail));
    else if (type !== 'object') errors.push(invalidValue(where, type, detail));
    if (schema.additionalProperties !== undefined)
      errors.push(forbiddenField(at(path, 'additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'));
    if (!schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(schema.properties ?? {}).length === 0) {
      const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
      errors.push(required(at(path, 'properties'), detail));
    }
  } else if (!type && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields']) {
    errors.push(required(where, emptyType[level]));
  }
  if (level === 'root' && type && type !== 'object') errors.push(invalidValue(where, type, 'must be object at the root'));
}

/** apiVersion, kind and metadata are implied in resources, and can hardly be restricted (6.2.7). */
function checkImplied(schema: JsonSchema, level: Level, path: string, errors: FieldError[]): void {
  if (level !== 'root' && !schema['x-kubernetes-embedded-resource']) return;
  const properties = at(path, 'properties');
  for (const [name, type] of [
    ['kind', 'string'],
    ['apiVersion', 'string'],
    ['metadata', 'object'],
  ] as const) {
    const property = propertyOf(schema, name);
    if (property && property.type !== type) {
      errors.push(invalidValue(at(atKey(properties, name), 'type'), property.type ?? '', `must be ${type}`));
    }
  }
  const metadata = propertyOf(schema, 'metadata');
  if (level === 'root' && metadata && !restrictsNamesOnly(metadata)) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbiddenField(atKey(properties, 'metadata'), detail));
  }
}

const propertyOf = (schema: JsonSchema, name: string): JsonSchema | undefined =>
  schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;

function restrictsNamesOnly(metadata: JsonSchema): boolean {
  const others = Object.entries(metadata).filter(([key, value]) => !['type', 'properties', 'default'].includes(key) && isSet(value));
  const names = Object.keys(metadata.properties ?? {});
  return others.length === 0 && names.every(name => name === 'name' || name === 'generateName');
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);

const intOrString: Json = [{type: 'integer'}, {type: 'string'}];
const isIntOrString = (schema: JsonSchema | undefined): boolean => equal((schema?.anyOf ?? null) as unknown as Json, intOrString);

/** Where types are allowed in a junctor after all: in anyOf, or in that of the first of allOf (6.2.4). */
function intOrStringAt(schema: JsonSchema): 'anyOf' | 'allOf' | undefined {
  if (isIntOrString(schema)) return 'anyOf';
  return isIntOrString(schema.allOf?.[0]) ? 'allOf' : undefined;
}

function checkJunctors(schema: JsonSchema, exempt: 'anyOf' | 'allOf' | undefined, path: string, walk: Walk): void {
  for (const junctor of ['anyOf', 'allOf', 'oneOf'] as const) {
    if (junctor === 'anyOf' && exempt === 'anyOf') continue;
    for (const [i, nested] of (schema[junctor] ?? []).entries()) {
      const within = junctor === 'allOf' && i === 0 && exempt === 'allOf' ? 'anyOf' : undefined;
      checkNested(nested, within, at(path, junctor, i), walk);
    }
  }
  if (schema.not) checkNested(schema.not, undefined, at(path, 'not'), walk);
  if (schema.pattern) checkPattern(schema.pattern, at(path, 'pattern'), walk);
}

function checkPattern(pattern: string, path: string, walk: Walk): void {
  const {errors, patterns} = walk;
  if (walk.patternSize > patternSizeMax) return;
  const why = patterns.get(pattern) ?? compileFor(pattern, walk);
  patterns.set(pattern, why);
  if (why) errors.push(invalidValue(path, pattern, `must be a valid regular expression, but isn't: ${why}`));
  if (walk.patternSize > patternSizeMax) {
    errors.push(forbiddenField(path, `the patterns of the schema come to more than ${patternSizeMax} instructions`));
  }
}

function compileFor(pattern: string, walk: Walk): string {
  try {
    walk.patternSize += linearRegex(pattern).size;
    return '';
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  }
}

const forbiddenWithin: readonly [keyword: keyof JsonSchema, wanted: string][] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['externalDocs', 'undefined'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

/** A schema under a junctor may only restrict values (6.2.4). */
function checkNested(schema: JsonSchema, exempt: 'anyOf' | undefined, path: string, walk: Walk): void {
  const {errors} = walk;
  checkJunctors(schema, exempt, path, walk);
  if (schema.items) checkNested(schema.items, undefined, at(path, 'items'), walk);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNested(property, undefined, atKey(at(path, 'properties'), name), walk);
  }
  for (const [keyword, wanted] of forbiddenWithin) {
    const set = keyword === 'additionalProperties' ? schema[keyword] !== undefined : isSet(schema[keyword]);
    if (set) errors.push(forbiddenField(at(path, keyword), `must be ${wanted} to be structural`));
  }
  if (propertyOf(schema, 'metadata'))
    errors.push(forbiddenField(atKey(at(path, 'properties'), 'metadata'), 'must not be specified in a nested context'));
}
