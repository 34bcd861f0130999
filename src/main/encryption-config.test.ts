import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import type {Json} from '../api/json.ts';
import {readEncryptionConfig} from './encryption-config.ts';

const secret = Buffer.alloc(32, 7).toString('base64');
const gcm = (name = 'key1', key: Json = secret): Json => ({aesgcm: {keys: [{name, secret: key}]}});
const config = (...resources: Json[]): Json => ({apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources});
const entry = (resources: Json, ...providers: Json[]): Json => ({resources, providers});

const ranges = (value: Json): readonly string[] =>
  readEncryptionConfig(value).rules.map(rule => `${rule.range} ${rule.with?.name ?? 'plain'}`);

describe('EncryptionConfiguration', () => {
  test('resources are ranges of keys, the first provider writes and all keys read', () => {
    assert.deepEqual(ranges(config(entry(['secrets', 'configmaps', 'widgets.example.com'], gcm(), {identity: {}}))), [
      '/core/secrets/ key1',
      '/core/configmaps/ key1',
      '/example.com/widgets/ key1',
    ]);
    assert.deepEqual(ranges(config(entry(['*.'], gcm()))), ['/core/ key1']);
    assert.deepEqual(
      ranges(
        config(entry(['events'], {identity: {}}), entry(['*.apps'], gcm('a')), entry(['*.*'], {identity: null, ...(gcm('b') as object)})),
      ),
      ['/core/events/ plain', '/apps/ a', '/ b'],
    );
    const two = config(
      entry(['secrets'], {
        aesgcm: {
          keys: [
            {name: 'new', secret},
            {name: 'old', secret: 'b2xkLW9sZC1vbGQtb2xkLQ=='},
          ],
        },
      }),
      entry(['secrets'], gcm('older')),
    );
    assert.deepEqual(ranges(two), ['/core/secrets/ new', '/core/secrets/ older']);
    assert.deepEqual(
      readEncryptionConfig(two).keys.map(({name, secret: bytes}) => [name, bytes.length]),
      [
        ['new', 32],
        ['old', 16],
        ['older', 32],
      ],
    );
    assert.deepEqual(ranges(config(entry(['secrets'], {identity: {}}, gcm()))), ['/core/secrets/ plain']);
  });

  const refusals: readonly (readonly [string, Json, string | RegExp])[] = [
    [
      'another kind',
      {apiVersion: 'v1', kind: 'Secret'},
      'expected an EncryptionConfiguration of apiserver.config.k8s.io/v1, got kind "Secret" of "v1"',
    ],
    ['nothing to seal', config(), 'resources: Required value: at least one resources is required'],
    ['an unknown field', {...(config(entry(['secrets'], gcm())) as object), more: 1}, 'strict decoding error: unknown field "more"'],
    [
      'an unknown provider',
      config(entry(['secrets'], {rot13: {}})),
      'strict decoding error: unknown field "resources[0].providers[0].rot13"',
    ],
    [
      'no provider in an element',
      config(entry(['secrets'], {})),
      'resources[0].providers[0]: Invalid value: {}: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
    ],
    [
      'two in an element',
      config(entry(['secrets'], {...(gcm() as object), identity: {}})),
      /more than one provider specified in a single element/,
    ],
    ['no resources', config(entry([], gcm())), 'resources[0].resources: Required value: at least one resources[0].resources is required'],
    ['no providers', config(entry(['secrets'])), 'resources[0].providers: Required value: at least one resources[0].providers is required'],
    [
      'no keys',
      config(entry(['secrets'], {aesgcm: {}})),
      'resources[0].providers[0].aesgcm.keys: Required value: at least one keys is required',
    ],
    [
      'a key without a name',
      config(entry(['secrets'], gcm(''))),
      'resources[0].providers[0].aesgcm.keys[0].name: Required value: name is a mandatory field for a key',
    ],
    [
      'a key without a secret',
      config(entry(['secrets'], gcm('a', ''))),
      /keys\[0\]\.secret: Required value: secret is a mandatory field for a key$/,
    ],
    [
      'a secret that is not base64',
      config(entry(['secrets'], gcm('a', 'hunter2-is-secret'))),
      /secret: Invalid value: "REDACTED": secrets must be base64 encoded$/,
    ],
    [
      'a secret of a wrong length',
      config(entry(['secrets'], gcm('a', 'aHVudGVyMg=='))),
      /"REDACTED": secret is not of the expected length, got 7, expected one of \[16 24 32\]$/,
    ],
    [
      'a key server',
      config(entry(['secrets'], {kms: {name: 'vault', endpoint: 'unix:///x'}})),
      /providers\[0\]\.kms: Unsupported value: key servers are not supported$/,
    ],
    ['secretbox', config(entry(['secrets'], {secretbox: {keys: [{name: 'a', secret}]}})), /\.secretbox: Unsupported value: its cipher/],
    ['aescbc', config(entry(['secrets'], {aescbc: {keys: [{name: 'a', secret}]}})), /\.aescbc: Unsupported value: it does not notice/],
    ['capitals', config(entry(['Secrets'], gcm())), /capital letters/],
    [
      'a star alone',
      config(entry(['*'], gcm())),
      /use '\*\.' to encrypt all the resources from core API group or \*\.\* to encrypt all resources/,
    ],
    ['a resource of all groups', config(entry(['secrets.*'], gcm())), /across groups/],
    ['events by their other group', config(entry(['events.events.k8s.io'], gcm())), /Use 'events' instead/],
    ['what no key can hold', config(entry(['a/b'], gcm())), /not the name of a resource/],
    ['one twice', config(entry(['secrets', 'secrets'], gcm())), /the same resource cannot be specified multiple times/],
    ['overlaps', config(entry(['secrets', '*.'], gcm())), /overlapping resources/],
    [
      'a rule behind a wider one',
      config(entry(['*.'], gcm()), entry(['secrets'], {identity: {}})),
      'resource "secrets" is masked by an earlier rule',
    ],
    ['a wildcard twice', config(entry(['*.*'], gcm()), entry(['*.*'], {identity: {}})), 'resource "*.*" is masked by an earlier rule'],
  ];
  for (const [title, value, message] of refusals)
    test(`refuses ${title}`, () => {
      assert.throws(
        () => readEncryptionConfig(value),
        (err: Error) => {
          assert.ok(!err.message.includes(secret) && !/hunter2|aHVudGVy/.test(err.message), 'no secret is told');
          if (typeof message === 'string') assert.equal(err.message, message);
          else assert.match(err.message, message);
          return true;
        },
      );
    });
});
