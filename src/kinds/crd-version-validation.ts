/** What makes one version of a CustomResourceDefinition valid (spec kubernetes-api 6.1, 6.2, 6.8, 6.9). */
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, required, tooMany} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import {dns1035Label} from '../api/names.ts';
import {ruleErrors} from '../cel/rules/definition-errors.ts';
import {hasRules} from '../cel/rules/rule-tree.ts';
import {beyondBounds} from '../schema/bounds.ts';
import {checkStructural} from '../schema/structural.ts';
import {readSchema} from '../schema/written-schema.ts';
import {child, objects, text} from './read.ts';

export function versionErrors(path: string, version: JsonObject): FieldError[] {
  const name = text(version, 'name');
  const found = dns1035Label(name);
  const schema = child(child(version, 'schema'), 'openAPIV3Schema');
  return [
    ...(found.length > 0 ? [invalidValue(at(path, 'name'), name, found.join(','))] : []),
    ...deprecationErrors(path, version),
    ...schemaErrors(at(path, 'schema', 'openAPIV3Schema'), schema, hasStatus(version)),
    ...scaleErrors(at(path, 'subresources'), child(child(version, 'subresources'), 'scale')),
    ...objects(version, 'additionalPrinterColumns').flatMap((one, i) => columnErrors(at(path, 'additionalPrinterColumns', i), one)),
    ...(schema ? selectableErrors(at(path, 'selectableFields'), version, schema) : []),
  ];
}

/** What is wrong with the rules of a version's schema. Of a schema that is not in order itself nothing is said. */
export function versionRuleErrors(path: string, version: JsonObject): FieldError[] {
  const written = child(child(version, 'schema'), 'openAPIV3Schema');
  if (!written || beyondBounds(written) !== undefined) return [];
  const here = at(path, 'schema', 'openAPIV3Schema');
  const {schema} = readSchema(written, here);
  return hasRules(schema) && schemaErrors(here, written, hasStatus(version)).length === 0 ? ruleErrors(schema, here) : [];
}

const hasStatus = (version: JsonObject): boolean => child(child(version, 'subresources'), 'status') !== undefined;

const warningBytesMax = 256;

function deprecationErrors(path: string, version: JsonObject): FieldError[] {
  const warning = version['deprecationWarning'];
  if (typeof warning !== 'string') return [];
  const refuse = (why: string): FieldError => invalidValue(at(path, 'deprecationWarning'), warning, why);
  if (version['deprecated'] !== true) return [refuse('can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(warning) > warningBytesMax) errors.push(refuse(`must be <= ${warningBytesMax} characters long`));
  if (warning === '') errors.push(refuse('must not be an empty string'));
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (unprintable) {
    const index = Buffer.byteLength(warning.slice(0, unprintable.index));
    errors.push(refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`));
  }
  return errors;
}

function schemaErrors(path: string, schema: JsonObject | undefined, status: boolean): FieldError[] {
  if (!schema) return [required(path)];
  return checkStructural(schema, path, status);
}

function scaleErrors(path: string, scale: JsonObject | undefined): FieldError[] {
  if (!scale) return [];
  const check = (field: string, prefixes: readonly string[], where: string): FieldError[] => {
    const value = text(scale, field);
    const here = at(path, 'scale', field);
    const simple = simplePathErrors(here, value);
    if (simple.length > 0) return simple;
    return prefixes.some(prefix => value.startsWith(prefix)) ? [] : [invalidValue(here, value, `should be a json path under ${where}`)];
  };
  const must = (field: string, root: string): FieldError[] =>
    text(scale, field) ? check(field, [`${root}.`], root) : [required(at(path, 'scale', field))];
  return [
    ...must('specReplicasPath', '.spec'),
    ...must('statusReplicasPath', '.status'),
    ...(text(scale, 'labelSelectorPath') ? check('labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status') : []),
  ];
}

const simplePathErrors = (path: string, value: string): FieldError[] =>
  value.startsWith('.') ? [] : [invalidValue(path, value, 'must be a simple json path starting with .')];

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function columnErrors(path: string, column: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const [type, format, jsonPath] = [text(column, 'type'), text(column, 'format'), text(column, 'jsonPath')];
  const types = `must be one of ${columnTypes.join(',')}`;
  if (!text(column, 'name')) errors.push(required(at(path, 'name')));
  if (!type) errors.push(required(at(path, 'type'), types));
  else if (!columnTypes.includes(type)) errors.push(invalidValue(at(path, 'type'), type, types));
  if (format && !columnFormats.includes(format))
    errors.push(invalidValue(at(path, 'format'), format, `must be one of ${columnFormats.join(',')}`));
  // The capitals are Kubernetes'.
  if (!jsonPath) errors.push(required(at(path, 'JSONPath')));
  else errors.push(...simplePathErrors(at(path, 'JSONPath'), jsonPath));
  return errors;
}

const selectableMax = 8;
const selectableTypes = ['string', 'boolean', 'integer'];

function selectableErrors(path: string, version: JsonObject, schema: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  objects(version, 'selectableFields').forEach((field, i) => {
    const value = text(field, 'jsonPath');
    const here = at(path, i, 'jsonPath');
    if (!value) {
      errors.push(required(here));
      return;
    }
    const problem = simpleFieldProblem(value);
    const target = problem === undefined ? fieldSchema(schema, value) : undefined;
    if (!target) {
      errors.push(invalidValue(here, value, `is an invalid path: ${problem ?? 'does not refer to a valid field'}`));
      return;
    }
    if (value.startsWith('.metadata')) errors.push(invalidValue(here, value, 'must not point to fields in metadata'));
    if (!selectableTypes.includes(text(target, 'type')))
      errors.push(
        invalidValue(
          here,
          value,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    if (seen.has(value)) errors.push(duplicate(here, value));
    seen.add(value);
  });
  if (seen.size > selectableMax) errors.push(tooMany(path, seen.size, selectableMax));
  return errors;
}

/** What keeps a path from being names after dots. */
function simpleFieldProblem(path: string): string | undefined {
  if (!/^[.[]/.test(path)) return `expected [ or . but got: ${path.split(/[.[]/)[0]}`;
  if (path.includes('[')) return 'array notation is not allowed';
  return path.endsWith('.') ? 'unexpected end of JSON path' : undefined;
}

/** The schema of the field at a dotted path; undefined when there is no such field. */
function fieldSchema(schema: JsonObject, path: string): JsonObject | undefined {
  let found: JsonObject = schema;
  for (const step of path.slice(1).split('.')) {
    const next = getKey(child(found, 'properties') ?? {}, step);
    if (!isObject(next)) return undefined;
    found = next;
  }
  return found;
}
