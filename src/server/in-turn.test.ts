import assert from 'node:assert/strict';
import {test} from 'node:test';
import {memoryStorage} from '../storage/memory.ts';
import type {Key, Revision} from '../storage/storage.ts';
import {Unexpected} from '../storage/storage.ts';
import {inTurn} from './in-turn.ts';

const key = '/x/y' as Key;

/** A store whose value counts how often it was written, and how often that was tried. */
async function counter() {
  const store = memoryStorage();
  await store.commit([{put: key, value: Buffer.from('0'), expect: 'absent'}]);
  let tries = 0;
  const increment = async (): Promise<number | undefined> => {
    tries++;
    const entry = await store.get(key);
    const next = Number(Buffer.from(entry?.value ?? []).toString()) + 1;
    try {
      await store.commit([{put: key, value: Buffer.from(String(next)), expect: entry?.revision as Revision}]);
      return next;
    } catch (err) {
      if (err instanceof Unexpected) return undefined;
      throw err;
    }
  };
  return {store, increment, tries: () => tries};
}

test('every writer of one key gets through, in about two tries', async () => {
  const {store, increment, tries} = await counter();
  const results = await Promise.all(Array.from({length: 200}, () => inTurn(store, key, increment)));
  assert.deepEqual(
    results.sort((a, b) => a - b),
    Array.from({length: 200}, (_, i) => i + 1),
  );
  assert.ok(tries() <= 420, `${tries()} tries`);
});

test('a failure is its own writer’s alone', async () => {
  const {store, increment} = await counter();
  const failing = async (): Promise<undefined> => {
    await increment();
    throw new RangeError('no');
  };
  const outcomes = await Promise.allSettled(Array.from({length: 20}, (_, i) => inTurn(store, key, i % 2 ? increment : failing)));
  assert.deepEqual(
    outcomes.map(outcome => outcome.status),
    outcomes.map((_, i) => (i % 2 ? 'fulfilled' : 'rejected')),
  );
  assert.equal(await inTurn(store, key, async () => 'afterwards'), 'afterwards');
});

test('who never succeeds is told so', async () => {
  const {store} = await counter();
  await assert.rejects(
    inTurn(store, key, async () => undefined),
    {reason: 'Conflict'},
  );
});
