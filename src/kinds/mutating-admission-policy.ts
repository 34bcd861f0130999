import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {AdmissionScope} from '../cel/admission.ts';
import {jsonPatchesType, patchObjectType} from '../cel/admission.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {
  excessErrors,
  expressionErrors,
  holdsMuch,
  judgeVariables,
  matchConditionsSchema,
  paramKindSchema,
  sharedExpressions,
  variablesSchema,
} from './admission-expressions.ts';
import {choiceErrors, fillMatchResources, matchResources} from './admission-rules.ts';
import {ageColumn, column, kind, listOf, object, string} from './build.ts';
import type {Kind} from './kind.ts';
import {bindingColumns, bindingErrors, bindingFields, fillBinding} from './policy-binding.ts';
import {child, list, objects, text, texts} from './read.ts';
import {failurePolicySchema, hasParams, paramKindColumn, policyErrors} from './validating-admission-policy.ts';

const change = (description: string, gives: string): JsonSchema =>
  object(description, {expression: string(`A CEL expression that gives ${gives}.`)});

/** MutatingAdmissionPolicy (spec kubernetes-api 8.12). */
export const mutatingAdmissionPolicy: Kind = kind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  description: 'Expressions that may change objects; they apply where a binding says so.',
  fields: {
    spec: object('The expressions.', {
      paramKind: paramKindSchema,
      matchConstraints: matchResources('The requests that the policy looks at.'),
      variables: variablesSchema,
      mutations: listOf(
        'The changes, one after the other.',
        object(
          'One change.',
          {
            patchType: string('ApplyConfiguration or JSONPatch.'),
            applyConfiguration: change('For ApplyConfiguration.', 'an object of the fields to set'),
            jsonPatch: change('For JSONPatch.', 'a list of JSONPatch operations'),
          },
          {required: ['patchType']},
        ),
      ),
      failurePolicy: failurePolicySchema,
      matchConditions: matchConditionsSchema,
      reinvocationPolicy: string('Never: applied once. IfNeeded: applied again when something after it changed the object.'),
    }),
  },
  columns: [
    column('Mutations', 'How many mutations there are.', o => list(child(asJson(o), 'spec'), 'mutations').length, {type: 'integer'}),
    paramKindColumn,
    ageColumn,
  ],
  strategy: {
    generation: ['spec'],
    normalize: policy => fillMatchResources(child(child(policy, 'spec'), 'matchConstraints')),
    takesLong: holdsMuch,
    validate: validatePolicy,
  },
});

/** MutatingAdmissionPolicyBinding (spec kubernetes-api 8.12). */
export const mutatingAdmissionPolicyBinding: Kind = kind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  description: 'Applies a MutatingAdmissionPolicy, with params and limits.',
  fields: {spec: object('What is applied, and how.', bindingFields)},
  columns: bindingColumns,
  strategy: {generation: ['spec'], normalize: fillBinding, validate: validateBinding},
});

function validateBinding(binding: JsonObject): FieldError[] {
  return [...bindingErrors(binding), ...operationErrors('spec.matchResources', child(child(binding, 'spec'), 'matchResources'))];
}

function validatePolicy(policy: JsonObject): FieldError[] {
  const spec = child(policy, 'spec') ?? {};
  const mutations = objects(spec, 'mutations');
  const changing = mutations.flatMap(one => [
    text(child(one, 'applyConfiguration'), 'expression'),
    text(child(one, 'jsonPatch'), 'expression'),
  ]);
  const excess = excessErrors('spec', [...sharedExpressions(spec), ...changing.filter(found => found !== '')]);
  if (excess.length > 0) return excess;
  const {errors, variables} = judgeVariables('spec.variables', spec, hasParams(spec));
  const scope: AdmissionScope = {params: hasParams(spec), authorizer: true, variables, patches: true};
  return [
    ...policyErrors(spec),
    ...operationErrors('spec.matchConstraints', child(spec, 'matchConstraints')),
    ...errors,
    ...(mutations.length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((one, i) => mutationErrors(at('spec.mutations', i), one, scope)),
    ...choiceErrors('spec.reinvocationPolicy', text(spec, 'reinvocationPolicy'), ['IfNeeded', 'Never']),
  ];
}

const mutable = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. The path has no indexes, as in Kubernetes. */
const operationErrors = (path: string, match: JsonObject | undefined): FieldError[] =>
  objects(match, 'resourceRules')
    .flatMap(rule => texts(rule, 'operations'))
    .filter(operation => !mutable.includes(operation))
    .map(operation => notSupported(at(path, 'resourceRules', 'operations'), operation, mutable));

const changes = {
  ApplyConfiguration: {field: 'applyConfiguration', other: 'jsonPatch', gives: patchObjectType},
  JSONPatch: {field: 'jsonPatch', other: 'applyConfiguration', gives: jsonPatchesType},
} as const;

function mutationErrors(path: string, mutation: JsonObject, scope: AdmissionScope): FieldError[] {
  const type = text(mutation, 'patchType');
  if (type !== 'ApplyConfiguration' && type !== 'JSONPatch')
    return [type ? notSupported(at(path, 'patchType'), type, Object.keys(changes)) : required(at(path, 'patchType'))];
  const {field, other, gives} = changes[type];
  const errors: FieldError[] = [];
  const patch = child(mutation, field);
  const expression = text(patch, 'expression').trim();
  if (!patch) errors.push(required(at(path, field), `must be specified when patchType is ${type}`));
  else if (!expression) errors.push(required(at(path, field, 'expression')));
  else errors.push(...expressionErrors(at(path, field, 'expression'), expression, scope, gives));
  if (child(mutation, other)) errors.push(invalidValue(at(path, other), `{${other}}`, `must not be specified when patchType is ${type}`));
  return errors;
}
