import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {inspect} from '../program.ts';
import {environmentOf} from '../rules/rule-program.ts';
import {estimateCost} from './estimate.ts';

function costOf(schema: JsonSchema, rule: string): number {
  const environment = environmentOf(schema, {name: 'object', root: false, known: new Map()}, false);
  assert.ok(environment);
  const found = inspect(rule, environment);
  assert.ok(found.ok, found.ok ? '' : found.report);
  return estimateCost(found.expr, found.checked, {schema, resource: false});
}

type Shape = (max?: number) => JsonSchema;
const scalar = (type: string): JsonSchema => {
  if (type === 'int-or-string') return {'x-kubernetes-int-or-string': true};
  return ['duration', 'date', 'date-time', 'byte'].includes(type) ? {type: 'string', format: type} : {type: type as 'string'};
};
const list =
  (items: JsonSchema): Shape =>
  maxItems => ({type: 'array', items, ...(maxItems !== undefined && {maxItems})});
const map =
  (values: JsonSchema): Shape =>
  maxProperties => ({type: 'object', additionalProperties: values, ...(maxProperties !== undefined && {maxProperties})});
const text: Shape = maxLength => ({type: 'string', ...(maxLength !== undefined && {maxLength})});
const data: Shape = maxLength => ({type: 'string', format: 'byte', ...(maxLength !== undefined && {maxLength})});
const whole = {type: 'object', required: ['required'], properties: {required: {type: 'string'}, optional: {type: 'string'}}} as const;
const texts: Shape = max => ({...map(text(max))(max)});
const textList: Shape = max => ({...list(text(max))(max)});

/** Numbers that Kubernetes holds stable: the cost without a limit on sizes, and with one. */
const costs: readonly [shape: Shape, rule: string, unbounded: number, max: number, bounded: number][] = [
  [list(scalar('number')), 'self.all(x, true)', 4718591, 10, 32],
  [list(scalar('string')), 'self.all(x, true)', 3145727, 20, 62],
  [list(scalar('boolean')), 'self.all(x, true)', 1887437, 5, 17],
  [list(list(scalar('number'))()), 'self.all(x, true)', 3145727, 100, 302],
  [map(scalar('number')), 'self.all(x, true)', 1348169, 10, 32],
  [map(scalar('string')), 'self.all(x, true)', 1179647, 3, 11],
  [map(scalar('boolean')), 'self.all(x, true)', 943718, 100, 302],
  [text, 'self.contains("test")', 314574, 10, 5],
  [text, 'self.startsWith("test")', 2, 15, 2],
  [text, 'size(self + "hello") > size("hello")', 314578, 4, 7],
  [list(scalar('number')), 'self[1] == 0.0', 2, 5000, 2],
  [list(scalar('number')), 'self.all(x, self.all(y, true))', Number.NaN, 10, 352],
  [list(scalar('number')), 'self.all(x, self.all(y, self.all(z, true)))', Number.NaN, 10, 3552],
  [text, 'self.matches("x")', 314574, 50, 22],
  [text, '"".matches("(((((((((())))))))))[0-9]")', 7, 10, 7],
  [text, 'self.matches("")', 1, 100, 1],
  [texts, 'self.all(x, x.contains(self[x]))', 2752507, 10, 72],
  [list(scalar('number')), 'self[3] == 0.0', 2, 0, 2],
  [map(scalar('number')), 'self["x"] == 0.0', 2, 0, 2],
  [text, 'self == "x"', 2, 0, 1],
  [data, 'self == b"x"', 2, 0, 1],
  [list(scalar('number')), 'self.all(x, x == 0.0)', 6291454, 3 * 1024 * 2048, 25165826],
  [max => list(map(whole)(max))(), 'self.all(x, x["y"].required == "z")', 7340027, 10, 7340027],
  [list(scalar('int-or-string')), 'self.all(x, true)', 4718591, 10, 32],
  [list(scalar('int-or-string')), 'self[0] == 5', 3, 10, 3],
  [list(scalar('boolean')), 'self[0] == false', 2, 25, 2],
  [list(list(scalar('number'))()), 'self[0][0] == -1.0', 3, 51, 3],
  [list(map(scalar('number'))()), 'self.all(x, x.y == 25.2)', 6291452, 12, 74],
  [list(map(scalar('number'))()), 'self[0].x > 2.0', 4, 3000, 4],
  [list(scalar('duration')), 'self.all(x, true)', 2359295, 5, 17],
  [list(scalar('duration')), 'self[0].getHours() == 2', 4, 525, 4],
  [list(scalar('date')), 'self.all(x, true)', 725936, 15, 47],
  [list(scalar('date-time')), 'self.all(x, true)', 428963, 25, 77],
  [list(scalar('date-time')), 'self[2].getMinutes() == 45', 4, 99, 4],
  [map(scalar('int-or-string')), 'self.all(x, true)', 1348169, 15, 47],
  [map(whole), 'self.all(x, true)', 428963, 20, 62],
  [map(map(scalar('number'))()), 'self.all(x, true)', 1179647, 10, 32],
  [map(scalar('duration')), 'self.all(x, true)', 1048577, 5, 17],
  [map(scalar('date')), 'self.all(x, true)', 524288, 10, 32],
  [map(scalar('date-time')), 'self.all(x, true)', 349526, 25, 77],
  [text, "self.find('[0-9]+') == ''", 629147, 10, 11],
  [textList, "self.join(' ') == 'aa bb'", 329853068905, 10, 43],
  [textList, 'self.isSorted() == true', 329854432052, 10, 52],
  [text, 'self.lowerAscii() == "abc"', 314575, 10, 6],
  [map(scalar('integer')), 'oldSelf.size() == self.size()', 5, 10, 5],
  [map(scalar('date-time')), 'self["a"] == self["b"]', 8, 7, 8],
];
for (const [shape, rule, unbounded, max, bounded] of costs) {
  test(`estimate: ${rule} over ${JSON.stringify(shape()).slice(0, 60)}`, () => {
    if (!Number.isNaN(unbounded)) assert.equal(costOf(shape(), rule), unbounded);
    assert.equal(costOf(shape(max), rule), bounded);
  });
}

test('estimate: an enumeration bounds the length of a string', () => {
  const schema: JsonSchema = {type: 'string', enum: ['A', 'B', 'C', 'LongValue']};
  assert.equal(costOf(schema, "self.contains('A')"), 2);
  assert.equal(costOf({...schema, maxLength: 1000}, "self.contains('A')"), 401);
});
