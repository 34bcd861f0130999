import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import {configMap, dataBytesMax, decodedBytes} from './config-map.ts';
import type {Kind} from './kind.ts';
import {namespace} from './namespace.ts';
import {secret} from './secret.ts';
import {serviceAccount} from './service-account.ts';

/** What a kind answers to an object; '' when it is fine. */
const judge = (kind: Kind, object: JsonObject): string => {
  kind.strategy.normalize?.(object);
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const judgeUpdate = (kind: Kind, object: JsonObject, old: JsonObject): string => {
  const errors = kind.strategy.validateUpdate?.(object, old) ?? [];
  return errors.length ? summary(errors) : '';
};
const cells = (kind: Kind, object: JsonObject, now = 0): unknown[] => kind.columns.map(c => c.cell(asObject(object), now));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const metadata = {name: 'a', creationTimestamp: '2026-01-01T00:00:00Z'};
const now = Date.parse('2026-01-01T00:00:05Z');

test('config maps', () => {
  assert.equal(judge(configMap, {data: {'a.b': 'x'}, binaryData: {c: 'AAA='}}), '');
  assert.equal(judge(configMap, {data: {'..a': 'x'}}), `data[..a]: Invalid value: "..a": must not start with '..'`);
  assert.equal(
    judge(configMap, {data: {a: 'x'}, binaryData: {a: ''}}),
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  );
  assert.equal(judge(configMap, {data: {a: 'é'.repeat(dataBytesMax / 2)}}), '');
  assert.equal(judge(configMap, {data: {a: 'x'.repeat(dataBytesMax + 1)}}), '[]: Too long: may not be more than 1048576 bytes');
  assert.deepEqual(cells(configMap, {metadata, data: {a: '', b: ''}, binaryData: {c: ''}}, now), [3, '5s']);
});

test('an immutable config map keeps its data', () => {
  const old = {immutable: true, data: {a: 'x'}};
  assert.equal(judgeUpdate(configMap, {...old, metadata: {labels: {a: 'b'}}}, old), '');
  assert.equal(judgeUpdate(configMap, {...old, data: {}}, old), 'data: Forbidden: field is immutable when `immutable` is set');
  assert.equal(judgeUpdate(configMap, {data: {a: 'x'}}, old), 'immutable: Forbidden: field is immutable when `immutable` is set');
  assert.equal(judgeUpdate(configMap, {...old, data: {a: 'y'}}, {data: {a: 'x'}}), '');
});

test('base64 sizes', () => {
  for (const text of ['', 'a', 'ab', 'abc', 'abcd']) assert.equal(decodedBytes(base64(text)), text.length);
});

test('a secret takes stringData over data', () => {
  const object: JsonObject = {data: {a: base64('x'), b: base64('y')}, stringData: {a: 'z'}};
  assert.equal(judge(secret, object), '');
  assert.deepEqual(object, {data: {a: base64('z'), b: base64('y')}, type: 'Opaque'});
  assert.deepEqual(cells(secret, {...object, metadata}, now), ['Opaque', 2, '5s']);
  assert.equal(secret.strategy.fields?.['type']?.(object), 'Opaque');
});

test('secrets hold what their type asks for', () => {
  const cases: readonly [string, JsonObject, string][] = [
    ['Opaque', {}, ''],
    ['example.com/own', {}, ''],
    ['kubernetes.io/tls', {'tls.crt': ''}, 'data[tls.key]: Required value'],
    ['kubernetes.io/tls', {'tls.crt': '', 'tls.key': ''}, ''],
    ['kubernetes.io/basic-auth', {}, '[data[username]: Required value, data[password]: Required value]'],
    ['kubernetes.io/basic-auth', {password: ''}, ''],
    ['kubernetes.io/ssh-auth', {'ssh-privatekey': ''}, 'data[ssh-privatekey]: Required value'],
    ['kubernetes.io/dockercfg', {}, 'data[.dockercfg]: Required value'],
    ['kubernetes.io/dockerconfigjson', {'.dockerconfigjson': base64('{"auths":{}}')}, ''],
    [
      'kubernetes.io/dockerconfigjson',
      {'.dockerconfigjson': ''},
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
    ],
    ['kubernetes.io/service-account-token', {}, 'metadata.annotations[kubernetes.io/service-account.name]: Required value'],
  ];
  for (const [type, data, text] of cases) assert.equal(judge(secret, {type, data}), text, type);
  const token = {type: 'kubernetes.io/service-account-token', metadata: {annotations: {'kubernetes.io/service-account.name': 'a'}}};
  assert.equal(judge(secret, token), '');
  assert.equal(judge(secret, {data: {a: base64('x'.repeat(dataBytesMax + 1))}}), 'data: Too long: may not be more than 1048576 bytes');
});

test('a secret keeps its type', () => {
  assert.equal(judgeUpdate(secret, {type: 'Opaque'}, {type: 'x'}), 'type: Invalid value: "Opaque": field is immutable');
  const old = {type: 'Opaque', immutable: true, data: {a: ''}};
  assert.equal(judgeUpdate(secret, {...old, data: {a: 'AA=='}}, old), 'data: Forbidden: field is immutable when `immutable` is set');
});

test('service accounts list secrets by name', () => {
  const object: JsonObject = {secrets: [{name: 'a', uid: 'u', kind: 'Secret'}]};
  assert.equal(judge(serviceAccount, object), '');
  assert.deepEqual(object, {secrets: [{name: 'a'}]});
  assert.deepEqual(cells(serviceAccount, {...object, metadata}, now), [1, '5s']);
});

test('a service account that limits its mounts is warned of once', () => {
  const {warnings} = serviceAccount.strategy;
  const asking: JsonObject = {metadata: {annotations: {'kubernetes.io/enforce-mountable-secrets': 'true'}}};
  assert.equal(warnings?.(asking).length, 1);
  assert.match(
    warnings?.(asking, {metadata: {}})[0] ?? '',
    /^metadata\.annotations\[kubernetes\.io\/enforce-mountable-secrets\]: deprecated in v1\.32\+/,
  );
  assert.deepEqual(warnings?.(asking, asking), []);
  assert.deepEqual(warnings?.({metadata: {}}), []);
});

test('a new namespace is active, finalized and labelled', () => {
  const object: JsonObject = {metadata: {...metadata, labels: {a: 'b', 'kubernetes.io/metadata.name': 'other'}}, status: {phase: 'x'}};
  assert.equal(judge(namespace, object), '');
  namespace.strategy.prepareCreate?.(object);
  assert.deepEqual(object, {
    metadata: {...metadata, labels: {a: 'b', 'kubernetes.io/metadata.name': 'a'}},
    spec: {finalizers: ['kubernetes']},
    status: {phase: 'Active'},
  });
  assert.deepEqual(cells(namespace, object, now), ['Active', '5s']);
  assert.equal(namespace.strategy.fields?.['status.phase']?.(object), 'Active');
});

test('namespaces keep their spec on updates', () => {
  const old: JsonObject = {spec: {finalizers: ['kubernetes']}};
  const object: JsonObject = {spec: {finalizers: []}};
  namespace.strategy.prepareUpdate?.(object, old);
  assert.deepEqual(object, old);
  const why = (path: string): string =>
    `${path}: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified`;
  const named: JsonObject = {spec: {finalizers: ['kubernetes', 'x.io/own', 'foo']}};
  assert.equal(summary(namespace.strategy.validateCreate?.(named) ?? []), why('spec.finalizers'));
  assert.equal(summary(namespace.strategy.validateUpdate?.(named, old) ?? []), why('spec.finalizers[2]'));
});

test('the phase of a namespace follows its deletion', () => {
  const status = (object: JsonObject): string => summary(namespace.strategy.validateStatus?.(object, {}, 'status') ?? []);
  assert.equal(
    status({metadata, status: {phase: 'Terminating'}}),
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  );
  assert.deepEqual(
    namespace.strategy.validateStatus?.({metadata: {deletionTimestamp: 't'}, status: {phase: 'Terminating'}}, {}, 'status'),
    [],
  );
});
