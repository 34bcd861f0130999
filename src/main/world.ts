import {randomBytes, randomUUID} from 'node:crypto';
import type {World} from '../api/world.ts';

/** The real clock, timers and chance. */
export const realWorld: World = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    // Nothing that waits keeps a server alive that is told to end.
    timer.unref();
    return () => clearTimeout(timer);
  },
  turn: () => new Promise(resolve => setImmediate(resolve)),
  uid: () => randomUUID(),
  random: () => Math.random(),
  bytes: count => randomBytes(count),
};
