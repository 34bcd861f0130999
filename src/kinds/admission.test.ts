import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import type {Kind} from './kind.ts';
import {mutatingAdmissionPolicy, mutatingAdmissionPolicyBinding} from './mutating-admission-policy.ts';
import {validatingAdmissionPolicy, validatingAdmissionPolicyBinding} from './validating-admission-policy.ts';
import {mutatingWebhookConfiguration, validatingWebhookConfiguration} from './webhook-configurations.ts';

const judge = (kind: Kind, object: JsonObject): string => {
  kind.strategy.normalize?.(object);
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const cells = (kind: Kind, object: JsonObject): unknown[] => kind.columns.map(c => c.cell(asObject({metadata: {}, ...object}), 0));

const withoutOperations: JsonObject = {apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*'};
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
  [{sideEffects: null}, 'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
  [{sideEffects: ''}, 'webhooks[0].sideEffects: Unsupported value: "": supported values: "None", "NoneOnDryRun"'],
  [{sideEffects: 'Some'}, 'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
  [{timeoutSeconds: 31}, 'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
  [{admissionReviewVersions: []}, 'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
  [{admissionReviewVersions: ['v1', 'v1']}, 'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version'],
  [{clientConfig: {}}, 'webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
  [
    {clientConfig: {url: 'https://u:p@example.com/a?b#c'}},
    '[webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL, webhooks[0].clientConfig.url: Invalid value: "c": fragments are not permitted in the URL, webhooks[0].clientConfig.url: Invalid value: "b": query parameters are not permitted in the URL]',
  ],
  [
    service({path: 'a'}),
    `[webhooks[0].clientConfig.service.path: Invalid value: "a": must start with a '/', webhooks[0].clientConfig.service.path: Invalid value: "a": segment[0] may not be empty]`,
  ],
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

test('expressions of conditions are compiled', () => {
  const conditions = (...expressions: string[]): JsonObject => ({
    matchConditions: expressions.map((expression, i) => ({name: `c${i}`, expression})),
  });
  const judged = (...expressions: string[]): string =>
    judge(validatingWebhookConfiguration, {webhooks: [webhook(conditions(...expressions))]});
  assert.equal(judged('request.operation == "CREATE"', ' authorizer.group("").resource("pods").check("get").allowed()\n'), '');
  assert.equal(
    judged('true', 'object.x'),
    'webhooks[0].matchConditions[1].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
  );
  assert.match(
    judged('params.x == 1'),
    /expression: Invalid value: "params\.x == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params'/,
  );
  const tooMany = judged(...Array.from({length: 65}, () => 'true'));
  assert.equal(tooMany, 'webhooks[0].matchConditions: Too many: 65: must have at most 64 items');
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
    'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
  ],
  [
    {validations: [{expression: 'true', reason: 'Whim'}]},
    'spec.validations[0].reason: Unsupported value: "Whim": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ],
  [{variables: [{name: '1a', expression: '1'}]}, 'spec.variables[0].name: Invalid value: "1a": must be a valid CEL identifier'],
  [
    {paramKind: {apiVersion: 'a/b/c', kind: 'X'}},
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ],
  [
    {auditAnnotations: [{key: 'k', valueExpression: ''}]},
    'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified',
  ],
];

const reference = (source: string, name: string): string =>
  `Invalid value: ${JSON.stringify(source)}: compilation failed: ERROR: <input>:1:1: undeclared reference to '${name}' (in container '')\n | ${source}\n | ^`;

test('expressions of policies see params, variables above them, and who may what', () => {
  const paramKind = {apiVersion: 'v1', kind: 'ConfigMap'};
  const variables = [
    {name: 'a', expression: '1'},
    {name: 'b', expression: 'variables.a + 1'},
  ];
  const cases: readonly [JsonObject, string][] = [
    [{paramKind, validations: [{expression: 'object.spec.x > params.y'}], matchConditions: [{name: 'a', expression: 'params.x == 1'}]}, ''],
    [{variables, validations: [{expression: 'variables.b == 2', messageExpression: '"x" + string(variables.a)'}]}, ''],
    [
      {
        auditAnnotations: [
          {key: 'a', valueExpression: 'null'},
          {key: 'b', valueExpression: '"x"'},
        ],
      },
      '',
    ],
    [{validations: [{expression: 'params.y == 1'}]}, `spec.validations[0].expression: ${reference('params.y == 1', 'params')}`],
    [{validations: [{expression: 'variables.y'}]}, `spec.validations[0].expression: ${reference('variables.y', 'variables')}`],
    [{validations: [{expression: '1 + 1'}]}, 'spec.validations[0].expression: Invalid value: "1 + 1": must evaluate to bool but got int'],
    [
      {variables, validations: [{expression: 'variables.b'}]},
      'spec.validations[0].expression: Invalid value: "variables.b": must evaluate to bool but got int',
    ],
    [
      {validations: [{expression: 'true', messageExpression: '1'}]},
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
    ],
    [
      {validations: [{expression: 'true', messageExpression: 'authorizer'}]},
      `spec.validations[0].messageExpression: ${reference('authorizer', 'authorizer')}`,
    ],
    [
      {auditAnnotations: [{key: 'a', valueExpression: '1'}]},
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
    ],
    [
      {variables: [{name: 'in', expression: 'foo'}]},
      `[spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier, spec.variables[0].expression: ${reference('foo', 'foo')}]`,
    ],
    [
      {variables: [{name: ' ', expression: ''}]},
      '[spec.variables[0].name: Required value: name is not specified, spec.variables[0].expression: Required value: expression is not specified]',
    ],
    [
      {auditAnnotations: [{key: 'a b', valueExpression: 'null'}]},
      `spec.auditAnnotations[0].key: Invalid value: "p.example.com/a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ];
  for (const [more, text] of cases) assert.equal(judge(validatingAdmissionPolicy, policy(more)), text);
});

test('the status of a policy', () => {
  const status = (more: JsonObject): string =>
    summary(validatingAdmissionPolicy.strategy.validateStatus?.({status: more}, {}, 'status') ?? []);
  const condition = {type: 'Ready', status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z', message: ''};
  assert.deepEqual(
    validatingAdmissionPolicy.strategy.validateStatus?.(
      {status: {conditions: [condition], typeChecking: {expressionWarnings: [{fieldRef: 'spec.validations[0].expression', warning: 'w'}]}}},
      {},
      'status',
    ),
    [],
  );
  assert.equal(status({conditions: [condition, condition]}), 'status.conditions[1].type: Duplicate value: "Ready"');
  assert.equal(
    status({conditions: [{...condition, status: 'Yes', lastTransitionTime: null, reason: '', observedGeneration: -1}]}),
    '[status.conditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown", status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero, status.conditions[0].lastTransitionTime: Required value, status.conditions[0].reason: Required value]',
  );
  assert.match(
    status({conditions: [{...condition, reason: '1R'}]}),
    /^status\.conditions\[0\]\.reason: Invalid value: "1R": a condition reason must start with alphabetic character/,
  );
  assert.equal(
    status({typeChecking: {expressionWarnings: [{fieldRef: ' ', warning: ''}]}}),
    '[status.typeChecking.expressionWarnings[0].warning: Required value, status.typeChecking.expressionWarnings[0].fieldRef: Required value]',
  );
  assert.match(
    status({typeChecking: {expressionWarnings: [{fieldRef: 'spec.[', warning: 'w'}]}}),
    /fieldRef: Invalid value: "spec\.\[": invalid JSONPath: /,
  );
});

test('mutating policies match no deletions', () => {
  const mutations = [{patchType: 'ApplyConfiguration', applyConfiguration: {expression: 'Object{}'}}];
  const matchConstraints = {matchPolicy: 'Exact', resourceRules: [{...rule, operations: ['DELETE', 'UPDATE']}]};
  const why = 'resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"';
  assert.equal(
    judge(mutatingAdmissionPolicy, policy({mutations, matchConstraints, reinvocationPolicy: 'Never'})),
    `spec.matchConstraints.${why}`,
  );
  assert.equal(
    judge(mutatingAdmissionPolicyBinding, {spec: {policyName: 'p', matchResources: matchConstraints}}),
    `spec.matchResources.${why}`,
  );
});

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
  const shown = (paramRef?: JsonObject): unknown =>
    cells(validatingAdmissionPolicyBinding, {spec: {policyName: 'p', ...(paramRef && {paramRef})}})[1];
  assert.equal(shown(), '<unset>');
  assert.equal(shown({name: 'a'}), '*/a');
  assert.equal(shown({namespace: 'n', name: 'a'}), 'n/a');
  const matchExpressions = [{key: 'k', operator: 'In', values: ['v', 'w']}];
  assert.equal(
    shown({selector: {matchLabels: {z: 'y', a: 'b'}, matchExpressions}}),
    '&LabelSelector{MatchLabels:map[string]string{a: b,z: y,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}',
  );
  assert.equal(
    binding({paramRef: {name: 'a', parameterNotFoundAction: 'Hope'}}),
    'spec.paramRef.parameterNotFoundAction: Unsupported value: "Hope": supported values: "Deny", "Allow"',
  );
  assert.equal(
    binding({matchResources: {matchPolicy: 'Exact', resourceRules: [withoutOperations]}}),
    'spec.matchResources.resourceRules[0].operations: Required value',
  );
});

test('mutating policies', () => {
  const mutate = (mutations: JsonObject[]): string => judge(mutatingAdmissionPolicy, policy({mutations, reinvocationPolicy: 'Never'}));
  assert.equal(mutate([{patchType: 'JSONPatch', jsonPatch: {expression: '[JSONPatch{op: "remove", path: "/a"}]'}}]), '');
  assert.equal(mutate([{patchType: 'ApplyConfiguration', applyConfiguration: {expression: 'Object{spec: Object.spec{a: 1}}'}}]), '');
  assert.equal(
    mutate([{patchType: 'JSONPatch', jsonPatch: {expression: '[]'}}]),
    'spec.mutations[0].jsonPatch.expression: Invalid value: "[]": must evaluate to list(JSONPatch) but got list(dyn)',
  );
  assert.equal(
    mutate([{patchType: 'ApplyConfiguration', applyConfiguration: {expression: ' '}}]),
    'spec.mutations[0].applyConfiguration.expression: Required value',
  );
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

test('an object has no more expressions than can be compiled while others wait', () => {
  const many = (count: number, expression: string): JsonObject[] =>
    Array.from({length: Math.ceil(count / 64)}, (_, i) =>
      webhook({name: `w${i}.example.com`, matchConditions: Array.from({length: 64}, (__, j) => ({name: `c${j}`, expression}))}),
    );
  const judged = (webhooks: JsonObject[]): string => judge(validatingWebhookConfiguration, {webhooks});
  assert.equal(judged(many(1024, 'true')), '');
  assert.equal(judged(many(1025, 'true')), 'webhooks: Invalid value: must not have more than 1024 expressions in all');
  const long = `"${'x'.repeat(3000)}" != ""`;
  assert.equal(judged(many(64, long)), 'webhooks: Invalid value: must not have more than 131072 characters of expressions in all');

  const variables = Array.from({length: 1024}, (_, i) => ({name: `v${i}`, expression: i === 0 ? '[1]' : `[variables.v${i - 1}]`}));
  const why = 'spec: Invalid value: must not have more than 1024 expressions in all';
  assert.equal(judge(validatingAdmissionPolicy, policy({variables})), why);
  const mutations = Array.from({length: 1025}, () => ({patchType: 'JSONPatch', jsonPatch: {expression: '[]'}}));
  assert.equal(judge(mutatingAdmissionPolicy, policy({mutations, reinvocationPolicy: 'Never'})), why);
  // Types that build upon each other do not grow without end.
  const validations = [{expression: 'variables.v1000'}];
  const deep = judge(validatingAdmissionPolicy, policy({variables: variables.slice(0, 1001), validations}));
  assert.match(deep, /must evaluate to bool but got (list\(){1,32}dyn\)+$/);
});

test('an error quotes no megabyte', () => {
  const quoted = (expression: string): number => judge(validatingAdmissionPolicy, policy({validations: [{expression}]})).length;
  assert.ok(quoted('x'.repeat(120_000)) < 50_000);
  assert.ok(quoted(Array.from({length: 20_000}, () => 'x.y').join('&&')) < 100_000);
});
