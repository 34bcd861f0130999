import type {FieldError} from '../api/field-error.ts';
import {atKey, forbiddenField, invalidValue, tooLong} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {equal} from '../api/json.ts';
import {configKey} from '../api/names.ts';
import {asJson} from '../api/object.ts';
import {ageColumn, boolean, bytes, column, kind, mapOf, string} from './build.ts';
import type {Kind} from './kind.ts';
import {child, entries} from './read.ts';

/** Both ConfigMaps and Secrets may hold this much. */
export const dataBytesMax = 1_048_576;

/** ConfigMap (spec kubernetes-api 8.3). */
export const configMap: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  description: 'Configuration that programs read: named texts and named bytes, not meant for secrets.',
  fields: {
    data: mapOf('Texts by key.', string('One text.', {default: ''})),
    binaryData: mapOf('Bytes by key, for what is not UTF-8; no key may also occur in data.', bytes('One value in base64.', {default: ''})),
    immutable: boolean('When true, data and binaryData cannot change any more, and neither can this field.'),
  },
  columns: [
    column('Data', 'How many keys there are.', o => entries(asJson(o), 'data').length + entries(asJson(o), 'binaryData').length),
    ageColumn,
  ],
  strategy: {
    unconditionalUpdate: true,
    validate: validateConfigMap,
    validateUpdate: (object, old) => frozenErrors(object, old, ['data', 'binaryData']),
  },
});

function validateConfigMap(object: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  const binary = child(object, 'binaryData');
  for (const [key, value] of entries(object, 'data')) {
    errors.push(...keyErrors('data', key));
    if (binary && Object.hasOwn(binary, key)) errors.push(invalidValue(atKey('data', key), key, 'duplicate of key present in binaryData'));
    if (typeof value === 'string') size += Buffer.byteLength(value);
  }
  for (const [key, value] of entries(object, 'binaryData')) {
    errors.push(...keyErrors('binaryData', key));
    if (typeof value === 'string') size += decodedBytes(value);
  }
  // The path of an error about the object as a whole is printed like this.
  if (size > dataBytesMax) errors.push(tooLong('[]', dataBytesMax));
  return errors;
}

export const keyErrors = (field: string, key: string): FieldError[] =>
  configKey(key).map(text => invalidValue(atKey(field, key), key, text));

/** How many bytes a base64 text stands for. */
export function decodedBytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** Once `immutable` is true, it and `fields` stay as they are (spec kubernetes-api 3.10). */
export function frozenErrors(object: JsonObject, old: JsonObject, fields: readonly string[]): FieldError[] {
  if (old['immutable'] !== true) return [];
  const changed = fields.filter(field => !equal(child(object, field) ?? {}, child(old, field) ?? {}));
  return [...(object['immutable'] === true ? [] : ['immutable']), ...changed].map(field =>
    forbiddenField(field, 'field is immutable when `immutable` is set'),
  );
}
