import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {writeWhole} from './files.ts';
import {type AdminTokens, adminTokens, digest, readTokenFile, tokenLookup} from './tokens.ts';

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

test('js-compare how long a guess takes does not tell how much of it is right', () => {
  const token = '7b0c6a52-3c1e-4c8e-9d55-0f6f2a1b3c4d';
  const lookup = tokenLookup([[digest(token), {name: 'a', uid: '', groups: []}]]);
  // It is in use: it may be among those that are remembered.
  assert.ok(lookup(token));
  const stopsEarly = (guess: string): boolean => {
    for (let i = 0; i < token.length; i++) if (guess.charCodeAt(i) !== token.charCodeAt(i)) return false;
    return true;
  };
  // Chance and other work on the machine exceed the bound now and then, but not each time.
  const exceeds = (look: (guess: string) => unknown): boolean => [1, 2, 3].every(() => Math.abs(studentsT(token, look)) > 4.5);
  assert.equal(exceeds(stopsEarly), true, 'the measurement would notice');
  assert.equal(exceeds(lookup), false);
});

/** Welch's t of the times that guesses take of which nothing is right, and of which all but the end is. */
function studentsT(token: string, look: (guess: string) => unknown): number {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < 100_000; i++) {
    const right = (Math.imul(i, 2_654_435_761) >>> 16) & 1;
    const tail = (i % 9_973).toString(16).padStart(4, '0');
    // A text of its own each time: what is known of one is not known of the next.
    const guess = Buffer.from(right ? token.slice(0, -4) + tail : `${'g'.repeat(token.length - 4)}${tail}`).toString('latin1');
    const begun = process.hrtime.bigint();
    look(guess);
    (times[right as 0 | 1] as number[]).push(Number(process.hrtime.bigint() - begun));
  }
  const [a, b] = times.map(all => {
    const kept = all.sort((x, y) => x - y).slice(0, Math.floor(all.length * 0.9));
    const mean = kept.reduce((sum, x) => sum + x, 0) / kept.length;
    return {mean, error: kept.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (kept.length - 1) / kept.length};
  }) as [{mean: number; error: number}, {mean: number; error: number}];
  return (a.mean - b.mean) / Math.sqrt(a.error + b.error);
}
