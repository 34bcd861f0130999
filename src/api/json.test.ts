import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from './json.ts';
import {clone, dig, equal, getKey, setKey, stringify} from './json.ts';
import {parse} from './parse-json.ts';

test('integers keep their digits within int64, as in Go; all else is a double', () => {
  const text = '{"a":9007199254740993,"b":-9223372036854775808,"c":1.2345678901234567,"d":"12345678901234567","e":1}';
  const value = parse(text) as JsonObject;
  assert.equal(value['a'], 9007199254740993n);
  assert.equal(value['b'], -9223372036854775808n);
  assert.equal(value['c'], 1.2345678901234567);
  assert.equal(stringify(value), text);
  assert.equal(stringify(parse('[123456789012345678901]')), '[123456789012345680000]');
});

test('hostile keys are ordinary keys', () => {
  const value = parse('{"__proto__":{"polluted":true},"constructor":1}') as JsonObject;
  const copy = clone(value);
  assert.equal(stringify(copy), stringify(value));
  assert.equal(({} as {polluted?: boolean}).polluted, undefined);
  assert.equal(getKey({}, 'constructor'), undefined);
  assert.equal(dig({}, '__proto__', 'x'), undefined);
  const target: JsonObject = {};
  setKey(target, '__proto__', {x: 1});
  assert.deepEqual(Object.keys(target), ['__proto__']);
});

test('a clone equals its original and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue({maxDepth: 5}), json => {
      const value = json as Json;
      const copy = clone(value);
      assert.ok(equal(value, copy));
      if (typeof value === 'object' && value !== null) assert.notEqual(copy, value);
    }),
  );
  assert.ok(equal({a: 1, b: [1, {c: null}]}, {b: [1, {c: null}], a: 1}));
  assert.ok(!equal({a: 1}, {a: 1, b: undefined as unknown as Json}));
  assert.ok(!equal([], {}));
});
