import {EventEmitter, once} from 'node:events';
import {
  type Compacted,
  type Entry,
  type Event,
  type Key,
  type Op,
  type Range,
  type Revision,
  revisionOf,
  type Storage,
  type Unavailable,
  type Watch,
} from './storage.ts';

/** A store under test. The suite closes it. */
export type Opened = {
  readonly store: Storage;
  /** Opens again what the store, closed by now, left behind; absent when that is nothing. */
  readonly reopen?: () => Promise<Storage>;
};
export type Open = () => Promise<Opened>;

export const key = (name: string): Key => name as Key;
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);
export const zero = revisionOf(0);

export const put = (name: string, value: string, expect: Revision | 'absent' = 'absent', terms?: readonly string[]): Op => ({
  put: key(name),
  value: bytes(value),
  expect,
  ...(terms && {terms}),
});

/** Commits one op and tells its revision. */
export const commit = async (store: Storage, ...ops: readonly [Op, ...Op[]]): Promise<Revision> =>
  (await store.commit(ops)).revisions.at(-1)!;

/** Entries and events as text, so that a failed comparison can be read. */
export const plain = (e: Entry | Event | undefined): unknown => e && {...e, value: text(e.value)};

/** What one watch was told. */
export class Recorder {
  readonly events: Event[] = [];
  readonly batches: number[] = [];
  ends: (Compacted | Unavailable)[] = [];
  readonly watch: Watch;
  readonly #news = new EventEmitter();

  constructor(store: Storage, range: Range, since: Revision) {
    this.watch = store.watch(range, since, {
      events: batch => {
        this.batches.push(batch.length);
        this.events.push(...batch);
        this.#news.emit('news');
      },
      ended: why => {
        this.ends.push(why);
        this.#news.emit('news');
      },
    });
  }

  /** Waits until the watch has told `count` events, or has ended. The test's time limit ends a wait for what never comes. */
  async until(count: number): Promise<readonly Event[]> {
    while (this.events.length < count && this.ends.length === 0) await once(this.#news, 'news');
    return this.events;
  }

  async end(): Promise<Compacted | Unavailable> {
    while (this.ends.length === 0) await once(this.#news, 'news');
    return this.ends[0]!;
  }

  told(): readonly unknown[] {
    return this.events.map(plain);
  }
}

/** Lets everything happen that is already under way. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve));
};
