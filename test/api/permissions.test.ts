/** Who may do what in a workspace: spec kubernetes-api 8.9, 10.5, 13.8 and 13.10, and spec kcp 7.7. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets, namespaces, widgets} = paths;
const applied = {'content-type': 'application/apply-patch+yaml'};

const made = async (api: Api, path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
let grants = 0;
/** Gives somebody rules, in all of a workspace or in a namespace of it. */
async function grant(api: Api, to: string, rules: readonly string[], namespace?: string): Promise<string> {
  const name = `grant-${++grants}`;
  await made(api, rbac.clusterRoles, roleObject(name, rules));
  const bindings = namespace === undefined ? rbac.clusterRoleBindings : rbac.roleBindings(namespace);
  await made(api, bindings, bindingObject(name, `ClusterRole ${name}`, to));
  return name;
}
/** A workspace that user-1 may enter, and user-1 in it. */
async function entered(): Promise<{readonly admin: Api; readonly user: Api}> {
  const admin = await newPlace(plane);
  await made(admin, rbac.clusterRoleBindings, bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-1'));
  return {admin, user: admin.as(users.user1)};
}

test('205 strangers are nobody', async () => {
  const {admin} = await entered();
  refused(await admin.as('').get(namespaces), 403, 'Forbidden: namespaces is forbidden: User "system:anonymous" cannot list resource');
  assert.equal((await admin.as('').get('/readyz')).status, 200);
});

test('206 a token that is none', async () => {
  refused(await plane.api.as('garbage').get(`/clusters/root${namespaces}`), 401, 'Unauthorized: Unauthorized');
});

test('207 the texts of refusals', async () => {
  const {user} = await entered();
  const cannot = 'User "user-1" cannot';
  const cases: readonly [Promise<Answer>, string][] = [
    [
      user.post(configMaps, configMap('x')),
      `Forbidden: configmaps is forbidden: ${cannot} create resource "configmaps" in API group "" in the namespace "t": access denied`,
    ],
    [
      user.get(paths.definitions),
      `Forbidden: customresourcedefinitions.apiextensions.k8s.io is forbidden: ${cannot} list resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope: access denied`,
    ],
    [
      user.put(`${widgets}/w/status`, widget('w')),
      `Forbidden: widgets.example.com "w" is forbidden: ${cannot} update resource "widgets/status" in API group "example.com" in the namespace "t": access denied`,
    ],
    [user.get('/nothing/here'), `Forbidden: forbidden: ${cannot} get path "/nothing/here": access denied`],
    [user.get('/metrics'), `Forbidden: forbidden: ${cannot} get path "/metrics": access denied`],
  ];
  for (const [answer, text] of cases) assert.equal(refused(await answer, 403, '').problem, text);
});

test('a workspace is closed to who has no access to it, and everybody sees what it offers who has', async () => {
  const admin = await newPlace(plane);
  const user = admin.as(users.user1);
  await grant(admin, 'User user-1', ['* core/configmaps']);
  for (const path of ['/api', '/apis', '/openapi/v3', configMaps]) assert.equal((await user.get(path)).status, 403, path);
  await made(admin, rbac.clusterRoleBindings, bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-1'));
  for (const path of ['/api', '/apis', '/openapi/v3', configMaps]) assert.equal((await user.get(path)).status, 200, path);
  succeeded(await admin.del(`${rbac.clusterRoleBindings}/enter`));
  for (const path of ['/api', configMaps]) assert.equal((await user.get(path)).status, 403, path);
});

test('208 a binding in a namespace, and names of objects', async () => {
  const {admin, user} = await entered();
  await made(admin, namespaces, {metadata: {name: 'other'}});
  await made(admin, rbac.roleBindings('t'), bindingObject('views', 'ClusterRole view', 'User user-1'));
  succeeded(await user.get(configMaps));
  refused(await user.get('/api/v1/namespaces/other/configmaps'), 403, 'in the namespace "other"');
  refused(await user.get('/api/v1/configmaps'), 403, 'at the cluster scope');
  refused(await user.get(secrets), 403, 'cannot list resource "secrets"');
  for (const name of ['a', 'b']) await made(admin, secrets, {metadata: {name}});
  await grant(admin, 'User user-1', ['get,list core/secrets:a']);
  succeeded(await user.get(`${secrets}/a`));
  refused(await user.get(`${secrets}/b`), 403, 'cannot get');
  refused(await user.get(secrets), 403, 'cannot list');
});

test('209 subresources are resources of their own', async () => {
  const {admin, user} = await entered();
  await made(admin, widgets, widget('w'));
  const status = `${widgets}/w/status`;
  const name = await grant(admin, 'User user-1', ['get example.com/widgets']);
  assert.deepEqual([(await user.get(`${widgets}/w`)).status, (await user.get(status)).status], [200, 403]);
  const rules = async (text: string): Promise<Answer> =>
    succeeded(await admin.put(`${rbac.clusterRoles}/${name}`, roleObject(name, [text])));
  await rules('get example.com/*/status');
  assert.deepEqual([(await user.get(`${widgets}/w`)).status, (await user.get(status)).status], [403, 200]);
  await rules('get example.com/*');
  assert.deepEqual([(await user.get(`${widgets}/w`)).status, (await user.get(status)).status], [200, 200]);
});

test('211 paths that are no resources', async () => {
  const {admin, user} = await entered();
  await grant(admin, 'User user-1', ['get /foo*', 'get /stats/*']);
  for (const [path, status] of [
    ['/foo', 404],
    ['/foobar', 404],
    ['/fo', 403],
    ['/stats/a/b', 404],
    ['/stats', 403],
  ] as const)
    assert.equal((await user.get(path)).status, status, path);
  // Whatever somebody allows in their workspace, the metrics are the shard's.
  await grant(admin, 'User user-1', ['* /*']);
  assert.equal((await user.get('/metrics')).status, 501);
});

test('104 who may see one object may watch it by its name', async () => {
  const {admin, user} = await entered();
  await grant(admin, 'User user-1', ['get,list,watch,deletecollection core/configmaps:x']);
  await made(admin, configMaps, configMap('x'));
  const named = `${configMaps}?fieldSelector=metadata.name%3Dx`;
  const watching = await user.watch(named);
  assert.deepEqual([watching.status, (await user.get(named)).status], [200, 200]);
  watching.close();
  for (const path of [configMaps, `${configMaps}?fieldSelector=metadata.name%3Dy`, `${configMaps}?fieldSelector=metadata.name!%3Dx`]) {
    assert.equal((await user.get(path)).status, 403, path);
    assert.equal((await user.get(`${path}${path.includes('?') ? '&' : '?'}watch=1`)).status, 403, path);
  }
  refused(await user.del(configMaps), 403, 'cannot deletecollection');
  succeeded(await user.del(named));
});

test('kcp-d333686e what creates by another verb needs the right to create as well', async () => {
  const {admin, user} = await entered();
  await grant(admin, 'User user-1', ['get,update,patch core/configmaps', 'update coordination.k8s.io/leases']);
  const map = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'absent'}};
  refused(await user.patch(`${configMaps}/absent?fieldManager=m`, map, applied), 403, 'User "user-1" cannot create resource "configmaps"');
  refused(await user.put(`${paths.leases}/absent`, {metadata: {name: 'absent'}, spec: {}}), 403, 'cannot create resource "leases"');
  await grant(admin, 'User user-1', ['create core/configmaps', 'create coordination.k8s.io/leases']);
  succeeded(await user.patch(`${configMaps}/absent?fieldManager=m`, map, applied), 201);
  succeeded(await user.put(`${paths.leases}/absent`, {metadata: {name: 'absent'}, spec: {}}), 201);
});

test('182 nobody gives what they do not hold', async () => {
  const {admin, user} = await entered();
  await made(admin, rbac.roleBindings('t'), bindingObject('edits', 'ClusterRole edit', 'User user-1'));
  const held = ['create,update,patch,get rbac.authorization.k8s.io/roles', 'create,get rbac.authorization.k8s.io/rolebindings'];
  await grant(admin, 'User user-1', held, 't');
  const roles = rbac.roles('t');
  const why = refused(
    await user.post(roles, roleObject('too-much', ['get,list core/secrets', 'get core/nodes', 'deletecollection core/nodes'])),
    403,
    'roles.rbac.authorization.k8s.io "too-much" is forbidden: user "user-1" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
  );
  assert.ok(why.problem.endsWith(':\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "deletecollection"]}'), why.problem);
  succeeded(await user.post(roles, roleObject('within', ['get,list core/secrets'])), 201);
  refused(await user.patch(`${roles}/within`, {rules: [{verbs: ['*'], apiGroups: [''], resources: ['*']}]}), 403, 'not currently held');
  const more = {apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', ...roleObject('within', ['* core/*'])};
  refused(await user.patch(`${roles}/within?fieldManager=m&force=1`, more, applied), 403, 'not currently held');

  const bindings = rbac.roleBindings('t');
  refused(
    await user.post(bindings, bindingObject('b', 'ClusterRole admin', 'User user-1')),
    403,
    'rolebindings.rbac.authorization.k8s.io "b"',
  );
  refused(
    await user.post(bindings, bindingObject('b', 'ClusterRole gone', 'User user-1')),
    404,
    'clusterroles.rbac.authorization.k8s.io "gone" not found',
  );
  refused(
    await user.post(bindings, bindingObject('b', 'Role gone', 'User user-1')),
    404,
    'roles.rbac.authorization.k8s.io "gone" not found',
  );
  succeeded(await user.post(bindings, bindingObject('c', 'Role within', 'User user-2')), 201);
  succeeded(await user.post(bindings, bindingObject('d', 'ClusterRole view', 'User user-2')), 201);

  await grant(admin, 'User user-1', ['escalate rbac.authorization.k8s.io/roles'], 't');
  succeeded(await user.post(roles, roleObject('too-much', ['* core/*'])), 201);
  // To write a role is not to hold it.
  refused(await user.post(bindings, bindingObject('e', 'Role too-much', 'User user-1')), 403, 'not currently held');
  await grant(admin, 'User user-1', ['bind rbac.authorization.k8s.io/roles:too-much'], 't');
  succeeded(await user.post(bindings, bindingObject('e', 'Role too-much', 'User user-1')), 201);
  succeeded(await user.get('/api/v1/namespaces/t/resourcequotas'));
});

test('182 whose rules may come to contain anything needs to hold everything', async () => {
  const {admin, user} = await entered();
  await grant(admin, 'User user-1', [
    '* rbac.authorization.k8s.io/clusterroles:none',
    'create,update rbac.authorization.k8s.io/clusterroles',
  ]);
  const sum = {aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: 'b'}}]}};
  refused(
    await user.post(rbac.clusterRoles, roleObject('sum', [], sum)),
    403,
    'must have cluster-admin privileges to use the aggregationRule',
  );
  succeeded(await admin.post(rbac.clusterRoles, roleObject('sum', [], sum)), 201);
});

test('183 aggregated roles follow those they select', async () => {
  const {admin, user} = await entered();
  const sum = {aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: 'sum'}}]}};
  await made(admin, rbac.clusterRoles, roleObject('sum', ['get core/nonsense'], sum));
  await made(admin, rbac.clusterRoleBindings, bindingObject('sum', 'ClusterRole sum', 'User user-1'));
  const rules = async (): Promise<readonly unknown[]> =>
    (succeeded(await admin.get(`${rbac.clusterRoles}/sum`)).at('rules') ?? []) as never;
  await plane.eventually(async () => (await rules()).length === 0);
  await made(admin, rbac.clusterRoles, roleObject('part', ['list core/configmaps', 'get core/secrets'], {}, {to: 'sum'}));
  await plane.eventually(async () => (await user.get(configMaps)).status === 200);
  assert.equal((await rules()).length, 2);
  succeeded(await admin.patch(`${rbac.clusterRoles}/sum`, {rules: []}));
  await plane.eventually(async () => (await rules()).length === 2);
  succeeded(await admin.del(`${rbac.clusterRoles}/part`));
  await plane.eventually(async () => (await user.get(configMaps)).status === 403);
});

test('184 masters may everything, whatever becomes of roles', async () => {
  const {admin} = await entered();
  const master = admin.as(users.shardAdmin);
  succeeded(await master.post(rbac.clusterRoles, roleObject('all', ['* */*', '* /*'])), 201);
  succeeded(await admin.del(`${rbac.clusterRoleBindings}/workspace-admin`));
  // A role of the workspace that is called as one that is there from the start is another one.
  succeeded(await master.post(rbac.clusterRoles, roleObject('cluster-admin', [])), 201);
  for (const one of [master, admin])
    succeeded(
      await one.post(rbac.clusterRoleBindings, bindingObject('again', 'ClusterRole all', 'User user-1')),
      one === master ? 201 : 409,
    );
  succeeded(await admin.as(users.user1).get(secrets));
});

test('180 reviews say what requests are told', async () => {
  const {admin, user} = await entered();
  await made(admin, rbac.roleBindings('t'), bindingObject('edits', 'ClusterRole edit', 'User user-1'));
  const asks = '/apis/authorization.k8s.io/v1';
  for (const verb of ['get', 'list', 'create', 'escalate'])
    for (const [group, resource] of [
      ['', 'configmaps'],
      ['', 'namespaces'],
      ['rbac.authorization.k8s.io', 'roles'],
    ] as const)
      for (const namespace of ['t', 'other', '']) {
        const resourceAttributes = {verb, group, resource, ...(namespace && {namespace})};
        const self = (await user.post(`${asks}/selfsubjectaccessreviews`, {spec: {resourceAttributes}})).at('status');
        const spec = {user: 'user-1', groups: ['system:authenticated'], resourceAttributes};
        const told = (await admin.post(`${asks}/subjectaccessreviews`, {spec})).at('status');
        const expected = resource === 'configmaps' && namespace === 't' && verb !== 'escalate';
        const viewed = resource === 'namespaces' && namespace === 't' && (verb === 'get' || verb === 'list');
        const allowed = expected || viewed;
        const about = JSON.stringify(resourceAttributes);
        // Who may not read roles and bindings is not told of them.
        assert.deepEqual(self, {allowed, reason: allowed ? 'access granted' : 'access denied: no role allows it'}, about);
        const {reason, ...rest} = told as {readonly reason: string};
        assert.deepEqual(rest, {allowed}, about);
        if (allowed) assert.equal(reason, 'access granted: RBAC: allowed by RoleBinding "edits/t" of ClusterRole "edit" to User "user-1"');
        else assert.match(reason, /^access denied: no role allows it(; nearest: .* allows .*)?$/);
        if (namespace === 't')
          assert.deepEqual((await admin.post(`${asks}/namespaces/t/localsubjectaccessreviews`, {spec})).at('status'), told);
      }
  refused(await user.post(`${asks}/subjectaccessreviews`, {spec: {user: 'x', resourceAttributes: {verb: 'get'}}}), 403, 'cannot create');
  const rules = succeeded(await user.post(`${asks}/selfsubjectrulesreviews`, {spec: {namespace: 'other'}}), 201);
  assert.deepEqual(rules.at('status', 'resourceRules'), [
    {verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']},
    {verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews']},
  ]);
  assert.deepEqual((rules.at('status', 'nonResourceRules') as unknown[]).at(-1), {verbs: ['access'], nonResourceURLs: ['/']});
});

test('who makes a workspace is its administrator, and nobody else', async () => {
  const {admin, user} = await entered();
  await grant(admin, 'User user-1', ['* tenancy.kcp.io/workspaces']);
  const workspaces = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const answer = succeeded(await user.post(workspaces, workspaceObject('mine', 'root:universal')), 201);
  const own = plane.api.in(`/clusters/${answer.at('spec', 'cluster')}`).as(users.user1);
  succeeded(await own.post(namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await own.post(rbac.clusterRoles, roleObject('all', ['* */*'])), 201);
  refused(await own.as(users.user3).get(namespaces), 403, 'access denied');
  refused(await user.put(`${workspaces}/mine/status`, {metadata: {name: 'mine'}}), 403, 'cannot update resource "workspaces/status"');
  refused(await own.patch('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster', {spec: {createdBy: null}}), 403, 'immutable');
});

test('everybody may list the workspaces of root, and make none', async () => {
  const user = plane.api.as(users.user1);
  succeeded(await user.get(workspacesIn('root')));
  refused(await user.post(workspacesIn('root'), workspaceObject('mine')), 403, 'cannot create resource "workspaces"');
  refused(await user.get('/clusters/root/api/v1/namespaces'), 403, 'cannot list');
});

test('kcp-23b0f802 T13 what is given and taken away takes effect at once', async () => {
  const {admin, user} = await entered();
  for (let i = 0; i < 50; i++) {
    const name = await grant(admin, 'User user-1', ['list core/secrets']);
    assert.equal((await user.get(secrets)).status, 200, `${i}`);
    succeeded(await admin.del(`${rbac.clusterRoleBindings}/${name}`));
    assert.equal((await user.get(secrets)).status, 403, `${i}`);
  }
});

test('required groups close a workspace and those below it, and are not for those inside to lift', async () => {
  const {admin} = await entered();
  const workspaces = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const required = {'authorization.kcp.io/required-groups': 'team-1,team-2;team-3'};
  const body = workspaceObject('closed', 'root:universal') as {metadata: object};
  const closed = await admin.as(users.shardAdmin).post(workspaces, {...body, metadata: {...body.metadata, annotations: required}});
  const inside = plane.api.in(`/clusters/${succeeded(closed, 201).at('spec', 'cluster')}`);
  const child = succeeded(await inside.post(workspaces, workspaceObject('child', 'root:universal')), 201);
  const below = plane.api.in(`/clusters/${child.at('spec', 'cluster')}`);
  const own = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster';
  for (const place of [inside, below]) {
    succeeded(await place.post(rbac.clusterRoleBindings, bindingObject('all', 'ClusterRole cluster-admin', 'User user-2')), 201);
    refused(await place.as(users.user2).get(namespaces), 403, 'access denied');
    await place.patch(own, {metadata: {annotations: {'authorization.kcp.io/required-groups': null}}});
    refused(await place.as(users.user2).get('/apis'), 403, 'access denied');
    const spec = {user: 'user-2', groups: ['team-2'], resourceAttributes: {verb: 'list', resource: 'namespaces'}};
    const asks = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const deep = {'x-kcp-internal-deep-subjectaccessreview': 'true'};
    const answers: readonly [Promise<Answer>, boolean][] = [
      [place.post(asks, {spec}), false],
      [place.post(asks, {spec: {...spec, groups: ['team-3']}}), true],
      [place.post(asks, {spec}, deep), false],
      [place.as(users.shardAdmin).post(asks, {spec}, deep), true],
    ];
    for (const [answer, allowed] of answers) assert.equal(succeeded(await answer, 201).at('status', 'allowed'), allowed);
  }
});

test('workspaces of a type are for those to make who may use it and all it extends', async () => {
  const admin = await plane.workspace('typed', 'root:universal');
  await made(admin, rbac.clusterRoleBindings, bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-1'));
  const user = admin.as(users.user1);
  await grant(admin, 'User user-1', ['create tenancy.kcp.io/workspaces']);
  const types = '/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const path = succeeded(await admin.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at(
    'metadata',
    'annotations',
    'kcp.io/path',
  );
  const ofType = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType'};
  await made(admin, types, {...ofType, metadata: {name: 'base'}, spec: {}});
  await made(admin, types, {...ofType, metadata: {name: 'special'}, spec: {extend: {with: [{name: 'base', path}]}}});
  const make = (name: string): Promise<Answer> =>
    user.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', workspaceObject(name, `${path}:special`));
  const why = (name: string): string => `unable to use workspace type ${path}:${name}: missing verb='use' permission on workspacetype`;
  refused(await make('one'), 403, why('special'));
  await grant(admin, 'User user-1', ['use tenancy.kcp.io/workspacetypes:special']);
  refused(await make('one'), 403, why('base'));
  await grant(admin, 'User user-1', ['use tenancy.kcp.io/workspacetypes:base']);
  succeeded(await make('one'), 201);
});

test('a service account administers the workspaces it makes, and theirs of the same name do not', async () => {
  const {admin} = await entered();
  const tokenIn = async (place: Api): Promise<string> =>
    succeeded(await place.post('/api/v1/namespaces/t/serviceaccounts/robot/token', {spec: {}}), 201).at('status', 'token') as string;
  const robotIn = async (place: Api): Promise<string> => {
    await made(place, '/api/v1/namespaces/t/serviceaccounts', {metadata: {name: 'robot'}});
    return tokenIn(place);
  };
  const robot = await robotIn(admin);
  await grant(admin, 'ServiceAccount robot t', ['* tenancy.kcp.io/workspaces']);
  const answer = await admin.as(robot).post('/apis/tenancy.kcp.io/v1alpha1/workspaces', workspaceObject('robots', 'root:universal'));
  const child = plane.api.in(`/clusters/${succeeded(answer, 201).at('spec', 'cluster')}`);
  succeeded(await child.as(robot).post(namespaces, {metadata: {name: 't'}}), 201);
  const namesake = await robotIn(child);
  refused(await child.as(namesake).get(secrets), 403, 'access denied');
  succeeded(await child.as(namesake).get('/apis'));
});
