import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {kubernetesFunctions} from './libraries.ts';
import {compile} from './program.ts';
import {typeOfSchema} from './schema-types.ts';

const text: JsonSchema = {type: 'string'};
const item: JsonSchema = {type: 'object', properties: {k: text, v: {type: 'integer'}}};
const list = (items: JsonSchema, more: Partial<JsonSchema> = {}): JsonSchema => ({type: 'array', items, ...more});
const set = list(text, {'x-kubernetes-list-type': 'set'});
const keyed = list(item, {'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k']});
const schema: JsonSchema = {
  type: 'object',
  properties: {set, other: set, plain: list(text), keyed, moved: keyed, sets: {type: 'object', additionalProperties: set}},
};
const type = typeOfSchema(schema, {name: 'object', root: false})!;
const variables = new Map([
  ['self', type],
  ['oldSelf', type],
]);
const self: Json = {
  set: ['a', 'b', 'c'],
  other: ['c', 'a', 'b'],
  plain: ['c', 'a', 'b'],
  keyed: [
    {k: 'x', v: 1},
    {k: 'y', v: 2},
  ],
  moved: [
    {k: 'y', v: 2},
    {k: 'x', v: 1},
  ],
  sets: {s: ['a', 'b']},
};
const oldSelf: Json = {...self, set: ['b', 'a', 'c'], keyed: self['moved'] as Json, sets: {s: ['b', 'a']}};

const truths = [
  'self.set == self.other && !(self.set != self.other)',
  "self.set == ['c', 'b', 'a']",
  'self.plain != oldSelf.set || self.plain == oldSelf.set',
  "self.plain != ['a', 'b', 'c']",
  "self.set != ['a', 'b'] && self.set != ['a', 'b', 'd']",
  'self.keyed == self.moved',
  'self.keyed != self.moved + [self.keyed[0]] || size(self.moved + [self.keyed[0]]) == 2',
  'self == oldSelf',
  'self.sets == oldSelf.sets',
  "self.set + ['c', 'd'] == ['a', 'b', 'c', 'd']",
  "self.plain + ['c'] == ['c', 'a', 'b', 'c']",
  'self.keyed + [self.moved[0]] == self.keyed',
  'self.set.map(s, s) == ["a", "b", "c"]',
  "self.plain.sortBy(p, p) == ['a', 'b', 'c']",
  "self.keyed.sortBy(e, -e.v).map(e, e.k) == ['y', 'x']",
  '[3, 1, 2].sortBy(n, 10 - n) == [3, 2, 1]',
];
for (const source of truths) {
  test(`lists: ${source}`, () => {
    const program = compile(source, {variables, functions: kubernetesFunctions});
    assert.ok(program.ok, program.ok ? '' : program.report);
    const outcome = program.evaluate({self, oldSelf}, 10_000);
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.error);
    assert.equal(outcome.value, true);
  });
}
