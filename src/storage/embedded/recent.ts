import type {Event, Revision} from '../storage.ts';

/**
 * The newest events, so that watches which resume shortly after they broke off need not read the log. Revisions are
 * consecutive, so an event is found by its revision.
 */
export class Recent {
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** Grows at the end; what lies before `#start` is given up, and the room is cut off now and then. */
  #events: (Event | undefined)[] = [];
  #start = 0;
  #bytes = 0;

  constructor(limits: {readonly countMax: number; readonly bytesMax: number}) {
    this.#countMax = limits.countMax;
    this.#bytesMax = limits.bytesMax;
  }

  add(event: Event): void {
    this.#events.push(event);
    this.#bytes += event.value.length;
    while (this.#events.length - this.#start > this.#countMax || this.#bytes > this.#bytesMax) {
      this.#bytes -= this.#events[this.#start]!.value.length;
      this.#events[this.#start++] = undefined;
    }
    if (this.#start > this.#countMax) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Whether every event after the revision is here. */
  reaches(since: number): boolean {
    const oldest = this.#events[this.#start];
    return oldest !== undefined && oldest.revision <= since + 1;
  }

  /** Those events after a revision that it `reaches`, at most `max`, for which `keep` holds. Also tells the last one looked at. */
  after(since: Revision, max: number, keep: (event: Event) => boolean): {readonly events: readonly Event[]; readonly upTo: Revision} {
    const first = this.#start + since + 1 - this.#events[this.#start]!.revision;
    const end = Math.min(this.#events.length, first + max);
    const events: Event[] = [];
    for (let i = first; i < end; i++) if (keep(this.#events[i]!)) events.push(this.#events[i]!);
    return {events, upTo: end > first ? this.#events[end - 1]!.revision : since};
  }
}
