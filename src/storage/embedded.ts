import type {DatabaseSync} from 'node:sqlite';
import {allHeld, absent as foundNothing, type Resealed} from './embedded/batch.ts';
import {claim} from './embedded/claim.ts';
import {Committer, type Outcomes, type Pending} from './embedded/committer.ts';
import {connect, mark, newestRevision, prepareTables} from './embedded/database.ts';
import {Hot} from './embedded/hot.ts';
import {openReader, type Reader} from './embedded/reader.ts';
import {Reads, type State} from './embedded/reads.ts';
import {Recent} from './embedded/recent.ts';
import {checkKeys} from './embedded/seals.ts';
import {turns} from './embedded/turns.ts';
import {type Told, Watches} from './embedded/watches.ts';
import {checkOps, holds} from './ranges.ts';
import {nothingSealed, Sealer, type SealingKey, type SealingPlan} from './sealing/sealer.ts';
import {
  type Committed,
  type Entry,
  type Event,
  type Key,
  type Listed,
  type Op,
  type Page,
  type Range,
  type Revision,
  revisionOf,
  type Storage,
  Unavailable,
  Unexpected,
  Unreadable,
  type Watch,
  type WatchSink,
} from './storage.ts';

export type EmbeddedOptions = {
  /** Made where missing, for the owner's eyes only. It belongs to one process at a time. */
  readonly directory: string;
  /** What another process is told that wants the same directory, such as `pid 12`. */
  readonly holder?: string;
  /** Entries kept at hand. */
  readonly hotBytesMax?: number;
  /** Events kept at hand for watches that resume. */
  readonly recentBytesMax?: number;
  /** How much of the file is read through a memory map; the system takes the memory back when it needs it. */
  readonly mapBytesMax?: number;
  /** Commits that would make the file larger are refused with `Unavailable`. */
  readonly fileBytesMax?: number;
  /** What is sealed in the file, and all keys that open it; nothing when absent. */
  readonly sealing?: SealingPlan;
  /** Told of every value that was asked for and cannot be opened. */
  readonly unreadable?: (what: Unreadable) => void;
  /** Told once when the store can no longer write. It still answers reads until it is closed. */
  readonly failed?: (why: Unavailable) => void;
};

const mebi = 1024 * 1024;
const limits = {
  hotBytes: 64 * mebi,
  recentBytes: 16 * mebi,
  recentEvents: 10_000,
  mapBytes: 1024 * mebi,
  /** Pages SQLite keeps by itself: for reading, where the map serves most, and for writing. */
  readerCacheBytes: 4 * mebi,
  writerCacheBytes: 32 * mebi,
  /** Events of a slice that a watch reads while it catches up. */
  nearEventsPerSlice: 5_000,
  farRevisionsPerSlice: 2_500,
  farBytesPerSlice: mebi,
} as const;

/** A store in a file. */
export type Embedded = Storage & {
  /**
   * Writes by another plan from here on. Resolves when all that was written before follows it as well, history too, and tells how much of that had to be
   * changed; takes long where that is much, and holds up commits by a small step at a time. To be called once after opening as well: what a former
   * plan left is brought in line then. Throws `MissingKeys` when the plan lacks a key that is needed; the former plan goes on.
   */
  reseal(plan: SealingPlan): Promise<Resealed>;
};

/**
 * Opens a store in a directory: an SQLite file, written by a thread of its own and read by this one. How long it takes does not depend on
 * its size. Throws when another process has the directory, when the file is of another layout, and `MissingKeys` when it needs a key that is not there.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const {database, release} = claim(options.directory, options.holder ?? 'another process');
  let db: DatabaseSync | undefined;
  try {
    db = connect(database, {cacheBytes: limits.readerCacheBytes, mapBytes: options.mapBytesMax ?? limits.mapBytes});
    prepareTables(db);
    checkKeys(db, options.sealing ?? nothingSealed);
    db.exec('PRAGMA query_only = ON');
    return new EmbeddedStorage(database, db, {options, release});
  } catch (err) {
    db?.close();
    release();
    throw err;
  }
}

class EmbeddedStorage implements Embedded {
  readonly can = {revisionPerObject: true, terms: true};
  readonly #state: State;
  readonly #hot: Hot;
  readonly #recent: Recent;
  readonly #reader: Reader;
  readonly #reads: Reads;
  readonly #watches: Watches;
  readonly #committer: Committer;
  readonly #release: () => void;
  readonly #unreadable: (what: Unreadable) => void;
  /** What opens values. */
  #keys: readonly SealingKey[];
  #sealer: Sealer;
  #plans = 0;
  /** Why nothing can be written any more. */
  #unwritable: Unavailable | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, db: DatabaseSync, {options, release}: {readonly options: EmbeddedOptions; readonly release: () => void}) {
    this.#release = () => {
      db.close();
      release();
    };
    this.#state = {head: revisionOf(newestRevision(db)), compacted: revisionOf(mark(db, 'compacted'))};
    this.#hot = new Hot(options.hotBytesMax ?? limits.hotBytes);
    this.#recent = new Recent({countMax: limits.recentEvents, bytesMax: options.recentBytesMax ?? limits.recentBytes});
    this.#unreadable = options.unreadable ?? (() => {});
    const sealing = options.sealing ?? nothingSealed;
    this.#keys = sealing.keys;
    this.#sealer = new Sealer(sealing);
    this.#reader = openReader(db, this.#open);
    const turn = turns();
    this.#reads = new Reads(this.#state, {reader: this.#reader, hot: this.#hot, turn});
    this.#watches = new Watches({
      head: this.revision,
      compacted: this.compacted,
      isNear: since => this.#recent.reaches(since),
      slice: (range, since) => this.#past(range, since),
      turn,
    });
    const {fileBytesMax, mapBytesMax: mapBytes = limits.mapBytes} = options;
    const connection = {cacheBytes: limits.writerCacheBytes, mapBytes};
    this.#committer = new Committer(
      {path, connection, sealing, ...(fileBytesMax !== undefined && {fileBytesMax})},
      {
        done: (commits, outcomes) => this.#durable(commits, outcomes),
        died: why => {
          this.#unwritable = why;
          this.#watches.end(why);
          options.failed?.(why);
        },
      },
    );
  }

  revision = (): Revision => this.#state.head;
  compacted = (): Revision => this.#state.compacted;
  hot = (key: Key): Entry | undefined => this.#reads.hot(key);
  get = (key: Key, options?: {readonly at?: Revision}): Promise<Entry | undefined> => this.#reads.get(key, options?.at);
  list = (range: Range, page: Page): Promise<Listed> => this.#reads.list(range, page);
  count = (range: Range, max: number): Promise<number> => this.#reads.count(range, max);
  byTerm = (term: string, page: {readonly limit: number; readonly after?: Key}): Promise<Listed> => this.#reads.byTerm(term, page);
  termAfter = (term: string): Promise<string | undefined> => this.#reads.termAfter(term);

  async commit(ops: readonly [Op, ...Op[]]): Promise<Committed> {
    checkOps(ops);
    if (this.#unwritable) throw this.#unwritable;
    return new Promise((resolve, reject) => this.#committer.add({ops, lasts: this.#lasts(ops), resolve, reject}));
  }

  watch(range: Range, since: Revision, sink: WatchSink): Watch {
    return this.#watches.add(range, since, sink);
  }

  async compact(upTo: Revision): Promise<void> {
    if (this.#unwritable) throw this.#unwritable;
    const compacted = revisionOf(Math.min(upTo, this.#state.head));
    if (compacted <= this.#state.compacted) return;
    // First nobody may look any more, then it may go.
    this.#state.compacted = compacted;
    await this.#committer.compact(compacted);
  }

  async reseal(plan: SealingPlan): Promise<Resealed> {
    if (this.#unwritable) throw this.#unwritable;
    // Until all have followed there are values of both.
    const turn = ++this.#plans;
    this.#openWith([...plan.keys, ...this.#keys]);
    const done = await this.#committer.reseal(plan);
    if (turn === this.#plans && done.unreadable === 0) this.#openWith(plan.keys);
    return done;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const why = new Unavailable('the store is closed');
    this.#unwritable ??= why;
    this.#state.ended = why;
    await this.#committer.close();
    this.#watches.end(why);
    this.#release();
  }

  #openWith(keys: readonly SealingKey[]): void {
    this.#keys = keys;
    this.#sealer = new Sealer({rules: [], keys});
  }

  #open = (key: Key, bytes: Uint8Array): Uint8Array => {
    try {
      return this.#sealer.open(key, bytes);
    } catch (err) {
      if (err instanceof Unreadable) this.#unreadable(err);
      throw err;
    }
  };

  /** The values that deletes will remove, as far as they are at hand. The thread that writes tells the others. */
  #lasts(ops: readonly Op[]): readonly (Uint8Array | undefined)[] {
    if (!ops.some(op => 'delete' in op)) return none;
    return ops.map(op => {
      if (!('delete' in op)) return undefined;
      const entry = this.#hot.peek(op.delete);
      return entry?.revision === op.expect ? entry.value : undefined;
    });
  }

  /** Commits are on disk, or refused: show them, tell the watches, then answer. */
  #durable(commits: readonly Pending[], {outcomes, head, lasts}: Outcomes): void {
    const events: Event[] = [];
    const unseen = lasts.values();
    const answers = commits.map((commit, i) => {
      const failed = outcomes[2 * i]!;
      if (failed === allHeld) return this.#show(commit, events, unseen);
      const actual = outcomes[2 * i + 1]!;
      return new Unexpected(failed, actual === foundNothing ? 'absent' : revisionOf(actual));
    });
    if (this.#state.head !== head) throw new Error(`the store counts ${this.#state.head} revisions, its file ${head}`);
    this.#watches.dispatch(events);
    commits.forEach((commit, i) => {
      const answer = answers[i]!;
      if (answer instanceof Unexpected) commit.reject(answer);
      else commit.resolve(answer);
    });
  }

  /** Makes a commit what reads see, and adds its events. */
  #show({ops, lasts}: Pending, events: Event[], unseen: Iterator<Uint8Array>): Committed {
    const revisions = ops.map((op, i) => {
      if ('check' in op || 'count' in op) return this.#state.head;
      const revision = (this.#state.head + 1) as Revision;
      this.#state.head = revision;
      const event = 'put' in op ? written(op, revision) : removed(op, revision, lasts[i] ?? unseen.next().value!);
      if ('put' in op) this.#hot.set({key: op.put, revision, value: op.value});
      else this.#hot.setAbsent(op.delete);
      events.push(event);
      this.#recent.add(event);
      return revision;
    });
    return {revisions};
  }

  /** A slice of the past for a watch. */
  #past(range: Range, since: Revision): Told {
    if (this.#recent.reaches(since)) return this.#recent.after(since, limits.nearEventsPerSlice, event => holds(range, event.key));
    const upTo = revisionOf(Math.min(this.#state.head, since + limits.farRevisionsPerSlice));
    const events: Event[] = [];
    let bytes = 0;
    for (const event of this.#reader.events(range, since, upTo)) {
      if ('lost' in event) return {events, upTo: event.lost, lost: event};
      const hot = this.#hot.peek(event.key);
      events.push(hot?.revision === event.revision ? {...event, value: hot.value} : event);
      bytes += event.value.length;
      if (bytes > limits.farBytesPerSlice) return {events, upTo: event.revision};
    }
    return {events, upTo};
  }
}

const none: readonly undefined[] = [];

function written({put: key, value, expect}: Extract<Op, {readonly put: Key}>, revision: Revision): Event {
  return expect === 'absent' ? {type: 'create', key, revision, value} : {type: 'update', key, revision, value, before: expect};
}

function removed({delete: key, expect}: Extract<Op, {readonly delete: Key}>, revision: Revision, value: Uint8Array): Event {
  return {type: 'delete', key, revision, value, before: expect};
}
