import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {decodeJson, jsonLimits} from './json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (text: string) => decodeJson(bytes(text));

/** Integers that are printed in full and lie beyond 2^53 come as bigints. */
const exact = (_: string, v: Json): Json =>
  typeof v === 'number' && Number.isInteger(v) && !Number.isSafeInteger(v) && Math.abs(v) < 2 ** 63 ? BigInt(String(v)) : v;

test('plain documents are what JSON.parse says', () => {
  const spaced = fc.tuple(fc.json({noUnicodeString: false}), fc.constantFrom(undefined, 1));
  fc.assert(
    fc.property(spaced, ([text, indent]) => {
      const value = JSON.parse(text) as Json;
      assert.deepEqual(decode(JSON.stringify(value, undefined, indent)), {value: JSON.parse(text, exact) as Json, duplicates: []});
    }),
  );
});

test('integers keep their digits within int64', () => {
  const numbers: {[text: string]: number | bigint} = {
    '9007199254740991': 9007199254740991,
    '9007199254740993': 9007199254740993n,
    '-9223372036854775808': -9223372036854775808n,
    '9223372036854775808': 2 ** 63,
    '1180591620717411303424': 2 ** 70,
    '1.0000000000000000001': 1,
    '12e3': 12000,
    '-0.5': -0.5,
    '0': 0,
  };
  for (const [text, value] of Object.entries(numbers)) assert.deepEqual(decode(`{"a":[${text}]}`).value, {a: [value]});
});

test('js-numbers keys given twice are told by path; the last one counts', () => {
  const cases: {[text: string]: [Json, string[]]} = {
    '{"data":{"a":1,"a":2}}': [{data: {a: 2}}, ['data.a']],
    '{"spec":{"items":[{"x":1,"y":{},"x":2},{"x":1}]}}': [{spec: {items: [{x: 2, y: {}}, {x: 1}]}}, ['spec.items[0].x']],
    '{"a":1,"\\u0061":2}': [{a: 2}, ['a']],
    '{"a":{"b":1},"b":1,"a":{"b":2}}': [{a: {b: 2}, b: 1}, ['a']],
    ' [ { "a" : [ ] , "a" : null } , true , false , "\\"" ] ': [[{a: null}, true, false, '"'], ['[0].a']],
  };
  for (const [text, [value, duplicates]] of Object.entries(cases)) assert.deepEqual(decode(text), {value, duplicates}, text);
  const many = Array.from({length: 1000}, (_, i) => `"k${i}":${i}`);
  assert.deepEqual(decode(`{${many.join()}}`).duplicates, []);
  assert.deepEqual(decode(`{${many.join()},"k500":1}`).duplicates, ['k500']);
});

test('a duplicate is found wherever it is', () => {
  const key = fc.constantFrom('a', 'b', 'ab', '\\n', 'ä');
  const members = fc.array(fc.tuple(key, fc.constantFrom('1', '{}', '[{"a":1}]', '"a"')), {maxLength: 12});
  fc.assert(
    fc.property(members, list => {
      const {value, duplicates} = decode(`{${list.map(([k, v]) => `"${k}":${v}`).join()}}`);
      assert.equal(duplicates.length > 0, new Set(list.map(([k]) => k)).size < list.length);
      assert.equal(Object.keys(value as {[key: string]: Json}).length, new Set(list.map(([k]) => k)).size);
    }),
  );
});

test('js-prototype prototypes are left alone', () => {
  const {value} = decode('{"__proto__":{"a":1},"__proto__":{"a":2}}');
  assert.equal(JSON.stringify(value), '{"__proto__":{"a":2}}');
});

test('bad documents are refused', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  decode(deep(jsonLimits.depthMax));
  const bad = [
    '',
    '{',
    '{"a":1}}',
    '{"a":1} {}',
    "{'a':1}",
    '[1,]',
    'nul',
    deep(jsonLimits.depthMax + 1),
    deep(200_000),
    '[1e400]',
    '{"a":-1E999}',
  ];
  const refused = (err: unknown): boolean => err instanceof ApiError && err.code === 400;
  for (const text of bad) assert.throws(() => decode(text), refused, text.slice(0, 20));
  assert.throws(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22)), refused);
  assert.equal(decodeJson(bytes('"ü€"')).value, 'ü€');
});
