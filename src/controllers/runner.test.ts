import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Surroundings} from '../admission/rule.ts';
import type {Log} from '../api/world.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Key, Storage} from '../storage/storage.ts';
import type {Controller} from './controller.ts';
import {runnerLimits, startControllers} from './runner.ts';

const log: Log = {info: () => {}, warn: () => {}, error: message => assert.fail(message)};
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const put = (store: Storage, name: string) => store.commit([{put: `/a/${name}` as Key, value: new Uint8Array(), expect: 'absent'}]);

/** Controllers over an empty store, in a world whose timers ring when they are told to. */
function begin(controller: Omit<Controller, 'name'>) {
  const store = memoryStorage();
  const timers = new Set<() => void>();
  const world = {
    now: () => 0,
    turn,
    after(_: number, ring: () => void) {
      timers.add(ring);
      return () => void timers.delete(ring);
    },
  };
  const running = startControllers([{name: 'test', ...controller}], {store, world} as unknown as Surroundings, log);
  return {
    store,
    running,
    async settle() {
      for (let i = 0; i < 10; i++) await turn();
    },
    timers: () => timers.size,
    ring() {
      const all = [...timers];
      timers.clear();
      for (const ring of all) ring();
    },
  };
}

test('history is needed from the oldest change whose work is not done', async () => {
  const release = new Map<string, (failed?: Error) => void>();
  const {store, running, settle, ring} = begin({
    wakes: event => [event.key],
    reconcile: ref =>
      new Promise((resolve, reject) => {
        release.set(ref, failed => (failed ? reject(failed) : resolve(undefined)));
      }),
  });
  for (const name of ['x', 'y', 'z']) await put(store, name);
  await settle();
  assert.equal(running.position(), 0);
  release.get('/a/y')?.();
  await settle();
  assert.equal(running.position(), 0);
  release.get('/a/x')?.(new Error('not now'));
  release.get('/a/z')?.();
  await settle();
  assert.equal(running.position(), 0);
  ring();
  await settle();
  release.get('/a/x')?.();
  await settle();
  assert.equal(running.position(), 3);
  await running.stop();
});

test('however many names come, none is lost', async () => {
  const seen = new Set<string>();
  const {store, running, settle} = begin({
    wakes: event => (event.key === '/a/many' ? Array.from({length: runnerLimits.waitingMax}, (_, i) => `many ${i}`) : [event.key]),
    async reconcile(ref) {
      seen.add(ref);
      return undefined;
    },
  });
  await put(store, 'many');
  for (let i = 0; i < 50; i++) await put(store, `one-${i}`);
  assert.ok(running.position() < store.revision());
  while (running.position() < store.revision()) await settle();
  assert.equal(seen.size, runnerLimits.waitingMax + 50);
  await running.stop();
});

test('a name that is to be told again waits for one time only, however often it was woken', async () => {
  let told = 0;
  const {store, running, settle, ring, timers} = begin({
    wakes: () => ['one'],
    async reconcile() {
      told++;
      return {againMs: 1_000};
    },
  });
  for (let i = 0; i < 5; i++) {
    await put(store, `x${i}`);
    await settle();
  }
  assert.deepEqual([told, timers()], [5, 1]);
  ring();
  await settle();
  assert.deepEqual([told, timers()], [6, 1]);
  await running.stop();
  assert.equal(timers(), 0);
});
