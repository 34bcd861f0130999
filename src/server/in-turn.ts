import type {Key, Storage} from '../storage/storage.ts';
import {commitLimits, tooManyTries} from './commit.ts';

/** The last in the line of those who want to write a key. */
const lines = new WeakMap<Storage, Map<Key, Promise<unknown>>>();

/**
 * Repeats an attempt to write a key until it succeeds; undefined means that others changed something meanwhile. The first attempt is made at
 * once. Whoever lost it waits in line with all who came after, so that a hundred writers of one key make two hundred attempts, and each gets through.
 * @throws ApiError Conflict when others got in between every time
 */
export async function inTurn<T>(store: Storage, key: Key, attempt: () => Promise<T | undefined>): Promise<T> {
  const line = lineOf(store);
  if (!line.has(key)) {
    const outcome = await attempt();
    if (outcome !== undefined) return outcome;
  }
  const before = line.get(key);
  const mine = repeat(before, attempt);
  const settled = mine.catch(() => undefined);
  line.set(key, settled);
  try {
    return await mine;
  } finally {
    if (line.get(key) === settled) line.delete(key);
  }
}

async function repeat<T>(before: Promise<unknown> | undefined, attempt: () => Promise<T | undefined>): Promise<T> {
  await before;
  for (let tries = 1; tries < commitLimits.triesMax; tries++) {
    const outcome = await attempt();
    if (outcome !== undefined) return outcome;
  }
  throw tooManyTries();
}

function lineOf(store: Storage): Map<Key, Promise<unknown>> {
  let line = lines.get(store);
  if (!line) {
    line = new Map();
    lines.set(store, line);
  }
  return line;
}
