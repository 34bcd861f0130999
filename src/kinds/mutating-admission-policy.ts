import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asJson} from '../api/object.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {matchConditionsSchema, paramKindSchema, variablesSchema} from './admission-expressions.ts';
import {choiceErrors, fillMatchResources, matchResources} from './admission-rules.ts';
import {ageColumn, column, kind, listOf, object, string} from './build.ts';
import type {Kind} from './kind.ts';
import {bindingColumns, bindingErrors, bindingFields, fillBinding} from './policy-binding.ts';
import {child, list, objects, text} from './read.ts';
import {failurePolicySchema, paramKindColumn, policyErrors} from './validating-admission-policy.ts';

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
  strategy: {generation: ['spec'], normalize: fillBinding, validate: bindingErrors},
});

function validatePolicy(policy: JsonObject): FieldError[] {
  const spec = child(policy, 'spec') ?? {};
  const mutations = objects(spec, 'mutations');
  return [
    ...policyErrors(spec),
    ...(mutations.length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((one, i) => mutationErrors(at('spec.mutations', i), one)),
    ...choiceErrors('spec.reinvocationPolicy', text(spec, 'reinvocationPolicy'), ['IfNeeded', 'Never']),
  ];
}

const fieldOf = {ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch'} as const;

function mutationErrors(path: string, mutation: JsonObject): FieldError[] {
  const type = text(mutation, 'patchType');
  if (type !== 'ApplyConfiguration' && type !== 'JSONPatch')
    return [type ? notSupported(at(path, 'patchType'), type, ['ApplyConfiguration', 'JSONPatch']) : required(at(path, 'patchType'))];
  const wanted = fieldOf[type];
  const other = type === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch';
  const errors: FieldError[] = [];
  const patch = child(mutation, wanted);
  if (!patch) errors.push(required(at(path, wanted), `must be specified when patchType is ${type}`));
  else if (!text(patch, 'expression').trim()) errors.push(required(at(path, wanted, 'expression'), 'expression is not specified'));
  if (child(mutation, other)) errors.push(invalidValue(at(path, other), `{${other}}`, `must not be specified when patchType is ${type}`));
  return errors;
}
