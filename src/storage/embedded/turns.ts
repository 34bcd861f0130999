import type {Revision} from '../storage.ts';

/**
 * Shares the thread among long jobs: a job cut into slices awaits a turn between two of them, and each round of the event loop gives one
 * turn. So the loop is never held for longer than a slice, however many jobs there are.
 */
export function turns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const give = (): void => {
    waiting.shift()!();
    if (waiting.length > 0) setImmediate(give);
  };
  return () =>
    new Promise(resolve => {
      if (waiting.push(resolve) === 1) setImmediate(give);
    });
}

/** Rows a job may look at before others have their turn: some milliseconds from a warm disk, up to 25 from a cold one. */
const sliceRows = 500;
/** As much of a value costs as much as a row. */
const bytesPerRow = 4096;

/** The work a job does between two turns, for a read of one moment. */
export class Slice {
  readonly at: Revision;
  readonly #turn: () => Promise<void>;
  #left = sliceRows;

  constructor(at: Revision, turn: () => Promise<void>) {
    this.at = at;
    this.#turn = turn;
  }

  /** Notes a row that was looked at, and the length of its value. */
  did(bytes: number): void {
    this.#left -= 1 + bytes / bytesPerRow;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Awaits a turn and begins anew. Throws when the moment cannot be read any more. */
  async next(): Promise<void> {
    await this.#turn();
    this.#left = sliceRows;
  }
}
