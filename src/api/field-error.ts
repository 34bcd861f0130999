import type {Json} from './json.ts';
import {stringify} from './json.ts';

/** One entry of `details.causes` in a Status. */
export type StatusCause = {reason?: string; message?: string; field?: string};

/** What is wrong with one field, in the shapes clients know (spec kubernetes-api 1.4). */
export type FieldError = {
  readonly type: keyof typeof causeReasons;
  /** Dotted path, `[i]` for indexes, `[key]` for map keys; '' is the root. */
  readonly field: string;
  /** The body of the message, without the path. */
  readonly message: string;
};

const causeReasons = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  TypeInvalid: 'FieldValueTypeInvalid',
  NotSupported: 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  Duplicate: 'FieldValueDuplicate',
  NotFound: 'FieldValueNotFound',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  InternalError: 'InternalError',
} as const;

const detailed = (head: string, detail: string): string => (detail ? `${head}: ${detail}` : head);

export const required = (field: string, detail = ''): FieldError => ({
  type: 'Required',
  field,
  message: detailed('Required value', detail),
});
export const invalidValue = (field: string, value: Json | undefined, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  message: detailed(`Invalid value: ${printValue(value)}`, detail),
});
/** The same without the value, for those too large to show. */
export const invalidField = (field: string, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  message: detailed('Invalid value', detail),
});
export const typeInvalid = (field: string, value: Json | undefined, detail: string): FieldError => ({
  type: 'TypeInvalid',
  field,
  message: detailed(`Invalid value: ${printValue(value)}`, detail),
});
export const notSupported = (field: string, value: Json | undefined, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  field,
  message: detailed(
    `Unsupported value: ${printValue(value)}`,
    supported.length ? `supported values: ${supported.map(s => JSON.stringify(s)).join(', ')}` : '',
  ),
});
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'Forbidden',
  field,
  message: detailed('Forbidden', detail),
});
export const duplicate = (field: string, value: Json | undefined): FieldError => ({
  type: 'Duplicate',
  field,
  message: `Duplicate value: ${printValue(value)}`,
});
export const tooLong = (field: string, bytesMax: number): FieldError => ({
  type: 'TooLong',
  field,
  message: `Too long: may not be more than ${bytesMax} bytes`,
});
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'TooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
});

/** Values above this many characters are cut in messages: an error must not echo a megabyte. */
const printedCharsMax = 10_000;

/** Strings quoted, numbers and booleans bare, everything else as compact JSON. */
function printValue(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  const text = typeof value === 'string' ? JSON.stringify(value) : stringify(value);
  return text.length > printedCharsMax ? `${text.slice(0, printedCharsMax)}...` : text;
}

const print = (e: FieldError): string => `${e.field || '<nil>'}: ${e.message}`;

/** One error bare, several in brackets, repeated ones once. */
export function summary(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(print))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

export const causes = (errors: readonly FieldError[]): StatusCause[] =>
  errors.map(e => ({reason: causeReasons[e.type], message: e.message, field: e.field || '<nil>'}));

/** `at('spec', 'ports', 0, 'name')` is `spec.ports[0].name`. */
export function at(base: string, ...steps: readonly (string | number)[]): string {
  let path = base;
  for (const step of steps) path = typeof step === 'number' ? `${path}[${step}]` : path ? `${path}.${step}` : step;
  return path;
}

/** The path of a map entry: `metadata.annotations[a/b]`. */
export const atKey = (base: string, key: string): string => `${base}[${key}]`;
