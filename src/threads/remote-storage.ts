import {
  type Committed,
  type Compacted,
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
  type Watch,
  type WatchSink,
} from '../storage/storage.ts';
import {packError, unpackError} from './errors.ts';
import {ownBytes, type Peer} from './peer.ts';

/** How far a store has come: it travels with every answer, so that nobody sees less than what was answered before. */
export type Mark = {readonly head: Revision; readonly compacted: Revision};

type Marked<T> = {readonly value: T; readonly mark: Mark};

export const markOf = (store: Storage): Mark => ({head: store.revision(), compacted: store.compacted()});

/** Lets the thread at the other end of `peer` use a store of this one. What is open ends with `stop`. */
export function serveStorage(store: Storage, peer: Peer): {readonly mark: () => Mark; readonly stop: () => void} {
  const watches = new Map<number, Watch>();
  const marked = async <T>(value: Promise<T>): Promise<Marked<T>> => ({value: await value, mark: markOf(store)});
  peer.serve({
    get: (key: Key, at?: Revision) => marked(store.get(key, at === undefined ? {} : {at}).then(entry => entry && own(entry))),
    list: (range: Range, page: Page) => marked(store.list(range, page).then(ownAll)),
    count: (range: Range, max: number) => marked(store.count(range, max)),
    byTerm: (term: string, page: {limit: number; after?: Key}) => marked(store.byTerm(term, page).then(ownAll)),
    termAfter: (term: string) => marked(store.termAfter(term)),
    commit: (ops: readonly [Op, ...Op[]]) => marked(store.commit(ops)),
    compact: (upTo: Revision) => marked(store.compact(upTo)),
    watch: (id: number, range: Range, since: Revision) => {
      let ended = false;
      const watch = store.watch(range, since, {
        events: batch => peer.tell('events', id, batch.map(own), markOf(store)),
        ended(why) {
          ended = true;
          watches.delete(id);
          peer.tell('ended', id, packError(why));
        },
      });
      if (!ended) watches.set(id, watch);
    },
    unwatch: (id: number) => {
      watches.get(id)?.close();
      watches.delete(id);
    },
  });
  return {
    mark: () => markOf(store),
    stop() {
      for (const watch of watches.values()) watch.close();
      watches.clear();
    },
  };
}

const later = (a: Revision, b: Revision): Revision => revisionOf(Math.max(a, b));

const own = <E extends Entry | Event>(entry: E): E => ({...entry, value: ownBytes(entry.value)});
const ownAll = (listed: Listed): Listed => ({...listed, entries: listed.entries.map(own)});

/** A store of another thread. Nothing is at hand here: every read asks. Closing it closes this view of it alone,
 * once what was asked is answered. */
export class RemoteStorage implements Storage {
  readonly can: Storage['can'];
  readonly #peer: Peer;
  readonly #sinks = new Map<number, WatchSink>();
  #mark: Mark;
  #watches = 0;
  readonly #asked = new Set<Promise<unknown>>();
  #closed: Unavailable | undefined;

  /** `mark`: how far it has come already. */
  constructor(peer: Peer, {can, mark}: {readonly can: Storage['can']; readonly mark: Mark}) {
    this.#peer = peer;
    this.can = can;
    this.#mark = mark;
    peer.serve({
      events: (id: number, batch: readonly Event[], at: Mark) => {
        this.caughtUp(at);
        this.#sinks.get(id)?.events(batch);
      },
      ended: (id: number, why: unknown) => {
        const sink = this.#sinks.get(id);
        this.#sinks.delete(id);
        sink?.ended(unpackError(why) as Compacted | Unavailable);
      },
    });
  }

  /** Whoever knows that the store has come further says so. */
  caughtUp(to: Mark): void {
    this.#mark = {head: later(to.head, this.#mark.head), compacted: later(to.compacted, this.#mark.compacted)};
  }

  revision = (): Revision => this.#mark.head;
  compacted = (): Revision => this.#mark.compacted;
  get = (key: Key, options?: {readonly at?: Revision}): Promise<Entry | undefined> => this.#ask('get', key, options?.at);
  list = (range: Range, page: Page): Promise<Listed> => this.#ask('list', range, page);
  count = (range: Range, max: number): Promise<number> => this.#ask('count', range, max);
  byTerm = (term: string, page: {readonly limit: number; readonly after?: Key}): Promise<Listed> => this.#ask('byTerm', term, page);
  termAfter = (term: string): Promise<string | undefined> => this.#ask('termAfter', term);
  compact = (upTo: Revision): Promise<void> => this.#ask('compact', upTo);

  hot(): 'wait' {
    if (this.#closed) throw this.#closed;
    return 'wait';
  }

  commit(ops: readonly [Op, ...Op[]]): Promise<Committed> {
    return this.#ask(
      'commit',
      ops.map(op => ('put' in op ? {...op, value: ownBytes(op.value)} : op)),
    );
  }

  watch(range: Range, since: Revision, sink: WatchSink): Watch {
    const id = ++this.#watches;
    if (this.#closed) queueMicrotask(() => sink.ended(this.#closed as Unavailable));
    else {
      this.#sinks.set(id, sink);
      this.#peer.tell('watch', id, range, since);
    }
    return {
      close: () => {
        if (this.#sinks.delete(id)) this.#peer.tell('unwatch', id);
      },
    };
  }

  async close(): Promise<void> {
    const why = new Unavailable('the store is closed');
    this.#closed ??= why;
    await Promise.allSettled(this.#asked);
    const sinks = [...this.#sinks];
    this.#sinks.clear();
    for (const [id, sink] of sinks) {
      this.#peer.tell('unwatch', id);
      sink.ended(why);
    }
  }

  async #ask<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#closed) throw this.#closed;
    const answer = this.#peer.ask<Marked<T>>(name, ...args);
    this.#asked.add(answer);
    try {
      const {value, mark} = await answer;
      this.caughtUp(mark);
      return value;
    } finally {
      this.#asked.delete(answer);
    }
  }
}
