import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {clone} from '../api/json.ts';
import {DoesNotApply, jsonPatch, jsonPatchLimits} from './json-patch.ts';

// Target, patch, result; the first ones are those of RFC 6902, appendix A.
const applied: [Json, Json[], Json][] = [
  [{foo: 'bar'}, [{op: 'add', path: '/baz', value: 'qux'}], {baz: 'qux', foo: 'bar'}],
  [{foo: ['bar', 'baz']}, [{op: 'add', path: '/foo/1', value: 'qux'}], {foo: ['bar', 'qux', 'baz']}],
  [{baz: 'qux', foo: 'bar'}, [{op: 'remove', path: '/baz'}], {foo: 'bar'}],
  [{foo: ['bar', 'qux', 'baz']}, [{op: 'remove', path: '/foo/1'}], {foo: ['bar', 'baz']}],
  [{baz: 'qux', foo: 'bar'}, [{op: 'replace', path: '/baz', value: 'boo'}], {baz: 'boo', foo: 'bar'}],
  [
    {foo: {bar: 'baz', waldo: 'fred'}, qux: {corge: 'grault'}},
    [{op: 'move', from: '/foo/waldo', path: '/qux/thud'}],
    {foo: {bar: 'baz'}, qux: {corge: 'grault', thud: 'fred'}},
  ],
  [{foo: ['all', 'grass', 'cows', 'eat']}, [{op: 'move', from: '/foo/1', path: '/foo/3'}], {foo: ['all', 'cows', 'eat', 'grass']}],
  [
    {baz: 'qux', foo: ['a', 2, 'c']},
    [
      {op: 'test', path: '/baz', value: 'qux'},
      {op: 'test', path: '/foo/1', value: 2},
    ],
    {baz: 'qux', foo: ['a', 2, 'c']},
  ],
  [{foo: 'bar'}, [{op: 'add', path: '/child', value: {grandchild: {}}}], {foo: 'bar', child: {grandchild: {}}}],
  [{foo: 'bar'}, [{op: 'add', path: '/baz', value: 'qux', xyz: 123}], {foo: 'bar', baz: 'qux'}],
  [{'/': 9, '~1': 10}, [{op: 'test', path: '/~01', value: 10}], {'/': 9, '~1': 10}],
  [{foo: ['bar']}, [{op: 'add', path: '/foo/-', value: ['abc', 'def']}], {foo: ['bar', ['abc', 'def']]}],
  [{a: 1}, [{op: 'add', path: '', value: [1]}], [1]],
  [{a: 1}, [{op: 'replace', path: '/b', value: 2}], {a: 1, b: 2}],
  [{a: 1}, [{op: 'copy', from: '/b', path: '/c'}], {a: 1, c: null}],
  [{a: [1, 2, 3]}, [{op: 'remove', path: '/a/-1'}], {a: [1, 2]}],
  [
    {a: [1]},
    [
      {op: 'copy', from: '/a', path: '/b'},
      {op: 'add', path: '/b/-', value: 2},
    ],
    {a: [1], b: [1, 2]},
  ],
  [{a: {b: 1}}, [{op: 'test', path: '/a/c', value: null}], {a: {b: 1}}],
  [{a: 1}, [{op: 'move', from: '/a', path: '/a'}], {a: 1}],
];

test('patches that apply', () => {
  for (const [target, patch, result] of applied) {
    const before = clone([target, patch]);
    assert.deepEqual(jsonPatch(target, patch), result, JSON.stringify(patch));
    assert.deepEqual([target, patch], before);
  }
});

test('patches that do not fit the object are Invalid', () => {
  const cases: [Json, Json[]][] = [
    [{baz: 'qux'}, [{op: 'test', path: '/baz', value: 'bar'}]],
    [{'/': 9, '~1': 10}, [{op: 'test', path: '/~01', value: '10'}]],
    [{foo: 'bar'}, [{op: 'add', path: '/baz/bat', value: 'qux'}]],
    [{a: 1}, [{op: 'remove', path: '/b'}]],
    [{a: 1}, [{op: 'remove', path: '/__proto__'}]],
    [{a: 1}, [{op: 'replace', path: '/constructor/x', value: 2}]],
    [{a: []}, [{op: 'add', path: '/a/1', value: 2}]],
    [{a: [1]}, [{op: 'add', path: '/a/01', value: 2}]],
    [{a: [1]}, [{op: 'remove', path: '/a/-2'}]],
    [{a: {b: 1}}, [{op: 'move', from: '/a', path: '/a/b'}]],
    [{a: 1}, [{op: 'move', from: '/b', path: '/b'}]],
    [{a: 1}, [{op: 'remove', path: ''}]],
    [{a: [1, {b: 2}]}, [{op: 'test', path: '/a', value: [1, {b: 3}]}]],
  ];
  for (const [target, patch] of cases) {
    assert.throws(
      () => jsonPatch(target, patch),
      (err: unknown) =>
        err instanceof ApiError && err.code === 422 && err.reason === 'Invalid' && err.message.startsWith('the server rejected'),
      JSON.stringify(patch),
    );
  }
});

test('why a patch does not fit is known, though clients are not told', () => {
  const whys: [Json, Json, string][] = [
    [{a: 1}, {op: 'replace', path: '/b/c', value: 2}, 'replace operation does not apply: doc is missing path: /b/c: missing value'],
    [{a: 1}, {op: 'add', path: '/b/c', value: 2}, 'add operation does not apply: doc is missing path: "/b/c": missing value'],
    [{a: 1}, {op: 'remove', path: '/b/c'}, 'remove operation does not apply: doc is missing path: "/b/c": missing value'],
    [{a: 1}, {op: 'remove', path: '/b'}, "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value"],
    [{a: 1}, {op: 'copy', from: '/x~1y/z', path: '/b'}, 'copy operation does not apply: doc is missing path: "/x~1y/z": missing value'],
    [{a: 1}, {op: 'test', path: '/b/c', value: 2}, 'test operation does not apply: is missing path: /b/c: missing value'],
    [{a: 1}, {op: 'test', path: '/a', value: 2}, 'testing value /a failed: test failed'],
    [{a: 1}, {op: 'spin', path: '/a'}, 'Unexpected kind: spin'],
  ];
  for (const [target, operation, why] of whys) {
    assert.throws(
      () => jsonPatch(target, [operation]),
      (err: unknown) => err instanceof DoesNotApply && err.why === why && err.tested === why.endsWith('test failed'),
      why,
    );
  }
});

test('what is no patch is a BadRequest', () => {
  const ops: Json[] = [{}, [1], [{op: 'add', path: '/a'}], [{op: 'remove'}], [{op: 'remove', path: 'a'}], [{op: 'copy', path: '/a'}]];
  for (const patch of ops) {
    assert.throws(
      () => jsonPatch({a: 1}, patch),
      (err: unknown) => err instanceof ApiError && err.code === 400 && err.message.startsWith('error decoding patch: '),
    );
  }
});

test('an operation nobody knows is told like a patch that does not fit, as real servers do', () => {
  assert.throws(
    () => jsonPatch({a: 1}, [{op: 'spin', path: '/a'}]),
    (err: unknown) => err instanceof ApiError && err.code === 422,
  );
});

test('CVE-2019-1002100 patches have limits', () => {
  const status = (target: Json, patch: Json): number => {
    try {
      jsonPatch(target, patch);
      return 200;
    } catch (err) {
      return (err as ApiError).code;
    }
  };
  const noop: Json = {op: 'test', path: '/a', value: 1};
  assert.equal(status({a: 1}, Array<Json>(jsonPatchLimits.operationsMax).fill(noop)), 200);
  assert.equal(status({a: 1}, Array<Json>(jsonPatchLimits.operationsMax + 1).fill(noop)), 413);
  assert.equal(status({a: ['x'.repeat(1000)]}, Array<Json>(30).fill({op: 'copy', from: '/a', path: '/a/-'})), 422, 'doubling stops');
  const long = {a: Array<Json>(50_000).fill(0)};
  assert.equal(status(long, Array<Json>(5_000).fill({op: 'add', path: '/a/0', value: 1})), 413);
});

test('js-prototype members named like prototypes are data', () => {
  const result = jsonPatch({}, [{op: 'add', path: '/__proto__', value: {x: 1}}]);
  assert.equal(JSON.stringify(result), '{"__proto__":{"x":1}}');
  assert.equal(({} as {x?: unknown}).x, undefined);
});
