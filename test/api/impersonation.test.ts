/** Acting as somebody else: spec kubernetes-api 10.4, spec kcp 7.6, reliability-and-security K1 and B2. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Api, Headers} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {newPlace, paths, refused, succeeded} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const api = await newPlace(plane);
const {configMaps, secrets} = paths;
const selfReviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const id = succeeded(await api.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'annotations', 'kcp.io/cluster');
const scope = {'authentication.kcp.io/scopes': [`cluster:${id}`]};

const give = async (to: string, name: string, rules: readonly string[]): Promise<void> => {
  succeeded(await api.post(rbac.clusterRoles, roleObject(name, rules)), 201);
  succeeded(await api.post(rbac.clusterRoleBindings, bindingObject(name, `ClusterRole ${name}`, to)), 201);
};
const access = 'access /';
// user-1 may act as some, user-2 is somebody to be, user-3 owns the workspace as tenants do.
await give('User user-1', 'helpdesk', [
  access,
  'impersonate core/users:user-2',
  'impersonate core/groups:support',
  'impersonate core/serviceaccounts:robot',
  'impersonate authentication.k8s.io/userextras/color:blue',
  'impersonate authentication.k8s.io/uids:u-2',
]);
await give('User user-2', 'reader', [access, 'list core/configmaps']);
await give('Group support', 'support', [access, 'list core/secrets']);
succeeded(await api.post(rbac.clusterRoleBindings, bindingObject('tenant', 'ClusterRole cluster-admin', 'User user-3')), 201);
const [helper, tenant] = [api.as(users.user1), api.as(users.user3)];

const whoIs = async (as: Api, headers: Headers) => succeeded(await as.post(selfReviews, {}, headers), 201).at('status', 'userInfo');

test('210 whoever may acts as another', async () => {
  const headers = {'impersonate-user': 'user-2'};
  succeeded(await helper.get(configMaps, headers));
  refused(await helper.get(configMaps), 403, 'User "user-1" cannot list');
  refused(await helper.get(secrets, headers), 403, 'User "user-2" cannot list');
  succeeded(await helper.get(secrets, {...headers, 'impersonate-group': 'support'}));
  assert.deepEqual(await whoIs(helper, headers), {username: 'user-2', groups: ['system:authenticated'], extra: scope});
});

test('210 what is claimed is what one is', async () => {
  const headers = {
    'impersonate-user': 'user-2',
    'impersonate-group': 'support',
    'impersonate-uid': 'u-2',
    'Impersonate-Extra-Color': 'blue',
  };
  assert.deepEqual(await whoIs(helper, headers), {
    username: 'user-2',
    uid: 'u-2',
    groups: ['support', 'system:authenticated'],
    extra: {color: ['blue'], ...scope},
  });
  assert.deepEqual(
    await whoIs(tenant, {'impersonate-user': 'user-2', 'impersonate-extra-acme.io%2Fteam': 'a', 'impersonate-extra-%zz': 'b'}),
    {
      username: 'user-2',
      groups: ['system:authenticated'],
      extra: {'acme.io/team': ['a'], '%zz': ['b'], ...scope},
    },
  );
});

test('210 without permission it is refused, and says which', async () => {
  const user = {'impersonate-user': 'user-2'};
  const cases: readonly [Headers, string][] = [
    [
      {'impersonate-user': 'user-3'},
      'users "user-3" is forbidden: User "user-1" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [{...user, 'impersonate-group': 'admins'}, 'groups "admins" is forbidden: User "user-1" cannot impersonate resource "groups"'],
    [{...user, 'impersonate-uid': 'u-3'}, 'uids.authentication.k8s.io "u-3" is forbidden'],
    [{...user, 'impersonate-extra-color': 'red'}, 'cannot impersonate resource "userextras/color" in API group "authentication.k8s.io"'],
    [{'impersonate-user': 'system:serviceaccount:t:other'}, 'serviceaccounts "other" is forbidden'],
  ];
  for (const [headers, why] of cases) refused(await helper.get(configMaps, headers), 403, why);
  // One who may nothing at all is told no more.
  refused(await api.as(users.user2).get(configMaps, {'impersonate-user': 'user-1'}), 403, 'cannot impersonate resource "users"');
  refused(await api.as('').get(configMaps, {'impersonate-user': 'user-1'}), 403, 'User "system:anonymous" cannot impersonate');
});

test('210 claims without a user are a bad request', async () => {
  for (const [name, value, printed] of [
    ['impersonate-group', 'g', '[{Group  g    }]'],
    ['impersonate-uid', 'u', '[{UID  u  authentication.k8s.io/v1  }]'],
    ['impersonate-extra-k', 'v', '[{UserExtra  v  authentication.k8s.io/v1  k}]'],
  ] as const)
    refused(await api.get(configMaps, {[name]: value}), 400, `requested ${printed} without impersonating a user`);
});

test('service accounts, and strangers, have the groups they always have', async () => {
  assert.deepEqual(await whoIs(tenant, {'impersonate-user': 'system:serviceaccount:t:robot'}), {
    username: 'system:serviceaccount:t:robot',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:t', 'system:authenticated'],
    extra: scope,
  });
  refused(await tenant.get(configMaps, {'impersonate-user': 'system:anonymous'}), 403, 'User "system:anonymous" cannot list');
});

test('K1 a tenant claims nothing that is above them, in their own workspace or elsewhere', async () => {
  const above = [
    'system:masters',
    'system:kcp:admin',
    'system:kcp:logical-cluster-admin',
    'system:kcp:external-logical-cluster-admin',
    'system:kcp:tenancy:workspace-bootstrapper',
    'system:kcp:initializer:root:x',
    'system:cluster:root',
    'system:nodes',
    'apis.kcp.io:binding:system:kcp:admin',
  ];
  const paths = [configMaps, `${configMaps}?watch=1`, '/api', '/openapi/v3', '/metrics', '/readyz'];
  const why = 'Forbidden: forbidden: impersonation is not allowed for the requestor';
  for (const path of paths) {
    for (const group of above) refused(await tenant.get(path, {'impersonate-user': 'user-3', 'impersonate-group': group}), 403, why);
    for (const name of ['system:apiserver', 'system:kcp:serviceaccount:root:default:default', 'system:admin'])
      refused(await tenant.get(path, {'impersonate-user': name}), 403, why);
    for (const key of [
      'authorization.kcp.io%2Fwarrant',
      'authentication.kcp.io%2Fscopes',
      'authentication.kcp.io%2Fcluster-name',
      'x.KCP.io',
      'kcp%2Eio%2Fx',
    ])
      refused(
        await tenant.get(path, {'impersonate-user': 'x', [`impersonate-extra-${key}`]: '{"user":"x","groups":["system:masters"]}'}),
        403,
        why,
      );
  }
  // What they already are they may say.
  succeeded(await tenant.get(configMaps, {'impersonate-user': 'user-3', 'impersonate-group': 'system:authenticated'}));
});

test('K1 who acts as another does so in this workspace alone', async () => {
  const other = await newPlace(plane);
  succeeded(await other.post(rbac.clusterRoleBindings, bindingObject('all', 'ClusterRole cluster-admin', 'User user-2')), 201);
  // user-3 administers one workspace and not the other, where user-2 does.
  refused(await other.as(users.user3).get(configMaps, {'impersonate-user': 'user-2'}), 403, 'cannot impersonate');
  succeeded(await other.as(users.user2).get(configMaps));
});

test('kcp-warrants K1 an administrator of kcp states facts of kcp’s own, but none that reach above them', async () => {
  const scoped = {
    'impersonate-user': 'u',
    'impersonate-group': 'system:kcp:admin',
    'impersonate-extra-authentication.kcp.io%2Fscopes': 'cluster:other',
  };
  refused(await api.get(configMaps, scoped), 403, 'User "u" cannot list');
  succeeded(await api.get(configMaps, {...scoped, 'impersonate-extra-authentication.kcp.io%2Fscopes': `cluster:${id}`}));
  const warrant = (of: object): Headers => ({
    'impersonate-user': 'u',
    'impersonate-extra-authorization.kcp.io%2Fwarrant': JSON.stringify(of),
  });
  succeeded(await api.get(configMaps, warrant({user: 'x', groups: ['system:kcp:admin']})));
  const masters = {user: 'x', groups: ['system:masters']};
  const nested = {user: 'y', extra: {'authorization.kcp.io/warrant': [JSON.stringify(masters)]}};
  for (const one of [masters, nested])
    refused(await api.get(configMaps, warrant(one)), 403, 'impersonation is not allowed for the requestor');
  refused(await api.get(configMaps, {'impersonate-user': 'u', 'impersonate-group': 'system:masters'}), 403, 'impersonation is not allowed');
  const master = api.as(users.shardAdmin);
  assert.deepEqual(await whoIs(master, {'impersonate-user': 'u', 'impersonate-group': 'system:masters'}), {
    username: 'u',
    groups: ['system:masters', 'system:authenticated'],
  });
});

test('what is impersonated is what makes, owns and is refused', async () => {
  const headers = {'impersonate-user': 'user-3'};
  succeeded(await api.post(rbac.clusterRoles, roleObject('by', ['get core/x']), headers), 201);
  refused(
    await api.post(rbac.clusterRoles, roleObject('by-2', ['get core/x']), {'impersonate-user': 'user-2'}),
    403,
    'User "user-2" cannot create',
  );
  const many = Object.fromEntries(Array.from({length: 201}, (_, i) => [`impersonate-extra-k${i}`, 'v']));
  refused(await tenant.get(configMaps, {'impersonate-user': 'x', ...many}), 400, 'too many things');
});
