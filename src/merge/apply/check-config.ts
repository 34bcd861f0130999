import {ApiError} from '../../api/errors.ts';
import type {Json, JsonArray, JsonObject} from '../../api/json.ts';
import {digString, isObject, stringify} from '../../api/json.ts';
import type {FieldType, ItemsType, MapType, SetType} from './field-type.ts';
import {formOf} from './field-type.ts';
import {itemElement} from './list-items.ts';
import type {PathElement} from './path-element.ts';
import {fieldElement, printPath} from './path-element.ts';

/** How many mistakes one answer tells about. */
const errorsMax = 100;

/** Where the check is, and what it found so far. */
type Report = {readonly path: PathElement[]; readonly errors: string[]};

/** Throws the nameless error (500) of Kubernetes if a configuration does not fit its type (spec kubernetes-api 5.6). */
export function checkConfig(type: MapType, config: JsonObject): void {
  const errors = configErrors(type, config);
  if (errors === undefined) return;
  const apiVersion = digString(config, 'apiVersion') ?? '';
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  const name = `${digString(config, 'metadata', 'namespace') ?? ''}/${digString(config, 'metadata', 'name') ?? ''}`;
  const subject = `${name}; ${version}, Kind=${digString(config, 'kind') ?? ''}`;
  throw new ApiError('', `failed to create typed patch object (${subject}): ${errors}`);
}

/** In which way a configuration does not fit its type; undefined when it does. */
export function configErrors(type: MapType, config: JsonObject): string | undefined {
  const errors: string[] = [];
  check(type, config, {path: [], errors});
  return errors.length < 2 ? errors[0] : ['errors:', ...errors.map(error => `  ${error}`)].join('\n');
}

function fail({path, errors}: Report, text: string): void {
  if (errors.length < errorsMax) errors.push(path.length > 0 ? `${printPath(path)}: ${text}` : text);
}

function checkBelow(type: FieldType, value: Json, element: PathElement, report: Report): void {
  report.path.push(element);
  check(type, value, report);
  report.path.pop();
}

function check(type: FieldType, value: Json, report: Report): void {
  if (value === null || report.errors.length >= errorsMax) return;
  const form = formOf(type, value);
  switch (form.is) {
    case 'unowned':
      return;
    case 'scalar': {
      const wrong = scalarError(form.of, value);
      if (wrong) fail(report, wrong);
      return;
    }
    case 'map':
    case 'atomic map': {
      const fields = form.is === 'map' ? form : form.fields;
      if (!isObject(value)) fail(report, `expected map, got &{${printGo(value)}}`);
      else if (fields) checkFields(fields, value, report);
      return;
    }
    default:
      if (!Array.isArray(value)) fail(report, `expected list, got &{${printGo(value)}}`);
      else if (form.is !== 'atomic list') checkItems(form, value, report);
      else if (form.items) for (const [i, item] of value.entries()) checkBelow(form.items, item, `i:${i}`, report);
  }
}

function checkFields(type: MapType, value: JsonObject, report: Report): void {
  for (const key of Object.keys(value)) {
    const field = type.fields.get(key) ?? type.others;
    if (field) {
      checkBelow(field, value[key]!, fieldElement(key), report);
      continue;
    }
    report.path.push(fieldElement(key));
    fail(report, 'field not declared in schema');
    report.path.pop();
  }
}

function checkItems(type: SetType | ItemsType, list: JsonArray, report: Report): void {
  const seen = new Set<PathElement>();
  for (const [i, item] of list.entries()) {
    const element = itemElement(type, item);
    if (typeof element !== 'string') {
      fail(report, `element ${i}: ${element.why}`);
      continue;
    }
    if (seen.has(element)) fail(report, `duplicate entries for key ${printPath([element])}`);
    seen.add(element);
    checkBelow(type.items, item, element, report);
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
