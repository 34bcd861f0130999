import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonSchema} from '../schema/json-schema.ts';
import {builtIn, system} from './all.ts';

const all = [...builtIn, ...system];

test('every kind is there once', () => {
  const names = all.map(k => `${k.group}/${k.version}/${k.names.plural}`);
  assert.equal(new Set(names).size, names.length);
});

/** Paths below `schema` of what nobody could read about in `kubectl explain`. */
function silent(schema: JsonSchema, path: string): string[] {
  const own = schema.description && /^[A-Z].*\.$/s.test(schema.description) ? [] : [path];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, s]) => silent(s, `${path}.${name}`));
  const values = typeof schema.additionalProperties === 'object' ? silent(schema.additionalProperties, `${path}.*`) : [];
  return [...own, ...inner, ...values, ...(schema.items ? silent(schema.items, `${path}[]`) : [])];
}

test('every field of every kind has a description that is a sentence', () => {
  assert.deepEqual(
    all.flatMap(k => silent(k.schema, k.names.kind)),
    [],
  );
});

test('every column says what it shows', () => {
  for (const k of all) for (const c of k.columns) assert.ok(c.description.endsWith('.'), `${k.names.kind} ${c.name}`);
});

test('required fields exist', () => {
  const missing = (schema: JsonSchema, path: string): string[] => [
    ...(schema.required ?? []).filter(name => !Object.hasOwn(schema.properties ?? {}, name)).map(name => `${path}.${name}`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, s]) => missing(s, `${path}.${name}`)),
    ...(schema.items ? missing(schema.items, `${path}[]`) : []),
  ];
  assert.deepEqual(
    all.flatMap(k => missing(k.schema, k.names.kind)),
    [],
  );
});
