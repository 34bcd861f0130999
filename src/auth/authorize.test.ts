import assert from 'node:assert/strict';
import {test} from 'node:test';
import {root, systemAdmin, type WorkspaceId, workspaceIdOf} from '../api/cluster.ts';
import type {KubeObject} from '../api/object.ts';
import type {Attributes} from './attributes.ts';
import {createAuthorizer} from './authorize.ts';
import {bootstrapPolicy} from './bootstrap-policy.ts';
import type {Binding, Role} from './rbac/objects.ts';
import {compilePolicy} from './rbac/policy.ts';
import {accountUser, extras} from './service-account.ts';
import {anonymous, groups, type User} from './user.ts';

const shop = workspaceIdOf('shop');
const other = workspaceIdOf('other');
const bind = (name: string, role: string, kind: string, subject: string, namespace?: string): Binding => ({
  name,
  ...(namespace && {namespace}),
  subjects: [{kind, name: subject}],
  roleRef: {kind: 'ClusterRole', name: role},
});
const roles: readonly Role[] = [{name: 'boards', rules: [{verbs: ['*'], apiGroups: ['tenancy.kcp.io'], resources: ['workspaces']}]}];
const policies = new Map([
  [systemAdmin, bootstrapPolicy],
  [root, compilePolicy(roles, [bind('limits', 'boards', 'Group', 'apis.kcp.io:binding:system:authenticated')], bootstrapPolicy)],
  [
    shop,
    compilePolicy(
      [],
      [
        bind('owner', 'cluster-admin', 'User', 'alice'),
        bind('guests', 'system:kcp:workspace:access', 'User', 'bob'),
        bind('peeks', 'view', 'User', 'bob', 'default'),
        bind('locked out', 'view', 'User', 'carol'),
        bind('neighbours', 'cluster-admin', 'Group', 'system:cluster:other'),
        bind('robots', 'edit', 'User', 'system:kcp:serviceaccount:other:n:robot'),
        bind('robots enter', 'system:kcp:workspace:access', 'User', 'system:kcp:serviceaccount:other:n:robot'),
        bind('own robots', 'view', 'Group', groups.serviceAccounts),
      ],
      bootstrapPolicy,
    ),
  ],
]);
let logicalCluster: object = {metadata: {name: 'cluster'}, status: {phase: 'Ready'}};
const authorizer = createAuthorizer({
  policyOf: id => policies.get(id) ?? compilePolicy([], [], bootstrapPolicy),
  logicalClusterOf: id => (id === 'nowhere' ? undefined : (logicalCluster as KubeObject)),
});

const user = (name: string, more: Partial<User> = {}, ...of: string[]): User => ({name, groups: [...of, groups.authenticated], ...more});
const on = (verb: string, plural: string, namespace?: string, group = '', workspace: WorkspaceId | '*' = shop): Attributes => {
  const [resource = '', subresource] = plural.split('/');
  return {verb, workspace, resource: {group, plural: resource, subresource, namespace, name: undefined}};
};
const may = async (who: User, attributes: Attributes): Promise<boolean> => (await authorizer.decide(who, attributes)).allowed;
const get = (path: string, workspace: WorkspaceId | '*' = shop): Attributes => ({verb: 'get', workspace, path});
const admin = user('kcp-admin', {}, groups.kcpAdmin);

test('owners, guests, and those who are left outside', async () => {
  const [alice, bob, carol] = [user('alice'), user('bob'), user('carol')];
  assert.ok(await may(alice, on('escalate', 'anything', undefined, 'x.io')));
  assert.ok(!(await may(alice, on('list', 'configmaps', undefined, '', other))));
  assert.deepEqual([await may(bob, on('list', 'configmaps', 'default')), await may(bob, on('list', 'configmaps', 'else'))], [true, false]);
  assert.ok(await may(bob, get('/apis')));
  // A role that is worth nothing, as its holder may not enter.
  const decision = await authorizer.decide(carol, on('list', 'configmaps'));
  assert.deepEqual([decision.allowed, decision.reason], [false, 'no verb=access permission on /']);
  for (const path of ['/apis', '/api', '/openapi/v3']) assert.ok(!(await may(carol, get(path))), path);
});

test('administrators may, others are told Forbidden and no more', async () => {
  const attributes = on('list', 'configmaps', 'default');
  let why = '';
  await authorizer.authorize(admin, attributes, decision => {
    why = decision.reason;
  });
  assert.match(why, /^RBAC: allowed by ClusterRoleBinding "system:kcp:admin:cluster-admin"/);
  await assert.rejects(
    authorizer.authorize(user('eve'), attributes),
    /^Error: configmaps is forbidden: User "eve" cannot list resource "configmaps" in API group "" in the namespace "default": access denied$/,
  );
  await assert.rejects(
    authorizer.authorize(user('eve'), get('/apis')),
    /^Error: forbidden: User "eve" cannot get path "\/apis": access denied/,
  );
  const [miss] = (await authorizer.decide(user('bob'), on('create', 'configmaps', 'default'))).misses();
  assert.match(
    miss?.text ?? '',
    /^RoleBinding "peeks\/default" of ClusterRole "view" to User "bob" allows verbs \["get","list","watch"\]$/,
  );
});

test('health and version are open, their look-alikes are not', async () => {
  for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping', '/version']) assert.ok(await may(anonymous, get(path, '*')), path);
  for (const path of ['/', '/readyz/a/b', '/versions', '/version/x', '/metrics', '/api'])
    assert.ok(!(await may(anonymous, get(path))), path);
});

test('all workspaces at once, system clusters, and what does not exist, are for masters', async () => {
  for (const workspace of ['*', systemAdmin, workspaceIdOf('nowhere')] as const) {
    assert.ok(!(await may(admin, on('list', 'configmaps', undefined, '', workspace))), workspace);
    assert.ok(await may(user('shard-admin', {}, groups.masters), on('list', 'configmaps', undefined, '', workspace)), workspace);
  }
});

test('phases and required groups close a workspace, but not to its service accounts', async () => {
  const robot = accountUser({workspace: shop, namespace: 'n', name: 'robot', uid: '1'}, undefined);
  const allowedWith = async (object: object, who: User): Promise<boolean> => {
    logicalCluster = object;
    const allowed = await may(who, on('list', 'configmaps'));
    logicalCluster = {metadata: {name: 'cluster'}, status: {phase: 'Ready'}};
    return allowed;
  };
  const inPhase = (phase: string) => ({metadata: {name: 'cluster'}, status: {phase}});
  for (const phase of ['Initializing', 'Ready', 'Inactive', 'Terminating', 'Deleting'])
    assert.ok(await allowedWith(inPhase(phase), user('alice')), phase);
  for (const phase of ['Scheduling', 'Unavailable', 'Zork', '']) assert.ok(!(await allowedWith(inPhase(phase), admin)), phase);
  const demanding = {metadata: {annotations: {'authorization.kcp.io/required-groups': 'a,b;c'}}, status: {phase: 'Ready'}};
  const cases: readonly [User, boolean][] = [
    [user('alice'), false],
    [user('alice', {}, 'a'), false],
    [user('alice', {}, 'a', 'b'), true],
    [user('alice', {}, 'c'), true],
    [admin, true],
    [robot, true],
  ];
  for (const [who, expected] of cases) assert.equal(await allowedWith(demanding, who), expected, JSON.stringify(who));
});

test('service accounts are themselves at home, and go by another name abroad', async () => {
  const at = (workspace: WorkspaceId, name = 'robot') => accountUser({workspace, namespace: 'n', name, uid: '1'}, undefined);
  assert.ok(await may(at(shop), on('list', 'configmaps')));
  assert.ok(await may(at(shop), get('/.well-known/openid-configuration')));
  assert.ok(!(await may(at(shop), on('create', 'configmaps'))));
  assert.ok(await may(at(other), on('create', 'configmaps', 'any')));
  assert.ok(!(await may(at(workspaceIdOf('third')), on('list', 'configmaps'))));
});

test('T4 scopes and warrants', async () => {
  const scoped = (...scopes: string[]): Partial<User> => ({extra: {[extras.scopes]: scopes}});
  const warrant = (of: object): Partial<User> => ({extra: {[extras.clusterName]: ['third'], [extras.warrant]: [JSON.stringify(of)]}});
  const admins = {user: 'x', groups: [groups.kcpAdmin]};
  const cases: readonly [string, User, boolean][] = [
    ['in scope', user('u', scoped('cluster:shop'), groups.kcpAdmin), true],
    ['in one of several', user('u', scoped('cluster:shop,cluster:x'), groups.kcpAdmin), true],
    ['in conflicting ones', user('u', scoped('cluster:shop', 'cluster:x'), groups.kcpAdmin), false],
    ['out of scope', user('u', scoped('cluster:x'), groups.kcpAdmin), false],
    ['a neighbour', user('u', scoped('cluster:other')), true],
    ['not a scope', user('u', scoped('shop'), groups.kcpAdmin), false],
    ['with a warrant', user('u', warrant(admins)), true],
    ['an account with a warrant', user('system:serviceaccount:n:r', warrant(admins)), true],
    ['a foreign account', user('system:serviceaccount:n:r', {extra: {[extras.clusterName]: ['third']}}, groups.kcpAdmin), false],
    ['a warrant out of scope', user('u', warrant({...admins, extra: {[extras.scopes]: ['cluster:x']}})), false],
    ['a warrant in a warrant', user('u', warrant({user: 'y', extra: {[extras.warrant]: [JSON.stringify(admins)]}})), true],
    ['a warrant of an account without a home', user('u', warrant({user: 'system:serviceaccount:n:r', groups: [groups.kcpAdmin]})), false],
    ['no warrant', user('u', {extra: {[extras.warrant]: ['{"user":', '7', 'null', '{}']}}), false],
    ['masters by warrant', user('u', warrant({user: 'x', groups: [groups.masters]})), true],
  ];
  for (const [what, who, expected] of cases) assert.equal(await may(who, on('list', 'configmaps')), expected, what);
  // A warrant that goes on for ever comes to an end.
  let endless: object = admins;
  for (let i = 0; i < 6; i++) endless = {user: 'z', extra: {[extras.warrant]: [JSON.stringify(endless), JSON.stringify(endless)]}};
  assert.equal(typeof (await may(user('u', warrant(endless)), on('list', 'configmaps'))), 'boolean');
});

test('nobody may more with exported kinds than their export permits', async () => {
  const alice = user('alice');
  const workspaces = (plural: string) => on('update', plural, undefined, 'tenancy.kcp.io');
  assert.deepEqual([await may(alice, workspaces('workspaces')), await may(alice, workspaces('workspaces/status'))], [true, false]);
  for (const plural of ['apibindings', 'apiexports']) {
    assert.ok(!(await may(alice, on('update', `${plural}/status`, undefined, 'apis.kcp.io'))), plural);
    assert.ok(await may(alice, on('update', plural, undefined, 'apis.kcp.io')), plural);
  }
});
