import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from './json.ts';
import {clone} from './json.ts';
import {cleanMetadata, metadataTypeError} from './metadata-shape.ts';

const cases: readonly [Json, typed: string | undefined, string | undefined][] = [
  [{name: 'a', labels: {a: 'b'}, finalizers: null, generation: 1}, 'ConfigMap', undefined],
  [{nonsense: 5}, 'ConfigMap', undefined],
  ['x', 'ConfigMap', 'json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta'],
  ['x', undefined, 'json: cannot unmarshal string into Go value of type v1.ObjectMeta'],
  [{labels: {a: 1}}, 'ConfigMap', 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
  [{labels: {a: 1}}, undefined, 'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string'],
  [{labels: []}, 'ConfigMap', 'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string'],
  [{finalizers: ['a', true]}, undefined, 'json: cannot unmarshal bool into Go struct field ObjectMeta.finalizers of type string'],
  [
    {ownerReferences: [{uid: {}}]},
    'Secret',
    'json: cannot unmarshal object into Go struct field OwnerReference.metadata.ownerReferences.uid of type types.UID',
  ],
  [{generation: 1.5}, undefined, 'json: cannot unmarshal number 1.5 into Go struct field ObjectMeta.generation of type int64'],
  [{creationTimestamp: 'x'}, undefined, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
];

test('wrong types are told as Go’s decoder tells them', () => {
  for (const [meta, typed, text] of cases) assert.equal(metadataTypeError(meta, typed), text);
});

test('unknown fields go and are named', () => {
  const meta: JsonObject = JSON.parse(
    '{"name":"a","clusterName":"x","__proto__":{"a":1},"constructor":1,"ownerReferences":[{"name":"b","foo":1}],"managedFields":[{"fieldsV1":{},"x":1}]}',
  );
  assert.deepEqual(cleanMetadata(meta), [
    'metadata.clusterName',
    'metadata.__proto__',
    'metadata.constructor',
    'metadata.ownerReferences[0].foo',
    'metadata.managedFields[0].x',
  ]);
  assert.deepEqual(meta, {
    name: 'a',
    ownerReferences: [{apiVersion: '', kind: '', name: 'b', uid: ''}],
    managedFields: [{fieldsV1: {}}],
  });
});

test('what is empty is not stored', () => {
  const meta: JsonObject = {
    name: 'a',
    generateName: '',
    selfLink: '/x',
    creationTimestamp: null,
    labels: {},
    annotations: {a: null, b: ''},
    finalizers: [],
    deletionGracePeriodSeconds: 0,
  };
  assert.deepEqual(cleanMetadata(meta), []);
  assert.deepEqual(meta, {name: 'a', annotations: {a: '', b: ''}, deletionGracePeriodSeconds: 0});
});

test('whatever comes, it is refused or becomes clean', () => {
  const field = fc.constantFrom('name', 'labels', 'finalizers', 'ownerReferences', 'managedFields', 'generation', '__proto__', 'x');
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), written => {
      const meta: JsonObject = JSON.parse(JSON.stringify(written));
      if (metadataTypeError(meta) !== undefined) return;
      cleanMetadata(meta);
      const once = clone(meta);
      assert.deepEqual(cleanMetadata(meta), []);
      assert.deepEqual(meta, once);
      assert.equal(metadataTypeError(meta), undefined);
    }),
  );
});
