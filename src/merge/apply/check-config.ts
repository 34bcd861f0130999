import {ApiError} from '../../api/errors.ts';
import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {digString, isObject, stringify} from '../../api/json.ts';
import type {FieldType, MapType} from './field-type.ts';
import {formOf} from './field-type.ts';
import {itemElement} from './list-items.ts';
import type {PathElement} from './path-element.ts';
import {fieldElement, printPath} from './path-element.ts';

/** How many mistakes one answer tells about. */
const errorsMax = 100;

/** Throws the nameless error (500) of Kubernetes if a configuration does not fit its type (spec kubernetes-api 5.6). */
export function checkConfig(type: MapType, config: JsonObject): void {
  const errors: string[] = [];
  check(type, config, [], errors);
  if (errors.length === 0) return;
  const apiVersion = digString(config, 'apiVersion') ?? '';
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  const name = `${digString(config, 'metadata', 'namespace') ?? ''}/${digString(config, 'metadata', 'name') ?? ''}`;
  const subject = `${name}; ${version}, Kind=${digString(config, 'kind') ?? ''}`;
  const text = errors.length === 1 ? errors[0] : ['errors:', ...errors.map(error => `  ${error}`)].join('\n');
  throw new ApiError('', `failed to create typed patch object (${subject}): ${text}`);
}

function check(type: FieldType, value: Json, path: readonly PathElement[], errors: string[]): void {
  if (value === null || errors.length >= errorsMax) return;
  const form = formOf(type, value);
  const fail = (text: string): void => {
    if (errors.length < errorsMax) errors.push(path.length > 0 ? `${printPath(path)}: ${text}` : text);
  };
  switch (form.is) {
    case 'unowned':
      return;
    case 'scalar': {
      const wrong = scalarError(form.of, value);
      if (wrong) fail(wrong);
      return;
    }
    case 'map':
    case 'atomic map': {
      const fields = form.is === 'map' ? form : form.fields;
      if (!isObject(value)) fail(`expected map, got &{${printGo(value)}}`);
      else if (fields) checkFields(fields, value, path, errors);
      return;
    }
    case 'atomic list':
      if (!Array.isArray(value)) fail(`expected list, got &{${printGo(value)}}`);
      else if (form.items) for (const [i, item] of value.entries()) check(form.items, item, [...path, `i:${i}`], errors);
      return;
    default:
      if (!Array.isArray(value)) fail(`expected list, got &{${printGo(value)}}`);
      else checkItems(form, value, path, {errors, fail});
  }
}

function checkFields(type: MapType, value: JsonObject, path: readonly PathElement[], errors: string[]): void {
  for (const key of Object.keys(value)) {
    const field = type.fields.get(key) ?? type.others;
    const below = [...path, fieldElement(key)];
    if (field) check(field, value[key]!, below, errors);
    else if (errors.length < errorsMax) errors.push(`${printPath(below)}: field not declared in schema`);
  }
}

type Report = {readonly errors: string[]; readonly fail: (text: string) => void};

function checkItems(
  type: Extract<FieldType, {is: 'set' | 'items'}>,
  list: JsonArray,
  path: readonly PathElement[],
  {errors, fail}: Report,
): void {
  const seen = new Set<PathElement>();
  for (const [i, item] of list.entries()) {
    const element = itemElement(type, item);
    if (typeof element !== 'string') {
      fail(`element ${i}: ${element.why}`);
      continue;
    }
    if (seen.has(element)) fail(`duplicate entries for key ${printPath([element])}`);
    seen.add(element);
    check(type.items, item, [...path, element], errors);
  }
}

/** In the words of Kubernetes, which show how its memory looks. */
function scalarError(wanted: 'string' | 'number' | 'boolean' | 'any', value: Json): string | undefined {
  const is = typeof value === 'bigint' ? 'number' : typeof value;
  if (is === wanted || (wanted === 'any' && is !== 'object')) return undefined;
  switch (wanted) {
    case 'string':
      return `expected string, got &value.valueUnstructured{Value:${cut(stringify(value))}}`;
    case 'number':
      return `expected numeric (int or float), got ${goTypeOf(value)}`;
    case 'boolean':
      return `expected boolean, got &{${printGo(value)}}`;
    case 'any':
      return `expected any scalar, got &{${printGo(value)}}`;
  }
}

function goTypeOf(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

const printedCharsMax = 1_000;
const cut = (text: string): string => (text.length > printedCharsMax ? `${text.slice(0, printedCharsMax)}…` : text);

/** A value as Go prints it. */
const printGo = (value: Json): string => cut(goText(value, 0));

function goText(value: Json, depth: number): string {
  if (depth > 10) return '…';
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(item => goText(item, depth + 1)).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const keys = Object.keys(value).sort();
  return `map[${keys.map(key => `${key}:${goText(value[key]!, depth + 1)}`).join(' ')}]`;
}
