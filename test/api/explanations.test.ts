/** Why somebody may or may not: what reviews of access tell, and to whom. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Api, Found} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {newPlace, succeeded} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});

type Explanation = {
  readonly allowed: boolean;
  readonly complete: boolean;
  readonly workspace: string;
  readonly steps: readonly {readonly authorizer: string; readonly outcome: string; readonly reason?: string}[];
  readonly decidedBy?: {readonly [field: string]: Found};
  readonly nearestMisses?: readonly {readonly [field: string]: Found}[];
};

const made = async (api: Api, path: string, body: object): Promise<void> => void succeeded(await api.post(path, body), 201);
const reviews = '/apis/authorization.k8s.io/v1';
const key = 'authorization.kcp-ts.dev/explanation';

async function explained(api: Api, verb: string, resource: string, user?: string, more: object = {}): Promise<Explanation> {
  const [plural, name] = resource.split(':');
  const resourceAttributes = {verb, resource: plural, namespace: 't', ...(name && {name}), ...more};
  const spec = {resourceAttributes, ...(user && {user, groups: ['system:authenticated']})};
  const kind = user === undefined ? 'selfsubjectaccessreviews' : 'subjectaccessreviews';
  const answer = succeeded(await api.post(`${reviews}/${kind}?explain=true`, {spec}), 201);
  return JSON.parse(String(answer.at('metadata', 'annotations', key))) as Explanation;
}
const outcomes = ({steps}: Explanation): string => steps.map(({authorizer, outcome}) => `${authorizer} ${outcome}`).join();
const texts = ({nearestMisses = []}: Explanation): readonly Found[] => nearestMisses.map(({text}) => text);

/** user-1 may enter, and view in the namespace; user-2 is the administrator of the namespace; others have a role of their own. */
async function place(): Promise<Api> {
  const admin = await newPlace(plane);
  for (const user of ['user-1', 'user-2'])
    await made(admin, rbac.clusterRoleBindings, bindingObject(`enter-${user}`, 'ClusterRole system:kcp:workspace:access', `User ${user}`));
  await made(admin, rbac.clusterRoles, roleObject('keeper', ['* core/secrets']));
  await made(admin, rbac.roles('t'), roleObject('peeker', ['get core/secrets:a']));
  await made(admin, rbac.roleBindings('t'), bindingObject('views', 'ClusterRole view', 'User user-1'));
  await made(admin, rbac.roleBindings('t'), bindingObject('peeks', 'Role peeker', 'User user-1'));
  await made(admin, rbac.roleBindings('t'), bindingObject('admins', 'ClusterRole admin', 'User user-2'));
  await made(admin, rbac.clusterRoleBindings, bindingObject('keeps', 'ClusterRole keeper', 'User secret-keeper'));
  return admin;
}
const passes = '01-requiredgroups Passes,02-content Passes,03-systemcrd Passes,04-maxpermissionpolicy Passes,05-bootstrap NoOpinion';
const first = 'AlwaysAllowGroups NoOpinion,AlwaysAllowPaths NoOpinion';

test('an administrator learns what decided', async () => {
  const admin = await place();
  const found = await explained(admin, 'list', 'configmaps', 'user-1');
  assert.deepEqual(
    [found.allowed, found.complete, found.workspace],
    [true, true, (await admin.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'annotations', 'kcp.io/cluster')],
  );
  assert.equal(outcomes(found), `${first},${passes},05-local Allows`);
  assert.deepEqual(
    {...found.decidedBy, rule: undefined},
    {
      binding: {kind: 'RoleBinding', name: 'views', namespace: 't'},
      role: {kind: 'ClusterRole', name: 'view'},
      subject: {kind: 'User', name: 'user-1'},
      rule: undefined,
    },
  );
  assert.match(JSON.stringify(found.decidedBy?.['rule']), /"verbs":\[.*"list".*"resources":\[.*"configmaps"/);
  const own = await explained(admin, 'create', 'secrets');
  assert.deepEqual([own.decidedBy?.['everywhere'], outcomes(own).endsWith('05-bootstrap Allows')], [true, true]);
});

test('and what would nearly have allowed it', async () => {
  const admin = await place();
  const found = await explained(admin, 'get', 'secrets:b', 'user-1');
  assert.equal(outcomes(found), `${first},${passes},05-local NoOpinion`);
  assert.deepEqual(texts(found).slice(0, 1), ['RoleBinding "peeks/t" of Role "peeker" to User "user-1" allows the names ["a"]']);
  assert.ok(texts(found).includes('ClusterRoleBinding "keeps" of ClusterRole "keeper" to User "secret-keeper" allows it to others'));
  // Whom the whole server trusts is not the business of one workspace.
  assert.ok(!texts(found).some(text => String(text).includes('system:kcp:admin')));
  assert.deepEqual(found.nearestMisses?.[0]?.['binding'], {kind: 'RoleBinding', name: 'peeks', namespace: 't'});
  const outside = await explained(admin, 'get', 'secrets:b', 'nobody');
  assert.match(outcomes(outside), /,01-requiredgroups Passes,02-content NoOpinion$/);
  assert.ok(texts(outside).some(text => String(text).includes('system:kcp:workspace:access')));
});

test('who may not read roles and bindings gets a hint, and no more', async () => {
  const admin = await place();
  const user = admin.as(users.user1);
  const refusedTo = await explained(user, 'get', 'secrets:b');
  assert.deepEqual([refusedTo.allowed, refusedTo.complete, refusedTo.nearestMisses], [false, false, undefined]);
  assert.equal(outcomes(refusedTo), `${first},${passes},05-local NoOpinion`);
  const allowedTo = await explained(user, 'list', 'configmaps');
  assert.deepEqual([allowedTo.allowed, allowedTo.decidedBy, allowedTo.steps.at(-1)?.reason], [true, undefined, undefined]);
  for (const found of [refusedTo, allowedTo]) assert.doesNotMatch(JSON.stringify(found), /peek|views|keeper/);
});

test('the administrator of a namespace learns what is in it', async () => {
  const admin = await place();
  const user = admin.as(users.user2);
  const review = async (verb: string, resource: string) => {
    const spec = {user: 'user-1', resourceAttributes: {verb, resource, namespace: 't', name: 'b'}};
    const answer = succeeded(await user.post(`${reviews}/namespaces/t/localsubjectaccessreviews?explain=true`, {spec}), 201);
    return {
      reason: answer.at('status', 'reason'),
      explanation: JSON.parse(String(answer.at('metadata', 'annotations', key))) as Explanation,
    };
  };
  const {reason, explanation} = await review('get', 'secrets');
  const nearest = 'RoleBinding "peeks/t" of Role "peeker" to User "user-1" allows the names ["a"]';
  assert.equal(reason, `access denied: no role allows it; nearest: ${nearest}`);
  assert.equal(explanation.complete, false);
  // Not of what holds in all of the workspace.
  assert.deepEqual(texts(explanation), [nearest, 'RoleBinding "admins/t" of ClusterRole "admin" to User "user-2" allows it to others']);
  assert.deepEqual((await review('get', 'configmaps')).explanation.decidedBy?.['binding'], {
    kind: 'RoleBinding',
    name: 'views',
    namespace: 't',
  });
});

test('only who asks for it gets the whole of it', async () => {
  const admin = await place();
  const spec = {resourceAttributes: {verb: 'get', resource: 'secrets'}};
  for (const query of ['', '?explain=', '?explain=1', '?explain=false'])
    assert.equal((await admin.post(`${reviews}/selfsubjectaccessreviews${query}`, {spec})).at('metadata', 'annotations'), undefined, query);
});

test('what closes the workspace comes before its roles', async () => {
  const admin = await place();
  const access = 'access denied';
  const ask = async (resourceAttributes: object): Promise<Found> => {
    const spec = {user: 'user-1', groups: ['system:authenticated'], resourceAttributes};
    return succeeded(await admin.post(`${reviews}/subjectaccessreviews`, {spec}), 201).at('status', 'reason');
  };
  const status = {verb: 'update', group: 'apis.kcp.io', resource: 'apibindings', subresource: 'status'};
  assert.equal(await ask(status), access);
  const cluster = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
  const annotations = {'authorization.kcp.io/required-groups': 'staff'};
  const shard = admin.as(users.shardAdmin);
  succeeded(await shard.patch(cluster, {metadata: {annotations}}));
  assert.equal(await ask({verb: 'get', resource: 'secrets'}), access);
  const found = await explained(admin, 'get', 'secrets', 'user-1');
  assert.match(outcomes(found), /,01-requiredgroups Denies,Webhook NotAsked$|,01-requiredgroups Denies$/);
  assert.equal(found.steps.at(-1)?.reason, 'not a member of the required groups: staff');
});
