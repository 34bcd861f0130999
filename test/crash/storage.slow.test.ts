import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text as textOf} from 'node:stream/consumers';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {openEmbedded} from '../../src/storage/embedded.ts';
import {testPlan} from '../../src/storage/sealing/plan.suite.ts';
import type {Event, Revision, Storage} from '../../src/storage/storage.ts';

const rounds = 10;
const program = fileURLToPath(new URL('./storage-writer.ts', import.meta.url));

test('ST21 ST22 what was acknowledged survives a kill at any moment, and commits are whole', {timeout: 120_000}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kcp-ts-crash-'));
  try {
    let head = 0;
    let acknowledged = 0;
    for (let round = 0; round < rounds; round++) {
      const acks = await writeAndKill(directory, round);
      acknowledged += acks.size;
      const store = await openEmbedded({directory, sealing: testPlan('/a/', 'one')});
      try {
        assert.ok(store.revision() >= head, 'revisions never go back');
        head = store.revision();
        await check(store, acks);
      } finally {
        await store.close();
      }
    }
    assert.ok(acknowledged > rounds, `only ${acknowledged} commits in ${rounds} rounds: nothing was tried`);
  } finally {
    rmSync(directory, {recursive: true});
  }
});

/** The revisions of each commit that the writer saw acknowledged before it was killed. */
async function writeAndKill(directory: string, round: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const child = spawn(process.execPath, [program, directory, String(round)], {stdio: ['ignore', 'pipe', 'inherit']});
  const output = textOf(child.stdout);
  // From its first acknowledgement on it lives for a while that differs from round to round.
  await new Promise(resolve => child.stdout.once('data', resolve));
  await new Promise(resolve => setTimeout(resolve, Math.random() * 700));
  if (round === 0) await assert.rejects(openEmbedded({directory}), new RegExp(`in use by pid ${child.pid}`), 'ST21');
  child.kill('SIGKILL');
  const lines = (await output).split('\n').slice(0, -1);
  return new Map(lines.map(line => [line.split(' ')[0]!, line.split(' ').slice(1).map(Number)]));
}

async function check(store: Storage, acks: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const compacted = store.compacted();
  const events = await eventsAfter(store, compacted);
  const due = Array.from({length: store.revision() - compacted}, (_, i) => compacted + 1 + i);
  assert.deepEqual(
    events.map(e => e.revision),
    due,
    'the log has every revision once, in order',
  );

  const at = new Map(events.map(e => [e.revision as number, e]));
  for (const [name, revisions] of acks)
    for (const revision of revisions) {
      if (revision <= compacted) continue;
      const event = at.get(revision);
      assert.ok(event, `${name} was acknowledged, and revision ${revision} is lost`);
      if (event.type !== 'delete') assert.equal(content(event).name, name);
    }
  checkWhole(events);
  await checkState(store, events);
}

/** The log is a row of whole commits: a marker, then the ops it tells of. Compaction may have cut into the first one. */
function checkWhole(events: readonly Event[]): void {
  let i = events.findIndex(isMarker);
  assert.ok(events.length === 0 || i >= 0);
  while (i < events.length) {
    assert.ok(isMarker(events[i]!), `revision ${events[i]!.revision} belongs to no commit`);
    const {name, keys} = content(events[i]!);
    const own = events.slice(i + 1, i + 1 + keys.length).map(e => e.key);
    assert.deepEqual(own, keys, `${name} is not whole`);
    i += 1 + keys.length;
  }
}

const isMarker = (event: Event): boolean => event.key.startsWith('/marker/');

/** What the newest keys and terms say agrees with the log. */
async function checkState(store: Storage, events: readonly Event[]): Promise<void> {
  const state = new Map((await store.list('/', {limit: 10_000, at: store.compacted()})).entries.map(e => [e.key, e.revision]));
  for (const e of events) e.type === 'delete' ? state.delete(e.key) : state.set(e.key, e.revision);
  const {entries} = await store.list('/', {limit: 10_000});
  assert.deepEqual(new Map(entries.map(e => [e.key, e.revision])), state);
  const terms = ['t0', 't1', 't2', 't3', 't4', ...Array.from({length: 12}, (_, i) => `w${i}`)];
  for (const term of terms) {
    const found = (await store.byTerm(term, {limit: 10_000})).entries.map(e => e.key);
    const due = entries.filter(e => e.key.startsWith('/a/') && termsOf(content(e).name).includes(term)).map(e => e.key);
    assert.deepEqual(found, due, `term ${term}`);
  }
}

const termsOf = (name: string): readonly string[] => {
  const [, writer, n] = name.split('-');
  return [`t${Number(n) % 5}`, `w${writer}`];
};

const content = ({value}: {readonly value: Uint8Array}): {readonly name: string; readonly keys: readonly string[]} =>
  JSON.parse(Buffer.from(value).toString());

async function eventsAfter(store: Storage, since: Revision): Promise<readonly Event[]> {
  const events: Event[] = [];
  if (store.revision() === since) return events;
  await new Promise<void>((resolve, reject) => {
    store.watch('/', since, {
      events: batch => {
        events.push(...batch);
        if (batch.at(-1)!.revision === store.revision()) resolve();
      },
      ended: reject,
    });
  });
  return events;
}
