import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonObject} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {compilePrune} from './prune.ts';

const open = {type: 'object', 'x-kubernetes-preserve-unknown-fields': true} as const;

const cases: readonly [name: string, spec: JsonSchema, before: JsonObject, after: JsonObject, paths: string[]][] = [
  [
    'unknown fields go',
    {type: 'object', properties: {a: {type: 'string'}, items: {type: 'array', items: {type: 'object', properties: {b: {type: 'string'}}}}}},
    {a: '1', x: 1, items: [{b: '', y: 1}, {y: 1}]},
    {a: '1', items: [{b: ''}, {}]},
    ['spec.items[0].y', 'spec.items[1].y', 'spec.x'],
  ],
  [
    'what is preserved stays, but for the inside of declared properties',
    {...open, properties: {a: {type: 'object', properties: {b: {type: 'string'}}}}},
    {x: {y: 1}, a: {b: '', z: 1}},
    {x: {y: 1}, a: {b: ''}},
    ['spec.a.z'],
  ],
  [
    'maps keep their keys',
    {type: 'object', additionalProperties: {type: 'object', properties: {b: {type: 'string'}}}},
    {k: {b: '', z: 1}},
    {k: {b: ''}},
    ['spec.k.z'],
  ],
  ['any value, but no fields in it', {type: 'object', additionalProperties: true}, {k: 1, o: {z: 1}}, {k: 1, o: {}}, ['spec.o.z']],
  [
    'objects in place of scalars lose their fields',
    {type: 'object', properties: {a: {type: 'string'}}},
    {a: {b: 1}},
    {a: {}},
    ['spec.a.b'],
  ],
  ['int-or-string', {type: 'object', properties: {a: {'x-kubernetes-int-or-string': true}}}, {a: 1, b: 2}, {a: 1}, ['spec.b']],
  [
    'embedded resources keep what every object has',
    {type: 'object', properties: {t: {type: 'object', 'x-kubernetes-embedded-resource': true, properties: {spec: {type: 'object'}}}}},
    {t: {apiVersion: 'v1', kind: 'X', metadata: {name: 'n', foo: 1}, spec: {z: 1}, other: 1}},
    {t: {apiVersion: 'v1', kind: 'X', metadata: {name: 'n'}, spec: {}}},
    ['spec.t.metadata.foo', 'spec.t.other', 'spec.t.spec.z'],
  ],
  [
    'lists of what is preserved are preserved',
    {type: 'object', properties: {l: {type: 'array', 'x-kubernetes-preserve-unknown-fields': true, items: {type: 'object'}}}},
    {l: [{a: 1}]},
    {l: [{a: 1}]},
    [],
  ],
];

for (const [name, spec, before, after, paths] of cases) {
  test(name, () => {
    const object: JsonObject = {spec: before};
    assert.deepEqual(compilePrune({type: 'object', properties: {spec}})(object), paths);
    assert.deepEqual(object, {spec: after});
  });
}

test('of the root apiVersion, kind and metadata stay as they are', () => {
  const object: JsonObject = {apiVersion: 'v1', kind: 'X', metadata: {foo: 1}, foo: 1};
  assert.deepEqual(compilePrune({type: 'object'})(object), ['foo']);
  assert.deepEqual(object, {apiVersion: 'v1', kind: 'X', metadata: {foo: 1}});
});

test('an object preserved at its root', () => {
  const object: JsonObject = {kind: 'X', foo: {bar: 1}};
  assert.deepEqual(compilePrune(open)(object), []);
  assert.deepEqual(object, {kind: 'X', foo: {bar: 1}});
});

test('the list of paths has a limit; pruning has none', () => {
  const object: JsonObject = Object.fromEntries(Array.from({length: 5000}, (_, i) => [`f${i}`, i]));
  assert.equal(compilePrune({type: 'object'})(object).length, 1000);
  assert.deepEqual(object, {});
});
