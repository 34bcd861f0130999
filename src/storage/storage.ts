/**
 * The room of the log and the keys. Values are bytes and terms are words: storage never learns what an object means.
 * `SPEC.md` numbers the rules; `storage.suite.ts` holds every implementation to them.
 */

declare const revision: unique symbol;
/** A position in the log: every object written or deleted takes the next one. 0 is before the first. */
export type Revision = number & {readonly [revision]: true};
export const revisionOf = (n: number): Revision => {
  if (!Number.isSafeInteger(n) || n < 0) throw new TypeError(`not a revision: ${n}`);
  return n as Revision;
};

declare const key: unique symbol;
/** Printable ASCII, starts with `/` and does not end with it; made by `keys.ts` in the registry. */
export type Key = string & {readonly [key]: true};

/** All keys that start with it. Ends with `/`, or is a whole key and then means that key alone. */
export type Range = string;

export type Entry = {readonly key: Key; readonly revision: Revision; readonly value: Uint8Array};

/** What must be true of a key for the commit to happen: it has no value, or its newest value is of this revision. */
export type Expect = Revision | 'absent';

export type Op = Change | Check;

/** Takes a revision. */
export type Change =
  | {
      readonly put: Key;
      readonly value: Uint8Array;
      readonly expect: Expect;
      /** Under which words the entry is found (`byTerm`). They replace those of the value before; absent means none. */
      readonly terms?: readonly string[];
    }
  | {readonly delete: Key; readonly expect: Revision};

/** Writes nothing and takes no revision; holds the commit to the state of another key, or to a count. */
export type Check = {readonly check: Key; readonly expect: Expect} | Count;

/**
 * Holds a commit to fewer than `below` keys that are found under a term, but for those in some ranges. What the
 * commit itself writes does not count yet. Ranges do not overlap.
 */
export type Count = {readonly count: string; readonly besides: readonly Range[]; readonly below: number};

/** The outcome of a commit whose expectations held: the revision of each op in turn; a check repeats the one before it. */
export type Committed = {readonly revisions: readonly Revision[]};

/** A commit refused: nothing of it happened. `actual` is the state found under the key of op number `op`; of a count, how many there are. */
export class Unexpected extends Error {
  readonly op: number;
  readonly actual: Expect | number;
  constructor(op: number, actual: Expect | number) {
    super(`expectation of op ${op} failed: found ${actual}`);
    this.op = op;
    this.actual = actual;
  }
}

/** A read or watch from before the compaction, or a watch that fell too far behind. */
export class Compacted extends Error {
  /** The oldest revision that can still be read. */
  readonly oldest: Revision;
  constructor(message: string, oldest: Revision) {
    super(message);
    this.oldest = oldest;
  }
}

/** A value is there and cannot be read: it was damaged, or sealed with a key that is not there. What else is asked for together with it is not told either. */
export class Unreadable extends Error {
  readonly key: Key;
  readonly why: string;
  constructor(key: Key, why: string) {
    super(`the value of ${key} cannot be read: ${why}`);
    this.key = key;
    this.why = why;
  }
}

/** The store is closing or has failed; nothing more can be written. */
export class Unavailable extends Error {}

export type Event = {
  readonly type: 'create' | 'update' | 'delete';
  readonly key: Key;
  readonly revision: Revision;
  /** The new value; of a delete, the last one. */
  readonly value: Uint8Array;
  /**
   * The revision the value had before; absent on create. The value itself is read with `get(key, {at: before})`, if history still has it.
   */
  readonly before?: Revision;
};

export type Page = {
  /** At most this many entries. */
  readonly limit: number;
  /** The page ends with the entry that brings its values to so many bytes or more. */
  readonly bytesMax?: number;
  /** The moment to read; the newest when absent. A page that goes on from another one repeats the `at` of the first. */
  readonly at?: Revision;
  /** Only keys after this one. */
  readonly after?: Key;
};

export type Listed = {
  /** In key order. */
  readonly entries: readonly Entry[];
  /** The moment that was read. */
  readonly at: Revision;
  /** Whether the range holds further keys behind the last entry. */
  readonly more: boolean;
};

/** Receives events of one watch. It must not throw, and must not call back into the store synchronously. */
export type WatchSink = {
  /** Events in order of revision, each once. Called as soon as they are durable; batches are never empty. */
  events(batch: readonly Event[]): void;
  /** The watch is over and nothing follows: compacted away, fallen behind, or the store closes. Not called after `close`. */
  ended(why: Compacted | Unavailable): void;
};

export type Watch = {close(): void};

export type Storage = {
  /** What this store can do that others cannot; the suite runs the opposite test where support is missing. */
  readonly can: {
    /** Each object of a commit has its own, consecutive revision. (etcd gives all objects of a transaction the same one.) */
    readonly revisionPerObject: boolean;
    /** Entries are found by the terms written with them. Where not, `byTerm`, `termAfter` and commits that count throw a plain error. */
    readonly terms: boolean;
  };

  /** The newest durable revision: what a read without `at` sees. */
  revision(): Revision;

  /**
   * The entry under a key, or undefined. Throws `Compacted` when `at` lies before the compaction, RangeError when it has not happened yet,
   * `Unreadable` as every read may.
   */
  get(key: Key, options?: {readonly at?: Revision}): Promise<Entry | undefined>;

  /** `get` of the newest value when that needs no waiting (it is hot, or the store is in memory); 'wait' when it does. */
  hot(key: Key): Entry | undefined | 'wait';

  /** A page of a range. Throws `Compacted` when `at` lies before the compaction, RangeError when it has not happened yet. */
  list(range: Range, page: Page): Promise<Listed>;

  /** How many keys a range holds now; counts past `max` stop there. */
  count(range: Range, max: number): Promise<number>;

  /** The newest entries found under a term, in key order; `after` goes on behind a key. */
  byTerm(term: string, page: {readonly limit: number; readonly after?: Key}): Promise<Listed>;

  /**
   * The first term after one, in byte order, under which something is found; undefined when there is none. Of what is being written meanwhile, it may
   * know already.
   */
  termAfter(term: string): Promise<string | undefined>;

  /**
   * All ops or none, in order, with consecutive revisions (one commit is never interleaved with another). Resolves when durable,
   * after every watcher was handed its events. Throws `Unexpected`, or `Unavailable`. A key may appear in one op only (TypeError).
   * The bytes of a value belong to the store from here on: nobody may change them.
   */
  commit(ops: readonly [Op, ...Op[]]): Promise<Committed>;

  /**
   * Every event in a range after `since`, first from the log, then as it happens. A `since` beyond the newest revision
   * waits for the events after it. Problems, also with the start, are told through `ended`.
   */
  watch(range: Range, since: Revision, sink: WatchSink): Watch;

  /** The oldest moment that can be read. */
  compacted(): Revision;

  /**
   * Forgets what was overwritten or deleted at or before `upTo` (at most everything). Each key's newest value survives. Works in small
   * steps.
   */
  compact(upTo: Revision): Promise<void>;

  /** Writes what was accepted, ends watches, and lets go of the files. */
  close(): Promise<void>;
};
