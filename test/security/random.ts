import {createHash} from 'node:crypto';

/** Chance from a seed: the same seed gives the same draws. */
export type Random = {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  /** True once in so many times. */
  once(inTimes: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of several things to do, each as likely as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T;
};

/** The generator called mulberry32: small and fast, and good enough to wander about. */
export function randomOf(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE();
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    once: inTimes => below(inTimes) === 0,
    pick: from => from[below(from.length)] as (typeof from)[number],
    weighted(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, choice] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return (choices.at(-1) as (typeof choices)[number])[1];
    },
  };
}
