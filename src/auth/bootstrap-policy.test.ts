import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Asked} from './attributes.ts';
import {bootstrapPolicy} from './bootstrap-policy.ts';
import {bootstrapRoles} from './bootstrap-roles.ts';
import {covered} from './rbac/covering.ts';
import {compilePolicy, judge} from './rbac/policy.ts';
import {groups} from './user.ts';

const on = (verb: string, group: string, plural: string, namespace?: string): Asked => {
  const [name = '', subresource] = plural.split('/');
  return {verb, resource: {group, plural: name, subresource, namespace, name: undefined}};
};
const as = (...of: string[]) => [{name: 'somebody', groups: of}];
const may = (of: string[], asked: Asked): boolean => judge(bootstrapPolicy, as(...of), asked).allowed;

test('everybody may look around and ask about themselves, and no more', () => {
  const everybody = [groups.authenticated];
  for (const path of ['/api', '/apis/apps/v1', '/openapi/v3', '/version']) assert.ok(may(everybody, {verb: 'get', path}), path);
  assert.ok(may(everybody, on('create', 'authorization.k8s.io', 'selfsubjectaccessreviews')));
  assert.ok(!may(everybody, on('create', 'authorization.k8s.io', 'subjectaccessreviews')));
  assert.ok(!may(everybody, on('list', '', 'configmaps', 'default')));
  for (const path of ['/metrics', '/', '/.well-known/openid-configuration']) assert.ok(!may(everybody, {verb: 'get', path}), path);
  assert.ok(!may(everybody, {verb: 'access', path: '/'}));
  assert.ok(!may([groups.unauthenticated], {verb: 'get', path: '/api'}));
  assert.ok(may([groups.unauthenticated], {verb: 'get', path: '/healthz'}));
});

test('administrators hold everything, and say by what', () => {
  const {allowed, reason} = judge(bootstrapPolicy, as(groups.kcpAdmin), on('escalate', 'x.io', 'y/z'));
  assert.deepEqual(
    {allowed, reason},
    {
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:kcp:admin:cluster-admin" of ClusterRole "cluster-admin" to Group "system:kcp:admin"',
    },
  );
  assert.ok(may([groups.masters], {verb: 'get', path: '/metrics'}));
});

test('admin covers edit covers view; secrets are not for viewers', () => {
  const rules = (name: string) => bootstrapRoles.find(role => role.name === name)?.rules ?? assert.fail(name);
  for (const [more, less] of [
    ['admin', 'edit'],
    ['edit', 'view'],
    ['cluster-admin', 'admin'],
  ] as const) {
    assert.equal(covered(rules(more), rules(less)), 'all');
    assert.notEqual(covered(rules(less), rules(more)), 'all');
  }
  const given = (role: string) =>
    compilePolicy(
      [],
      [{name: 'b', namespace: 'n', subjects: [{kind: 'User', name: 'u'}], roleRef: {kind: 'ClusterRole', name: role}}],
      bootstrapPolicy,
    );
  const holds = (role: string, asked: Asked): boolean => judge(given(role), [{name: 'u', groups: []}], asked).allowed;
  assert.deepEqual([holds('view', on('get', '', 'secrets', 'n')), holds('edit', on('get', '', 'secrets', 'n'))], [false, true]);
  const roles = on('create', 'rbac.authorization.k8s.io', 'roles', 'n');
  assert.deepEqual([holds('edit', roles), holds('admin', roles)], [false, true]);
  assert.ok(!holds('admin', on('get', '', 'configmaps', 'other')));
});
