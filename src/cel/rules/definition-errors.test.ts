import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonSchema, ValidationRule} from '../../schema/json-schema.ts';
import {ruleErrors} from './definition-errors.ts';

const errorsOf = (spec: JsonSchema): string[] =>
  ruleErrors({type: 'object', properties: {spec}}, 'root').map(
    ({field, message}) => `${field.slice('root.properties[spec]'.length)} ${message}`,
  );

const text: JsonSchema = {type: 'string', maxLength: 10};
const ruled = (schema: JsonSchema, ...rules: ValidationRule[]): JsonSchema => ({...schema, 'x-kubernetes-validations': rules});
const list = (items: JsonSchema, maxItems?: number): JsonSchema => ({type: 'array', items, ...(maxItems !== undefined && {maxItems})});

test('the cost of a rule counts as often as its values may occur', () => {
  const item = ruled({type: 'string', maxLength: 1_000}, {rule: 'self.matches("^[a-z]+$")'});
  assert.deepEqual(errorsOf(list(item, 100)), []);
  const [error] = errorsOf(list(list(item, 100), 200));
  assert.match(
    error!,
    /^\.items\.items\.x-kubernetes-validations\[0\]\.rule Forbidden: estimated rule cost exceeds budget by factor of 1\.6x \(try/,
  );
  const unbounded = errorsOf(list(ruled({type: 'string'}, {rule: 'self == "a"'})));
  assert.deepEqual(unbounded, []);
});

test('a factor of little more than 1 is not rounded to it', () => {
  const schema = ruled(list({type: 'integer'}, 1_100), {rule: 'self.all(a, self.all(b, a + b > 0 && a > 0))'});
  assert.match(errorsOf(schema)[0]!, /by factor of 1\.0\d{5}x/);
});

test('the rules of a schema have a budget in common, and the dearest are named', () => {
  const dear = ruled(list({type: 'integer'}, 1_000), {rule: 'self.all(a, self.all(b, a + b > 0))'});
  const properties = Object.fromEntries(Array.from({length: 20}, (_, i) => [`p${i}`, dear]));
  const errors = errorsOf({type: 'object', properties});
  assert.equal(errors.length, 5);
  assert.match(errors[0]!, /contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema$/);
  assert.match(errors[4]!, /x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of/);
});

test('old values are there for items that can be told from each other, however deep', () => {
  const fixed = ruled(text, {rule: 'self == oldSelf'});
  const item: JsonSchema = {type: 'object', required: ['k'], properties: {k: text, v: fixed}};
  const keyed: JsonSchema = {...list(item, 5), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k']};
  assert.deepEqual(errorsOf({type: 'object', additionalProperties: keyed, maxProperties: 5}), []);
  const [error] = errorsOf(list(keyed, 5));
  assert.match(error!, /within root\.properties\[spec\]$/);
});

test('rules on content without a schema', () => {
  const [error] = errorsOf({'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-validations': [{rule: 'true'}]});
  assert.equal(error, '.x-kubernetes-validations Internal error: failed to convert to declType for CEL validation rules');
});

test('what rules mean is not looked at where they are out of form', () => {
  const schema = ruled({type: 'object', properties: {a: ruled(text, {message: 'x'})}}, {rule: 'self.none'});
  assert.deepEqual(errorsOf(schema), ['.properties[a].x-kubernetes-validations[0].rule Required value: rule is not specified']);
});

test('defaults are new values and old ones', () => {
  const begun = {...text, default: 'x'};
  const rules = [{rule: '!oldSelf.hasValue() || self == "y"', optionalOldSelf: true}];
  assert.match(
    errorsOf({type: 'object', properties: {a: ruled(begun, ...rules)}})[0]!,
    /^\.properties\[a\]\.default Invalid value: "x": failed rule/,
  );
});
