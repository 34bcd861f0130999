import {createHash} from 'node:crypto';
import type {World} from '../../src/api/world.ts';

/** A world whose clock stands still until a test moves it, and whose chance comes from a seed. */
export type VirtualWorld = World & {
  /** Moves the clock on, ringing every timer on the way at its time, in order. */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  timers(): number;
};

/** One step of the event loop that also lets threads and files get on. */
export const realTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

export function virtualWorld(seed: string): VirtualWorld {
  let nowMs = Date.UTC(2026, 0, 1);
  let drawn = 0;
  let timers: {readonly atMs: number; readonly ring: () => void}[] = [];
  const draw = (): Buffer => createHash('sha256').update(`${seed} ${drawn++}`).digest();
  const due = (untilMs: number) => {
    const next = timers.reduce<(typeof timers)[number] | undefined>((a, b) => (a && a.atMs <= b.atMs ? a : b), undefined);
    return next && next.atMs <= untilMs ? next : undefined;
  };
  return {
    now: () => nowMs,
    after(ms, callback) {
      const timer = {atMs: nowMs + ms, ring: callback};
      timers.push(timer);
      return () => {
        timers = timers.filter(other => other !== timer);
      };
    },
    timers: () => timers.length,
    turn: realTurn,
    uid: () =>
      draw()
        .toString('hex')
        .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5'),
    random: () => draw().readUInt32BE() / 2 ** 32,
    bytes: count => draw().subarray(0, count),
    async advance(ms) {
      const untilMs = nowMs + ms;
      await realTurn();
      for (let timer = due(untilMs); timer; timer = due(untilMs)) {
        nowMs = Math.max(nowMs, timer.atMs);
        timers = timers.filter(other => other !== timer);
        timer.ring();
        await realTurn();
      }
      nowMs = untilMs;
      await realTurn();
    },
  };
}
