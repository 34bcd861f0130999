import assert from 'node:assert/strict';
import {test} from 'node:test';
import {root} from '../api/cluster.ts';
import type {Json} from '../api/json.ts';
import {accessQuestion, accessReview, readAccessVerdict} from './access-review.ts';
import type {AskedResource} from './attributes.ts';
import type {User} from './user.ts';

const ann: User = {name: 'ann', uid: '1', groups: ['g1', 'g2', 'system:authenticated']};
const cluster = {'authorization.kcp.io/cluster-name': ['root'], 'authorization.kubernetes.io/cluster-name': ['root']};
const on = (more: Partial<AskedResource>): AskedResource => ({
  group: '',
  plural: 'configmaps',
  subresource: undefined,
  namespace: undefined,
  name: undefined,
  ...more,
});

test('a webhook is asked in the words of kcp', () => {
  const resource = on({
    version: 'v1',
    namespace: 'default',
    name: 'x',
    fieldSelector: 'metadata.name=x,metadata.namespace!=y',
    labelSelector: 'a=b,c!=d,e,!f,g in (h,i),n>1',
  });
  const {spec} = accessQuestion(ann, {verb: 'list', workspace: root, resource});
  const review = accessReview(spec, 'v1');
  // As kcp sent it for the same request.
  assert.deepEqual(review, {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {
      resourceAttributes: {
        namespace: 'default',
        verb: 'list',
        version: 'v1',
        resource: 'configmaps',
        name: 'x',
        fieldSelector: {
          requirements: [
            {key: 'metadata.name', operator: 'In', values: ['x']},
            {key: 'metadata.namespace', operator: 'NotIn', values: ['y']},
          ],
        },
        labelSelector: {
          requirements: [
            {key: 'a', operator: 'In', values: ['b']},
            {key: 'c', operator: 'NotIn', values: ['d']},
            {key: 'e', operator: 'Exists'},
            {key: 'f', operator: 'DoesNotExist'},
            {key: 'g', operator: 'In', values: ['h', 'i']},
          ],
        },
      },
      user: 'ann',
      groups: ['g1', 'g2', 'system:authenticated'],
      extra: cluster,
      uid: '1',
    },
    status: {allowed: false},
  });
  const old = accessReview(spec, 'v1beta1') as {spec: {[key: string]: Json}};
  assert.deepEqual([old.spec['group'], old.spec['groups']], [['g1', 'g2', 'system:authenticated'], undefined]);
});

test('paths, unknown versions, and facts about a user', () => {
  assert.deepEqual(accessQuestion({name: 'u', groups: []}, {verb: 'get', workspace: '*', path: '/healthz/ping'}).spec, {
    nonResourceAttributes: {path: '/healthz/ping', verb: 'get'},
    user: 'u',
  });
  // Nobody makes up the workspace it is asked for.
  const forged = {name: 'u', groups: [], extra: {'authorization.kcp.io/cluster-name': ['elsewhere'], k: ['v', 'w']}};
  const {spec} = accessQuestion(forged, {verb: 'get', workspace: root, resource: on({subresource: 'status', group: 'x.io'})});
  assert.deepEqual(spec, {
    resourceAttributes: {verb: 'get', group: 'x.io', version: '*', resource: 'configmaps', subresource: 'status'},
    user: 'u',
    extra: {...cluster, k: ['v', 'w']},
  });
});

test('what is no selector narrows nothing', () => {
  const narrowed = (fieldSelector: AskedResource['fieldSelector'], labelSelector: AskedResource['labelSelector']) => {
    const {spec} = accessQuestion(ann, {verb: 'list', workspace: root, resource: on({fieldSelector, labelSelector})});
    const {fieldSelector: fields, labelSelector: labels} = spec['resourceAttributes'] as {[key: string]: Json};
    return [fields, labels];
  };
  const both = {key: 'k', operator: 'In', values: ['a', 'b']};
  assert.deepEqual(narrowed('metadata.name', 'a in'), [undefined, undefined]);
  assert.deepEqual(narrowed(undefined, ''), [undefined, undefined]);
  assert.deepEqual(narrowed([both, {key: 'k', operator: 'In', values: ['a']}, {key: 'k', operator: 'Exists'}], [both, {key: 'z'}]), [
    {requirements: [{key: 'k', operator: 'In', values: ['a']}]},
    {requirements: [both]},
  ]);
});

test('how much of a question is chosen by who asks it', () => {
  const long = 'x'.repeat(100);
  const chars = (more: Partial<AskedResource>) => accessQuestion(ann, {verb: 'get', workspace: root, resource: on(more)}).chosenChars;
  for (const field of ['name', 'namespace', 'subresource', 'version', 'fieldSelector', 'labelSelector'] as const)
    assert.ok(chars({[field]: long}) - chars({[field]: 'x'}) === 99, field);
  assert.equal(accessQuestion(ann, {verb: 'get', workspace: root, path: long}).chosenChars, 103);
});

test('answers, and what is none', () => {
  const answer = (status: Json, more: object = {}): Json =>
    ({kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', status, ...more}) as Json;
  const none = {allowed: false, denied: false, reason: ''};
  const both = 'webhook subject access review returned both allow and deny response';
  const cases: readonly [Json, unknown][] = [
    [answer({allowed: true, reason: 'r'}), {allowed: true, denied: false, reason: 'r'}],
    [answer({allowed: false, denied: true}), {allowed: false, denied: true, reason: ''}],
    [answer({}), none],
    [answer(null), none],
    [{kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1'}, none],
    [answer({allowed: true, denied: true, reason: 'r'}), {allowed: false, denied: true, reason: 'r', error: both}],
    [answer({allowed: 'yes'}), 'what the answer allows or denies is no boolean'],
    [answer({allowed: null, denied: 1}), 'what the answer allows or denies is no boolean'],
    [answer('yes'), 'the status of the answer is no object'],
    [{status: {allowed: true}}, "Object 'Kind' is missing"],
    ['allowed', "Object 'Kind' is missing"],
    [null, "Object 'Kind' is missing"],
    [
      answer({allowed: true}, {apiVersion: 'authorization.k8s.io/v1beta1'}),
      'the answer is a SubjectAccessReview of authorization.k8s.io/v1beta1, not a SubjectAccessReview of authorization.k8s.io/v1',
    ],
    [
      answer({allowed: true}, {kind: 'Status', apiVersion: ''}),
      'the answer is a Status of no version, not a SubjectAccessReview of authorization.k8s.io/v1',
    ],
  ];
  for (const [said, expected] of cases) assert.deepEqual(readAccessVerdict(said, 'v1'), expected, JSON.stringify(said));
});
