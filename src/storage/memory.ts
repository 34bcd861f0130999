import {checkOps, holds, keyOf} from './ranges.ts';
import {
  type Committed,
  Compacted,
  type Count,
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
  type Watch,
  type WatchSink,
} from './storage.ts';

/**
 * The store in memory: the yardstick the others are measured against, and what tests run on. Everything is kept in the plainest way that is
 * still fast enough for some hundred thousand objects. Nothing survives `close`.
 */
export const memoryStorage = (): Storage => new MemoryStorage();

/** A key at the moment of `revision`: its entry, or deleted. */
type Version = {readonly revision: Revision; readonly entry?: Entry};
type Watching = {readonly range: Range; readonly sink: WatchSink; position: Revision};

class MemoryStorage implements Storage {
  readonly can = {revisionPerObject: true, terms: true};
  #head = revisionOf(0);
  #floor = revisionOf(0);
  #closed = false;
  /** Every event after `#floor`; that of revision r is at r - floor - 1. */
  #log: Event[] = [];
  /** What is known of each key since `#floor`, oldest first; never empty. */
  readonly #versions = new Map<Key, Version[]>();
  /** The keys of `#versions` in order. */
  #keys: Key[] = [];
  readonly #termsOf = new Map<Key, readonly string[]>();
  readonly #keysOf = new Map<string, Set<Key>>();
  readonly #watches = new Set<Watching>();

  revision = (): Revision => this.#head;
  compacted = (): Revision => this.#floor;

  async get(key: Key, options?: {readonly at?: Revision}): Promise<Entry | undefined> {
    return this.#at(key, this.#moment(options?.at));
  }

  hot(key: Key): Entry | undefined {
    return this.#at(key, this.#moment());
  }

  async list(range: Range, page: Page): Promise<Listed> {
    const at = this.#moment(page.at);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let i = this.#place(page.after && page.after > range ? page.after : (range as Key)); i < this.#keys.length; i++) {
      const key = this.#keys[i]!;
      if (key === page.after) continue;
      if (!holds(range, key)) break;
      const entry = this.#at(key, at);
      if (!entry) continue;
      if (entries.length === page.limit || bytes >= (page.bytesMax ?? Number.POSITIVE_INFINITY)) return {entries, at, more: true};
      entries.push(entry);
      bytes += entry.value.length;
    }
    return {entries, at, more: false};
  }

  async count(range: Range, max: number): Promise<number> {
    return (await this.list(range, {limit: max})).entries.length;
  }

  async byTerm(term: string, page: {readonly limit: number; readonly after?: Key}): Promise<Listed> {
    const at = this.#moment();
    const keys = [...(this.#keysOf.get(term) ?? [])].filter(key => page.after === undefined || key > page.after).sort();
    const entries = keys.slice(0, page.limit).map(key => this.#at(key, at)!);
    return {entries, at, more: keys.length > page.limit};
  }

  async termAfter(term: string): Promise<string | undefined> {
    this.#moment();
    let found: string | undefined;
    for (const other of this.#keysOf.keys()) if (other > term && (found === undefined || other < found)) found = other;
    return found;
  }

  async commit(ops: readonly [Op, ...Op[]]): Promise<Committed> {
    checkOps(ops);
    this.#moment();
    ops.forEach((op, i) => {
      const isCount = 'count' in op;
      const found = isCount ? this.#found(op) : (this.#at(keyOf(op), this.#head)?.revision ?? 'absent');
      if (isCount ? Number(found) >= op.below : found !== op.expect) throw new Unexpected(i, found);
    });
    const revisions = ops.map(op => this.#apply(op));
    for (const watch of this.#watches) this.#deliver(watch);
    return {revisions};
  }

  watch(range: Range, since: Revision, sink: WatchSink): Watch {
    const watch = {range, sink, position: since};
    this.#watches.add(watch);
    // The past is told after the caller has the watch in hand.
    queueMicrotask(() => this.#deliver(watch));
    return {close: () => void this.#watches.delete(watch)};
  }

  async compact(upTo: Revision): Promise<void> {
    this.#moment();
    const floor = revisionOf(Math.min(upTo, this.#head));
    if (floor <= this.#floor) return;
    this.#log = this.#log.filter(event => event.revision > floor);
    for (const [key, versions] of this.#versions) {
      const first = versions.findLastIndex(version => version.revision <= floor);
      const kept = versions.slice(Math.max(first, 0)).filter(version => version.entry ?? version.revision > floor);
      if (kept.length > 0) this.#versions.set(key, kept);
      else this.#versions.delete(key);
    }
    this.#keys = this.#keys.filter(key => this.#versions.has(key));
    this.#floor = floor;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches) this.#deliver(watch);
  }

  /** The moment to read: the one asked for, or now. */
  #moment(at = this.#head): Revision {
    if (this.#closed) throw new Unavailable('the store is closed');
    if (at < this.#floor) throw new Compacted(`revision ${at} is compacted away`, this.#floor);
    if (at > this.#head) throw new RangeError(`revision ${at} has not happened yet`);
    return at;
  }

  #at(key: Key, at: Revision): Entry | undefined {
    return this.#versions.get(key)?.findLast(version => version.revision <= at)?.entry;
  }

  /** Where in the order of keys the given one is, or would be. */
  #place(key: Key): number {
    let low = 0;
    for (let high = this.#keys.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #found({count: term, besides}: Count): number {
    let found = this.#keysOf.get(term)?.size ?? 0;
    for (const range of besides) {
      for (let i = this.#place(range as Key); i < this.#keys.length && holds(range, this.#keys[i]!); i++)
        if (this.#termsOf.get(this.#keys[i]!)?.includes(term)) found--;
    }
    return found;
  }

  #apply(op: Op): Revision {
    if ('check' in op || 'count' in op) return this.#head;
    const key = keyOf(op);
    const last = this.#at(key, this.#head);
    this.#head = revisionOf(this.#head + 1);
    const revision = this.#head;
    const before = last && {before: last.revision};
    if ('put' in op) {
      this.#log.push({type: last ? 'update' : 'create', key, revision, value: op.value, ...before});
      this.#remember(key, {revision, entry: {key, revision, value: op.value}});
    } else {
      this.#log.push({type: 'delete', key, revision, value: last!.value, ...before});
      this.#remember(key, {revision});
    }
    this.#index(key, 'put' in op ? (op.terms ?? []) : []);
    return revision;
  }

  #remember(key: Key, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions) versions.push(version);
    else {
      this.#versions.set(key, [version]);
      this.#keys.splice(this.#place(key), 0, key);
    }
  }

  #index(key: Key, terms: readonly string[]): void {
    for (const term of this.#termsOf.get(key) ?? []) {
      const keys = this.#keysOf.get(term);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOf.delete(term);
    }
    for (const term of terms) {
      const keys = this.#keysOf.get(term) ?? new Set<Key>();
      this.#keysOf.set(term, keys.add(key));
    }
    if (terms.length > 0) this.#termsOf.set(key, terms);
    else this.#termsOf.delete(key);
  }

  /** Hands a watch everything it has not seen, or ends it. */
  #deliver(watch: Watching): void {
    if (!this.#watches.has(watch)) return;
    const why = this.#closed
      ? new Unavailable('the store is closed')
      : watch.position < this.#floor && new Compacted(`revision ${watch.position} is compacted away`, this.#floor);
    if (why) {
      this.#watches.delete(watch);
      watch.sink.ended(why);
      return;
    }
    const batch: Event[] = [];
    for (let i = watch.position - this.#floor; i < this.#log.length; i++)
      if (holds(watch.range, this.#log[i]!.key)) batch.push(this.#log[i]!);
    watch.position = revisionOf(Math.max(watch.position, this.#head));
    if (batch.length > 0) watch.sink.events(batch);
  }
}
