import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import {asJson} from '../api/object.ts';
import {
  matchConditionErrors,
  matchConditionsSchema,
  paramKindErrors,
  paramKindSchema,
  variableErrors,
  variablesSchema,
} from './admission-expressions.ts';
import {choiceErrors, fillMatchResources, matchResources, matchResourcesErrors} from './admission-rules.ts';
import {ageColumn, bigInteger, column, kind, listBy, listOf, object, setOf, string, time} from './build.ts';
import type {Column, Kind} from './kind.ts';
import {bindingColumns, bindingErrors, bindingFields, fillBinding} from './policy-binding.ts';
import {child, list, objects, text, texts} from './read.ts';

const metav1Condition = object(
  'One observation.',
  {
    type: string('What is observed.'),
    status: string('True, False or Unknown.'),
    observedGeneration: bigInteger('The generation that was observed.'),
    lastTransitionTime: time('When the status last changed.'),
    reason: string('The cause in one word.'),
    message: string('The cause for people.'),
  },
  {required: ['type', 'status', 'lastTransitionTime', 'reason', 'message']},
);

export const paramKindColumn: Column = column('ParamKind', 'The kind of the params.', o => {
  const params = child(child(asJson(o), 'spec'), 'paramKind');
  return params ? `${text(params, 'apiVersion')}/${text(params, 'kind')}` : '<unset>';
});
export const failurePolicySchema = string(
  'What happens when the policy cannot be evaluated. Fail: the request is refused. Ignore: it goes on.',
  {default: 'Fail'},
);

/** ValidatingAdmissionPolicy (spec kubernetes-api 8.12). */
export const validatingAdmissionPolicy: Kind = kind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  description: 'Expressions that may refuse requests; they apply where a binding says so.',
  fields: {
    spec: object('The expressions.', {
      paramKind: paramKindSchema,
      matchConstraints: matchResources('The requests that the policy looks at.'),
      matchConditions: matchConditionsSchema,
      variables: variablesSchema,
      validations: listOf(
        'What must be true of a request.',
        object(
          'One expression.',
          {
            expression: string('A CEL expression; the request is refused when it is false.'),
            message: string('What the client is told then.'),
            messageExpression: string('A CEL expression that gives the message; goes before message.'),
            reason: string('The reason in the answer: Unauthorized, Forbidden, Invalid or RequestEntityTooLarge.'),
          },
          {required: ['expression']},
        ),
      ),
      failurePolicy: failurePolicySchema,
      auditAnnotations: listOf(
        'What is noted in the audit log.',
        object(
          'One note.',
          {
            key: string('The key, after the name of the policy and a slash.'),
            valueExpression: string('A CEL expression that gives the text; null for none.'),
          },
          {required: ['key', 'valueExpression']},
        ),
      ),
    }),
    status: object('What was found out about the policy.', {
      observedGeneration: bigInteger('The generation that was looked at.'),
      typeChecking: object('Doubts about the types in the expressions.', {
        expressionWarnings: listOf(
          'The doubts.',
          object(
            'One doubt.',
            {
              fieldRef: string('Path of the expression.'),
              warning: string('What is doubtful.'),
            },
            {required: ['fieldRef', 'warning']},
          ),
        ),
      }),
      conditions: listBy(['type'], 'Further observations.', metav1Condition),
    }),
  },
  subresources: {status: true},
  columns: [
    column('Validations', 'How many validations there are.', o => list(child(asJson(o), 'spec'), 'validations').length, {type: 'integer'}),
    paramKindColumn,
    ageColumn,
  ],
  strategy: {
    generation: ['spec'],
    normalize: policy => fillMatchResources(child(child(policy, 'spec'), 'matchConstraints')),
    validate: validatePolicy,
  },
});

/** ValidatingAdmissionPolicyBinding (spec kubernetes-api 8.12). */
export const validatingAdmissionPolicyBinding: Kind = kind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  description: 'Applies a ValidatingAdmissionPolicy, with params and limits.',
  fields: {
    spec: object('What is applied, and how.', {
      ...bindingFields,
      validationActions: setOf('What a failed validation leads to: Deny, Warn, Audit.', string('An action.')),
    }),
  },
  columns: bindingColumns,
  strategy: {
    generation: ['spec'],
    normalize: fillBinding,
    validate: binding => [...bindingErrors(binding), ...actionErrors(texts(child(binding, 'spec'), 'validationActions'))],
  },
});

/** What policies of both sorts share: everything but what they do. */
export function policyErrors(spec: JsonObject): FieldError[] {
  const constraints = child(spec, 'matchConstraints');
  const path = 'spec.matchConstraints';
  return [
    ...choiceErrors('spec.failurePolicy', text(spec, 'failurePolicy'), ['Fail', 'Ignore']),
    ...paramKindErrors('spec.paramKind', child(spec, 'paramKind')),
    ...(constraints ? matchResourcesErrors(path, constraints) : [required(path)]),
    ...(constraints && list(constraints, 'resourceRules').length === 0 ? [required(at(path, 'resourceRules'))] : []),
    ...matchConditionErrors('spec.matchConditions', spec),
    ...variableErrors('spec.variables', spec),
  ];
}

function validatePolicy(policy: JsonObject): FieldError[] {
  const spec = child(policy, 'spec') ?? {};
  const errors = policyErrors(spec);
  const validations = objects(spec, 'validations');
  const notes = objects(spec, 'auditAnnotations');
  if (validations.length === 0 && notes.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)];
  }
  return [
    ...errors,
    ...validations.flatMap((one, i) => validationErrors(at('spec.validations', i), one)),
    ...noteErrors(digString(policy, 'metadata', 'name') ?? '', notes),
  ];
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

function validationErrors(path: string, validation: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const [message, byExpression] = [text(validation, 'message'), text(validation, 'messageExpression')];
  const reason = text(validation, 'reason');
  if (!text(validation, 'expression').trim()) errors.push(required(at(path, 'expression'), 'expression is not specified'));
  if (byExpression && !byExpression.trim())
    errors.push(invalidValue(at(path, 'messageExpression'), byExpression, 'must be non-empty if specified'));
  if (message && !message.trim()) errors.push(invalidValue(at(path, 'message'), message, 'message must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalidValue(at(path, 'message'), message, 'message must not contain line breaks'));
  if (reason && !reasons.includes(reason)) errors.push(notSupported(at(path, 'reason'), reason, reasons));
  return errors;
}

const notesMax = 20;

function noteErrors(policyName: string, notes: readonly JsonObject[]): FieldError[] {
  const path = 'spec.auditAnnotations';
  if (notes.length > notesMax) return [invalidValue(path, [...notes], `must not have more than ${notesMax} auditAnnotations`)];
  const seen = new Set<string>();
  return notes.flatMap((note, i) => {
    const [key, here] = [text(note, 'key'), at(path, i, 'key')];
    const errors = qualifiedName(`${policyName}/${key}`).map(why => invalidValue(here, key, why));
    if (!text(note, 'valueExpression').trim()) errors.push(required(at(path, i, 'valueExpression'), 'valueExpression is not specified'));
    if (seen.has(key)) errors.push(duplicate(here, key));
    seen.add(key);
    return errors;
  });
}

const actions = ['Audit', 'Deny', 'Warn'];

function actionErrors(given: readonly string[]): FieldError[] {
  const path = 'spec.validationActions';
  if (given.length === 0) return [required(path, 'at least one validation action is required')];
  const seen = new Set<string>();
  const errors = given.flatMap((action, i) => {
    const found = actions.includes(action) ? [] : [notSupported(at(path, i), action, actions)];
    if (seen.has(action)) found.push(duplicate(at(path, i), action));
    seen.add(action);
    return found;
  });
  if (seen.has('Deny') && seen.has('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalidValue(path, [...given], why));
  }
  return errors;
}
