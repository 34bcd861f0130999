import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, invalidValue, required} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dnsSubdomain} from '../api/names.ts';
import {asJson} from '../api/object.ts';
import {excessErrors, expressionsIn, holdsMuch, matchConditionErrors, matchConditionsSchema} from './admission-expressions.ts';
import {matchPolicySchema, ruleErrors, ruleWithOperations, unsupported} from './admission-rules.ts';
import type {Fields} from './build.ts';
import {ageColumn, column, integer, kind, listBy, listOf, object, string, strings} from './build.ts';
import type {Kind} from './kind.ts';
import {labelSelector, labelSelectorErrors} from './label-selector.ts';
import {child, list, number, objects, text, texts} from './read.ts';
import {reviewVersionErrors, webhookClient, webhookClientErrors} from './webhook-client.ts';

const common: Fields = {
  name: string('A name of at least three parts, such as check.example.com.'),
  clientConfig: webhookClient('Where the webhook is.'),
  rules: listOf('The requests that the webhook is asked about.', ruleWithOperations),
  failurePolicy: string('What happens when the webhook cannot be asked. Fail: the request is refused. Ignore: it goes on.', {
    default: 'Fail',
  }),
  matchPolicy: matchPolicySchema,
  namespaceSelector: labelSelector('Labels of the namespaces whose objects are meant.'),
  objectSelector: labelSelector('Labels of the objects that are meant.'),
  sideEffects: string('None, or NoneOnDryRun when the webhook does more than answer unless the request is a dry run.'),
  timeoutSeconds: integer('How long the answer may take, 1 to 30.', {default: 10}),
  admissionReviewVersions: strings('The versions of AdmissionReview that the webhook understands, preferred ones first.', 'A version.'),
  matchConditions: matchConditionsSchema,
};

/** What differs between the two kinds. */
type Sort = {readonly kind: string; readonly plural: string; readonly description: string; readonly own: Fields};

const configuration = (sort: Sort, check: (path: string, webhook: JsonObject) => FieldError[]): Kind =>
  kind({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind: sort.kind,
    plural: sort.plural,
    categories: ['api-extensions'],
    namespaced: false,
    description: sort.description,
    fields: {
      webhooks: listBy(
        ['name'],
        'The webhooks.',
        object('One webhook.', {...common, ...sort.own}, {required: ['name', 'clientConfig', 'sideEffects', 'admissionReviewVersions']}),
      ),
    },
    columns: [column('Webhooks', 'How many webhooks there are.', o => list(asJson(o), 'webhooks').length, {type: 'integer'}), ageColumn],
    strategy: {
      generation: ['webhooks'],
      normalize: fillSelectors,
      takesLong: holdsMuch,
      validate: object => {
        const webhooks = objects(object, 'webhooks');
        const excess = excessErrors(
          'webhooks',
          webhooks.flatMap(webhook => expressionsIn(webhook, 'matchConditions', 'expression')),
        );
        if (excess.length > 0) return excess;
        return [
          ...nameErrors(object),
          ...webhooks.flatMap((webhook, i) => [...webhookErrors(at('webhooks', i), webhook), ...check(at('webhooks', i), webhook)]),
        ];
      },
    },
  });

/** ValidatingWebhookConfiguration (spec kubernetes-api 8.12). */
export const validatingWebhookConfiguration: Kind = configuration(
  {
    kind: 'ValidatingWebhookConfiguration',
    plural: 'validatingwebhookconfigurations',
    description: 'Webhooks that may refuse requests.',
    own: {},
  },
  () => [],
);

/** MutatingWebhookConfiguration (spec kubernetes-api 8.12). */
export const mutatingWebhookConfiguration: Kind = configuration(
  {
    kind: 'MutatingWebhookConfiguration',
    plural: 'mutatingwebhookconfigurations',
    description: 'Webhooks that may change objects before they are checked and stored.',
    own: {
      reinvocationPolicy: string('Never: asked once. IfNeeded: asked again when something after it changed the object.', {
        default: 'Never',
      }),
    },
  },
  (path, webhook) => unsupported(at(path, 'reinvocationPolicy'), text(webhook, 'reinvocationPolicy'), ['IfNeeded', 'Never']),
);

function fillSelectors(configuration: JsonObject): void {
  for (const webhook of objects(configuration, 'webhooks'))
    for (const field of ['namespaceSelector', 'objectSelector']) if (!child(webhook, field)) webhook[field] = {};
}

function nameErrors(configuration: JsonObject): FieldError[] {
  const seen = new Set<string>();
  return objects(configuration, 'webhooks').flatMap((webhook, i) => {
    const [name, path] = [text(webhook, 'name'), at('webhooks', i, 'name')];
    if (!name) return [required(path)];
    const found = dnsSubdomain(name);
    const repeated = seen.has(name) ? [duplicate(path, name)] : [];
    seen.add(name);
    if (found.length > 0) return [invalidValue(path, name, found.join(',')), ...repeated];
    return name.split('.').length < 3
      ? [invalidValue(path, name, 'should be a domain with at least three segments separated by dots'), ...repeated]
      : repeated;
  });
}

function webhookErrors(path: string, webhook: JsonObject): FieldError[] {
  const errors = objects(webhook, 'rules').flatMap((rule, i) => ruleErrors(at(path, 'rules', i), rule));
  const seconds = number(webhook, 'timeoutSeconds') ?? 10;
  const versions = texts(webhook, 'admissionReviewVersions');
  const versionsPath = at(path, 'admissionReviewVersions');
  errors.push(
    ...unsupported(at(path, 'failurePolicy'), text(webhook, 'failurePolicy'), ['Fail', 'Ignore']),
    ...unsupported(at(path, 'matchPolicy'), text(webhook, 'matchPolicy'), ['Equivalent', 'Exact']),
    ...sideEffectErrors(at(path, 'sideEffects'), webhook['sideEffects']),
  );
  if (seconds < 1 || seconds > 30)
    errors.push(invalidValue(at(path, 'timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds'));
  return [
    ...errors,
    ...labelSelectorErrors(at(path, 'namespaceSelector'), child(webhook, 'namespaceSelector')),
    ...labelSelectorErrors(at(path, 'objectSelector'), child(webhook, 'objectSelector')),
    ...webhookClientErrors(at(path, 'clientConfig'), child(webhook, 'clientConfig')),
    ...matchConditionErrors(at(path, 'matchConditions'), webhook),
    ...(versions.length === 0 ? [required(versionsPath, 'must specify one of v1, v1beta1')] : reviewVersionErrors(versionsPath, versions)),
  ];
}

const sideEffectErrors = (path: string, value: Json | undefined): FieldError[] =>
  typeof value === 'string'
    ? unsupported(path, value, ['None', 'NoneOnDryRun'])
    : [required(path, 'must specify one of None, NoneOnDryRun')];
