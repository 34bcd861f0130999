import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {VirtualWorld} from '../../test/support/virtual-world.ts';
import {realTurn, virtualWorld} from '../../test/support/virtual-world.ts';
import type {Surroundings} from '../admission/rule.ts';
import {datedEvents} from '../registry/dated-events.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Expect, Key, Op, Storage} from '../storage/storage.ts';
import {Unavailable} from '../storage/storage.ts';
import {expiryLimits, startExpiry} from './expired-events.ts';

const hour = 3_600_000;
const range = '/core/events/built-in/';
const keyOf = (name: string): Key => `${range}ws/ns/${name}` as Key;
const put = (name: string, expect: Expect = 'absent'): Op => ({put: keyOf(name), value: new Uint8Array(), expect, terms: ['workspace/ws']});

type Begun = {
  readonly store: Storage;
  readonly world: VirtualWorld;
  readonly warnings: string[];
  readonly end: () => Promise<void>;
  names(): Promise<string[]>;
  /** Lets so much time pass, and whatever is begun in it end. */
  pass(ms: number): Promise<void>;
};

/** The loop over an empty store; `change` puts another one in its place. */
function begin(keptMs = hour, change: (store: Storage) => Storage = store => store): Begun {
  const world = virtualWorld('expiry');
  const store = datedEvents(memoryStorage(), world);
  const warnings: string[] = [];
  const log = {info: () => {}, warn: (message: string) => void warnings.push(message), error: (message: string) => assert.fail(message)};
  const end = startExpiry({store: change(store), world} as unknown as Surroundings, keptMs, log);
  return {
    store,
    world,
    warnings,
    end,
    names: async () => (await store.list(range, {limit: 10_000})).entries.map(entry => entry.key.split('/').at(-1) as string),
    async pass(ms) {
      const until = world.now() + ms;
      while (world.now() < until) {
        await world.advance(Math.min(expiryLimits.everyMs, until - world.now()));
        for (let i = 0; i < 40; i++) await realTurn();
      }
    },
  };
}

test('many events of one moment, and one of each of many', async () => {
  const {store, world, names, pass, end} = begin();
  const at = (i: number): string => `e${String(i).padStart(4, '0')}`;
  await store.commit(Array.from({length: 700}, (_, i) => put(at(i))) as [Op, ...Op[]]);
  for (let i = 700; i < 1_000; i++) {
    await world.advance(1_000);
    await store.commit([put(at(i))]);
  }
  await pass(hour - 301_000);
  assert.equal((await names()).length, 1_000);
  await pass(expiryLimits.everyMs + 2_000);
  const left = await names();
  assert.ok(left.length < 300 && left.length > 280, String(left.length));
  assert.equal(left.at(-1), at(999));
  await pass(300_000 + expiryLimits.everyMs);
  assert.deepEqual(await names(), []);
  await end();
});

test('what is written again stays for another while, also in the middle of its removal', async () => {
  let beforeCommit = async (): Promise<void> => {};
  const {store, names, pass, end} = begin(hour, under => ({
    ...under,
    async commit(ops) {
      await beforeCommit();
      return under.commit(ops);
    },
  }));
  await store.commit([put('a'), put('b'), put('c')]);
  const b = (await store.get(keyOf('b')))?.revision as Expect;
  beforeCommit = async () => {
    beforeCommit = async () => {};
    await store.commit([put('b', b)]);
  };
  await pass(hour + expiryLimits.everyMs + 1_000);
  assert.deepEqual(await names(), ['b']);
  await pass(hour + expiryLimits.everyMs);
  assert.deepEqual(await names(), []);
  await end();
});

test('other objects stay, and so does everything where events are kept for ever', async () => {
  const {store, names, end, world} = begin(0);
  await store.commit([put('a'), {put: '/core/configmaps/built-in/ws/ns/a' as Key, value: new Uint8Array(), expect: 'absent'}]);
  assert.equal(world.timers(), 0);
  await world.advance(100 * hour);
  assert.deepEqual(await names(), ['a']);
  await end();

  const short = begin(1_000);
  await short.store.commit([put('a'), {put: '/core/eventsources/built-in/ws/ns/a' as Key, value: new Uint8Array(), expect: 'absent'}]);
  await short.pass(2 * expiryLimits.everyMs);
  assert.equal(await short.store.count('/', 10), 1);
  await short.end();
});

test('a store that refuses is tried again', async () => {
  let refuses = true;
  const {store, names, pass, warnings, end} = begin(hour, under => ({
    ...under,
    commit: ops => (refuses ? Promise.reject(new Unavailable('no')) : under.commit(ops)),
  }));
  await store.commit([put('a')]);
  await pass(hour + 2 * expiryLimits.everyMs + 1_000);
  assert.deepEqual([await names(), warnings.length > 0], [['a'], true]);
  refuses = false;
  await pass(expiryLimits.everyMs);
  assert.deepEqual(await names(), []);
  await end();
});

test('it ends in the middle of a great deal', async () => {
  const {store, world, names, end} = begin();
  await store.commit(Array.from({length: 5_000}, (_, i) => put(`e${i}`)) as [Op, ...Op[]]);
  const ticked = world.advance(hour + expiryLimits.everyMs + 1_000);
  await ticked;
  await end();
  const left = (await names()).length;
  assert.ok(left > 0 && left < 5_000, String(left));
  assert.equal(world.timers(), 0);
  await world.advance(hour);
  assert.equal((await names()).length, left);
});
