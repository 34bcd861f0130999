import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import type {Kind} from './kind.ts';
import {mutatingAdmissionPolicy} from './mutating-admission-policy.ts';
import {validatingAdmissionPolicy, validatingAdmissionPolicyBinding} from './validating-admission-policy.ts';
import {mutatingWebhookConfiguration, validatingWebhookConfiguration} from './webhook-configurations.ts';

const judge = (kind: Kind, object: JsonObject): string => {
  kind.strategy.normalize?.(object);
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const cells = (kind: Kind, object: JsonObject): unknown[] => kind.columns.map(c => c.cell(asObject({metadata: {}, ...object}), 0));

const rule: JsonObject = {operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*'};
/** A webhook after the defaults of its schema. */
const webhook = (more: JsonObject = {}): JsonObject => ({
  name: 'check.example.com',
  clientConfig: {url: 'https://example.com/check'},
  rules: [rule],
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  sideEffects: 'None',
  timeoutSeconds: 10,
  admissionReviewVersions: ['v1'],
  ...more,
});
const service = (more: JsonObject): JsonObject => ({clientConfig: {service: {name: 's', namespace: 'n', ...more}}});
const withRule = (more: JsonObject): JsonObject => ({rules: [{...rule, ...more}]});

const webhooks: readonly [JsonObject, string][] = [
  [{}, ''],
  [service({path: '/a/b'}), ''],
  [{name: 'a.b'}, 'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments separated by dots'],
  [{name: ''}, 'webhooks[0].name: Required value'],
  [{failurePolicy: 'Hope'}, 'webhooks[0].failurePolicy: Unsupported value: "Hope": supported values: "Fail", "Ignore"'],
  [{sideEffects: ''}, 'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
  [{sideEffects: 'Some'}, 'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
  [{timeoutSeconds: 31}, 'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
  [{admissionReviewVersions: []}, 'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
  [{admissionReviewVersions: ['v1', 'v1']}, 'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version'],
  [{clientConfig: {}}, 'webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
  [
    {clientConfig: {url: 'https://u:p@example.com/a?b#c'}},
    '[webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL, webhooks[0].clientConfig.url: Invalid value: "c": fragments are not permitted in the URL, webhooks[0].clientConfig.url: Invalid value: "b": query parameters are not permitted in the URL]',
  ],
  [service({path: 'a'}), `webhooks[0].clientConfig.service.path: Invalid value: "a": must start with a '/'`],
  [service({path: '/a//b'}), 'webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty'],
  [
    service({port: 0}),
    'webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
  ],
  [withRule({operations: []}), 'webhooks[0].rules[0].operations: Required value'],
  [
    withRule({operations: ['*', 'CREATE']}),
    `webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
  ],
  [
    withRule({operations: ['LIST']}),
    'webhooks[0].rules[0].operations[0]: Unsupported value: "LIST": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
  ],
  [withRule({apiVersions: ['']}), 'webhooks[0].rules[0].apiVersions[0]: Required value'],
  [
    withRule({resources: ['*', 'pods']}),
    `webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
  ],
  [
    withRule({resources: ['pods/*', 'pods/log']}),
    `webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
  ],
  [
    withRule({resources: ['*', '*/*']}),
    `webhooks[0].rules[0].resources: Invalid value: ["*","*/*"]: if '*/*' is present, must not specify other resources`,
  ],
  [withRule({scope: 'World'}), 'webhooks[0].rules[0].scope: Unsupported value: "World": supported values: "*", "Cluster", "Namespaced"'],
  [
    {
      matchConditions: [
        {name: 'a', expression: 'true'},
        {name: 'a', expression: ' '},
      ],
    },
    '[webhooks[0].matchConditions[1].expression: Required value, webhooks[0].matchConditions[1].name: Duplicate value: "a"]',
  ],
];

test('webhooks', () => {
  for (const [more, text] of webhooks) assert.equal(judge(validatingWebhookConfiguration, {webhooks: [webhook(more)]}), text);
});

test('webhooks have names of their own, and selectors', () => {
  const object: JsonObject = {webhooks: [webhook(), webhook()]};
  assert.equal(judge(validatingWebhookConfiguration, object), 'webhooks[1].name: Duplicate value: "check.example.com"');
  assert.deepEqual((object['webhooks'] as JsonObject[])[0]?.['namespaceSelector'], {});
  assert.deepEqual(cells(validatingWebhookConfiguration, object), [2, '<unknown>']);
});

test('mutating webhooks may be asked again', () => {
  const ask = (reinvocationPolicy: string): string => judge(mutatingWebhookConfiguration, {webhooks: [webhook({reinvocationPolicy})]});
  assert.equal(ask('IfNeeded'), '');
  assert.equal(ask('Often'), 'webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"');
});

/** The spec of a policy after the defaults of its schema. */
const policy = (more: JsonObject = {}): JsonObject => ({
  metadata: {name: 'p.example.com'},
  spec: {
    failurePolicy: 'Fail',
    matchConstraints: {matchPolicy: 'Equivalent', resourceRules: [rule]},
    validations: [{expression: 'true'}],
    ...more,
  },
});

const policies: readonly [JsonObject, string][] = [
  [{}, ''],
  [{paramKind: {apiVersion: 'v1', kind: 'ConfigMap'}, variables: [{name: 'a', expression: '1'}]}, ''],
  [{matchConstraints: null}, 'spec.matchConstraints: Required value'],
  [{matchConstraints: {matchPolicy: 'Exact'}}, 'spec.matchConstraints.resourceRules: Required value'],
  [
    {validations: []},
    '[spec.validations: Required value: validations or auditAnnotations must contain at least one item, spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item]',
  ],
  [{validations: [{expression: ' '}]}, 'spec.validations[0].expression: Required value: expression is not specified'],
  [
    {validations: [{expression: 'true', message: 'a\nb'}]},
    'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
  ],
  [
    {validations: [{expression: 'true', reason: 'Whim'}]},
    'spec.validations[0].reason: Unsupported value: "Whim": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
  ],
  [{variables: [{name: '1a', expression: '1'}]}, 'spec.variables[0].name: Invalid value: "1a": name is not a valid CEL identifier'],
  [
    {paramKind: {apiVersion: 'a/b/c', kind: 'X'}},
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ],
  [
    {auditAnnotations: [{key: 'k', valueExpression: ''}]},
    'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified',
  ],
];

test('validating policies', () => {
  for (const [more, text] of policies) assert.equal(judge(validatingAdmissionPolicy, policy(more)), text);
  assert.deepEqual(cells(validatingAdmissionPolicy, policy()), [1, '<unset>', '<unknown>']);
  const params = {paramKind: {apiVersion: 'v1', kind: 'ConfigMap'}};
  assert.deepEqual(cells(validatingAdmissionPolicy, policy(params)), [1, 'v1/ConfigMap', '<unknown>']);
});

test('bindings of policies', () => {
  const binding = (more: JsonObject): string =>
    judge(validatingAdmissionPolicyBinding, {spec: {policyName: 'p', validationActions: ['Deny'], ...more}});
  const allow = {parameterNotFoundAction: 'Allow'};
  assert.equal(binding({paramRef: {...allow, name: 'a'}}), '');
  assert.equal(binding({policyName: ''}), 'spec.policyName: Required value');
  assert.equal(binding({validationActions: []}), 'spec.validationActions: Required value: at least one validation action is required');
  assert.match(
    binding({validationActions: ['Deny', 'Warn']}),
    /^spec\.validationActions: Invalid value: .*must not contain both Deny and Warn/,
  );
  assert.equal(binding({validationActions: ['Audit', 'Audit']}), 'spec.validationActions[1]: Duplicate value: "Audit"');
  assert.equal(binding({paramRef: allow}), 'spec.paramRef: Required value: one of name or selector must be specified');
  assert.equal(
    binding({paramRef: {name: 'a', selector: {}, ...allow}}),
    '[spec.paramRef.name: Forbidden: name and selector are mutually exclusive, spec.paramRef.selector: Forbidden: name and selector are mutually exclusive]',
  );
  assert.deepEqual(cells(validatingAdmissionPolicyBinding, {spec: {policyName: 'p', paramRef: {namespace: 'n', selector: {}}}}), [
    'p',
    'n/*',
    '<unknown>',
  ]);
});

test('mutating policies', () => {
  const mutate = (mutations: JsonObject[]): string => judge(mutatingAdmissionPolicy, policy({mutations, reinvocationPolicy: 'Never'}));
  assert.equal(mutate([{patchType: 'JSONPatch', jsonPatch: {expression: '[]'}}]), '');
  assert.equal(mutate([]), 'spec.mutations: Required value: mutations must contain at least one item');
  assert.equal(
    mutate([{patchType: 'Magic'}]),
    'spec.mutations[0].patchType: Unsupported value: "Magic": supported values: "ApplyConfiguration", "JSONPatch"',
  );
  assert.equal(
    mutate([{patchType: 'ApplyConfiguration', jsonPatch: {expression: '[]'}}]),
    '[spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration, spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration]',
  );
});
