import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from './field-error.ts';
import type {JsonObject} from './json.ts';
import type {MetadataRules} from './metadata.ts';
import {
  annotationBytesMax,
  dedupeOwners,
  finalizerWarnings,
  restoreSystemFields,
  validateMetadata,
  validateMetadataUpdate,
  wipeSystemFields,
} from './metadata.ts';
import {dnsLabel, dnsSubdomain, pathSegment} from './names.ts';

const core: MetadataRules = {namespaced: true, name: dnsSubdomain, standardFinalizers: true};
const custom: MetadataRules = {namespaced: false, name: dnsSubdomain, standardFinalizers: false};
const role: MetadataRules = {...custom, name: pathSegment};
const fine = {name: 'a', namespace: 'default'};
const ref = {apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u'};

const valid: readonly [MetadataRules, JsonObject][] = [
  [core, fine],
  [core, {...fine, generateName: 'a-'}],
  [core, {...fine, finalizers: ['orphan', 'example.com/x']}],
  [core, {...fine, labels: {'example.com/a': 'B_c.d', e: ''}, annotations: {'EXAMPLE.com/a': 'x', b: 'any text\n'}}],
  [core, {...fine, annotations: {a: 'x'.repeat(annotationBytesMax - 1)}}],
  [core, {...fine, ownerReferences: [{...ref, controller: true}, ref]}],
  [custom, {name: 'a.b', finalizers: ['foo']}],
  [role, {name: 'system:a'}],
];

test('good metadata passes', () => {
  for (const [rules, meta] of valid) assert.deepEqual(validateMetadata(rules, meta), [], JSON.stringify(meta).slice(0, 200));
});

const owners = 'metadata.ownerReferences';
const invalid: readonly [MetadataRules, JsonObject, string][] = [
  [custom, {}, 'metadata.name: Required value: name or generateName is required'],
  [role, {name: 'a/b'}, `metadata.name: Invalid value: "a/b": may not contain '/'`],
  [role, {name: '..'}, `metadata.name: Invalid value: "..": may not be '..'`],
  [custom, {name: 'a', namespace: 'x'}, 'metadata.namespace: Forbidden: not allowed on this type'],
  [core, {name: 'a'}, 'metadata.namespace: Required value'],
  [
    core,
    {...fine, finalizers: ['foo']},
    'metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified',
  ],
  [
    custom,
    {name: 'a', finalizers: ['orphan', 'foregroundDeletion']},
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ],
  [core, {...fine, annotations: {a: 'x'.repeat(annotationBytesMax)}}, 'metadata.annotations: Too long: may not be more than 262144 bytes'],
  [core, {...fine, labels: {'/a': ''}}, 'metadata.labels: Invalid value: "/a": prefix part must be non-empty'],
  [core, {...fine, ownerReferences: [{...ref, uid: ''}]}, `${owners}.uid: Invalid value: "": must not be empty`],
  [core, {...fine, ownerReferences: [{...ref, apiVersion: ''}]}, `${owners}.apiVersion: Invalid value: "": version must not be empty`],
  [
    core,
    {...fine, ownerReferences: [{apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'u'}]},
    `${owners}: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"u"}: /v1, Kind=Event is disallowed from being an owner`,
  ],
];

test('bad metadata is refused in the words of Kubernetes', () => {
  for (const [rules, meta, text] of invalid) assert.equal(summary(validateMetadata(rules, meta)), text);
});

test('of a name that is bad by its own grammar no more is said', () => {
  assert.equal(validateMetadata(core, {name: 'a/b', namespace: 'd'}).length, 1);
});

test('names are told what is wrong by their own grammar', () => {
  const [error] = validateMetadata({...custom, name: dnsLabel}, {name: 'a.b'});
  assert.match(error?.message ?? '', /^Invalid value: "a.b": a lowercase RFC 1123 label must consist of/);
  const [long] = validateMetadata(core, {...fine, labels: {a: 'x'.repeat(64)}});
  assert.match(long?.message ?? '', /must be no more than 63 characters$/);
});

test('only one owner controls', () => {
  const two = [
    {...ref, controller: true},
    {...ref, name: 'b', controller: true},
  ];
  const text = summary(validateMetadata(core, {...fine, ownerReferences: two}));
  assert.match(text, /Only one reference can have Controller set to true. Found "true" in references for ConfigMap\/a and ConfigMap\/b$/);
});

test('updates keep identity, and take no new finalizers while deleting', () => {
  const old = {name: 'a', uid: 'u', creationTimestamp: 't', deletionTimestamp: 't', finalizers: ['a.b/c', 'a.b/d']};
  assert.deepEqual(validateMetadataUpdate(custom, {...old, finalizers: ['a.b/d']}, old), []);
  assert.equal(
    summary(validateMetadataUpdate(custom, {...old, finalizers: ['a.b/d', 'x.y/z']}, old)),
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.y/z"}',
  );
  assert.equal(summary(validateMetadataUpdate(custom, {...old, uid: 'v'}, old)), 'metadata.uid: Invalid value: "v": field is immutable');
});

test('finalizers without a domain are warned of once', () => {
  const meta = {finalizers: ['foo', 'orphan', 'a.b/c', 'old', 'example.com']};
  assert.deepEqual(finalizerWarnings(meta, {finalizers: ['old']}), [
    'metadata.finalizers: "foo": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
    'metadata.finalizers: "example.com": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers',
  ]);
});

test('owners that are listed twice are listed once', () => {
  const meta: JsonObject = {ownerReferences: [ref, {...ref}, {...ref, name: 'b'}]};
  assert.match(dedupeOwners(meta, false) ?? '', /^\.metadata\.ownerReferences contains duplicate entries; .*observed: u$/);
  assert.deepEqual(meta, {ownerReferences: [ref, {...ref, name: 'b'}]});
  assert.equal(dedupeOwners(meta, true), undefined);
});

test('system fields are the server’s', () => {
  const meta: JsonObject = {name: 'a', uid: 'x', creationTimestamp: 't', generation: 7, deletionTimestamp: 't'};
  wipeSystemFields(meta);
  assert.deepEqual(meta, {name: 'a'});
  restoreSystemFields(meta, {name: 'a', uid: 'u', creationTimestamp: 'c', generation: 3});
  assert.deepEqual(meta, {name: 'a', uid: 'u', creationTimestamp: 'c', generation: 3});
  const other: JsonObject = {uid: 'v', deletionTimestamp: 'mine'};
  restoreSystemFields(other, {uid: 'u'});
  assert.deepEqual(other, {uid: 'v'});
});
