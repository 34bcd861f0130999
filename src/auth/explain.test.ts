import assert from 'node:assert/strict';
import {test} from 'node:test';
import {systemAdmin, workspaceIdOf} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {AccessVerdict} from './access-review.ts';
import type {Attributes} from './attributes.ts';
import {createAuthorizer} from './authorize.ts';
import {bootstrapPolicy} from './bootstrap-policy.ts';
import {explanation, reasonFor} from './explain.ts';
import type {AuthorizerName} from './order.ts';
import {authorizerNames} from './order.ts';
import type {Binding} from './rbac/objects.ts';
import {compilePolicy} from './rbac/policy.ts';
import type {Sight} from './sight.ts';
import {blind, sightOf} from './sight.ts';
import {groups, type User} from './user.ts';

const shop = workspaceIdOf('shop');
const bind = (name: string, role: string, user: string, namespace?: string): Binding => ({
  name,
  ...(namespace && {namespace}),
  subjects: [{kind: 'User', name: user}],
  roleRef: {kind: 'ClusterRole', name: role},
});
const local = compilePolicy(
  [{name: 'secretive', rules: [{verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a']}]}],
  [
    ...['bob', 'lead', 'boss'].map(user => bind(`enter-${user}`, 'system:kcp:workspace:access', user)),
    bind('peeks', 'secretive', 'bob', 'n'),
    bind('views', 'view', 'bob', 'n'),
    bind('leads', 'admin', 'lead', 'n'),
    bind('rules', 'cluster-admin', 'boss'),
  ],
  bootstrapPolicy,
);
const dontKnow: AccessVerdict = {allowed: false, denied: false, reason: 'not mine'};
const authorizerWith = (order: readonly AuthorizerName[], says?: AccessVerdict) =>
  createAuthorizer({
    order,
    policyOf: id => (id === systemAdmin ? bootstrapPolicy : local),
    logicalClusterOf: () => ({metadata: {name: 'cluster'}, status: {phase: 'Ready'}}) as unknown as KubeObject,
    webhook: says && {ask: async () => says},
  });
const authorizer = authorizerWith(authorizerNames);
const user = (name: string, ...more: string[]): User => ({name, groups: [groups.authenticated, ...more]});
const asked = (verb: string, plural: string, name?: string): Attributes & {readonly workspace: typeof shop} => ({
  verb,
  workspace: shop,
  resource: {group: '', plural, subresource: undefined, namespace: 'n', name},
});

test('how far somebody sees', async () => {
  const seen = (who: User, namespace?: string) => sightOf(authorizer, who, shop, namespace);
  const all: Sight = {clusterRoles: true, clusterBindings: true, namespace: true, allNamespaces: true, everywhere: false};
  assert.deepEqual(await seen(user('bob'), 'n'), blind);
  assert.deepEqual(await seen(user('lead'), 'n'), {...blind, namespace: true});
  assert.deepEqual(await seen(user('lead'), 'other'), blind);
  assert.deepEqual(await seen(user('lead')), blind);
  assert.deepEqual(await seen(user('boss'), 'n'), all);
  assert.deepEqual(await seen(user('admin', groups.kcpAdmin)), all);
  assert.deepEqual(await seen(user('root', groups.masters)), {...all, everywhere: true});
});

const peeks = 'RoleBinding "peeks/n" of ClusterRole "secretive" to User "bob" allows the names ["a"]';
const rules = 'ClusterRoleBinding "rules" of ClusterRole "cluster-admin" to User "boss" allows it to others';
const leads = 'RoleBinding "leads/n" of ClusterRole "admin" to User "lead" allows it to others';
const views = 'RBAC: allowed by RoleBinding "views/n" of ClusterRole "view" to User "bob"';
const none = 'no role allows it';
const reasons: readonly [string, string, Attributes & {readonly workspace: typeof shop}, string][] = [
  // Who asks about bob, what they ask, and what they are told.
  ['boss', 'a role that allows', asked('list', 'configmaps'), views],
  ['lead', 'a role that everybody knows', asked('list', 'configmaps'), views],
  ['bob', 'no role', asked('list', 'configmaps'), ''],
  ['boss', 'what came near', asked('get', 'secrets', 'b'), `${none}; nearest: ${peeks}`],
  // What a cluster role of the workspace allows is not theirs to read.
  ['lead', 'what came near of their own', asked('get', 'secrets', 'b'), `${none}; nearest: ${leads}`],
  ['bob', 'nothing that came near', asked('get', 'secrets', 'b'), none],
];
for (const [who, what, attributes, expected] of reasons)
  test(`${who} is told ${what}`, async () => {
    const decision = await authorizer.decide(user('bob'), attributes);
    const sight = await sightOf(authorizer, user(who), shop, 'n');
    assert.equal(reasonFor({decision, attributes, sight}), expected);
    // The long form knows no more than the short one.
    const long = JSON.stringify(explanation({decision, attributes, sight, order: authorizer.order}));
    for (const name of ['peeks', 'rules', 'leads', 'views']) if (who === 'bob') assert.ok(!long.includes(`"${name}`), name);
    assert.equal(long.includes('"complete":true'), who === 'boss');
  });

test('all that came near is told, the nearest first', async () => {
  const attributes = asked('get', 'secrets', 'b');
  const decision = await authorizer.decide(user('bob'), attributes);
  const sight = await sightOf(authorizer, user('boss'), shop, 'n');
  const {nearestMisses} = explanation({decision, attributes, sight, order: authorizer.order});
  assert.deepEqual(
    (nearestMisses as {readonly text: string}[]).map(({text}) => text),
    [peeks, leads, rules],
  );
});

const orders: readonly [string, readonly AuthorizerName[], AccessVerdict, User, string][] = [
  ['the webhook comes last', authorizerNames, dontKnow, user('bob'), '05-local NoOpinion,Webhook NoOpinion: not mine'],
  ['it denies', authorizerNames, {allowed: false, denied: true, reason: 'never'}, user('bob'), '05-local NoOpinion,Webhook Denies: never'],
  [
    'it fails',
    authorizerNames,
    {...dontKnow, reason: '', error: 'x'},
    user('bob'),
    'Webhook NoOpinion: the authorization webhook could not be asked',
  ],
  [
    'it comes first and allows',
    ['Webhook', 'RBAC'],
    {allowed: true, denied: false, reason: 'yes'},
    user('bob'),
    '^Webhook Allows: yes,RBAC NotAsked',
  ],
  [
    'masters',
    authorizerNames,
    dontKnow,
    user('root', groups.masters),
    '^AlwaysAllowGroups Allows: member of system:masters,AlwaysAllowPaths NotAsked',
  ],
];
for (const [title, order, says, who, expected] of orders)
  test(`the chain is told in its order: ${title}`, async () => {
    const other = authorizerWith(order, says);
    const attributes = asked('delete', 'configmaps');
    const decision = await other.decide(who, attributes);
    const {steps} = explanation({decision, attributes, sight: blind, order: other.order});
    const text = (steps as {readonly authorizer: string; readonly outcome: string; readonly reason?: string}[])
      .map(({authorizer: name, outcome, reason}) => `${name} ${outcome}${reason && name !== '05-local' ? `: ${reason}` : ''}`)
      .join();
    assert.match(text, new RegExp(expected.startsWith('^') ? expected : `${expected}$`));
  });

test('a path has no namespace, and its rule is told', async () => {
  const attributes = {verb: 'get', workspace: shop, path: '/apis/x'};
  const decision = await authorizer.decide(user('bob'), attributes);
  const sight = await sightOf(authorizer, user('boss'), shop, undefined);
  const {decidedBy} = explanation({decision, attributes, sight, order: authorizer.order});
  assert.match(JSON.stringify(decidedBy), /"everywhere":true.*"nonResourceURLs":\[.*"\/apis\/\*"/);
});
