import {Compacted, type Entry, type Key, type Listed, type Page, type Range, type Revision, type Unavailable} from '../storage.ts';
import type {Hot} from './hot.ts';
import type {KeyRow, Reader} from './reader.ts';
import {Slice} from './turns.ts';

/** Where the store stands. Only its owner moves it. */
export type State = {
  /** The newest revision that is acknowledged. The file may be ahead of it. */
  head: Revision;
  compacted: Revision;
  /** Why nothing can be read any more. */
  ended?: Unavailable;
};

/** Rows asked for at once. */
const rowsMax = 500;
/** Looking at a few rows too many is better than coming back for each while passing deleted keys. */
const rowsMin = 32;
/** Counting passes over keys only. */
const countedRowsMax = 10_000;

/**
 * The reads of the embedded store. All see the acknowledged state: where the file is ahead of it, or an earlier moment is asked for, a key
 * is walked back from revision to revision. Long reads give way to others between slices.
 */
export class Reads {
  readonly #state: State;
  readonly #reader: Reader;
  readonly #hot: Hot;
  readonly #turn: () => Promise<void>;

  constructor(state: State, {reader, hot, turn}: {readonly reader: Reader; readonly hot: Hot; readonly turn: () => Promise<void>}) {
    this.#state = state;
    this.#reader = reader;
    this.#hot = hot;
    this.#turn = turn;
  }

  /** The newest entry, at once. */
  hot(key: Key): Entry | undefined {
    this.#moment();
    return this.#hot.get(key) ?? (this.#hot.isAbsent(key) ? undefined : this.#fetch(key));
  }

  async get(key: Key, at?: Revision): Promise<Entry | undefined> {
    if (at === undefined || at === this.#state.head) return this.hot(key);
    return this.#find(key, this.#slice(this.#moment(at)));
  }

  async list(range: Range, page: Page): Promise<Listed> {
    const at = this.#moment(page.at);
    const entries: Entry[] = [];
    const bytesMax = page.bytesMax ?? Number.POSITIVE_INFINITY;
    let bytes = 0;
    const slice = this.#slice(at);
    for (let after: string = page.after ?? ''; ; ) {
      const max = rowsFor(page.limit - entries.length);
      const rows = this.#reader.keys(range, after, max);
      for (const row of rows) {
        if (slice.isOver) await slice.next();
        const entry = row[1] <= at ? this.#newest(row, slice) : await this.#walkBack(row[0], row[1], slice);
        if (!entry) continue;
        if (entries.length === page.limit || bytes >= bytesMax) return {entries, at, more: true};
        entries.push(entry);
        bytes += entry.value.length;
      }
      if (rows.length < max) return {entries, at, more: false};
      after = rows.at(-1)![0];
    }
  }

  async count(range: Range, max: number): Promise<number> {
    const at = this.#moment();
    const slice = this.#slice(at);
    let count = 0;
    for (let after = ''; count < max; ) {
      const looked = rowsFor(max - count, countedRowsMax);
      const counted = this.#reader.countKeys(range, {after, at, max: looked});
      if (counted.later > 0) {
        // Some are ahead of the moment, and have to be looked at one by one.
        const rows = this.#reader.keys(range, after, rowsMax);
        for (const [key, newest, deleted] of rows) if (newest <= at ? !deleted : await this.#walkBack(key, newest, slice)) count++;
        if (rows.length < rowsMax) break;
        after = rows.at(-1)![0];
      } else {
        count += counted.living;
        if (counted.looked < looked) break;
        after = counted.last!;
      }
      await slice.next();
    }
    return Math.min(count, max);
  }

  async byTerm(term: string, page: {readonly limit: number; readonly after?: Key}): Promise<Listed> {
    const at = this.#moment();
    const entries: Entry[] = [];
    const slice = this.#slice(at);
    for (let after: string = page.after ?? ''; ; ) {
      const max = rowsFor(page.limit - entries.length);
      const found = this.#reader.keysOf(term, after, max);
      const upTo = found.length < max ? undefined : found.at(-1)!;
      // The index knows the newest terms only. Whoever was written since the moment may have had the term, or not.
      const written = new Set(this.#reader.writtenAfter(at).filter(key => key > after && (upTo === undefined || key <= upTo)));
      const keys = written.size === 0 ? found : [...new Set([...found, ...written])].sort();
      for (const key of keys) {
        if (slice.isOver) await slice.next();
        const entry = await this.#find(key, slice);
        if (!entry || (written.has(key) && !this.#reader.terms(entry.revision).includes(term))) continue;
        if (entries.length === page.limit) return {entries, at, more: true};
        entries.push(entry);
      }
      if (upTo === undefined) return {entries, at, more: false};
      after = upTo;
    }
  }

  async termAfter(term: string): Promise<string | undefined> {
    this.#moment();
    return this.#reader.termAfter(term);
  }

  /** The moment to read: the one asked for, or now. */
  #moment(at = this.#state.head): Revision {
    const {head, compacted, ended} = this.#state;
    if (ended) throw ended;
    if (at < compacted) throw new Compacted(`revision ${at} is compacted away`, compacted);
    if (at > head) throw new RangeError(`revision ${at} has not happened yet`);
    return at;
  }

  #slice(at: Revision): Slice {
    // Meanwhile the store may have been closed, or the moment compacted away.
    return new Slice(at, () => this.#turn().then(() => void this.#moment(at)));
  }

  /** The newest entry of a key that is not hot. */
  #fetch(key: Key): Entry | undefined {
    const row = this.#reader.newest(key);
    if (!row) {
      this.#hot.setAbsent(key);
      return undefined;
    }
    let [revision, deleted, value] = row;
    let entry: Entry | undefined;
    if (revision > this.#state.head) {
      // Only commits under way lie between, so this walk is short.
      while (revision > this.#state.head) revision = this.#reader.before(revision);
      entry = this.#reader.written(key, revision);
    } else if (!deleted) entry = {key, revision, value: value ?? new Uint8Array(0)};
    if (entry) this.#hot.set(entry);
    else this.#hot.setAbsent(key);
    return entry;
  }

  /** The entry of a key at the moment of the slice. */
  async #find(key: Key, slice: Slice): Promise<Entry | undefined> {
    const hot = this.#hot.peek(key);
    if (hot && hot.revision <= slice.at) return hot;
    const row = this.#reader.row(key);
    return row && (row[1] <= slice.at ? this.#newest(row, slice) : this.#walkBack(key, row[1], slice));
  }

  /** The entry of a row that was the newest at the moment of the slice. */
  #newest([key, revision, deleted]: KeyRow, slice: Slice): Entry | undefined {
    const hot = deleted ? undefined : this.#hot.peek(key);
    const entry = deleted ? undefined : hot?.revision === revision ? hot : this.#reader.written(key, revision);
    slice.did(entry ? entry.value.length : 0);
    // What is newest at an earlier moment need not be so now.
    if (entry && entry !== hot && slice.at === this.#state.head) this.#hot.offer(entry);
    return entry;
  }

  /** The entry of a key at the moment of the slice, found from its newest revision. */
  async #walkBack(key: Key, newest: Revision, slice: Slice): Promise<Entry | undefined> {
    let revision = newest;
    while (revision > slice.at) {
      if (slice.isOver) await slice.next();
      revision = this.#reader.before(revision);
      slice.did(0);
    }
    const hot = this.#hot.peek(key);
    return hot?.revision === revision ? hot : this.#reader.written(key, revision);
  }
}

const rowsFor = (wanted: number, most = rowsMax): number => Math.min(most, Math.max(rowsMin, wanted + 1));
