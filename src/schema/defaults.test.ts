import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {compileDefaults} from './defaults.ts';
import type {JsonSchema} from './json-schema.ts';

const cases: readonly [name: string, spec: JsonSchema, before: Json, after: Json][] = [
  ['missing', {type: 'object', properties: {a: {type: 'string', default: 'x'}, b: {type: 'string'}}}, {}, {a: 'x'}],
  ['present', {type: 'object', properties: {a: {type: 'string', default: 'x'}}}, {a: 'y'}, {a: 'y'}],
  [
    'defaults within defaults',
    {
      type: 'object',
      properties: {a: {type: 'object', default: {b: 1}, properties: {b: {type: 'integer'}, c: {type: 'integer', default: 2}}}},
    },
    {},
    {a: {b: 1, c: 2}},
  ],
  ['null with a default', {type: 'object', properties: {a: {type: 'string', default: 'x'}}}, {a: null}, {a: 'x'}],
  ['null without one', {type: 'object', properties: {a: {type: 'string'}}}, {a: null}, {}],
  ['nullable', {type: 'object', properties: {a: {type: 'string', default: 'x', nullable: true}}}, {a: null}, {a: null}],
  [
    'items',
    {type: 'array', items: {type: 'object', default: {}, properties: {a: {type: 'integer', default: 1}}}},
    [{}, null, {a: 2}],
    [{a: 1}, {a: 1}, {a: 2}],
  ],
  ['null items without a default stay, and are invalid', {type: 'array', items: {type: 'string'}}, [null], [null]],
  [
    'maps',
    {type: 'object', additionalProperties: {type: 'object', properties: {a: {type: 'integer', default: 1}}}},
    {k: {}, n: null},
    {k: {a: 1}},
  ],
  ['unknown nulls stay', {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}, {a: null}, {a: null}],
];

for (const [name, spec, before, after] of cases) {
  test(name, () => {
    const object: JsonObject = {spec: before};
    compileDefaults({type: 'object', properties: {spec}})(object);
    assert.deepEqual(object, {spec: after});
  });
}

test('every object gets a copy of its own', () => {
  const fill = compileDefaults({type: 'object', properties: {a: {type: 'object', default: {b: []}}}});
  const [one, two]: JsonObject[] = [{}, {}];
  fill(one!);
  fill(two!);
  assert.deepEqual(one, {a: {b: []}});
  assert.notEqual(one!['a'], two!['a']);
});

test('what defaults come to has a limit', () => {
  const item: JsonSchema = {type: 'object', properties: {text: {type: 'string', default: 'x'.repeat(10_000)}}};
  const fill = compileDefaults({type: 'object', properties: {list: {type: 'array', items: item}}});
  const listOf = (length: number): JsonObject => ({list: Array.from({length}, () => ({}))});
  fill(listOf(100));
  assert.throws(() => fill(listOf(1000)), {reason: 'RequestEntityTooLarge'});
});
