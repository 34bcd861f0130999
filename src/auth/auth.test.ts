import assert from 'node:assert/strict';
import {test} from 'node:test';
import {root} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {AccountTokens} from './account-tokens.ts';
import type {TokenSources} from './authenticate.ts';
import {authenticate, identify} from './authenticate.ts';
import {authorize, decide} from './authorize.ts';
import type {User} from './user.ts';

const nobody: AccountTokens = {
  issuer: 'us',
  audiences: ['us'],
  secondsMax: 0,
  identify: async () => undefined,
  request: () => assert.fail(),
  forSecret: () => assert.fail(),
  publicKeys: async () => [],
};
const sources: TokenSources = {
  tokens: token => (token === 's3cret' ? {name: 'alice', groups: ['team-1']} : undefined),
  accounts: nobody,
};
const admin: User = {name: 'kcp-admin', groups: ['system:kcp:admin', 'system:authenticated']};

test('tokens, certificates and strangers', async () => {
  assert.deepEqual(await authenticate({authorization: 'Bearer s3cret', peer: undefined}, sources), {
    name: 'alice',
    groups: ['team-1', 'system:authenticated'],
  });
  const bob = await authenticate({authorization: undefined, peer: {commonName: 'bob', organizations: ['o']}}, sources);
  assert.deepEqual(bob.groups, ['o', 'system:authenticated']);
  for (const authorization of [undefined, 'Bearer', 'Bearer ', 'Basic s3cret', 's3cret', '']) {
    assert.equal((await authenticate({authorization, peer: undefined}, sources)).name, 'system:anonymous', String(authorization));
  }
  for (const authorization of ['Bearer wrong', 'bearer s3cre']) {
    await assert.rejects(
      authenticate({authorization, peer: undefined}, sources),
      (err: unknown) => err instanceof ApiError && err.code === 401,
      authorization,
    );
  }
});

test('a token that is known is for this server alone', async () => {
  assert.deepEqual(await identify('s3cret', sources, ['others', 'us']), {
    user: {name: 'alice', groups: ['team-1', 'system:authenticated']},
    audiences: ['us'],
  });
  assert.deepEqual(await identify('s3cret', sources, ['others']), {why: 'invalid bearer token'});
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
