import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, notSupported, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import {qualifiedName} from '../api/names.ts';
import {asJson} from '../api/object.ts';
import type {AdmissionScope} from '../cel/admission.ts';
import {bool, nullType, string as stringType} from '../cel/types.ts';
import {parseJsonPath} from '../schema/json-path-parser.ts';
import {
  excessErrors,
  expressionErrors,
  expressionsIn,
  holdsMuch,
  judgeVariables,
  matchConditionErrors,
  matchConditionsSchema,
  paramKindErrors,
  paramKindSchema,
  sharedExpressions,
  variablesSchema,
} from './admission-expressions.ts';
import {fillMatchResources, matchResources, matchResourcesErrors, unsupported} from './admission-rules.ts';
import {ageColumn, bigInteger, column, kind, listBy, listOf, object, setOf, string} from './build.ts';
import {conditionErrors, conditionSchema} from './conditions.ts';
import type {Column, Kind} from './kind.ts';
import {bindingColumns, bindingErrors, bindingFields, fillBinding} from './policy-binding.ts';
import {child, list, objects, text, texts} from './read.ts';

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
            reason: string('The reason in the answer: Forbidden, Invalid or RequestEntityTooLarge.'),
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
    status: object(
      'What was found out about the policy.',
      {
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
        conditions: listBy(['type'], 'Further observations.', conditionSchema),
      },
      {default: {}},
    ),
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
    takesLong: holdsMuch,
    validate: validatePolicy,
    validateStatus: policy => statusErrors(child(policy, 'status')),
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
    ...unsupported('spec.failurePolicy', text(spec, 'failurePolicy'), ['Fail', 'Ignore']),
    ...paramKindErrors('spec.paramKind', child(spec, 'paramKind')),
    ...(constraints ? matchResourcesErrors(path, constraints) : [required(path)]),
    ...(constraints && list(constraints, 'resourceRules').length === 0 ? [required(at(path, 'resourceRules'))] : []),
    ...matchConditionErrors('spec.matchConditions', spec, hasParams(spec)),
  ];
}

export const hasParams = (spec: JsonObject): boolean => child(spec, 'paramKind') !== undefined;

function validatePolicy(policy: JsonObject): FieldError[] {
  const spec = child(policy, 'spec') ?? {};
  const excess = excessErrors('spec', [
    ...sharedExpressions(spec),
    ...expressionsIn(spec, 'validations', 'expression', 'messageExpression'),
    ...expressionsIn(spec, 'auditAnnotations', 'valueExpression'),
  ]);
  if (excess.length > 0) return excess;
  const params = hasParams(spec);
  const {errors: inVariables, variables} = judgeVariables('spec.variables', spec, params);
  const errors = [...policyErrors(spec), ...inVariables];
  const validations = objects(spec, 'validations');
  const notes = objects(spec, 'auditAnnotations');
  if (validations.length === 0 && notes.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)];
  }
  const scope: AdmissionScope = {params, authorizer: true, variables: variables.size > 0 ? variables : undefined};
  return [
    ...errors,
    ...validations.flatMap((one, i) => validationErrors(at('spec.validations', i), one, scope)),
    ...noteErrors(digString(policy, 'metadata', 'name') ?? '', notes, scope),
  ];
}

function statusErrors(status: JsonObject | undefined): FieldError[] {
  const path = 'status.typeChecking.expressionWarnings';
  const warnings = objects(child(status, 'typeChecking'), 'expressionWarnings').flatMap((one, i) => [
    ...(text(one, 'warning') ? [] : [required(at(path, i, 'warning'))]),
    ...referenceErrors(at(path, i, 'fieldRef'), text(one, 'fieldRef').trim()),
  ]);
  return [...warnings, ...conditionErrors('status.conditions', objects(status, 'conditions'))];
}

function referenceErrors(path: string, reference: string): FieldError[] {
  if (!reference) return [required(path)];
  try {
    parseJsonPath(`.${reference}`);
    return [];
  } catch (err) {
    return [invalidValue(path, reference, `invalid JSONPath: ${(err as Error).message}`)];
  }
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function validationErrors(path: string, validation: JsonObject, scope: AdmissionScope): FieldError[] {
  const [message, byExpression] = [text(validation, 'message'), text(validation, 'messageExpression')];
  const [expression, reason] = [text(validation, 'expression'), validation['reason']];
  const errors = expression.trim()
    ? expressionErrors(at(path, 'expression'), expression, scope, bool)
    : [required(at(path, 'expression'), 'expression is not specified')];
  if (byExpression.trim())
    errors.push(...expressionErrors(at(path, 'messageExpression'), byExpression, {...scope, authorizer: false}, stringType));
  else if (byExpression) errors.push(invalidValue(at(path, 'messageExpression'), byExpression, 'must be non-empty if specified'));
  if (message && !message.trim()) errors.push(invalidValue(at(path, 'message'), message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalidValue(at(path, 'message'), message, 'must not contain line breaks'));
  if (typeof reason === 'string' && !reasons.includes(reason)) errors.push(notSupported(at(path, 'reason'), reason, reasons));
  return errors;
}

const notesMax = 20;
const noteExpressionBytesMax = 5 * 1024;

function noteErrors(policyName: string, notes: readonly JsonObject[], scope: AdmissionScope): FieldError[] {
  const path = 'spec.auditAnnotations';
  if (notes.length > notesMax) return [invalidValue(path, notes.map(asKept), `must not have more than ${notesMax} auditAnnotations`)];
  const seen = new Set<string>();
  return notes.flatMap((note, i) => {
    const [key, here] = [text(note, 'key'), at(path, i, 'key')];
    const qualified = `${policyName}/${key}`;
    const errors = qualifiedName(qualified).map(why => invalidValue(here, qualified, why));
    errors.push(...noteExpressionErrors(at(path, i, 'valueExpression'), text(note, 'valueExpression').trim(), scope));
    if (seen.has(key)) errors.push(duplicate(here, key));
    seen.add(key);
    return errors;
  });
}

function noteExpressionErrors(path: string, expression: string, scope: AdmissionScope): FieldError[] {
  if (!expression) return [required(path, 'valueExpression is not specified')];
  if (Buffer.byteLength(expression) > noteExpressionBytesMax)
    return [required(path, `must not exceed ${noteExpressionBytesMax} bytes in length`)];
  return expressionErrors(path, expression, scope, stringType, nullType);
}

/** Errors show a note as Kubernetes keeps it inside. */
const asKept = (note: JsonObject): JsonObject => ({Key: text(note, 'key'), ValueExpression: text(note, 'valueExpression')});

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
