import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json} from '../api/json.ts';
import {clone} from '../api/json.ts';
import {mergePatch} from './merge-patch.ts';

// RFC 7386, appendix A: target, patch, result.
const examples: [Json, Json, Json][] = [
  [{a: 'b'}, {a: 'c'}, {a: 'c'}],
  [{a: 'b'}, {b: 'c'}, {a: 'b', b: 'c'}],
  [{a: 'b'}, {a: null}, {}],
  [{a: 'b', b: 'c'}, {a: null}, {b: 'c'}],
  [{a: ['b']}, {a: 'c'}, {a: 'c'}],
  [{a: 'c'}, {a: ['b']}, {a: ['b']}],
  [{a: {b: 'c'}}, {a: {b: 'd', c: null}}, {a: {b: 'd'}}],
  [{a: [{b: 'c'}]}, {a: [1]}, {a: [1]}],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{a: 'b'}, ['c'], ['c']],
  [{a: 'foo'}, null, null],
  [{a: 'foo'}, 'bar', 'bar'],
  [{e: null}, {a: 1}, {e: null, a: 1}],
  [[1, 2], {a: 'b', c: null}, {a: 'b'}],
  [{}, {a: {bb: {ccc: null}}}, {a: {bb: {}}}],
];

test('the examples of RFC 7386', () => {
  for (const [target, patch, result] of examples) {
    const before = clone(target);
    assert.deepEqual(mergePatch(target, patch), result);
    assert.deepEqual(target, before);
  }
});

const json = fc.jsonValue({maxDepth: 3}) as fc.Arbitrary<Json>;

test('patching twice is patching once', () => {
  fc.assert(
    fc.property(json, json, (target, patch) => assert.deepEqual(mergePatch(mergePatch(target, patch), patch), mergePatch(target, patch))),
  );
});

test('js-prototype foreign keys stay data, and the result shares nothing', () => {
  const patch = JSON.parse('{"__proto__":{"x":1},"constructor":{"y":[2]}}') as Json;
  const result = mergePatch({}, patch) as {[key: string]: {[key: string]: Json}};
  assert.deepEqual(Object.keys(result), ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
  (result['constructor']!['y'] as Json[]).push(3);
  assert.deepEqual(patch, JSON.parse('{"__proto__":{"x":1},"constructor":{"y":[2]}}'));
});
