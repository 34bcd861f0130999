import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {AccountTokens} from './account-tokens.ts';
import type {TokenSources} from './authenticate.ts';
import {authenticate, identify} from './authenticate.ts';
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

test('tokens of other issuers are asked last, and are for this server', async () => {
  const issued = {
    identify: async (token: string) =>
      token === 'theirs' ? {user: {name: 'ann', groups: []}} : token === 'late' ? {why: 'oidc: late'} : undefined,
  };
  const both = {...sources, issued};
  assert.deepEqual(await identify('theirs', both, ['others', 'us']), {
    user: {name: 'ann', groups: ['system:authenticated']},
    audiences: ['us'],
  });
  assert.deepEqual(await identify('theirs', both, ['others']), {why: 'invalid bearer token'});
  assert.deepEqual(await identify('late', both, ['us']), {why: '[invalid bearer token, oidc: late]'});
  assert.deepEqual(await identify('none', both, ['us']), {why: 'invalid bearer token'});
  assert.equal(((await identify('s3cret', both, ['us'])) as {user: User}).user.name, 'alice');
  const ours = {...both, accounts: {...nobody, identify: async () => ({why: 'gone'})}};
  assert.deepEqual(await identify('theirs', ours, ['us']), {why: '[invalid bearer token, gone]'});
});

test('where nobody may be anonymous one is told so', async () => {
  const asked = async (path: string | undefined, anonymous: TokenSources['anonymous']): Promise<string> =>
    authenticate({authorization: undefined, peer: undefined, ...(path !== undefined && {path})}, {...sources, anonymous}).then(
      user => user.name,
      (err: unknown) => (err instanceof ApiError ? String(err.code) : 'thrown'),
    );
  assert.equal(await asked(undefined, undefined), 'system:anonymous');
  assert.equal(await asked(undefined, {enabled: true, conditions: []}), 'system:anonymous');
  assert.equal(await asked('/livez', {enabled: false, conditions: []}), '401');
  const healthOnly = {enabled: true, conditions: [{path: '/livez'}, {path: '/readyz'}]};
  assert.equal(await asked('/readyz', healthOnly), 'system:anonymous');
  for (const path of ['/', '/livez/', '/livez/ping', '/LIVEZ', '/api', undefined])
    assert.equal(await asked(path, healthOnly), '401', String(path));
  const known = await authenticate({authorization: 'Bearer s3cret', peer: undefined}, {...sources, anonymous: healthOnly});
  assert.equal(known.name, 'alice');
});

test('a workspace may have issuers of its own, which are asked when nobody else knows', async () => {
  const issuedIn = {
    identify: async (token: string, workspace: string) =>
      token !== 'theirs' ? undefined : workspace === 'abc' ? {user: {name: 'ann', groups: []}} : {why: 'oidc: elsewhere'},
  };
  const issued = {identify: async (token: string) => (token === 'theirs' ? {why: 'oidc: late'} : undefined)};
  const inside = {...sources, issuedIn, issued};
  assert.deepEqual(await identify('theirs', inside, ['us'], 'abc' as WorkspaceId), {
    user: {name: 'ann', groups: ['system:authenticated']},
    audiences: ['us'],
  });
  assert.deepEqual(await identify('theirs', inside, ['us'], 'def' as WorkspaceId), {
    why: '[invalid bearer token, oidc: late, oidc: elsewhere]',
  });
  for (const nowhere of [undefined, '*'] as const)
    assert.deepEqual(await identify('theirs', inside, ['us'], nowhere), {why: '[invalid bearer token, oidc: late]'});
  const who = (workspace: WorkspaceId) => authenticate({authorization: 'Bearer theirs', peer: undefined, workspace}, inside);
  assert.equal((await who('abc' as WorkspaceId)).name, 'ann');
  await assert.rejects(who('def' as WorkspaceId), (err: unknown) => err instanceof ApiError && err.code === 401);
});
