/**
 * Writes to a store until it is killed, and prints a line for every commit that was acknowledged: its name and its revisions.
 * The first op of each commit puts a marker that tells the keys of the others. `node storage-writer.ts <directory> <round>`
 */
import {writeSync} from 'node:fs';
import {openEmbedded} from '../../src/storage/embedded.ts';
import {testPlan} from '../../src/storage/sealing/plan.suite.ts';
import type {Key, Op, Revision} from '../../src/storage/storage.ts';

const [directory, round] = process.argv.slice(2) as [string, string];
const store = await openEmbedded({directory, holder: `pid ${process.pid}`, sealing: testPlan('/a/', 'one')});
const newest = new Map<Key, Revision>();
for (const {key, revision} of (await store.list('/', {limit: 10_000})).entries) newest.set(key, revision);

const bytes = (content: object): Uint8Array => new TextEncoder().encode(JSON.stringify(content));

/** One of several writers at the same time, each with keys of its own. */
async function write(writer: number): Promise<void> {
  for (let n = 0; ; n++) {
    const name = `${round}-${writer}-${n}`;
    const keys = Array.from({length: 1 + (n % 4)}, (_, i) => `/a/${writer}/${(n * 7 + i) % 12}` as Key);
    const ops = keys.map((key, i): Op => {
      const revision = newest.get(key);
      if (revision !== undefined && (n + i) % 3 === 0) return {delete: key, expect: revision};
      return {
        put: key,
        value: bytes({name, filler: 'x'.repeat((n * 97) % 3000)}),
        expect: revision ?? 'absent',
        terms: [`t${n % 5}`, `w${writer}`],
      };
    });
    const marker = `/marker/${writer}` as Key;
    ops.unshift({put: marker, value: bytes({name, keys}), expect: newest.get(marker) ?? 'absent'});
    const {revisions} = await store.commit(ops as unknown as [Op]);
    ops.forEach((op, i) => void ('put' in op ? newest.set(op.put, revisions[i]!) : 'delete' in op && newest.delete(op.delete)));
    writeSync(1, `${name} ${revisions.join(' ')}\n`);
    if (writer === 0 && n % 40 === 39) void store.compact(Math.max(0, store.revision() - 300) as Revision).catch(() => {});
  }
}
await Promise.all(Array.from({length: 12}, (_, writer) => write(writer)));
