import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {after, test} from 'node:test';
import {openEmbedded} from '../embedded.ts';
import {commit, key, plain, put, Recorder} from '../recorder.suite.ts';
import {Unavailable} from '../storage.ts';
import {claim} from './claim.ts';

const top = mkdtempSync(join(tmpdir(), 'kcp-ts-claim-'));
after(() => rmSync(top, {recursive: true}));
const fresh = (): string => join(mkdtempSync(join(top, 'x-')), 'deep', 'store');

test('ST21 a directory is claimed once, and the second is told by whom', () => {
  const directory = fresh();
  const {release} = claim(directory, 'pid 12');
  assert.throws(() => claim(directory, 'pid 13'), {message: `the store in ${directory} is in use by pid 12`});
  assert.throws(() => claim(directory, 'pid 14'), /pid 12/, 'being refused leaves the claim alone');
  release();
  claim(directory, 'pid 15').release();
});

test('only the owner may read the files', async () => {
  const directory = fresh();
  const store = await openEmbedded({directory});
  await commit(store, put('/a/1', 'x'));
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const file of ['store.db', 'store.db-wal', 'store.db-shm', 'lock', 'holder'])
    assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
  await store.close();
});

test('a store of another layout is refused, and the directory is free again', async () => {
  const directory = fresh();
  mkdirSync(directory, {recursive: true});
  const db = new DatabaseSync(join(directory, 'store.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  for (let i = 0; i < 2; i++) await assert.rejects(openEmbedded({directory}), /layout 99/);
});

test('ST23 a full disk refuses commits, and reading goes on', async () => {
  const directory = fresh();
  const store = await openEmbedded({directory, fileBytesMax: 400_000});
  const watch = new Recorder(store, '/', store.revision());
  const a = await commit(store, put('/a/1', 'one'));
  const large = {put: key('/a/2'), value: new Uint8Array(1_000_000), expect: 'absent'} as const;
  const together = [store.commit([put('/a/3', 'x')]), store.commit([large])];
  for (const outcome of await Promise.allSettled(together)) assert.equal(outcome.status, 'rejected');
  await assert.rejects(store.commit([large]), Unavailable);
  assert.equal(store.revision(), a);
  assert.deepEqual(plain(await store.get(key('/a/1'))), {key: '/a/1', revision: a, value: 'one'});
  assert.equal(await commit(store, put('/a/4', 'small')), a + 1);
  await store.close();
  const again = await openEmbedded({directory});
  assert.deepEqual(
    (await again.list('/', {limit: 9})).entries.map(e => e.key),
    ['/a/1', '/a/4'],
  );
  assert.deepEqual(
    watch.events.map(e => e.key),
    ['/a/1', '/a/4'],
  );
  await again.close();
});
