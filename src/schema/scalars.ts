import type {FieldError} from '../api/field-error.ts';
import {invalidValue, notSupported, tooLong, typeInvalid} from '../api/field-error.ts';
import type {Json} from '../api/json.ts';
import {isObject, stringify} from '../api/json.ts';
import {canonical} from './canonical.ts';
import {formatChecked, formatOf} from './formats.ts';
import type {JsonSchema} from './json-schema.ts';
import {fitsFloat32, fitsInt32, fitsInt64, isInteger, isMultiple, isNumber, printBound} from './numbers.ts';
import {linearRegex} from './regex.ts';
import type {Check} from './report.ts';
import {fail, pathOf} from './report.ts';

const accepting: {readonly [type: string]: (value: Json) => boolean} = {
  string: value => typeof value === 'string',
  boolean: value => typeof value === 'boolean',
  integer: isInteger,
  number: isNumber,
  array: value => Array.isArray(value),
  object: value => isObject(value),
};

/** `null`, `integer`, `number`, …: how errors name the type of a value. */
function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isInteger(value)) return 'integer';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** The type a schema demands; undefined if it demands none. */
export function typeCheck(schema: JsonSchema): Check | undefined {
  const names = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  if (names.length === 0) return undefined;
  const accepts = names.map(name => accepting[name] ?? (() => false));
  const [first, second] = accepts;
  const wanted = names.join(',');
  const format = formatOf(schema);

  return (value, _, report) => {
    if (first?.(value) || second?.(value)) return;
    if (value === null && schema.nullable) return;
    const path = pathOf(report);
    // Kubernetes compares formats first where there is one, and numbers have one of their own.
    const byFormat = format !== undefined && value !== null && typeof value !== 'string' && !Array.isArray(value);
    const shown = byFormat ? (isInteger(value) ? 'int64' : isNumber(value) ? 'float64' : '') : typeName(value);
    fail(report, typeInvalid(path, shown, `${path} in body must be of type ${byFormat ? format : wanted}: "${shown}"`));
  };
}

/** Code points, which is what lengths count. */
function runeCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

/** Lengths, pattern and format of a string; of lengths and pattern only the first failure is told, as Kubernetes does. */
export function stringCheck(schema: JsonSchema): Check | undefined {
  const {maxLength, minLength, pattern} = schema;
  const regex = pattern ? linearRegex(pattern) : undefined;
  const format = formatOf(schema);
  const wellFormed = format === undefined ? undefined : formatChecked(format);
  if (maxLength === undefined && minLength === undefined && !regex && !wellFormed) return undefined;

  const firstError = (text: string, path: () => string): FieldError | undefined => {
    if (maxLength !== undefined && text.length > maxLength && runeCount(text) > maxLength) return tooLong(path(), maxLength);
    if (minLength !== undefined && (text.length < minLength || runeCount(text) < minLength))
      return invalidValue(path(), text, `${path()} in body should be at least ${minLength} chars long`);
    if (regex && !regex.test(text)) return invalidValue(path(), text, `${path()} in body should match '${pattern}'`);
    return undefined;
  };

  return (value, _, report) => {
    const text = value as string;
    const error = firstError(text, () => pathOf(report));
    if (error) fail(report, error);
    if (wellFormed && !wellFormed(text)) {
      const path = pathOf(report);
      fail(report, typeInvalid(path, text, `${path} in body must be of type ${format}: ${JSON.stringify(text)}`));
    }
  };
}

/** The range that a type and its format imply: what is wrong with numbers outside of it has no field of its own in Kubernetes. */
function rangeOf(schema: JsonSchema): ((value: number | bigint) => boolean) | undefined {
  if (schema['x-kubernetes-int-or-string']) return undefined;
  if (schema.type === 'integer') return schema.format === 'int32' ? fitsInt32 : fitsInt64;
  return schema.type === 'number' && schema.format === 'float' ? fitsFloat32 : undefined;
}

export function numberCheck(schema: JsonSchema): Check | undefined {
  const {multipleOf, maximum, minimum} = schema;
  const inRange = rangeOf(schema);
  const format = formatOf(schema);
  const kept = format === undefined ? '(default format)' : `with format ${format}`;
  if (multipleOf === undefined && maximum === undefined && minimum === undefined && !inRange) return undefined;

  return (value, _, report) => {
    const n = value as number | bigint;
    const say = (text: string): void => {
      const path = pathOf(report);
      fail(report, invalidValue(path, value, `${path} in body should be ${text}`));
    };
    if (inRange && !inRange(n)) {
      fail(report, invalidValue('', '', `Checked value must be of type ${schema.type} ${kept} in ${pathOf(report)}`));
    }
    if (multipleOf !== undefined && !isMultiple(n, multipleOf)) say(`a multiple of ${printBound(multipleOf, n)}`);
    if (minimum !== undefined) {
      if (schema.exclusiveMinimum ? n <= minimum : n < minimum)
        say(`greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${printBound(minimum, n)}`);
    }
    if (maximum !== undefined) {
      if (schema.exclusiveMaximum ? n >= maximum : n > maximum)
        say(`less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${printBound(maximum, n)}`);
    }
  };
}

export function enumCheck(schema: JsonSchema): Check | undefined {
  const values = schema.enum;
  if (!values || values.length === 0) return undefined;
  // As in Kubernetes, null is none of the values even where it is listed, nor where it is allowed by `nullable`.
  const allowed = new Set(values.filter(value => value !== null).map(comparable));
  const printed = values.map(value => (typeof value === 'string' ? value : stringify(value)));

  return (value, _, report) => {
    if (!allowed.has(comparable(value))) fail(report, notSupported(pathOf(report), value, printed));
  };
}

/** Equal values give the same. Texts of compound values cannot be mistaken for strings, which keep a mark. */
const comparable = (value: Json): Json =>
  typeof value === 'string' ? `"${value}` : typeof value === 'object' && value !== null ? canonical(value) : value;
