import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {key, plain, put} from '../recorder.suite.ts';
import {nothingSealed} from '../sealing/sealer.ts';
import {Compacted, type Entry, type Op, type Revision, revisionOf} from '../storage.ts';
import {pack} from './batch.ts';
import {connect, prepare, prepareTables} from './database.ts';
import {Hot} from './hot.ts';
import {openReader} from './reader.ts';
import {Reads, type State} from './reads.ts';
import {Seals} from './seals.ts';
import {turns} from './turns.ts';
import {openWriter} from './writer.ts';

const top = mkdtempSync(join(tmpdir(), 'kcp-ts-reads-'));
after(() => rmSync(top, {recursive: true}));
const small = {cacheBytes: 1_000_000, mapBytes: 0};

/** Reads of a file that can be ahead of the acknowledged head: only `state` moves that. */
function given(hotBytesMax: number): {
  readonly write: (...ops: Op[]) => Revision;
  readonly sweep: (compacted: number) => void;
  readonly state: State;
  readonly reads: Reads;
  readonly rows: () => unknown;
} {
  const path = join(mkdtempSync(join(top, 'file-')), 'store.db');
  const db = connect(path, small);
  prepareTables(db);
  db.exec('PRAGMA synchronous = OFF');
  const writer = openWriter(db, new Seals(db, nothingSealed));
  const state: State = {head: revisionOf(0), compacted: revisionOf(0)};
  const reader = openReader(connect(path, small), (_, bytes) => bytes);
  const reads = new Reads(state, {reader, hot: new Hot(hotBytesMax), turn: turns()});
  const write = (...ops: Op[]): Revision => {
    const {outcomes, head} = writer.write([pack([ops], () => true)]);
    assert.equal(outcomes[0], -1);
    return revisionOf(head);
  };
  const sweep = (compacted: number): void => {
    while (writer.sweep(compacted));
  };
  const count = (table: string): unknown => prepare<[number]>(db, `SELECT count(*) FROM ${table}`).get()![0];
  const rows = (): unknown => ({log: count('log'), keys: count('keys'), terms: count('terms')});
  return {write, sweep, state, reads, rows};
}

const names = (entries: readonly Entry[]): readonly string[] => entries.map(e => `${e.key}=${Buffer.from(e.value)}`);

for (const hotBytesMax of [0, 1_000_000]) {
  test(`ST15 reads see nothing that is in the file but not acknowledged (${hotBytesMax} bytes at hand)`, async () => {
    const {write, state, reads} = given(hotBytesMax);
    const a = write(put('/a/1', 'one', 'absent', ['t']));
    const b = write(put('/a/2', 'two', 'absent', ['t', 'u']));
    const c = write(put('/a/3', 'three', 'absent', ['u']));
    state.head = c;
    const look = async (): Promise<unknown> => ({
      get: [plain(await reads.get(key('/a/1'))), plain(await reads.get(key('/a/2'))), plain(await reads.get(key('/a/4')))],
      hot: plain(reads.hot(key('/a/2'))),
      list: names((await reads.list('/a/', {limit: 10})).entries),
      more: (await reads.list('/a/', {limit: 3})).more,
      count: await reads.count('/a/', 10),
      t: names((await reads.byTerm('t', {limit: 10})).entries),
      u: names((await reads.byTerm('u', {limit: 10})).entries),
      rest: names((await reads.byTerm('u', {limit: 10, after: key('/a/2')})).entries),
    });
    const due = {
      get: [{key: '/a/1', revision: a, value: 'one'}, {key: '/a/2', revision: b, value: 'two'}, undefined],
      hot: {key: '/a/2', revision: b, value: 'two'},
      list: ['/a/1=one', '/a/2=two', '/a/3=three'],
      more: false,
      count: 3,
      t: ['/a/1=one', '/a/2=two'],
      u: ['/a/2=two', '/a/3=three'],
      rest: ['/a/3=three'],
    };
    assert.deepEqual(await look(), due);
    const update = write(put('/a/1', 'ONE', a, ['u']));
    write({delete: key('/a/2'), expect: b});
    write(put('/a/2', 'TWO', 'absent', ['v']), put('/a/4', 'four', 'absent', ['t', 'u']));
    write({delete: key('/a/1'), expect: update});
    assert.deepEqual(await look(), due);
  });
}

test('ST8 a long list gives way to others, and walks long histories back', async () => {
  const {write, state, reads} = given(0);
  let last: Revision = write(put('/a/0', '0'));
  for (let i = 1; i < 2_000; i++) write(put(`/a/${i}`, `${i}`));
  const at = revisionOf(2_000);
  for (let i = 0; i < 3_000; i++) last = write(put('/a/0', 'new', last));
  state.head = last;
  let turnsOfOthers = 0;
  let listing = true;
  const others = (): void => {
    turnsOfOthers++;
    if (listing) setImmediate(others);
  };
  setImmediate(others);
  const listed = await reads.list('/a/', {limit: 10_000, at});
  listing = false;
  assert.deepEqual([listed.entries.length, listed.entries[0]!.revision, listed.more], [2_000, 1, false]);
  assert.ok(turnsOfOthers >= 8, `others had ${turnsOfOthers} turns`);
});

test('ST10 what is found by a term is of one moment, however long it takes', async () => {
  const {write, state, reads} = given(0);
  // The index is asked for all of them at once, but reading their values takes several slices.
  const count = 450;
  const old = 'old'.padEnd(8_000);
  for (let i = 1; i <= count; i++) write(put(`/a/${1_000 + i}`, old, 'absent', ['t']));
  state.head = revisionOf(count);
  const finding = reads.byTerm('t', {limit: 10_000});
  write(put('/a/1440', 'new', revisionOf(440), ['u']));
  write({delete: key('/a/1441'), expect: revisionOf(441)});
  write(put('/a/1442', 'new', revisionOf(442), ['t']));
  state.head = write(put('/b/1', 'new', 'absent', ['t']));
  const found = await finding;
  assert.deepEqual([found.entries.length, found.at, found.more], [count, count, false]);
  for (const entry of found.entries) assert.equal(Buffer.from(entry.value).toString(), old, entry.key);
});

test('ST17 a list that is overtaken by a compaction says so', async () => {
  const {write, sweep, state, reads} = given(0);
  for (let i = 0; i < 1_000; i++) write(put(`/a/${i}`, `${i}`));
  state.head = revisionOf(1_000);
  const listing = reads.list('/a/', {limit: 10_000});
  const head = write(put('/a/999', 'new', revisionOf(1_000)));
  state.head = head;
  state.compacted = head;
  sweep(head);
  await assert.rejects(listing, (err: unknown) => err instanceof Compacted && err.oldest === head);
});

test('ST17 compaction leaves one row a living key, and nothing of the dead', async () => {
  const {write, sweep, state, reads, rows} = given(0);
  let last = write(put('/a/1', '0', 'absent', ['t']));
  for (let i = 0; i < 1_000; i++) last = write(put('/a/1', `${i}`, last, ['t']));
  const dead = write(put('/a/2', 'x', 'absent', ['t']));
  const head = write({delete: key('/a/2'), expect: dead});
  state.head = head;
  state.compacted = head;
  sweep(head);
  assert.deepEqual(rows(), {log: 1, keys: 1, terms: 1});
  assert.deepEqual(names((await reads.list('/', {limit: 10})).entries), ['/a/1=999']);
});
