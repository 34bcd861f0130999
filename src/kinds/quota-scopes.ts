/** Which objects a quota is about, when it is not about all: scopes, which are known for pods and volume claims alone (spec kubernetes-api 8.7). */
import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import type {Fields} from './build.ts';
import {listOf, object, string, strings} from './build.ts';
import {child, objects, text, texts} from './read.ts';

const scopeCondition: JsonSchema = object(
  'One condition.',
  {
    scopeName: string('The scope.'),
    operator: string('In, NotIn, Exists or DoesNotExist.'),
    values: strings('The values for In and NotIn.', 'A value.'),
  },
  {required: ['scopeName', 'operator']},
);
export const scopeFields: Fields = {
  scopes: strings('Only objects to which all of these apply are counted. Cannot change.', 'A scope.'),
  scopeSelector: object(
    'Only objects that this selects are counted.',
    {matchExpressions: listOf('Conditions, all of which must hold.', scopeCondition)},
    {'x-kubernetes-map-type': 'atomic'},
  ),
};

const podCount = ['pods'];
const podAmounts = [...podCount, ...['cpu', 'memory'].flatMap(name => [name, `requests.${name}`, `limits.${name}`])];
const claims = ['persistentvolumeclaims', 'requests.storage'];

/** What may be limited within each scope. */
const limitable: ReadonlyMap<string, readonly string[]> = new Map([
  ['Terminating', podAmounts],
  ['NotTerminating', podAmounts],
  ['BestEffort', podCount],
  ['NotBestEffort', podAmounts],
  ['PriorityClass', podAmounts],
  ['CrossNamespacePodAffinity', podAmounts],
  ['VolumeAttributesClass', claims],
]);
/** Scopes that either apply or do not, without a value. */
const plain: ReadonlySet<string> = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']);
const contradictions = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** What is wrong with the scopes of a quota's spec; `limited` are the standard names it limits. */
export function scopeErrors(spec: JsonObject | undefined, limited: readonly string[]): FieldError[] {
  const scopes = texts(spec, 'scopes');
  const shown = spec?.['scopes'];
  const refuse = (why: string): FieldError => invalidValue('spec.scopes', shown, why);
  const errors = scopes.flatMap(scope => [
    ...(limitable.has(scope) ? [] : [refuse('unsupported scope')]),
    ...misplaced(scope, limited).map(() => refuse(misplacedText)),
  ]);
  return [...errors, ...conflicts(scopes).map(() => refuse(conflictText)), ...selectorErrors(spec, limited)];
}

const misplacedText = 'unsupported scope applied to resource';
const conflictText = 'conflicting scopes';
const misplaced = (scope: string, limited: readonly string[]): readonly string[] => {
  const fitting = limitable.get(scope);
  return fitting ? limited.filter(name => !fitting.includes(name)) : [];
};
const conflicts = (scopes: readonly string[]): readonly unknown[] =>
  contradictions.filter(([one, other]) => scopes.includes(one) && scopes.includes(other));

/** The paths have no index, as in Kubernetes. */
function selectorErrors(spec: JsonObject | undefined, limited: readonly string[]): FieldError[] {
  const selector = child(spec, 'scopeSelector');
  const conditions = objects(selector, 'matchExpressions');
  const path = 'spec.scopeSelector.matchExpressions';
  const errors = conditions.flatMap(condition => {
    const [scope, operator, values] = [text(condition, 'scopeName'), text(condition, 'operator'), texts(condition, 'values')];
    const found = limitable.has(scope) ? [] : [invalidValue(at(path, 'scopeName'), scope, 'unsupported scope')];
    found.push(...misplaced(scope, limited).map(() => invalidValue(path, asKept(conditions), misplacedText)));
    if (plain.has(scope) && operator !== 'Exists') found.push(invalidValue(at(path, 'operator'), operator, mustExist));
    return [...found, ...operatorErrors(path, operator, values)];
  });
  const conflicting = conflicts(conditions.map(condition => text(condition, 'scopeName')));
  return [...errors, ...conflicting.map(() => invalidValue(path, spec?.['scopes'], conflictText))];
}

const mustExist =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, " +
  'ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';

function operatorErrors(path: string, operator: string, values: readonly string[]): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length > 0 ? [] : [required(at(path, 'values'), why)];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length > 0 ? [invalidValue(at(path, 'values'), [...values], why)] : [];
    }
    default:
      return [invalidValue(at(path, 'operator'), operator, 'not a valid selector operator')];
  }
}

/** Errors show a selector as Kubernetes keeps it inside. */
const asKept = (conditions: readonly JsonObject[]): Json => ({
  MatchExpressions: conditions.map(condition => ({
    ScopeName: text(condition, 'scopeName'),
    Operator: text(condition, 'operator'),
    Values: condition['values'] ?? null,
  })),
});
