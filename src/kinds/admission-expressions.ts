/** CEL expressions in admission webhooks and policies (spec kubernetes-api 8.12). */
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidField, invalidValue, required, tooMany} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import {dns1035Label, dnsSubdomain, qualifiedName} from '../api/names.ts';
import type {AdmissionScope, VariableFields} from '../cel/admission.ts';
import {judgeExpression, variableField} from '../cel/admission.ts';
import type {Field, Type} from '../cel/types.ts';
import {bool} from '../cel/types.ts';
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

/**
 * What one object may have of expressions, all together, and how much it may hold to be looked at while everybody waits. Kubernetes knows no limit.
 */
const limits = {expressions: 1024, chars: 128 * 1024, lightChars: 8 * 1024} as const;

/** Whether looking at all the expressions of an object would hold others up. */
export const holdsMuch = (object: JsonObject): boolean =>
  stringify(object['spec'] ?? object['webhooks'] ?? null).length > limits.lightChars;

/** What is wrong with an object of these expressions; if anything, they should not be looked at. */
export function excessErrors(path: string, expressions: readonly string[]): FieldError[] {
  if (expressions.length > limits.expressions)
    return [invalidField(path, `must not have more than ${limits.expressions} expressions in all`)];
  const chars = expressions.reduce((sum, each) => sum + each.length, 0);
  return chars > limits.chars ? [invalidField(path, `must not have more than ${limits.chars} characters of expressions in all`)] : [];
}

/** The expressions in the items of a list, under any of these names. */
export const expressionsIn = (owner: JsonObject, field: string, ...names: readonly string[]): string[] =>
  objects(owner, field).flatMap(item => names.map(name => text(item, name)).filter(found => found !== ''));

/** Those that policies of both sorts have. */
export const sharedExpressions = (spec: JsonObject): string[] => [
  ...expressionsIn(spec, 'matchConditions', 'expression'),
  ...expressionsIn(spec, 'variables', 'expression'),
];

/** `params`: whether the conditions belong to a policy with params. */
export function matchConditionErrors(path: string, owner: JsonObject, params = false): FieldError[] {
  const conditions = objects(owner, 'matchConditions');
  const errors = conditions.length > conditionsMax ? [tooMany(path, conditions.length, conditionsMax)] : [];
  const seen = new Set<string>();
  conditions.forEach((condition, i) => {
    const [name, here] = [text(condition, 'name'), at(path, i, 'name')];
    const expression = text(condition, 'expression').trim();
    errors.push(
      ...(expression ? expressionErrors(at(path, i, 'expression'), expression, {params, authorizer: true}, bool) : []),
      ...(expression ? [] : [required(at(path, i, 'expression'))]),
      ...(name ? qualifiedName(name).map(why => invalidValue(here, name, why)) : [required(here)]),
    );
    if (name && seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
  });
  return errors;
}

/** What is wrong with an expression that must give one of the `wanted` types. */
export function expressionErrors(path: string, source: string, scope: AdmissionScope, ...wanted: readonly Type[]): FieldError[] {
  const {trouble} = judgeExpression(source, scope, ...wanted);
  return trouble === undefined ? [] : [invalidValue(path, source, trouble)];
}

/** The variables of a policy: what is wrong with them, and what the expressions below see of them. */
export function judgeVariables(path: string, owner: JsonObject, params: boolean): {errors: FieldError[]; variables: VariableFields} {
  const variables = new Map<string, Field>();
  const errors = objects(owner, 'variables').flatMap((variable, i) => {
    const [name, expression] = [text(variable, 'name'), text(variable, 'expression')];
    const found =
      name.trim() === '' ? [required(at(path, i, 'name'), 'name is not specified')] : identifierErrors(at(path, i, 'name'), name);
    if (expression.trim() === '') return [...found, required(at(path, i, 'expression'), 'expression is not specified')];
    const {type, trouble} = judgeExpression(expression, {params, authorizer: true, variables});
    if (trouble !== undefined) found.push(invalidValue(at(path, i, 'expression'), expression, trouble));
    variables.set(name, variableField(name, type));
    return found;
  });
  return {errors, variables};
}

const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const identifierErrors = (path: string, name: string): FieldError[] =>
  /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name) ? [] : [invalidValue(path, name, 'must be a valid CEL identifier')];

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
