import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../api/errors.ts';
import type {AccountTokens} from './account-tokens.ts';
import type {TokenSources} from './authenticate.ts';
import {authenticate, identify} from './authenticate.ts';

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
