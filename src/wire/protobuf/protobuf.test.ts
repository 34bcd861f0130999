import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {ApiError, badRequest, toStatus} from '../../api/errors.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {asJson, asObject} from '../../api/object.ts';
import {decodeProtobuf} from './decode.ts';
import {encodePartialObjectMetadata, encodeProtobuf, encodeStatus, encodeWatchEvent, hasProtobuf, listEncoder} from './encode.ts';
import {messageOfKind} from './kinds.ts';
import type {Field, Message, Type} from './tables.ts';
import {resolve} from './tables.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

// Spec kubernetes-api 12.13.
const worked = '6b387300 0a0f 0a027631 1209436f6e6669674d6170 120d 0a030a0161 12060a016b120176';
const configMap = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'a'}, data: {k: 'v'}};

test('the worked bytes', () => {
  for (const tail of ['', '1a00 2200'])
    assert.deepEqual(decodeProtobuf(hex(worked + tail)), {apiVersion: 'v1', kind: 'ConfigMap', object: configMap});
  assert.deepEqual(Buffer.from(encodeProtobuf('v1', 'ConfigMap', configMap)).toString('hex'), worked.replaceAll(' ', ''));
  const absent = decodeProtobuf(encodeProtobuf('v1', 'ConfigMap', {})).object;
  assert.deepEqual(absent, {apiVersion: 'v1', kind: 'ConfigMap', metadata: {}});
  assert.deepEqual(decodeProtobuf(encodeProtobuf('v1', 'ConfigMap', {immutable: false})).object['immutable'], false);
});

/** A length-delimited field: its tag, the length, the content; all as hex. */
const lengthDelimited = (tag: string, content: string): string => {
  const digits = content.replaceAll(' ', '');
  return tag + (digits.length / 2).toString(16).padStart(2, '0') + digits;
};

test('what Go sends, zero scalars and empty times included, looks like the JSON that Go would send', () => {
  const metadata = lengthDelimited('0a', '0a026161 1200 1a00 2200 2a00 3200 3800 4200');
  const spec = lengthDelimited('12', '0a0168 100f 2800');
  const envelope = `6b387300${lengthDelimited('12', metadata + spec)}`;
  const {object} = decodeProtobuf(hex(envelope), {apiVersion: 'coordination.k8s.io/v1', kind: 'Lease'});
  assert.deepEqual(object, {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: {name: 'aa'},
    spec: {holderIdentity: 'h', leaseDurationSeconds: 15, leaseTransitions: 0},
  });
});

test('special values', () => {
  const crd = {
    spec: {
      group: 'g',
      scope: 'Namespaced',
      names: {plural: 'ws', kind: 'W'},
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: {status: {}},
          schema: {
            openAPIV3Schema: {
              type: 'object',
              maxLength: 9007199254740993n,
              minimum: -1.5,
              $ref: '#/x',
              default: {a: [null, 1]},
              enum: ['a', 1, null],
              properties: {a: {'x-kubernetes-int-or-string': true}, b: {items: {type: 'string'}}, c: {items: [{type: 'string'}, {}]}},
              additionalProperties: false,
              additionalItems: {nullable: true},
              dependencies: {x: ['y'], z: {type: 'null'}},
              'x-kubernetes-preserve-unknown-fields': false,
            },
          },
        },
      ],
    },
  };
  const {object} = decodeProtobuf(encodeProtobuf('apiextensions.k8s.io/v1', 'CustomResourceDefinition', crd as unknown as JsonObject));
  assert.deepEqual(object['spec'], crd.spec);
  assert.deepEqual(object['status'], {conditions: [], acceptedNames: {plural: '', kind: ''}, storedVersions: []});
  const lease = {spec: {renewTime: '2026-01-02T03:04:05.000678Z', acquireTime: '1969-12-31T23:59:59.500000Z'}};
  assert.deepEqual(decodeProtobuf(encodeProtobuf('coordination.k8s.io/v1', 'Lease', lease)).object['spec'], lease.spec);
  const hooks = {
    webhooks: [
      {
        name: 'a',
        clientConfig: {caBundle: 'AQI='},
        rules: [{operations: ['*'], apiGroups: ['x'], scope: '*'}],
        admissionReviewVersions: ['v1'],
      },
    ],
  };
  assert.deepEqual(
    decodeProtobuf(encodeProtobuf('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', hooks)).object['webhooks'],
    hooks.webhooks,
  );
  const quota = {spec: {hard: {pods: '10', cpu: '100m'}}};
  assert.deepEqual(decodeProtobuf(encodeProtobuf('v1', 'ResourceQuota', quota)).object['spec'], quota.spec);
});

test('delete options come with any group', () => {
  const options = {gracePeriodSeconds: 0, preconditions: {uid: 'u'}, propagationPolicy: 'Foreground', dryRun: ['All']};
  for (const apiVersion of ['v1', 'apps/v1', 'meta.k8s.io/v1', 'widgets.example.com/v1']) {
    const decoded = decodeProtobuf(encodeProtobuf(apiVersion, 'DeleteOptions', options));
    assert.deepEqual(decoded.object, {apiVersion, kind: 'DeleteOptions', ...options});
  }
});

test('partial metadata, statuses and watch frames', () => {
  const widget = asObject({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    spec: {size: 3},
    metadata: {
      name: 'w',
      uid: 'u',
      generation: 3,
      creationTimestamp: '2026-01-02T03:04:05Z',
      labels: {b: '2', a: '1'},
      finalizers: ['x/y'],
      ownerReferences: [{apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'p', controller: true}],
      managedFields: [{manager: 'm', operation: 'Update', time: '2026-01-02T03:04:05Z', fieldsType: 'FieldsV1', fieldsV1: {'f:spec': {}}}],
    },
  });
  const partial = encodePartialObjectMetadata(widget);
  const expected = {apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: widget.metadata};
  assert.deepEqual(decodeProtobuf(partial).object, expected);
  for (const version of ['v1', 'v1beta1'] as const) {
    const encoder = listEncoder(`meta.k8s.io/${version}`, 'PartialObjectMetadataList');
    const items = encoder.items([widget, widget].map(asJson));
    const {object} = decodeProtobuf(Buffer.concat([encoder.opening({resourceVersion: '7'}, items.length), items]));
    assert.deepEqual(
      [object['metadata'], object['items']],
      [{resourceVersion: '7'}, [{metadata: widget.metadata}, {metadata: widget.metadata}]],
    );
  }
  const status = toStatus(badRequest('no'));
  assert.deepEqual(decodeProtobuf(encodeStatus(status)).object, status);
  const small = hex(worked);
  const frame = Buffer.from(encodeWatchEvent('ADDED', small));
  assert.equal(frame.readUInt32BE(), frame.length - 4);
  const head = `0a05 4144444544 12${(small.length + 2).toString(16)} 0a${small.length.toString(16)}`;
  assert.deepEqual(frame.subarray(4), Buffer.concat([hex(head), small]));
});

const kinds: readonly [string, string][] = [
  ...['Namespace', 'ConfigMap', 'Secret', 'ServiceAccount', 'Event', 'ResourceQuota', 'LimitRange', 'SecretList'].map(
    k => ['v1', k] as [string, string],
  ),
  ['coordination.k8s.io/v1', 'Lease'],
  ['events.k8s.io/v1', 'Event'],
  ['autoscaling/v1', 'Scale'],
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map(k => ['rbac.authorization.k8s.io/v1', k] as [string, string]),
  ...['TokenRequest', 'TokenReview', 'SelfSubjectReview'].map(k => ['authentication.k8s.io/v1', k] as [string, string]),
  ...['SubjectAccessReview', 'LocalSubjectAccessReview', 'SelfSubjectAccessReview', 'SelfSubjectRulesReview'].map(
    k => ['authorization.k8s.io/v1', k] as [string, string],
  ),
  ['certificates.k8s.io/v1', 'CertificateSigningRequest'],
  ...[
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
  ].map(k => ['admissionregistration.k8s.io/v1', k] as [string, string]),
  ['admissionregistration.k8s.io/v1beta1', 'MutatingAdmissionPolicy'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
];

/** Any object a message can hold, as it comes back: zeros only where they are shown. */
function objects(message: Message, depth: number): fc.Arbitrary<JsonObject> {
  const parts = message.fields.map(field => valuesOf(field, depth));
  return fc.tuple(...parts).map(values => {
    const object: JsonObject = {};
    message.fields.forEach((field, i) => {
      const value = values[i];
      if (field.shown === 'inlined') Object.assign(object, value);
      else if (value !== undefined) object[field.name] = value as Json;
    });
    return object;
  });
}

function valuesOf(field: Field, depth: number): fc.Arbitrary<Json | undefined> {
  const {shape, shown, type} = field;
  if (depth <= 0 && shown !== 'always' && shown !== 'inlined') return fc.constant(undefined);
  const zeros = shown !== 'nonzero' || shape !== 'one';
  const one = single(type, depth - 1, zeros);
  if (shown === 'inlined') return one;
  const some: fc.Arbitrary<Json> =
    shape === 'list'
      ? fc.array(one, {minLength: shown === 'always' ? 0 : 1, maxLength: 2})
      : shape === 'map'
        ? fc.dictionary(fc.string(), one, {minKeys: 1, maxKeys: 2})
        : one;
  return shown === 'always' ? some : fc.option(some, {nil: undefined, freq: 1});
}

function single(type: Type, depth: number, zeros: boolean): fc.Arbitrary<Json> {
  if (type.kind === 'message') return objects(resolve(type), depth);
  const schema = (): fc.Arbitrary<Json> =>
    objects((type as {scope: {message(n: string): Message}}).scope.message('JSONSchemaProps'), depth - 2);
  switch (type.name) {
    case 's':
      return fc.string({unit: 'grapheme', minLength: zeros ? 0 : 1, maxLength: 4});
    case 'B':
      return fc.uint8Array({minLength: zeros ? 0 : 1, maxLength: 4}).map(b => Buffer.from(b).toString('base64'));
    case 'b':
      return zeros ? fc.boolean() : fc.constant(true);
    case 'i32':
      return fc.integer().filter(n => zeros || n !== 0);
    case 'i64':
      return fc
        .bigInt(-(2n ** 63n), 2n ** 63n - 1n)
        .map(n => (Number.isSafeInteger(Number(n)) ? Number(n) : n))
        .filter(n => zeros || n !== 0);
    case 'f64':
      return fc.double({noNaN: true, noDefaultInfinity: true});
    case 'Time':
      return fc.integer().map(s => `${new Date(s * 1000).toISOString().slice(0, 19)}Z`);
    case 'MicroTime':
      return fc.integer().map(s => `${new Date(s * 1000).toISOString().slice(0, 19)}.000123Z`);
    case 'Quantity':
      return fc.constantFrom('1', '100m', '2Gi');
    case 'IntOrString':
      return fc.oneof(fc.integer(), fc.string());
    case 'Raw':
      return fc.constantFrom<Json>({a: 1}, [1, 'x'], 'x', 0, false);
    case 'Strings':
      return fc.array(fc.string(), {maxLength: 2});
    case 'SchemaOrBool':
      return fc.oneof(fc.boolean(), schema());
    case 'SchemaOrArray':
      return fc.oneof(fc.array(schema(), {maxLength: 2}), schema());
    case 'SchemaOrStrings':
      return fc.oneof(fc.array(fc.string(), {maxLength: 2}), schema());
  }
}

for (const [apiVersion, kind] of kinds) {
  test(`${apiVersion} ${kind} comes back as it was`, () => {
    assert.ok(hasProtobuf(apiVersion, kind));
    const any = objects(messageOfKind(apiVersion, kind)!, kind === 'CustomResourceDefinition' ? 5 : 6);
    fc.assert(
      fc.property(any, object =>
        assert.deepEqual(decodeProtobuf(encodeProtobuf(apiVersion, kind, object)).object, {apiVersion, kind, ...object}),
      ),
      {numRuns: 25},
    );
  });
}

test('hostile bytes are answered', () => {
  const answered = (bytes: Uint8Array): boolean => {
    try {
      decodeProtobuf(bytes, {apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition'});
      return true;
    } catch (err) {
      return err instanceof ApiError && (err.code === 400 || err.code === 415);
    }
  };
  const after = (text: string): Uint8Array => Buffer.concat([hex('6b387300'), hex(text)]);
  for (const text of [
    '0a',
    '0aff',
    '0affffffffffffffffff7f',
    '12ffffffff0f',
    '00',
    '0b',
    '1202 ff',
    '0a04 0a02ffff',
    '08ffffffffffffffffffff01',
  ])
    assert.ok(answered(after(text)), text);
  for (const bytes of [hex(''), hex('6b38'), Buffer.from('{"kind":"x"}')])
    assert.throws(() => decodeProtobuf(bytes), {reason: 'BadRequest'});
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 64}), bytes => answered(Buffer.concat([hex('6b38730012'), Buffer.from([bytes.length]), bytes]))),
  );
  fc.assert(
    fc.property(fc.nat(50), fc.nat(255), (at, byte) => {
      const bytes = Buffer.from(hex(worked));
      bytes[at % bytes.length] = byte;
      return answered(bytes);
    }),
  );
});

test('depth and number of messages are bounded', () => {
  let schema: JsonObject = {};
  for (let i = 0; i < 300; i++) schema = {not: schema};
  const crd = {spec: {versions: [{schema: {openAPIV3Schema: schema}}]}};
  assert.throws(() => decodeProtobuf(encodeProtobuf('apiextensions.k8s.io/v1', 'CustomResourceDefinition', crd)), {
    message: /nested too deeply/,
  });
  const many = {rules: Array<Json>(260_000).fill({})};
  assert.throws(() => decodeProtobuf(encodeProtobuf('rbac.authorization.k8s.io/v1', 'Role', many)), {message: /too many messages/});
});

test('unknown kinds are told apart from broken bytes', () => {
  const bytes = encodeProtobuf('v1', 'ConfigMap', {});
  const other = Buffer.from(bytes);
  other.write('X', other.indexOf('ConfigMap'));
  assert.throws(() => decodeProtobuf(other), {reason: 'UnsupportedMediaType'});
  assert.equal(messageOfKind('v1', 'ObjectReference'), undefined, 'parts of kinds are no kinds');
  assert.equal(messageOfKind('v1', 'constructor'), undefined);
});
