import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../../api/field-error.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import type {JsonSchema, ValidationRule} from '../../schema/json-schema.ts';
import {compileRules} from './check-rules.ts';

const int: JsonSchema = {type: 'integer'};
const text: JsonSchema = {type: 'string'};

/** What rules of a schema hold against a spec. */
function judge(spec: JsonSchema, value: Json, old?: Json): string {
  const rules = compileRules({type: 'object', properties: {spec}});
  assert.ok(rules);
  const object = (of: Json): JsonObject => ({apiVersion: 'e.com/v1', kind: 'K', metadata: {name: 'n'}, spec: of});
  const {errors} = rules.check(object(value), old === undefined ? undefined : object(old));
  return errors.length === 0 ? '' : summary(errors);
}

const scaled = (...rules: ValidationRule[]): JsonSchema => ({
  type: 'object',
  properties: {replicas: int, max: int, name: text},
  'x-kubernetes-validations': rules,
});

const failures: readonly [name: string, rule: ValidationRule, expected: string][] = [
  ['the rule is the message', {rule: ' self.replicas <= self.max '}, 'spec: Invalid value: failed rule: self.replicas <= self.max'],
  ['a message', {rule: 'self.replicas <= self.max', message: ' too many '}, 'spec: Invalid value: too many'],
  [
    'a message that is made',
    {rule: 'self.replicas <= self.max', messageExpression: `'at most ' + string(self.max)`, message: 'too many'},
    'spec: Invalid value: at most 3',
  ],
  ['a made message that fails', {rule: 'false', messageExpression: '{}["a"]', message: 'fixed'}, 'spec: Invalid value: fixed'],
  ['a made message that is blank', {rule: 'false', messageExpression: '" "'}, 'spec: Invalid value: failed rule: false'],
  ['a made message of two lines', {rule: 'false', messageExpression: '"a\\nb"'}, 'spec: Invalid value: failed rule: false'],
  ['a made message that is long', {rule: 'false', messageExpression: `"${'x'.repeat(5121)}"`}, 'spec: Invalid value: failed rule: false'],
  ['forbidden', {rule: 'false', reason: 'FieldValueForbidden', message: 'no'}, 'spec: Forbidden: no'],
  ['required', {rule: 'false', reason: 'FieldValueRequired', message: 'no'}, 'spec: Required value: no'],
  ['duplicate', {rule: 'false', reason: 'FieldValueDuplicate', message: 'no'}, 'spec: Duplicate value'],
  ['a place', {rule: 'false', fieldPath: '.replicas', message: 'no'}, 'spec.replicas: Invalid value: no'],
  ['a failing rule', {rule: 'self.name == "a"'}, 'spec: Invalid value: "object": no such key: name evaluating rule: self.name == "a"'],
  [
    'a malformed rule',
    {rule: 'self.none'},
    `spec: Invalid value: "object": rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'none'\n | self.none\n | ....^`,
  ],
  ['a rule of another type', {rule: '1'}, 'spec: Invalid value: "object": rule compile error: cel expression must evaluate to a bool'],
  ['an empty rule', {rule: ' '}, ''],
];
for (const [name, rule, expected] of failures) {
  test(`rule: ${name}`, () => assert.equal(judge(scaled(rule), {replicas: 5, max: 3}), expected));
}

test('rule: the value of a scalar is shown', () => {
  assert.equal(judge({...int, 'x-kubernetes-validations': [{rule: 'self < 3'}]}, 5), 'spec: Invalid value: 5: failed rule: self < 3');
});

const fixed: ValidationRule[] = [{rule: 'self == oldSelf', message: 'fixed'}];
const fixedText: JsonSchema = {...text, 'x-kubernetes-validations': fixed};
const places: JsonSchema = {
  type: 'object',
  properties: {
    field: fixedText,
    map: {type: 'object', additionalProperties: fixedText},
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {type: 'object', required: ['k'], properties: {k: text, v: fixedText}},
    },
    optional: {
      ...text,
      'x-kubernetes-validations': [{rule: 'oldSelf.hasValue() || self == "first"', optionalOldSelf: true, message: 'must begin as first'}],
    },
  },
};
const transitions: readonly [name: string, old: Json | undefined, value: Json, expected: string][] = [
  ['nothing to compare with', undefined, {field: 'a', map: {x: 'a'}, list: [{k: '1', v: 'a'}]}, ''],
  ['a field', {field: 'a'}, {field: 'b'}, 'spec.field: Invalid value: "b": fixed'],
  ['a field that is the same', {field: 'a'}, {field: 'a'}, ''],
  ['a field that is new', {}, {field: 'b'}, ''],
  ['an entry of a map', {map: {x: 'a', y: 'b'}}, {map: {x: 'b', z: 'b'}}, 'spec.map[x]: Invalid value: "b": fixed'],
  [
    'an item that moved',
    {list: [{k: '1', v: 'a'}]},
    {
      list: [
        {k: '2', v: 'b'},
        {k: '1', v: 'c'},
      ],
    },
    'spec.list[1].v: Invalid value: "c": fixed',
  ],
  ['an optional old value on creation', undefined, {optional: 'second'}, 'spec.optional: Invalid value: "second": must begin as first'],
  ['an optional old value', {optional: 'first'}, {optional: 'second'}, ''],
];
for (const [name, old, value, expected] of transitions) {
  test(`transition: ${name}`, () => assert.equal(judge(places, value, old), expected));
}

const short: JsonSchema = {...text, 'x-kubernetes-validations': [{rule: 'self.size() < 3', message: 'long'}]};
const ratcheted: JsonSchema = {
  type: 'object',
  properties: {
    a: short,
    plain: {type: 'array', items: short},
    pair: {type: 'object', properties: {a: text, b: text}, 'x-kubernetes-validations': [{rule: 'self.a == self.b', message: 'unequal'}]},
  },
};
const ratchets: readonly [name: string, old: Json, value: Json, expected: string][] = [
  ['an unchanged value is forgiven', {a: 'long'}, {a: 'long', plain: []}, ''],
  ['a changed one is not', {a: 'long'}, {a: 'longer'}, 'spec.a: Invalid value: "longer": long'],
  ['an unchanged list forgives its items', {plain: ['long']}, {a: 'a', plain: ['long']}, ''],
  ['a changed one does not', {plain: ['long']}, {plain: ['long', 'a']}, 'spec.plain[0]: Invalid value: "long": long'],
  ['an unchanged object', {pair: {a: '1', b: '2'}}, {a: 'a', pair: {b: '2', a: '1'}}, ''],
  ['a changed object', {pair: {a: '1', b: '2'}}, {pair: {a: '1', b: '3'}}, 'spec.pair: Invalid value: unequal'],
];
for (const [name, old, value, expected] of ratchets) {
  test(`ratcheting: ${name}`, () => assert.equal(judge(ratcheted, value, old), expected));
}

test('schemas without rules come to nothing', () => {
  assert.equal(compileRules({type: 'object', properties: {a: {type: 'array', items: int}}}), undefined);
});

test('keys of JavaScript are keys like any other', () => {
  const odd = parse(
    '{"type": "object", "properties": {"__proto__": {"type": "integer"}, "constructor": {"type": "integer"}}}',
  ) as JsonSchema;
  const rules = [{rule: 'has(self.__underscores__proto__underscores__) == has(self.constructor)', message: 'both or none'}];
  const schema = {...odd, 'x-kubernetes-validations': rules};
  assert.equal(judge(schema, {}), '');
  assert.equal(judge(schema, parse('{"__proto__": 1}')), 'spec: Invalid value: both or none');
  assert.equal(judge(schema, parse('{"__proto__": 1, "constructor": 2}')), '');
});

const many = Array.from({length: 2_000}, (_, i) => i);
const squared: ValidationRule = {rule: 'self.all(a, self.all(b, a + b >= 0))'};

test('a rule that costs too much ends the checking', () => {
  const list: JsonSchema = {type: 'array', items: int, 'x-kubernetes-validations': [squared, {rule: 'false'}]};
  assert.equal(
    judge(list, many),
    `spec: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${squared.rule}`,
  );
});

test('the rules of a request have a budget in common', () => {
  const list: JsonSchema = {type: 'array', items: int, 'x-kubernetes-validations': [squared]};
  const lists: JsonSchema = {type: 'array', items: list};
  const value = Array.from({length: 20}, () => many.slice(0, 300));
  assert.match(
    judge(lists, value),
    /^spec\[\d+\]: Invalid value: "array": validation failed due to running out of cost budget, no further/,
  );
});

test('rules that cost nothing have an end too', () => {
  const item: JsonSchema = {...int, 'x-kubernetes-validations': Array.from({length: 1_000}, () => ({rule: 'true'}))};
  const started = performance.now();
  const found = judge(
    {type: 'array', items: item},
    Array.from({length: 100_000}, () => 1),
  );
  assert.match(found, /running out of cost budget/);
  assert.ok(performance.now() - started < 5_000);
});

test('somebody with little time is told when it is over, and with enough of it finds the same', () => {
  const pairs: ValidationRule = {rule: 'self.all(a, self.all(b, a + b < 1000))'};
  const spec: JsonSchema = {
    type: 'array',
    maxItems: 100,
    items: int,
    'x-kubernetes-validations': [pairs, {rule: 'self.size() < 2', message: 'long'}],
  };
  const rules = compileRules({type: 'object', properties: {spec}});
  const object = (count: number): JsonObject => ({spec: Array.from({length: count}, (_, i) => i)});
  class Lost extends Error {}
  const patience = (cost: number, steps = 1_000_000) => ({
    cost,
    steps,
    lost: (): never => {
      throw new Lost();
    },
  });
  assert.throws(() => rules?.check(object(100), undefined, patience(10_000)), Lost);
  assert.throws(() => rules?.check(object(100), undefined, patience(1_000_000, 100)), Lost);
  assert.deepEqual(rules?.check(object(100), undefined, patience(1_000_000)).errors, rules?.check(object(100)).errors);
  const used = patience(10_000);
  assert.deepEqual(rules?.check(object(3), undefined, used).errors, rules?.check(object(3)).errors);
  assert.ok(used.cost > 9_000 && used.cost < 10_000, String(used.cost));
});
