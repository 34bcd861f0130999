import type {FieldError} from '../api/field-error.ts';
import {atKey, invalidValue, required, tooLong} from '../api/field-error.ts';
import {goJsonError} from '../api/go-json-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dig, digString, getKey, setKey} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import {ageColumn, boolean, bytes, column, fieldColumn, kind, mapOf, string} from './build.ts';
import {dataBytesMax, decodedBytes, frozenErrors, keyErrors} from './config-map.ts';
import type {Kind} from './kind.ts';
import {child, entries, text} from './read.ts';
import {keyPairTrouble} from './tls-pair.ts';

export const serviceAccountTokenType = 'kubernetes.io/service-account-token';
export const serviceAccountNameAnnotation = 'kubernetes.io/service-account.name';
export const serviceAccountUidAnnotation = 'kubernetes.io/service-account.uid';

/** Secret (spec kubernetes-api 8.4). */
export const secret: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  description: 'Named bytes that only those who need them should read: passwords, keys, tokens.',
  fields: {
    data: mapOf('Bytes by key.', bytes('One value in base64.', {default: ''})),
    stringData: mapOf('Texts to put into data, over what is there; only written, never returned.', string('One text.')),
    type: string('What the secret is for; some types ask for certain keys. Cannot change.', {default: 'Opaque'}),
    immutable: boolean('When true, data cannot change any more, and neither can this field.'),
  },
  columns: [fieldColumn('Type', 'type'), column('Data', 'How many keys there are.', o => entries(asJson(o), 'data').length), ageColumn],
  strategy: {
    unconditionalUpdate: true,
    normalize: normalizeSecret,
    validate: validateSecret,
    validateUpdate: (object, old) => [
      ...(text(object, 'type') === text(old, 'type') ? [] : [invalidValue('type', text(object, 'type'), 'field is immutable')]),
      ...frozenErrors(object, old, ['data']),
    ],
    warnings: object => (text(object, 'type') === 'kubernetes.io/tls' ? tlsWarnings(child(object, 'data') ?? {}) : []),
    fields: {type: object => text(object, 'type')},
  },
});

const tlsWarnings = (data: JsonObject): string[] => keyPairTrouble(bytesOf(data, 'tls.crt'), bytesOf(data, 'tls.key')) ?? [];
const bytesOf = (data: JsonObject, key: string): string => Buffer.from(text(data, key), 'base64').toString('latin1');

function normalizeSecret(object: JsonObject): void {
  if (!text(object, 'type')) object['type'] = 'Opaque';
  const written = entries(object, 'stringData');
  delete object['stringData'];
  if (written.length === 0) return;
  const data = child(object, 'data') ?? {};
  for (const [key, value] of written) setKey(data, key, Buffer.from(typeof value === 'string' ? value : '').toString('base64'));
  object['data'] = data;
}

function validateSecret(object: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of entries(object, 'data')) {
    errors.push(...keyErrors('data', key));
    if (typeof value === 'string') size += decodedBytes(value);
  }
  if (size > dataBytesMax) errors.push(tooLong('data', dataBytesMax));
  return [...errors, ...validateType(object)];
}

/** What the well-known types ask for. */
function validateType(object: JsonObject): FieldError[] {
  const missing = (...keys: readonly string[]): FieldError[] =>
    keys.filter(key => dig(object, 'data', key) === undefined).map(key => required(atKey('data', key)));
  switch (text(object, 'type')) {
    case serviceAccountTokenType:
      return digString(object, 'metadata', 'annotations', serviceAccountNameAnnotation)
        ? []
        : [required(atKey('metadata.annotations', serviceAccountNameAnnotation))];
    case 'kubernetes.io/dockercfg':
      return jsonErrors(object, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return jsonErrors(object, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth': {
      const absent = missing('username', 'password');
      return absent.length === 2 ? absent : [];
    }
    case 'kubernetes.io/ssh-auth':
      return dig(object, 'data', 'ssh-privatekey') ? [] : [required('data[ssh-privatekey]')];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function jsonErrors(object: JsonObject, key: string): FieldError[] {
  const value = getKey(child(object, 'data') ?? {}, key);
  if (typeof value !== 'string') return [required(atKey('data', key))];
  const why = notJsonObject(Buffer.from(value, 'base64').toString());
  return why ? [invalidValue(atKey('data', key), '<secret contents redacted>', why)] : [];
}

/** Why `content` is neither a JSON object nor null; nothing of a secret is quoted. */
function notJsonObject(content: string): string | undefined {
  const malformed = goJsonError(content);
  if (malformed !== undefined) return malformed;
  const first = content.trim()[0] as string;
  const type = first === '[' ? 'array' : first === '"' ? 'string' : first === 't' || first === 'f' ? 'bool' : 'number';
  return first === '{' || first === 'n' ? undefined : `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
}
