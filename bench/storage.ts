/**
 * How fast the stores are: commits by one writer and by many, reads of hot and of cold entries, lists, and opening. Prints a table.
 * `node bench/storage.ts [objects] [memory|embedded]`
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import {openEmbedded} from '../src/storage/embedded.ts';
import {memoryStorage} from '../src/storage/memory.ts';
import type {Key, Op, Revision, Storage} from '../src/storage/storage.ts';

const objects = Number(process.argv[2] ?? 20_000);
const only = process.argv[3];
const valueBytes = 1_500;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const text = Buffer.from(Array.from({length: 100_000}, (_, i) => 32 + ((i * 7919 + (i >> 3) * i) % 90)));
const value = (n: number): Uint8Array => new Uint8Array(text.subarray(n % 90_000, (n % 90_000) + valueBytes));
// Names spread over the range as hashes do, in a thousand workspaces.
const keyOf = (n: number): Key =>
  `/core/configmaps/builtin/ws${(n * 7919) % 1000}/default/${((n * 2654435761) >>> 0).toString(36)}-${n}` as Key;

const percentile = (sorted: Float64Array, p: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0).toFixed(2);

/** Runs `count` pieces of work with so many under way at once; tells rate, times, and processor time of all threads for each. */
async function measure(title: string, count: number, parallel: number, work: (n: number) => Promise<unknown>): Promise<void> {
  const times = new Float64Array(count);
  const delay = monitorEventLoopDelay({resolution: 1});
  delay.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const begin = performance.now();
      await work(n);
      times[n] = performance.now() - begin;
    }
  };
  await Promise.all(Array.from({length: parallel}, worker));
  const seconds = (performance.now() - start) / 1000;
  const {user, system} = process.cpuUsage(cpu);
  delay.disable();
  times.sort();
  const cpuUs = ((user + system) / count).toFixed(0).padStart(6);
  const held = (delay.max / 1e6).toFixed(1).padStart(6);
  const rate = Math.round(count / seconds)
    .toLocaleString('en')
    .padStart(10);
  const ms = [0.5, 0.99, 1].map(p => percentile(times, p).padStart(8)).join(' ');
  say(`${title.padEnd(44)} ${rate}/s  cpu µs ${cpuUs}  ms p50/p99/max ${ms}  loop held ms max ${held}`);
}

async function bench(name: string, open: () => Promise<Storage>, reopens: boolean): Promise<void> {
  say(`\n${name}, ${objects.toLocaleString('en')} objects of ${valueBytes} bytes`);
  let store = await open();
  const revisions: Revision[] = [];
  const create = async (n: number): Promise<void> => {
    const op: Op = {put: keyOf(n), value: value(n), expect: 'absent', terms: [`owner:${n % 5000}`]};
    revisions[n] = (await store.commit([op])).revisions[0]!;
  };
  const update =
    (count: number) =>
    async (n: number): Promise<void> => {
      const i = (n * 48271) % count;
      const op: Op = {put: keyOf(i), value: value(n), expect: revisions[i]!, terms: [`owner:${i % 5000}`]};
      revisions[i] = (await store.commit([op])).revisions[0]!;
    };
  const alone = Math.min(2_000, objects);
  await measure('create, 1 writer', alone, 1, create);
  await measure('create, 64 writers', objects - alone, 64, n => create(n + alone));
  await measure('update at random, 1 writer', alone, 1, update(objects));
  for (const writers of [64, 256])
    await measure(`update at random, ${writers} writers`, Math.min(objects, 60_000), writers, update(objects));
  let told = 0;
  const events = (batch: readonly unknown[]): void => {
    told += batch.length;
  };
  const watches = Array.from({length: 1000}, (_, i) =>
    store.watch(`/core/configmaps/builtin/ws${i}/`, store.revision(), {events, ended: () => {}}),
  );
  await measure('update, 64 writers, 1000 watches', Math.min(objects, 20_000), 64, update(objects));
  for (const watch of watches) watch.close();
  say(`  events told: ${told}`);

  const reads = 50_000;
  await measure('get hot', reads, 1, n => store.get(keyOf(n % 100)));
  await measure('list 500 hot', 200, 1, () => store.list('/core/configmaps/builtin/ws7/', {limit: 500}));
  if (reopens) {
    await store.close();
    const start = performance.now();
    store = await open();
    say(`open ${(performance.now() - start).toFixed(1)} ms`);
    await measure('get cold, at random', Math.min(objects, 20_000), 1, n => store.get(keyOf((n * 48271) % objects)));
  }
  const lists = Math.max(1, Math.round(20_000 / Math.min(objects, 10_000)));
  await measure(`list ${Math.min(objects, 10_000)}`, lists, 1, () => store.list('/core/configmaps/', {limit: 10_000}));
  await measure('list 1 workspace', 1000, 1, n => store.list(`/core/configmaps/builtin/ws${n}/`, {limit: 500}));
  await measure('count all', 3, 1, () => store.count('/', objects));
  await measure('byTerm', 2_000, 1, n => store.byTerm(`owner:${n}`, {limit: 500}));

  const far = new Promise<void>(resolve => {
    let left = 2;
    for (let i = 0; i < 2; i++) {
      const since = Math.max(store.compacted(), store.revision() - 20_000) as Revision;
      const watch = store.watch('/', since, {
        events: batch => {
          if (batch.at(-1)!.revision < store.revision()) return;
          watch.close();
          if (--left === 0) resolve();
        },
        ended: () => resolve(),
      });
    }
  });
  await measure('2 watches resume 20,000 revisions back', 1, 1, () => far);
  await measure('compact', 1, 1, () => store.compact(store.revision()));
  const all = await store.list('/', {limit: 20_000});
  const ops = all.entries.map((e): Op => ({delete: e.key, expect: e.revision})) as unknown as [Op];
  await measure(`delete ${all.entries.length} in one commit`, 1, 1, () => store.commit(ops));
  await store.close();
  const {rss, heapUsed} = process.memoryUsage();
  say(`  rss ${Math.round(rss / 1e6)} MB, heap ${Math.round(heapUsed / 1e6)} MB`);
}

if (only !== 'embedded') {
  const store = memoryStorage();
  await bench('memory', async () => store, false);
}
if (only !== 'memory') {
  const directory = mkdtempSync(join(tmpdir(), 'kcp-ts-bench-'));
  try {
    await bench('embedded', () => openEmbedded({directory}), true);
  } finally {
    rmSync(directory, {recursive: true});
  }
}
