import assert from 'node:assert/strict';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {after, afterEach, test} from 'node:test';
import {type Embedded, type EmbeddedOptions, openEmbedded} from '../embedded.ts';
import {commit, key, put, Recorder, text} from '../recorder.suite.ts';
import {testPlan} from '../sealing/plan.suite.ts';
import {nothingSealed, type SealingPlan} from '../sealing/sealer.ts';
import {Compacted, type Revision, revisionOf, type Storage, Unreadable} from '../storage.ts';
import {MissingKeys} from './seals.ts';

const top = mkdtempSync(join(tmpdir(), 'kcp-ts-seals-'));
after(() => rmSync(top, {recursive: true}));

const canary = 'correct horse battery staple';
const atHand = {hotBytesMax: 0, recentBytesMax: 0, mapBytesMax: 0} as const;

const newDirectory = (): string => mkdtempSync(join(top, 'store-'));
const opened: Embedded[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function open(directory: string, sealing: SealingPlan, more: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const store = await openEmbedded({directory, sealing, ...atHand, ...more});
  opened.push(store);
  return store;
}

/** Files of the directory in which a text is to be found. */
const filesWith = (directory: string, words: string): readonly string[] =>
  readdirSync(directory).filter(name => readFileSync(join(directory, name)).includes(words));

/** Changes the file while nobody has it open. */
function tamper(directory: string, sql: string): void {
  const db = new DatabaseSync(join(directory, 'store.db'));
  db.exec(sql);
  db.close();
}

const values = async (store: Storage): Promise<readonly string[]> => (await store.list('/', {limit: 1000})).entries.map(e => text(e.value));

async function secretWithHistory(store: Storage): Promise<Revision> {
  const a = await commit(store, put('/secret/a', `${canary} 1`));
  await commit(store, put('/secret/a', `${canary} 2`, a));
  const gone = await commit(store, put('/secret/gone', `${canary} 3`));
  return commit(store, {delete: key('/secret/gone'), expect: gone});
}

test('ST25 no file has the plain bytes of what is sealed, whatever happens to it', async () => {
  const directory = newDirectory();
  const store = await open(directory, testPlan('/secret/', 'one'));
  await secretWithHistory(store);
  await commit(store, put('/plain/a', 'in plain sight'));
  assert.deepEqual(filesWith(directory, canary), []);
  assert.notDeepEqual(filesWith(directory, 'in plain sight'), [], 'what is plain is found: the test can see');
  await store.compact(store.revision());
  await store.close();
  assert.deepEqual(filesWith(directory, canary), []);
});

test('ST27 who comes back to a former plan finds what was written by another one meanwhile', async () => {
  const directory = newDirectory();
  const plan = testPlan('/secret/', 'one');
  const first = await open(directory, plan);
  await commit(first, put('/secret/a', canary));
  await first.reseal(plan);
  await first.close();
  const other = await open(directory, {rules: [], keys: plan.keys});
  await commit(other, put('/secret/b', `${canary} in plain`));
  await other.close();
  assert.notDeepEqual(filesWith(directory, canary), []);
  const store = await open(directory, plan);
  assert.equal((await store.reseal(plan)).changed, 1);
  await store.close();
  assert.deepEqual(filesWith(directory, canary), []);
});

test('ST25 history that was sealed is told by watches, deletes with their last value', async () => {
  const directory = newDirectory();
  const plan = testPlan('/secret/', 'one');
  const first = await open(directory, plan);
  await secretWithHistory(first);
  await first.close();
  const store = await open(directory, plan);
  const watch = new Recorder(store, '/', revisionOf(0));
  const told = (await watch.until(4)).map(e => [e.type, text(e.value)]);
  assert.deepEqual(told, [
    ['create', `${canary} 1`],
    ['update', `${canary} 2`],
    ['create', `${canary} 3`],
    ['delete', `${canary} 3`],
  ]);
  await store.close();
});

test('ST25 ST27 what was plain is read, sealed by a walk over everything, and no trace of it is left in the files', async () => {
  const directory = newDirectory();
  const before = await open(directory, nothingSealed);
  await secretWithHistory(before);
  for (let i = 0; i < 900; i++) await commit(before, put(`/secret/many/${i}`, `${canary} ${'x'.repeat(i * 7)}`));
  await before.close();
  assert.notDeepEqual(filesWith(directory, canary), []);

  const plan = testPlan('/secret/', 'one');
  const store = await open(directory, plan);
  const was = await values(store);
  const {revision} = (await store.get(key('/secret/a')))!;
  const watch = new Recorder(store, '/', store.revision());
  assert.deepEqual(await store.reseal(plan), {changed: 903, unreadable: 0, traces: false});
  assert.deepEqual(await values(store), was);
  assert.equal((await store.get(key('/secret/a')))!.revision, revision);
  assert.deepEqual(filesWith(directory, canary), []);
  assert.equal(watch.events.length, 0, 'nobody is told of it');
  assert.deepEqual(await store.reseal(plan), {changed: 0, unreadable: 0, traces: false});
  await store.close();
  const again = await open(directory, plan);
  assert.deepEqual(await again.reseal(plan), {changed: 0, unreadable: 0, traces: false});
  assert.deepEqual(await values(again), was);
  await again.close();
});

test('ST27 ST28 a key is rotated: a new one first, then everything is sealed with it, then the old one may go and not before', async () => {
  const directory = newDirectory();
  const store = await open(directory, testPlan('/secret/', 'old'));
  await secretWithHistory(store);
  await assert.rejects(store.reseal(testPlan('/secret/', 'new')), /sealed with a key that is not there: "old" \(id [0-9a-f]{16}\)/);
  await commit(store, put('/secret/b', 'after the refusal'));
  assert.deepEqual(await store.reseal(testPlan('/secret/', 'new', 'old')), {changed: 4, unreadable: 0, traces: false});
  assert.deepEqual(await store.reseal(testPlan('/secret/', 'new')), {changed: 0, unreadable: 0, traces: false});
  const was = await values(store);
  await store.close();
  await assert.rejects(open(directory, testPlan('/secret/', 'old')), /"new"/);
  const again = await open(directory, testPlan('/secret/', 'new'));
  assert.deepEqual(await values(again), was);
  await again.close();
});

test('ST27 writes go on while values are sealed anew, and all are readable at every moment', async () => {
  const directory = newDirectory();
  const store = await open(directory, testPlan('/', 'old'));
  for (let i = 0; i < 1500; i += 100)
    await Promise.all(Array.from({length: 100}, (_, j) => store.commit([put(`/a/${i + j}`, `v${i + j}`)])));
  let done = false;
  const resealed = store.reseal(testPlan('/', 'new', 'old')).finally(() => {
    done = true;
  });
  // One that is refused does not end it.
  await assert.rejects(store.reseal(testPlan('/', 'third')), MissingKeys);
  let written = 0;
  while (!done) {
    await commit(store, put(`/b/${written++}`, 'new'));
    const entry = await store.get(key(`/a/${(written * 37) % 1500}`));
    assert.equal(text(entry!.value), `v${(written * 37) % 1500}`);
  }
  assert.equal((await resealed).changed, 1500);
  assert.ok(written > 1, `${written} writes meanwhile`);
  assert.equal((await store.list('/', {limit: 10_000})).entries.length, 1500 + written);
  await store.close();
});

test('ST27 sealing can be given up: everything is plain again, and no key is needed', async () => {
  const directory = newDirectory();
  const store = await open(directory, testPlan('/secret/', 'one'));
  await secretWithHistory(store);
  const {changed} = await store.reseal({rules: [{range: '/secret/', with: undefined}], keys: testPlan('/', 'one').keys});
  assert.equal(changed, 3);
  await store.close();
  const plain = await open(directory, nothingSealed);
  assert.deepEqual(await values(plain), [`${canary} 2`]);
  await plain.close();
});

test('ST28 a store does not open without the key it needs, says which, and is as it was', async () => {
  const directory = newDirectory();
  const store = await open(directory, testPlan('/secret/', 'one'));
  await secretWithHistory(store);
  await store.close();
  for (const plan of [nothingSealed, testPlan('/secret/', 'two')])
    await assert.rejects(
      open(directory, plan),
      /sealed with a key that is not there: "one" \(id [0-9a-f]{16}\); one of the same name is not enough/,
    );
  const again = await open(directory, testPlan('/secret/', 'one'));
  assert.deepEqual(await values(again), [`${canary} 2`]);
  await again.close();
});

test('ST26 a value that was put under another key is told by nobody: reads fail and name it, watches end as if it were forgotten', async () => {
  const directory = newDirectory();
  const plan = testPlan('/secret/', 'one');
  const first = await open(directory, plan);
  const mine = await commit(first, put('/secret/mine', 'my own'));
  const yours = await commit(first, put('/secret/yours', canary));
  await commit(first, put('/secret/zebra', 'stripes'));
  await first.close();
  tamper(directory, `UPDATE log SET value = (SELECT value FROM log WHERE revision = ${yours}) WHERE revision = ${mine}`);

  const told: string[] = [];
  const store = await open(directory, plan, {unreadable: ({key, why}) => told.push(`${key}: ${why}`)});
  const names = (err: unknown): boolean => err instanceof Unreadable && err.key === '/secret/mine';
  await assert.rejects(store.get(key('/secret/mine')), names);
  assert.throws(() => store.hot(key('/secret/mine')), names);
  await assert.rejects(store.list('/secret/', {limit: 10}), names);
  assert.equal(text((await store.get(key('/secret/yours')))!.value), canary);
  const watch = new Recorder(store, '/secret/', revisionOf(0));
  const why = await watch.end();
  assert.ok(why instanceof Compacted && why.oldest === mine, String(why));
  assert.equal((await new Recorder(store, '/secret/', why.oldest).until(2)).length, 2);
  assert.ok(told.length >= 4 && told.every(line => line === '/secret/mine: it was damaged, or written under another key'), told.join('\n'));
  assert.deepEqual(await store.reseal(testPlan('/secret/', 'two', 'one')), {changed: 2, unreadable: 1, traces: false});
  await store.close();
  await assert.rejects(open(directory, testPlan('/secret/', 'two')), /"one"/, 'the key is needed as long as a value has not followed');
});

test('ST25 a file of the former layout is taken over', async () => {
  const directory = newDirectory();
  const before = await open(directory, nothingSealed);
  await secretWithHistory(before);
  await before.close();
  tamper(directory, 'DROP TABLE seals; DROP TABLE notes; PRAGMA user_version = 1');
  const store = await open(directory, testPlan('/secret/', 'one'));
  assert.deepEqual(await values(store), [`${canary} 2`]);
  await store.close();
});
