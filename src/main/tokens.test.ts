import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {writeWhole} from './files.ts';
import {type AdminTokens, adminTokens, readTokenFile, tokenLookup} from './tokens.ts';

const directory = mkdtempSync(join(tmpdir(), 'tokens-'));
after(() => rmSync(directory, {recursive: true}));
/** One start of the server: `oldShardAdmin` is what its kubeconfig holds. */
function start(oldShardAdmin: string | undefined, name = 'store'): AdminTokens {
  const storePath = name && join(directory, name);
  const tokens = adminTokens({storePath, kubeconfigPath: 'admin.kubeconfig', oldShardAdmin, withUser: name === 'store'});
  if (tokens.newStore !== undefined) writeWhole(storePath, tokens.newStore);
  return tokens;
}

test('js-compare each token logs in its own user, and nothing else does', () => {
  const tokens = start(undefined);
  const lookup = tokenLookup(tokens.users);
  assert.deepEqual([lookup(tokens.kcpAdmin)?.name, lookup(tokens.kcpAdmin)?.groups], ['kcp-admin', ['system:kcp:admin']]);
  assert.deepEqual([lookup(tokens.shardAdmin)?.name, lookup(tokens.shardAdmin)?.groups], ['shard-admin', ['system:masters']]);
  assert.deepEqual([lookup(tokens.user ?? '')?.name, lookup(tokens.user ?? '')?.groups], ['user', []]);
  for (const wrong of ['', 'undefined', '__proto__', tokens.kcpAdmin.toUpperCase(), `${tokens.kcpAdmin} `])
    assert.equal(lookup(wrong), undefined, wrong);
});

test('shard-admin stays over restarts, kcp-admin does not; the store holds no token', () => {
  const first = start(undefined, 'restart');
  const second = start(first.shardAdmin, 'restart');
  assert.equal(second.shardAdmin, first.shardAdmin);
  assert.notEqual(second.kcpAdmin, first.kcpAdmin);
  assert.ok(!readFileSync(join(directory, 'restart'), 'utf8').includes(first.shardAdmin));
  assert.equal(statSync(join(directory, 'restart')).mode & 0o777, 0o600);
});

test('a store that does not fit the kubeconfig says what to remove', () => {
  start(undefined, 'other');
  for (const old of [undefined, 'another-token'])
    assert.throws(() => start(old, 'other'), /admin\.kubeconfig: remove .*\/other and start again/);
});

test('without a store, nothing is kept', () => {
  assert.notEqual(start(undefined, '').shardAdmin, start(undefined, '').shardAdmin);
});

test('token files', () => {
  const lookup = tokenLookup(
    readTokenFile(
      'user-1-token,user-1,1111,"team-1"\n\n# a comment\r\nadmin-token,admin,5555,"system:masters, b"\nlast,a "" b,"u,""2"""\nplain,p,3,g\n',
    ),
  );
  assert.deepEqual(lookup('user-1-token'), {name: 'user-1', uid: '1111', groups: ['team-1']});
  assert.deepEqual(lookup('admin-token')?.groups, ['system:masters', 'b']);
  assert.deepEqual(lookup('last'), {name: 'a  b', uid: 'u,"2"', groups: []});
  assert.deepEqual(lookup('plain')?.groups, ['g']);
  assert.equal(lookup('# a comment'), undefined);
  for (const bad of ['only-a-token', 'token,user', ',user,uid', 'token,,uid'])
    assert.throws(() => readTokenFile(`a,b,c\n${bad}`), /line 2 of the token file/, bad);
});

test('the first list wins where two know a token', () => {
  const lookup = tokenLookup(readTokenFile('t,first,1'), readTokenFile('t,second,2\nu,third,3'));
  assert.deepEqual([lookup('t')?.name, lookup('u')?.name], ['first', 'third']);
});
