/** Which requests admission webhooks and policies look at (spec kubernetes-api 8.12). */
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {pathSegment} from '../api/names.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {Fields} from './build.ts';
import {listOf, object, string, strings} from './build.ts';
import {labelSelector, labelSelectorErrors} from './label-selector.ts';
import {child, list, objects, text, texts} from './read.ts';

const ruleFields: Fields = {
  operations: strings('What is done: CREATE, UPDATE, DELETE, CONNECT, or * for all.', 'An operation.'),
  apiGroups: strings('Groups of the resources; * is every group.', 'A group.'),
  apiVersions: strings('Versions of the resources; * is every version.', 'A version.'),
  resources: strings('Resources, as pods, pods/log, pods/*, */scale, * or */*.', 'A resource.'),
  scope: string('Cluster, Namespaced, or * for both.', {default: '*'}),
};

export const ruleWithOperations: JsonSchema = object('One set of requests.', ruleFields);
const namedRule = object(
  'One set of requests.',
  {resourceNames: strings('Names of the only objects that are meant; all when empty.', 'A name.'), ...ruleFields},
  {'x-kubernetes-map-type': 'atomic'},
);

export const matchPolicySchema: JsonSchema = string(
  'Equivalent: also requests by other versions of the same resource. Exact: only those named.',
  {default: 'Equivalent'},
);

export const matchResources = (description: string): JsonSchema =>
  object(
    description,
    {
      namespaceSelector: labelSelector('Labels of the namespaces whose objects are meant.'),
      objectSelector: labelSelector('Labels of the objects that are meant.'),
      resourceRules: listOf('Requests that are meant.', namedRule),
      excludeResourceRules: listOf('Requests that are not meant after all.', namedRule),
      matchPolicy: matchPolicySchema,
    },
    {'x-kubernetes-map-type': 'atomic'},
  );

/** Fills in the selectors of match resources; what is absent means all. */
export function fillMatchResources(match: JsonObject | undefined): void {
  if (!match) return;
  if (!child(match, 'namespaceSelector')) match['namespaceSelector'] = {};
  if (!child(match, 'objectSelector')) match['objectSelector'] = {};
}

export function matchResourcesErrors(path: string, match: JsonObject | undefined): FieldError[] {
  if (!match) return [];
  const rules = (field: string): FieldError[] =>
    objects(match, field).flatMap((rule, i) => [...resourceNameErrors(at(path, field, i), rule), ...ruleErrors(at(path, field, i), rule)]);
  return [
    ...unsupported(at(path, 'matchPolicy'), text(match, 'matchPolicy'), ['Equivalent', 'Exact']),
    ...labelSelectorErrors(at(path, 'namespaceSelector'), child(match, 'namespaceSelector')),
    ...labelSelectorErrors(at(path, 'objectSelector'), child(match, 'objectSelector')),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ];
}

/** A value that must be one of a few, as a default is; sorted, as Kubernetes names them. */
export const unsupported = (path: string, value: string, choices: readonly string[]): FieldError[] =>
  choices.includes(value) ? [] : [notSupported(path, value, choices)];

/** The same for a field that has no default: empty, it is missing. */
export const choiceErrors = (path: string, value: string, choices: readonly string[]): FieldError[] =>
  value === '' ? [required(path)] : unsupported(path, value, choices);

function resourceNameErrors(path: string, rule: JsonObject): FieldError[] {
  const seen = new Set<string>();
  return texts(rule, 'resourceNames').flatMap((name, i) => {
    const here = at(path, 'resourceNames', i);
    const errors = pathSegment(name).map(why => invalidValue(here, name, why));
    if (seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
    return errors;
  });
}

const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

export function ruleErrors(path: string, rule: JsonObject): FieldError[] {
  const operations = texts(rule, 'operations');
  const scope = text(rule, 'scope');
  return [
    ...wildcardErrors(path, rule, 'operations', 'operations'),
    ...operations.flatMap((one, i) => (operationNames.includes(one) ? [] : [notSupported(at(path, 'operations', i), one, operationNames)])),
    ...wildcardErrors(path, rule, 'apiGroups', 'API groups'),
    ...wildcardErrors(path, rule, 'apiVersions', 'API versions'),
    ...texts(rule, 'apiVersions').flatMap((version, i) => (version === '' ? [required(at(path, 'apiVersions', i))] : [])),
    ...resourceErrors(at(path, 'resources'), texts(rule, 'resources')),
    ...unsupported(at(path, 'scope'), scope, ['*', 'Cluster', 'Namespaced']),
  ];
}

/** A list must not be empty, and `*` stands alone in it. */
function wildcardErrors(path: string, rule: JsonObject, field: string, what: string): FieldError[] {
  const values = texts(rule, field);
  if (list(rule, field).length === 0) return [required(at(path, field))];
  if (values.length < 2 || !values.includes('*')) return [];
  return [invalidValue(at(path, field), [...values], `if '*' is present, must not specify other ${what}`)];
}

function resourceErrors(path: string, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const allOf = new Set<string>();
  const everywhere = new Set<string>();
  resources.forEach((resource, i) => {
    if (resource === '') errors.push(required(at(path, i)));
    const slash = resource.indexOf('/');
    if (slash < 0) return;
    const [name, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    const refuse = (wider: string): unknown =>
      errors.push(invalidValue(at(path, i), resource, `if '${wider}' is present, must not specify ${resource}`));
    if (allOf.has(name)) refuse(`${name}/*`);
    if (everywhere.has(sub)) refuse(`*/${sub}`);
    if (sub === '*') allOf.add(name);
    if (name === '*') everywhere.add(sub);
  });
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(path, [...resources], "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && resources.some(resource => resource !== '*' && !resource.includes('/')))
    errors.push(invalidValue(path, [...resources], "if '*' is present, must not specify other resources without subresources"));
  return errors;
}
