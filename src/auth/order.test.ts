import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {WorkspaceId} from '../api/cluster.ts';
import {root, systemAdmin, workspaceIdOf} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {AccessQuestion, AccessVerdict} from './access-review.ts';
import type {Attributes} from './attributes.ts';
import type {Decide} from './authorize.ts';
import {createAuthorizer} from './authorize.ts';
import {bootstrapPolicy} from './bootstrap-policy.ts';
import type {AuthorizerName} from './order.ts';
import {authorizerNames, openPaths} from './order.ts';
import {compilePolicy} from './rbac/policy.ts';
import {extras} from './service-account.ts';
import {shownReason, stepsOf} from './steps.ts';
import {anonymous, groups, type User} from './user.ts';
import {webhookDecisionLimits} from './webhook-decision.ts';

const shop = workspaceIdOf('shop');
const bob: User = {name: 'bob', groups: [groups.authenticated]};
const master: User = {name: 'm', groups: [groups.masters]};
const secrets = (verb: string, workspace: WorkspaceId | '*' = shop): Attributes => ({
  verb,
  workspace,
  resource: {group: '', plural: 'secrets', subresource: undefined, namespace: 'n', name: 'x'},
});
const path = (text: string, workspace: WorkspaceId | '*' = shop): Attributes => ({verb: 'get', workspace, path: text});

const yes: AccessVerdict = {allowed: true, denied: false, reason: 'why not'};
const no: AccessVerdict = {allowed: false, denied: true, reason: 'never'};
const dontKnow: AccessVerdict = {allowed: false, denied: false, reason: 'not mine'};
const broken: AccessVerdict = {allowed: false, denied: false, reason: '', error: 'dial 10.0.0.1'};

/** bob may get secrets by a role. */
const local = compilePolicy(
  [{name: 'r', rules: [{verbs: ['get'], apiGroups: [''], resources: ['secrets']}]}],
  ['r', 'system:kcp:workspace:access'].map(name => ({
    name,
    subjects: [{kind: 'User', name: 'bob'}],
    roleRef: {kind: 'ClusterRole', name},
  })),
  bootstrapPolicy,
);

function authorizer(order: readonly AuthorizerName[], says: AccessVerdict | ((asked: AccessQuestion) => AccessVerdict), annotations = {}) {
  const asked: AccessQuestion[] = [];
  const logicalCluster = {metadata: {name: 'cluster', annotations}, status: {phase: 'Ready'}} as unknown as KubeObject;
  const made = createAuthorizer({
    order,
    policyOf: id => (id === systemAdmin ? bootstrapPolicy : id === shop ? local : compilePolicy([], [], bootstrapPolicy)),
    logicalClusterOf: () => logicalCluster,
    webhook: {
      async ask(question) {
        asked.push(question);
        return typeof says === 'function' ? says(question) : says;
      },
    },
  });
  const now = async <T>(workspace: WorkspaceId, evaluate: (decide: Decide) => T): Promise<T> => {
    const answers = made.answers();
    const decide = await made.decider(workspace, answers);
    return answers.settle(() => evaluate(decide));
  };
  return {...made, asked, now};
}

const rbacFirst: readonly AuthorizerName[] = authorizerNames;
const webhookFirst: readonly AuthorizerName[] = ['Webhook', 'AlwaysAllowGroups', 'AlwaysAllowPaths', 'RBAC'];
const onlyRoles: readonly AuthorizerName[] = ['RBAC'];
const none: readonly AuthorizerName[] = [];

const cases: readonly [string, readonly AuthorizerName[], AccessVerdict, User, Attributes, boolean, number][] = [
  // Who is asked, what is said outside, and whether it is asked at all.
  ['a role allows before anybody is asked', rbacFirst, no, bob, secrets('get'), true, 0],
  ['what no role allows is asked', rbacFirst, yes, bob, secrets('delete'), true, 1],
  ['and denied', rbacFirst, no, bob, secrets('delete'), false, 1],
  ['and left open', rbacFirst, dontKnow, bob, secrets('delete'), false, 1],
  ['and not found out', rbacFirst, broken, bob, secrets('delete'), false, 1],
  ['no role helps against a denial', webhookFirst, no, bob, secrets('get'), false, 1],
  ['but where there is no opinion', webhookFirst, dontKnow, bob, secrets('get'), true, 1],
  ['or no answer', webhookFirst, broken, bob, secrets('get'), true, 1],
  ['an allowed stranger needs no role', webhookFirst, yes, anonymous, secrets('delete'), true, 1],
  ['masters are never asked about', webhookFirst, no, master, secrets('delete'), true, 0],
  ['health is open', rbacFirst, no, anonymous, path('/livez'), true, 0],
  ['unless the webhook comes before', webhookFirst, no, anonymous, path('/livez'), false, 1],
  ['health is open by a list alone', onlyRoles, yes, anonymous, path('/livez', '*'), false, 0],
  ['all workspaces at once are nobody’s by roles', rbacFirst, dontKnow, bob, secrets('list', '*'), false, 1],
  ['masters need a role where groups are not asked', onlyRoles, yes, master, secrets('delete'), true, 0],
  ['nobody who is left out is asked', onlyRoles, yes, bob, secrets('delete'), false, 0],
  ['without anybody to ask, it is refused', none, yes, master, secrets('get'), false, 0],
];
for (const [title, order, says, user, attributes, expected, questions] of cases) {
  test(`order: ${title}`, async () => {
    const {decide, asked, now} = authorizer(order, says);
    const decision = await decide(user, attributes);
    assert.equal(decision.allowed, expected);
    assert.equal(asked.length, questions);
    // The same for who cannot wait.
    if (attributes.workspace === '*') return;
    const {misses, earlier, ...rest} = await now(attributes.workspace, decide => decide(user, attributes));
    const {misses: _, earlier: __, ...before} = decision;
    assert.deepEqual(rest, before);
  });
}

test('what closes a workspace closes it to the webhook as well', async () => {
  const closed = {'authorization.kcp.io/required-groups': 'staff'};
  const {decide, asked} = authorizer(rbacFirst, yes, closed);
  const decision = await decide(bob, secrets('get'));
  assert.deepEqual([decision.allowed, decision.denied, decision.stage, asked.length], [false, true, 'requiredgroups', 0]);
  const status: Attributes = {
    verb: 'update',
    workspace: shop,
    resource: {group: 'apis.kcp.io', plural: 'apibindings', subresource: 'status', namespace: undefined, name: 'x'},
  };
  assert.equal((await authorizer(rbacFirst, yes).decide(bob, status)).stage, 'systemcrd');
});

test('what people are told, and what the log is', async () => {
  const told = async (order: readonly AuthorizerName[], says: AccessVerdict, user: User, attributes: Attributes) => {
    const decision = await authorizer(order, says).decide(user, attributes);
    return [
      shownReason(decision),
      stepsOf(decision)
        .map(step => `${step.authorizer} ${step.decision}`)
        .join(),
    ];
  };
  const chain = ['01-requiredgroups', '02-content', '03-systemcrd', '04-maxpermissionpolicy', '05-bootstrap', '05-local'];
  const all = (decision: string) => chain.map(name => `${name} ${decision}`).join();
  assert.deepEqual(await told(rbacFirst, yes, bob, secrets('delete')), ['why not', `${all('NoOpinion')},webhook Allowed`]);
  assert.deepEqual(await told(rbacFirst, no, bob, secrets('delete')), ['never', `${all('NoOpinion')},webhook Denied`]);
  assert.deepEqual(await told(rbacFirst, dontKnow, bob, secrets('delete')), [
    'access denied\nnot mine',
    `${all('NoOpinion')},webhook NoOpinion`,
  ]);
  assert.deepEqual(await told(webhookFirst, dontKnow, bob, secrets('delete')), [
    'not mine\naccess denied',
    `webhook NoOpinion,${all('NoOpinion')}`,
  ]);
  assert.deepEqual(await told(rbacFirst, no, master, secrets('get')), ['member of system:masters', '']);
  const {authorize} = authorizer(rbacFirst, no);
  await assert.rejects(authorize(bob, secrets('delete')), /^Error: secrets "x" is forbidden: User "bob" cannot delete .*: never$/);
  const failing = authorizer(rbacFirst, broken);
  await assert.rejects(failing.authorize(bob, secrets('delete')), {
    reason: 'InternalError',
    message: 'Internal error occurred: the authorization webhook could not be asked',
  });
});

test('a webhook is asked about everybody that a user counts as', async () => {
  const warrant = {user: 'patron', groups: ['patrons']};
  const user: User = {...bob, extra: {[extras.scopes]: ['cluster:other'], [extras.warrant]: [JSON.stringify(warrant)]}};
  const {decide, asked} = authorizer(rbacFirst, ({spec}) => (spec['user'] === 'patron' ? yes : dontKnow));
  assert.ok((await decide(user, secrets('delete'))).allowed);
  assert.deepEqual(
    asked.map(({spec}) => spec['user']),
    ['patron'],
  );
  const masters = {...bob, extra: {[extras.warrant]: [JSON.stringify({user: 'x', groups: [groups.masters]})]}};
  const other = authorizer(['Webhook'], dontKnow);
  assert.ok((await other.decide(masters, secrets('delete'))).allowed);
  assert.equal(other.asked.length, 1);
});

test('who cannot wait is called again with each answer, and not for ever', async () => {
  const {now, asked} = authorizer(rbacFirst, ({spec}) => (JSON.stringify(spec).includes('"delete"') ? yes : dontKnow));
  let runs = 0;
  const found = await now(shop, decide => {
    runs++;
    return ['get', 'list', 'delete', 'list'].map(verb => decide(bob, secrets(verb)).allowed);
  });
  assert.deepEqual(found, [true, false, true, false]);
  assert.deepEqual([runs, asked.length], [3, 2]);

  const many = webhookDecisionLimits.questionsMax + 5;
  const errorsOf = (decide: Decide) => Array.from({length: many}, (_, i) => decide(bob, secrets(`verb-${i}`)).error);
  const endless = authorizer(rbacFirst, dontKnow);
  const errors = await endless.now(shop, errorsOf);
  assert.equal(endless.asked.length, webhookDecisionLimits.questionsMax);
  assert.deepEqual(errors.slice(-6), [undefined, ...Array(5).fill('the authorization webhook could not be asked')]);

  // One that fails is not asked again and again.
  const failing = authorizer(rbacFirst, broken);
  assert.ok((await failing.now(shop, errorsOf)).every(error => error !== undefined));
  assert.equal(failing.asked.length, 1);

  const mistake = new Error('a mistake');
  const mistaken = failing.now(root, () => {
    throw mistake;
  });
  await assert.rejects(mistaken, mistake);
});

test('paths that are open to everybody', () => {
  const isOpen = openPaths(['/healthz', 'livez', '/docs/*', '/']);
  for (const open of ['/healthz', '/healthz/ping', '/livez', '/livez/x', '/docs/', '/docs/a/b', '/']) assert.ok(isOpen(open), open);
  for (const closed of ['/readyz', '/readyz/ping', '/healthz/a/b', '/healthz/', '/docs', '/x', '', '/metrics'])
    assert.ok(!isOpen(closed), closed);
  assert.ok(openPaths(['*'])('/anything'));
  assert.ok(!openPaths([])('/healthz'));
  assert.throws(() => openPaths(['/a*b*']), /^Error: only trailing \* allowed in "a\*b\*"$/);
});
