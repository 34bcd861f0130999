/**
 * CEL expressions in admission webhooks and policies, as far as they can be judged without compiling them
 * (spec kubernetes-api 8.12).
 */
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, required, tooMany} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dns1035Label, dnsSubdomain, qualifiedName} from '../api/names.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {listBy, object, string} from './build.ts';
import {objects, text} from './read.ts';

export const matchConditionsSchema: JsonSchema = listBy(
  ['name'],
  'Expressions that must all be true for the request to be looked at; at most 64.',
  object(
    'One condition.',
    {
      name: string('What the condition is called in logs and errors.'),
      expression: string('A CEL expression over object, oldObject, request and authorizer.'),
    },
    {required: ['name', 'expression']},
  ),
);
export const variablesSchema: JsonSchema = listBy(
  ['name'],
  'Values that later expressions use as variables.<name>.',
  object(
    'One value.',
    {
      name: string('The name, a CEL identifier.'),
      expression: string('A CEL expression; it may use variables above.'),
    },
    {required: ['name', 'expression'], 'x-kubernetes-map-type': 'atomic'},
  ),
);
export const paramKindSchema: JsonSchema = object(
  'The kind of object that bindings pass to the expressions as params; none when absent.',
  {
    apiVersion: string('Group and version of the kind.'),
    kind: string('The kind.'),
  },
  {'x-kubernetes-map-type': 'atomic'},
);

const conditionsMax = 64;

export function matchConditionErrors(path: string, owner: JsonObject): FieldError[] {
  const conditions = objects(owner, 'matchConditions');
  const errors = conditions.length > conditionsMax ? [tooMany(path, conditions.length, conditionsMax)] : [];
  const checkName = (here: string, name: string): FieldError[] =>
    name ? qualifiedName(name).map(why => invalidValue(here, name, why)) : [required(here)];
  return [...errors, ...namedExpressionErrors(path, conditions, checkName)];
}

export const variableErrors = (path: string, owner: JsonObject): FieldError[] =>
  namedExpressionErrors(path, objects(owner, 'variables'), (here, name) => {
    if (!name) return [required(here)];
    return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) ? [] : [invalidValue(here, name, 'name is not a valid CEL identifier')];
  });

function namedExpressionErrors(
  path: string,
  items: readonly JsonObject[],
  checkName: (here: string, name: string) => FieldError[],
): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const [name, here] = [text(item, 'name'), at(path, i, 'name')];
    const errors = text(item, 'expression').trim() ? [] : [required(at(path, i, 'expression'))];
    errors.push(...checkName(here, name));
    if (name && seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
    return errors;
  });
}

export function paramKindErrors(path: string, kind: JsonObject | undefined): FieldError[] {
  if (!kind) return [];
  const [apiVersion, name] = [text(kind, 'apiVersion'), text(kind, 'kind')];
  const found = name ? dns1035Label(name.toLowerCase()) : [];
  return [
    ...apiVersionErrors(at(path, 'apiVersion'), apiVersion),
    ...(name ? [] : [required(at(path, 'kind'))]),
    ...(found.length > 0
      ? [invalidValue(at(path, 'kind'), name, `may have mixed case, but should otherwise match: ${found.join(',')}`)]
      : []),
  ];
}

function apiVersionErrors(path: string, apiVersion: string): FieldError[] {
  if (!apiVersion) return [required(path)];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalidValue(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', apiVersion];
  const errors: FieldError[] = [];
  const inGroup = group ? dnsSubdomain(group) : [];
  if (inGroup.length > 0) errors.push(invalidValue(path, group, inGroup.join(',')));
  if (!version) return [...errors, invalidValue(path, apiVersion, 'version must be specified')];
  const inVersion = dns1035Label(version);
  return inVersion.length > 0 ? [...errors, invalidValue(path, version, inVersion.join(','))] : errors;
}
