/**
 * What of the world is handed in: time, timers and chance. Only `main` makes the real ones, so that a whole plane can run from a seed
 * (architecture D15).
 */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
};

export type Timers = {
  /** Calls back once, after so many ms. Returns how to call it off. Pending timers do not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Resolves in the next turn of the event loop: long work lets others in by it. */
  turn(): Promise<void>;
};

export type Chance = {
  /** A fresh UUID. */
  uid(): string;
  /** A number in [0, 1). */
  random(): number;
  /** So many unpredictable bytes. */
  bytes(count: number): Uint8Array;
};

export type World = Clock & Timers & Chance;

/** Where the server tells people what happens. Never blocks, never throws. */
export type Log = {
  info(message: string, fields?: {readonly [name: string]: unknown}): void;
  warn(message: string, fields?: {readonly [name: string]: unknown}): void;
  error(message: string, fields?: {readonly [name: string]: unknown}): void;
};
