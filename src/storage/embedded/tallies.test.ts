import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import {openEmbedded} from '../embedded.ts';
import type {Key, Op} from '../storage.ts';
import {Unavailable, Unexpected} from '../storage.ts';
import {Tallies} from './tallies.ts';

function setUp() {
  const db = new DatabaseSync(':memory:', {returnArrays: true});
  db.exec('CREATE TABLE terms (term TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (term, key)) STRICT, WITHOUT ROWID');
  const add = (term: string, key: string): void => void db.prepare('INSERT INTO terms VALUES (?, ?)').run(term, key);
  for (const key of ['/a/1', '/a/2', '/b/1', '/b/x/1', '/b-1']) add('red', key);
  add('blue', '/a/1');
  return {tallies: new Tallies(db), add};
}

test('a term is counted once, and then what moves is added up', () => {
  const {tallies, add} = setUp();
  assert.deepEqual([tallies.count('red', '[]'), tallies.count('blue', '[]'), tallies.count('green', '[]')], [5, 1, 0]);
  // Nobody told, so nobody counted.
  add('red', '/c');
  assert.equal(tallies.count('red', '[]'), 5);
  tallies.moved('red', '/d', 1);
  tallies.moved('green', '/d', 1);
  tallies.moved('unknown', '/d', 1);
  tallies.moved('red', '/a/1', -1);
  tallies.moved('red', '/a/2', -1);
  assert.deepEqual([tallies.count('red', '[]'), tallies.count('green', '[]'), tallies.count('unknown', '[]')], [4, 1, 0]);
  tallies.forget();
  assert.deepEqual([tallies.count('red', '[]'), tallies.count('green', '[]')], [6, 0]);
});

test('what lies in ranges that are left out counts neither at first nor later', () => {
  const {tallies} = setUp();
  const besides = '["/b/"]';
  assert.equal(tallies.count('red', besides), 3);
  tallies.moved('red', '/b/2', 1);
  tallies.moved('red', '/b/1', -1);
  tallies.moved('red', '/b-2', 1);
  assert.equal(tallies.count('red', besides), 4);
  // Other ranges, another count.
  assert.deepEqual([tallies.count('red', '["/a/","/b/x/1"]'), tallies.count('red', '[]')], [2, 5]);
});

test('what could not be written was not counted either', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'kcp-ts-tallies-'));
  const store = await openEmbedded({directory, fileBytesMax: 400_000});
  t.after(async () => {
    await store.close();
    rmSync(directory, {recursive: true});
  });
  const put = (name: string, size: number): Op => ({
    put: `/a/${name}` as Key,
    value: new Uint8Array(size),
    expect: 'absent',
    terms: ['red'],
  });
  const held = (below: number): Op => ({count: 'red', besides: [], below});
  for (const name of ['1', '2', '3']) await store.commit([put(name, 10), held(10)]);
  // The first of them could have been written, but shares a transaction with one that is too large.
  const both = [store.commit([put('4', 10), held(10)]), store.commit([put('5', 1_000_000), held(10)])];
  for (const outcome of await Promise.allSettled(both)) assert.ok(outcome.status === 'rejected' && outcome.reason instanceof Unavailable);
  await assert.rejects(store.commit([held(3)]), (err: unknown) => err instanceof Unexpected && err.actual === 3);
  await store.commit([held(4)]);
});
