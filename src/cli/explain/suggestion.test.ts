import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Explanation, Step} from './answer.ts';
import type {AskedResource, Question} from './question.ts';
import {everybodysGroups, shownQuestion} from './question.ts';
import {quoted, suggestion} from './suggestion.ts';

const refusedAt = (authorizer: string, more: Partial<Explanation> = {}, reason?: string): Explanation => ({
  allowed: false,
  denied: false,
  reason: 'access denied',
  steps: [{authorizer: 'AlwaysAllowGroups', outcome: 'NoOpinion'}, {authorizer, outcome: 'NoOpinion', ...(reason && {reason})} as Step],
  nearestMisses: [],
  complete: true,
  ...more,
});
const local = refusedAt('05-local');
const on = (verb: string, more: Partial<AskedResource> = {}): Question => ({
  verb,
  what: {group: '', resource: 'secrets', subresource: '', name: '', namespace: 'shop', namespaced: true, ...more},
});

const cases: readonly [string, Question, string, Explanation, readonly string[]][] = [
  [
    'in a namespace',
    on('get'),
    'bob',
    local,
    [
      'kubectl create role bob-get-secrets --verb=get --resource=secrets -n shop',
      'kubectl create rolebinding bob-get-secrets --role=bob-get-secrets --user=bob -n shop',
    ],
  ],
  [
    'one object of a group, by a part of it',
    on('update', {group: 'demo.dev', resource: 'widgets', subresource: 'status', name: 'a b'}),
    'system:serviceaccount:default:robot',
    local,
    [
      "kubectl create role system-serviceaccount-default-robot-update-widgets-status --verb=update --resource=widgets.demo.dev/status --resource-name='a b' -n shop",
      'kubectl create rolebinding system-serviceaccount-default-robot-update-widgets-status --role=system-serviceaccount-default-robot-update-widgets-status --serviceaccount=default:robot -n shop',
    ],
  ],
  [
    'what is created has no name yet',
    on('create', {name: 'a'}),
    'bob',
    local,
    [
      'kubectl create role bob-create-secrets --verb=create --resource=secrets -n shop',
      'kubectl create rolebinding bob-create-secrets --role=bob-create-secrets --user=bob -n shop',
    ],
  ],
  [
    'in all namespaces',
    on('list', {namespace: ''}),
    "o'neill@x.org",
    local,
    [
      'kubectl create clusterrole o-neill-x-org-list-secrets --verb=list --resource=secrets',
      "kubectl create clusterrolebinding o-neill-x-org-list-secrets --clusterrole=o-neill-x-org-list-secrets '--user=o'\\''neill@x.org'",
    ],
  ],
  [
    'a path',
    {verb: 'get', what: {path: '/metrics'}},
    'bob',
    local,
    [
      'kubectl create clusterrole bob-get-metrics --verb=get --non-resource-url=/metrics',
      'kubectl create clusterrolebinding bob-get-metrics --clusterrole=bob-get-metrics --user=bob',
    ],
  ],
  [
    'the door',
    on('get'),
    'bob',
    refusedAt('02-content'),
    ['kubectl create clusterrolebinding bob-access --clusterrole=system:kcp:workspace:access --user=bob'],
  ],
  ['a workspace that is not ready', on('get'), 'bob', refusedAt('02-content', {}, 'not permitted due to phase "Scheduling"'), []],
  ['what no export permits', on('get'), 'bob', refusedAt('04-maxpermissionpolicy'), []],
  ['what is denied for good', on('get'), 'bob', refusedAt('05-local', {denied: true}), []],
  ['what is allowed', on('get'), 'bob', refusedAt('05-local', {allowed: true}), []],
];
for (const [title, question, user, explanation, lines] of cases)
  test(`what would allow it: ${title}`, () => assert.deepEqual(suggestion(question, user, explanation), lines));

test('a webhook that has no opinion changes nothing of what roles could do', () => {
  const steps = [...local.steps, {authorizer: 'Webhook', outcome: 'NoOpinion'}];
  assert.equal(suggestion(on('get'), 'bob', {...local, steps}).length, 2);
});

test('names of what is made have an end', () => {
  const [line] = suggestion(on('get'), 'x'.repeat(200), local);
  assert.equal(line?.split(' ')[3]?.length, 63);
});

test('words for a shell', () => {
  for (const [word, expected] of [
    ['a-b.c:d/e=f@g,h', 'a-b.c:d/e=f@g,h'],
    ['*', "'*'"],
    ['a b', "'a b'"],
    ['$(rm)', "'$(rm)'"],
    ["a'b", "'a'\\''b'"],
    ['', "''"],
  ] as const)
    assert.equal(quoted(word), expected);
});

test('questions in words, and the groups everybody is in', () => {
  assert.equal(
    shownQuestion(on('get', {group: 'demo.dev', subresource: 'status', name: 'a'})),
    'get secrets.demo.dev/status "a" in namespace shop',
  );
  assert.equal(shownQuestion(on('list', {namespace: ''})), 'list secrets in any namespace');
  assert.equal(shownQuestion(on('list', {namespace: '', namespaced: false})), 'list secrets');
  assert.equal(shownQuestion({verb: 'get', what: {path: '/x'}}), 'get the path /x');
  assert.deepEqual(everybodysGroups('bob'), ['system:authenticated']);
  assert.deepEqual(everybodysGroups('system:anonymous'), ['system:unauthenticated']);
  assert.deepEqual(everybodysGroups('system:serviceaccount:n:r'), [
    'system:serviceaccounts',
    'system:serviceaccounts:n',
    'system:authenticated',
  ]);
});
