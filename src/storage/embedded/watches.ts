import {eachRangeOf} from '../ranges.ts';
import {Compacted, type Event, type Range, type Revision, type Unavailable, type Watch, type WatchSink} from '../storage.ts';
import type {Lost} from './reader.ts';

/** Where watches find what they missed. */
export type Past = {
  /** The newest revision that was handed to `dispatch`. */
  head(): Revision;
  compacted(): Revision;
  /** Whether the events after a revision are at hand, so that a slice costs next to nothing. */
  isNear(since: Revision): boolean;
  /** A slice of the events of a range after a revision, and up to where it reached. */
  slice(range: Range, since: Revision): Told;
  /** Waits until other work had its turn. */
  turn(): Promise<void>;
};

/** `lost`: behind these events comes one, at `upTo`, that cannot be read. */
export type Told = {readonly events: readonly Event[]; readonly upTo: Revision; readonly lost?: Lost};

type Watching = {
  readonly range: Range;
  readonly sink: WatchSink;
  /** Everything up to here was told, or lies before the start. */
  position: Revision;
  open: boolean;
  /** What the present dispatch has found for it. */
  batch: Event[];
};

/**
 * The watches of a store. One that is behind reads the past in slices; when it has reached the newest event it joins the live ones, in the
 * same moment, so that nothing falls between. Live watches are found by their range: an event asks for the few ranges its key lies in,
 * however many watches there are.
 */
export class Watches {
  readonly #past: Past;
  readonly #live = new Map<Range, Set<Watching>>();
  readonly #all = new Set<Watching>();
  #over: Unavailable | undefined;

  constructor(past: Past) {
    this.#past = past;
  }

  add(range: Range, since: Revision, sink: WatchSink): Watch {
    const watch: Watching = {range, sink, position: since, open: true, batch: []};
    this.#all.add(watch);
    const over = this.#over;
    if (over) queueMicrotask(() => this.#end(watch, over));
    else if (since >= this.#past.head()) this.#join(watch);
    else void this.#catchUp(watch);
    return {close: () => this.#drop(watch)};
  }

  /** Hands new events, which are durable, to the live watches. */
  dispatch(events: readonly Event[]): void {
    if (this.#live.size === 0) return;
    const touched: Watching[] = [];
    for (const event of events) {
      eachRangeOf(event.key, range => {
        const watches = this.#live.get(range);
        if (!watches) return;
        for (const watch of watches) {
          if (event.revision <= watch.position) continue;
          if (watch.batch.push(event) === 1) touched.push(watch);
        }
      });
    }
    for (const watch of touched) {
      const {batch} = watch;
      watch.batch = [];
      if (watch.open) watch.sink.events(batch);
    }
  }

  /** Ends all watches, and those that are still added. */
  end(why: Unavailable): void {
    this.#over = why;
    for (const watch of this.#all) this.#end(watch, why);
  }

  async #catchUp(watch: Watching): Promise<void> {
    // The first slice comes after the caller has the watch in hand.
    await (this.#past.isNear(watch.position) ? undefined : this.#past.turn());
    while (watch.open) {
      const oldest = this.#past.compacted();
      if (watch.position < oldest) return this.#end(watch, new Compacted(`revision ${watch.position} is compacted away`, oldest));
      const {events, upTo, lost} = this.#past.slice(watch.range, watch.position);
      watch.position = upTo;
      if (events.length > 0) watch.sink.events(events);
      // As good as forgotten: who lists now sees what there is to see.
      if (lost) return this.#end(watch, new Compacted(`revision ${upTo} cannot be told: ${lost.why.message}`, upTo));
      if (watch.position >= this.#past.head()) return this.#join(watch);
      await this.#past.turn();
    }
  }

  #join(watch: Watching): void {
    if (!watch.open) return;
    const watches = this.#live.get(watch.range);
    if (watches) watches.add(watch);
    else this.#live.set(watch.range, new Set([watch]));
  }

  #end(watch: Watching, why: Compacted | Unavailable): void {
    if (!watch.open) return;
    this.#drop(watch);
    watch.sink.ended(why);
  }

  #drop(watch: Watching): void {
    watch.open = false;
    this.#all.delete(watch);
    const watches = this.#live.get(watch.range);
    if (watches?.delete(watch) && watches.size === 0) this.#live.delete(watch.range);
  }
}
