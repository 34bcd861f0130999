import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {asObject} from '../api/object.ts';
import type {Kind} from './kind.ts';
import {lease} from './lease.ts';
import {localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview, tokenReview} from './reviews.ts';
import {clusterRoleBinding, roleBinding} from './role-bindings.ts';
import {clusterRole, role} from './roles.ts';

const judge = (kind: Kind, object: JsonObject): string => {
  kind.strategy.normalize?.(object);
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const rule = (more: JsonObject): JsonObject => ({rules: [{verbs: ['get'], apiGroups: [''], resources: ['secrets'], ...more}]});
const urls = {apiGroups: [], resources: [], nonResourceURLs: ['/healthz']};

const cases: readonly [Kind, JsonObject, string][] = [
  [role, rule({}), ''],
  [role, {}, ''],
  [role, rule({verbs: []}), 'rules[0].verbs: Required value: verbs must contain at least one value'],
  [role, rule({apiGroups: []}), 'rules[0].apiGroups: Required value: resource rules must supply at least one api group'],
  [role, rule({resources: []}), 'rules[0].resources: Required value: resource rules must supply at least one resource'],
  [role, rule(urls), 'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs'],
  [clusterRole, rule(urls), ''],
  [
    clusterRole,
    rule({nonResourceURLs: ['/healthz']}),
    'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    clusterRole,
    {aggregationRule: {}},
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ],
  [
    clusterRole,
    {aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: 'a', operator: 'In'}]}]}},
    "[aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn', aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.]",
  ],
  [
    clusterRole,
    {aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: 'a', operator: 'Near', values: ['b']}]}]}},
    '[aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator, aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.]',
  ],
  [lease, {spec: {leaseDurationSeconds: 15, leaseTransitions: 0}}, ''],
  [lease, {spec: {leaseDurationSeconds: 0}}, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  [lease, {spec: {leaseTransitions: -1}}, 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'],
];

test('leases keep nothing of coordination by the server', () => {
  const object: JsonObject = {spec: {holderIdentity: 'a', strategy: 'OldestEmulationVersion', preferredHolder: 'b'}};
  assert.equal(judge(lease, object), '');
  assert.deepEqual(object, {spec: {holderIdentity: 'a'}});
});

test('roles and leases', () => {
  for (const [kind, object, text] of cases) assert.equal(judge(kind, object), text);
});

const binding = (subjects: JsonObject[], roleRef: JsonObject = {kind: 'ClusterRole', name: 'view'}): JsonObject => ({subjects, roleRef});

test('bindings get the groups of what they name', () => {
  const object = binding([
    {kind: 'User', name: 'u'},
    {kind: 'ServiceAccount', name: 's', namespace: 'n'},
  ]);
  assert.equal(judge(clusterRoleBinding, object), '');
  const apiGroup = 'rbac.authorization.k8s.io';
  assert.deepEqual(object, {
    subjects: [
      {kind: 'User', name: 'u', apiGroup},
      {kind: 'ServiceAccount', name: 's', namespace: 'n'},
    ],
    roleRef: {kind: 'ClusterRole', name: 'view', apiGroup},
  });
});

test('bindings are refused in the words of Kubernetes', () => {
  const group = '"rbac.authorization.k8s.io"';
  const bad: readonly [Kind, JsonObject, string][] = [
    [
      roleBinding,
      binding([{kind: 'Robot', name: 'r'}]),
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [roleBinding, binding([{kind: 'Group'}]), 'subjects[0].name: Required value'],
    [
      roleBinding,
      binding([{kind: 'User', name: 'u', apiGroup: 'x'}]),
      `subjects[0].apiGroup: Unsupported value: "x": supported values: ${group}`,
    ],
    [clusterRoleBinding, binding([{kind: 'ServiceAccount', name: 's'}]), 'subjects[0].namespace: Required value'],
    [
      clusterRoleBinding,
      binding([], {kind: 'Role', name: 'r'}),
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ],
    [roleBinding, binding([], {kind: 'Role'}), 'roleRef.name: Required value'],
    [
      roleBinding,
      binding([], {kind: 'Role', name: 'r', apiGroup: 'x'}),
      `roleRef.apiGroup: Unsupported value: "x": supported values: ${group}`,
    ],
  ];
  for (const [kind, object, text] of bad) assert.equal(judge(kind, object), text);
  assert.equal(
    summary(roleBinding.strategy.validateUpdate?.({roleRef: {name: 'a'}}, {roleRef: {name: 'b'}}) ?? []),
    'roleRef: Invalid value: {"APIGroup":"","Kind":"","Name":"a"}: cannot change roleRef',
  );
});

test('what tables show of bindings and leases', () => {
  const metadata = {name: 'a', creationTimestamp: '2026-01-01T00:00:00Z'};
  const now = Date.parse('2026-01-01T00:02:00Z');
  const subjects = [
    {kind: 'User', name: 'u'},
    {kind: 'Group', name: 'g'},
    {kind: 'Group', name: 'h'},
    {kind: 'ServiceAccount', name: 's', namespace: 'n'},
  ];
  const cells = (kind: Kind, object: JsonObject): unknown[] => kind.columns.map(c => c.cell(asObject({metadata, ...object}), now));
  assert.deepEqual(cells(roleBinding, binding(subjects)), ['ClusterRole/view', '2m', 'u', 'g, h', 'n/s']);
  assert.deepEqual(
    roleBinding.columns.map(c => c.priority),
    [0, 0, 1, 1, 1],
  );
  assert.deepEqual(cells(lease, {spec: {holderIdentity: 'h'}}), ['h', '2m']);
  assert.deepEqual(cells(role, {}), ['2026-01-01T00:00:00Z']);
});

const selectors: readonly [JsonObject, string][] = [
  [
    {fieldSelector: {rawSelector: 'a=b', requirements: [{key: 'a', operator: 'In', values: ['b']}]}},
    'fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements',
  ],
  [
    {fieldSelector: {}},
    'fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required',
  ],
  [{fieldSelector: {requirements: [{operator: 'Exists'}]}}, 'fieldSelector.requirements[0].key: Required value: must be specified'],
  [
    {labelSelector: {requirements: [{key: 'a', operator: 'Exists', values: ['b']}]}},
    "labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
  ],
  [
    {labelSelector: {requirements: [{key: 'a', operator: 'NotIn'}]}},
    "labelSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ],
];

test('reviews ask one thing about somebody', () => {
  const attributes = {resourceAttributes: {verb: 'get'}};
  const good: readonly [Kind, JsonObject][] = [
    [subjectAccessReview, {spec: {...attributes, user: 'u'}}],
    [subjectAccessReview, {metadata: {creationTimestamp: 't'}, spec: {nonResourceAttributes: {}, groups: ['g']}}],
    [selfSubjectAccessReview, {spec: attributes}],
    [tokenReview, {metadata: {name: 'a'}, spec: {token: 't'}}],
    [selfSubjectAccessReview, {spec: {resourceAttributes: {labelSelector: {requirements: [{key: 'a', operator: 'Near'}]}}}}],
    [localSubjectAccessReview, {metadata: {namespace: 'n'}, spec: {resourceAttributes: {namespace: 'n'}, user: 'u'}}],
  ];
  for (const [kind, object] of good) assert.equal(judge(kind, object), '', kind.names.kind);
  const one = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const bad: readonly [Kind, JsonObject, string][] = [
    [subjectAccessReview, {spec: {user: 'u'}}, `spec.resourceAttributes: Invalid value: null: ${one}`],
    [
      subjectAccessReview,
      {spec: {...attributes, nonResourceAttributes: {path: '/'}, user: 'u'}},
      'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":""}: cannot be specified in combination with resourceAttributes',
    ],
    [subjectAccessReview, {spec: attributes}, 'spec.user: Invalid value: "": at least one of user or group must be specified'],
    [selfSubjectAccessReview, {metadata: {name: 'a'}, spec: attributes}, 'metadata: Invalid value: {"name":"a"}: must be empty'],
    [
      localSubjectAccessReview,
      {metadata: {namespace: 'n'}, spec: {nonResourceAttributes: {path: '/', verb: 'get'}, user: 'u'}},
      'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":"get"}: disallowed on this kind of request',
    ],
    ...selectors.map(([selector, text]): [Kind, JsonObject, string] => [
      selfSubjectAccessReview,
      {spec: {resourceAttributes: {verb: 'get', ...selector}}},
      `spec.resourceAttributes.${text}`,
    ]),
    [
      localSubjectAccessReview,
      {metadata: {namespace: 'n'}, spec: {resourceAttributes: {namespace: 'm'}, user: 'u'}},
      'spec.resourceAttributes.namespace: Invalid value: "m": must match metadata.namespace',
    ],
  ];
  for (const [kind, object, text] of bad) assert.equal(judge(kind, object), text);
});
