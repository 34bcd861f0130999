/**
 * The room of loops: what happens after a write, without anybody waiting for it. A controller is told a name, looks what is there, and
 * acts; it keeps nothing in memory but the names it has still to look at (architecture D6, D7).
 */
import type {Surroundings} from '../admission/rule.ts';
import type {Event} from '../storage/storage.ts';

export type Controller = {
  readonly name: string;
  /** The things an event makes it look at again, by names of its own choosing. Must be quick: it sees every event there is. */
  readonly wakes: (event: Event, around: Surroundings) => readonly string[];
  /**
   * Brings one thing in order. Being told twice, or of something long gone, must do no harm. A throw is tried again with growing delay;
   * `againMs` asks to be told again.
   */
  readonly reconcile: (ref: string, around: Surroundings) => Promise<{readonly againMs: number} | undefined>;
};

export const none: readonly string[] = [];
