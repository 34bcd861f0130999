import assert from 'node:assert/strict';
import {test} from 'node:test';
import {root} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import {authenticate} from './authenticate.ts';
import {authorize, decide} from './authorize.ts';
import type {User} from './user.ts';

const tokens = (token: string): User | undefined => (token === 's3cret' ? {name: 'alice', groups: ['team-1']} : undefined);
const admin: User = {name: 'kcp-admin', groups: ['system:kcp:admin', 'system:authenticated']};

test('tokens, certificates and strangers', () => {
  assert.deepEqual(authenticate({authorization: 'Bearer s3cret', peer: undefined}, tokens), {
    name: 'alice',
    groups: ['team-1', 'system:authenticated'],
  });
  assert.deepEqual(authenticate({authorization: undefined, peer: {commonName: 'bob', organizations: ['o']}}, tokens).groups, [
    'o',
    'system:authenticated',
  ]);
  assert.equal(authenticate({authorization: undefined, peer: undefined}, tokens).name, 'system:anonymous');
  for (const authorization of ['Bearer', 'Bearer ', 'Basic s3cret', 's3cret', '']) {
    assert.equal(authenticate({authorization, peer: undefined}, tokens).name, 'system:anonymous', authorization);
  }
  for (const authorization of ['Bearer wrong', 'bearer s3cre']) {
    assert.throws(
      () => authenticate({authorization, peer: undefined}, tokens),
      (err: unknown) => err instanceof ApiError && err.code === 401,
      authorization,
    );
  }
});

test('administrators may, others are told Forbidden and no more', () => {
  const resource = {group: '', plural: 'configmaps', subresource: undefined, namespace: 'default', name: undefined};
  assert.ok(authorize(admin, {verb: 'list', workspace: root, resource}));
  assert.throws(
    () => authorize({name: 'alice', groups: []}, {verb: 'list', workspace: root, resource}),
    /^Error: configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" in the namespace "default": access denied$/,
  );
  assert.throws(
    () => authorize({name: 'alice', groups: []}, {verb: 'get', workspace: root, path: '/apis'}),
    /^Error: forbidden: User "alice" cannot get path "\/apis"/,
  );
});

test('health and version are open, their look-alikes are not', () => {
  const stranger: User = {name: 'system:anonymous', groups: []};
  for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping', '/version'])
    assert.ok(decide(stranger, {verb: 'get', workspace: root, path}).allowed, path);
  for (const path of ['/', '/readyz/a/b', '/versions', '/version/x', '/metrics', '/api'])
    assert.ok(!decide(stranger, {verb: 'get', workspace: root, path}).allowed, path);
});
