import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, setKey} from '../api/json.ts';
import {schemaDepthMax, schemaNodesMax} from './bounds.ts';
import {compileSchema} from './compile.ts';
import type {JsonSchema} from './json-schema.ts';

const names = ['a', 'b', 'metadata', 'kind', '__proto__', 'constructor', 'toString'];
const name = fc.constantFrom(...names);

const {value} = fc.letrec<{value: Json}>(tie => ({
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    fc.constantFrom<Json>(null, true, 0, 1, -1.5, 2n ** 60n, '', 'x', 'long text'),
    fc.array(tie('value'), {maxLength: 3}),
    fc.array(fc.tuple(name, tie('value')), {maxLength: 3}).map(fromEntries),
  ),
}));

const {schema} = fc.letrec<{schema: JsonSchema}>(tie => ({
  schema: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    fc.constantFrom<JsonSchema>(
      {type: 'string', default: 'd', maxLength: 3},
      {type: 'integer', minimum: 1, multipleOf: 2},
      {type: 'boolean', nullable: true},
      {type: 'string', format: 'date-time', pattern: '^.+$'},
      {'x-kubernetes-int-or-string': true},
      {'x-kubernetes-preserve-unknown-fields': true},
      {type: 'object', default: {}, properties: {a: {type: 'string', default: 'x'}}},
    ),
    fc.record<JsonSchema>({type: fc.constant('array'), items: tie('schema'), 'x-kubernetes-list-type': fc.constantFrom('set', 'atomic')}),
    fc.record<JsonSchema>({type: fc.constant('object'), additionalProperties: fc.oneof(fc.boolean(), tie('schema'))}),
    fc.record<JsonSchema>({type: fc.constant('object'), oneOf: fc.array(tie('schema'), {maxLength: 2}), not: tie('schema')}),
    objectSchema(tie('schema')),
  ),
}));

function objectSchema(child: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> {
  const parts = fc.record({
    properties: fc.array(fc.tuple(name, child), {maxLength: 3}),
    required: fc.array(name, {maxLength: 2}),
    embedded: fc.boolean(),
  });
  return parts.map(({properties, required, embedded}) => ({
    type: 'object',
    properties: fromEntries(properties as [string, Json][]) as {[name: string]: JsonSchema},
    required,
    'x-kubernetes-embedded-resource': embedded,
  }));
}

function fromEntries(entries: readonly [string, Json][]): JsonObject {
  const object: JsonObject = {};
  for (const [key, child] of entries) setKey(object, key, child);
  return object;
}

const whole = fc.array(fc.tuple(name, value), {maxLength: 3}).map(fromEntries);

test('pruning twice is pruning once', () => {
  fc.assert(
    fc.property(objectSchema(schema), whole, (s, object) => {
      const {prune} = compileSchema(s);
      prune(object);
      const once = clone(object);
      assert.deepEqual(prune(object), []);
      assert.deepEqual(object, once);
    }),
  );
});

test('defaulting twice is defaulting once', () => {
  fc.assert(
    fc.property(objectSchema(schema), whole, (s, object) => {
      const {applyDefaults} = compileSchema(s);
      applyDefaults(object);
      const once = clone(object);
      applyDefaults(object);
      assert.deepEqual(object, once);
    }),
  );
});

test('validation never throws, changes nothing, and forgives what did not change', () => {
  fc.assert(
    fc.property(objectSchema(schema), whole, (s, object) => {
      const compiled = compileSchema(s);
      const before = clone(object);
      const errors = compiled.validate(object);
      compiled.decodeError(object, 'Kind');
      assert.deepEqual(object, before);
      assert.ok(compiled.validate(object, clone(object)).length <= errors.length);
    }),
  );
});

test('hostile names are names like others', () => {
  const object = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "spec": {"__proto__": {"polluted": true}}}');
  const properties = fromEntries([
    ['__proto__', {type: 'object', properties: {x: {type: 'integer'}, y: {type: 'integer', default: 2}}}],
    ['constructor', {type: 'string'}],
    ['spec', {type: 'object', properties: {a: {type: 'string'}}}],
  ]) as JsonSchema['properties'];
  const compiled = compileSchema({type: 'object', properties: properties!, required: ['toString']});
  assert.deepEqual(compiled.prune(object), ['spec.__proto__']);
  compiled.applyDefaults(object);
  assert.equal(JSON.stringify(object), '{"__proto__":{"x":1,"y":2},"constructor":"c","spec":{}}');
  assert.deepEqual(
    compiled.validate(object).map(error => error.field),
    ['toString'],
  );
  assert.equal(({} as {polluted?: unknown}).polluted, undefined);
});

test('js-stack schemas have limits', () => {
  const deep = (levels: number): JsonSchema => {
    let s: JsonSchema = {type: 'string'};
    for (let i = 1; i < levels; i++) s = {type: 'array', items: s};
    return s;
  };
  assert.deepEqual(compileSchema(deep(schemaDepthMax)).validate({}).length, 1);
  assert.throws(() => compileSchema(deep(schemaDepthMax + 1)), RangeError);
  assert.throws(() => compileSchema({allOf: new Array<JsonSchema>(schemaNodesMax).fill({})}), RangeError);
});
