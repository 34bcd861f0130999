import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError} from '../api/errors.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {clone} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {strategicPatch} from './strategic.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    data: {type: 'object', additionalProperties: {type: 'string'}},
    hooks: {
      type: 'array',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
      items: {
        type: 'object',
        properties: {
          inner: {type: 'array', 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-patch-merge-key': 'port', items: {type: 'object'}},
        },
      },
    },
    atomic: {type: 'array', items: {type: 'object'}},
    whole: {type: 'object', 'x-kubernetes-patch-strategy': 'replace'},
    keyless: {type: 'array', 'x-kubernetes-patch-strategy': 'merge', items: {type: 'object'}},
  },
};

const abc = [{name: 'a', x: 1}, {name: 'b', x: 2}, {name: 'c'}];

// Title, target, patch, result.
const cases: [string, JsonObject, JsonObject, JsonObject][] = [
  ['maps merge and null deletes', {data: {a: '1', b: '2'}}, {data: {a: null, c: '3'}}, {data: {b: '2', c: '3'}}],
  ['a new map has no nulls', {}, {data: {a: null, c: '3'}}, {data: {c: '3'}}],
  [
    '$patch replace',
    {metadata: {labels: {a: '1', b: '2'}}},
    {metadata: {labels: {$patch: 'replace', c: '3'}}},
    {metadata: {labels: {c: '3'}}},
  ],
  ['$patch delete', {data: {a: '1'}, x: 1}, {data: {$patch: 'delete'}}, {x: 1}],
  ['$patch merge', {data: {a: '1'}}, {data: {$patch: 'merge', b: '2'}}, {data: {a: '1', b: '2'}}],
  ['strategy replace', {whole: {a: 1}}, {whole: {b: 2}}, {whole: {b: 2}}],
  ['lists are atomic by default', {atomic: abc}, {atomic: [{name: 'z'}]}, {atomic: [{name: 'z'}]}],
  ['items merge by key', {hooks: abc}, {hooks: [{name: 'b', x: null, y: 3}]}, {hooks: [{name: 'a', x: 1}, {name: 'b', y: 3}, {name: 'c'}]}],
  ['new items follow', {hooks: abc}, {hooks: [{name: 'd'}]}, {hooks: [{name: 'd'}, ...abc]}],
  ['items delete', {hooks: abc}, {hooks: [{name: 'b', $patch: 'delete'}]}, {hooks: [abc[0]!, abc[2]!]}],
  ['a list is replaced', {hooks: abc}, {hooks: [{$patch: 'replace'}, {name: 'z'}]}, {hooks: [{name: 'z'}]}],
  ['deletion of what is not there', {}, {hooks: [{name: 'b', $patch: 'delete'}, {name: 'z'}]}, {hooks: [{name: 'z'}]}],
  [
    'lists in items merge',
    {hooks: [{name: 'a', inner: [{port: 1}, {port: 2, p: 'x'}]}]},
    {hooks: [{name: 'a', inner: [{port: 2, p: 'y'}]}]},
    {hooks: [{name: 'a', inner: [{port: 1}, {port: 2, p: 'y'}]}]},
  ],
  ['scalars unite', {metadata: {finalizers: ['a', 'b']}}, {metadata: {finalizers: ['c', 'a']}}, {metadata: {finalizers: ['c', 'a', 'b']}}],
  [
    'scalars delete',
    {metadata: {finalizers: ['a', 'b']}},
    {metadata: {'$deleteFromPrimitiveList/finalizers': ['a']}},
    {metadata: {finalizers: ['b']}},
  ],
  [
    'scalars delete and unite',
    {metadata: {finalizers: ['a', 'b']}},
    {metadata: {finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'], '$setElementOrder/finalizers': ['b', 'c']}},
    {metadata: {finalizers: ['b', 'c']}},
  ],
  [
    'owners merge by uid',
    {metadata: {ownerReferences: [{uid: '1', name: 'x'}]}},
    {metadata: {ownerReferences: [{uid: '1', controller: true}, {uid: '2'}]}},
    {metadata: {ownerReferences: [{uid: '1', name: 'x', controller: true}, {uid: '2'}]}},
  ],
  [
    'the order is set',
    {hooks: abc},
    {hooks: [{name: 'd'}], '$setElementOrder/hooks': [{name: 'c'}, {name: 'd'}, {name: 'a'}]},
    {hooks: [{name: 'b', x: 2}, {name: 'c'}, {name: 'd'}, {name: 'a', x: 1}]},
  ],
  [
    'order without a change',
    {hooks: abc},
    {'$setElementOrder/hooks': [{name: 'c'}, {name: 'b'}, {name: 'a'}]},
    {hooks: [...abc].reverse()},
  ],
  ['order of nothing', {x: 1}, {'$setElementOrder/hooks': [{name: 'c'}]}, {x: 1}],
  ['retained keys', {data: {a: '1', b: '2', c: '3'}}, {data: {$retainKeys: ['b', 'd'], d: '4', a: null}}, {data: {b: '2', d: '4'}}],
];

for (const [title, target, patch, result] of cases) {
  test(title, () => {
    const before = clone({target, patch});
    assert.deepEqual(strategicPatch(target, patch, schema), result);
    assert.deepEqual({target, patch}, before);
  });
}

test('what cannot be merged is refused as Kubernetes does', () => {
  const refusals: [number, string, JsonObject][] = [
    [500, 'does not contain declared merge key: name', {hooks: [{x: 1}]}],
    [500, 'cannot merge lists without merge key', {keyless: [{x: 1}]}],
    [500, 'not identical', {hooks: ['a', {name: 'b'}]}],
    [400, 'unknown patch type', {data: {$patch: 'twist'}}],
    [400, 'unknown patch type', {hooks: [{name: 'a', $patch: 1}]}],
    [400, 'invalid patch format of primitive list', {metadata: {'$deleteFromPrimitiveList/finalizers': 'a'}}],
    [400, 'invalid patch format of setElementOrder list', {'$setElementOrder/hooks': {}}],
    [400, "doesn't match $setElementOrder list", {hooks: [{name: 'a'}], '$setElementOrder/hooks': [{name: 'b'}]}],
    [400, 'invalid patch format of retainKeys', {data: {$retainKeys: 'a'}}],
    [422, "doesn't match retainKeys list", {data: {$retainKeys: ['a'], b: '1'}}],
    [422, 'lists of lists', {hooks: [[1]]}],
  ];
  for (const [code, text, patch] of refusals) {
    assert.throws(
      () => strategicPatch({}, patch, schema),
      (err: unknown) => err instanceof ApiError && err.code === code && err.message.includes(text),
      text,
    );
  }
});

test('patching twice is patching once; the result shares nothing', () => {
  const item = fc.record({name: fc.constantFrom('a', 'b', 'c', 'd'), x: fc.option(fc.nat(3))});
  const items = fc.uniqueArray(item, {selector: i => i.name});
  const object = fc.record({hooks: items, data: fc.dictionary(fc.string(), fc.option(fc.string()))}) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const once = strategicPatch(target, patch, schema);
      assert.deepEqual(strategicPatch(once, patch, schema), once);
      freeze(target);
      freeze(patch);
      scribble(strategicPatch(target, patch, schema));
    }),
  );
});

const freeze = (value: Json): void => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
};
/** Throws if any part of `value` is frozen. */
const scribble = (value: Json): void => {
  if (typeof value !== 'object' || value === null) return;
  Object.values(value).forEach(scribble);
  (value as {[key: string]: Json})['scribbled'] = 1;
};
