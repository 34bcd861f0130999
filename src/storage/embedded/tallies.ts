import type {DatabaseSync} from 'node:sqlite';
import {bounds, holds} from '../ranges.ts';
import type {Key, Range} from '../storage.ts';
import {prepare} from './database.ts';

/** Terms whose counts are kept: those that commits asked about last. */
const talliesMax = 10_000;

type Tally = {
  /** As a JSON array. */
  readonly besidesText: string;
  readonly besides: readonly Range[];
  count: number;
};

/** How many keys are found under terms (ST25). A term is counted when a commit first asks, and from then on every change of the index is added up. */
export class Tallies {
  readonly #known = new Map<string, Tally>();
  readonly #all;
  readonly #within;

  constructor(db: DatabaseSync) {
    this.#all = prepare<[number]>(db, 'SELECT count(*) FROM terms WHERE term = ?');
    this.#within = prepare<[number]>(db, 'SELECT count(*) FROM terms WHERE term = ? AND key >= ? AND key < ?');
  }

  /** @param besidesText the ranges that do not count, as a JSON array */
  count(term: string, besidesText: string): number {
    const known = this.#known.get(term);
    if (known?.besidesText === besidesText) {
      // What was asked about last goes last.
      this.#known.delete(term);
      this.#known.set(term, known);
      return known.count;
    }
    const besides = JSON.parse(besidesText) as readonly Range[];
    let [count] = this.#all.get(term)!;
    for (const range of besides) {
      const {from, to} = bounds(range);
      count -= this.#within.get(term, from, to)![0];
    }
    const oldest = this.#known.size >= talliesMax ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(term, {besidesText, besides, count});
    return count;
  }

  /** A key came under a term, or went. */
  moved(term: string, key: string, by: 1 | -1): void {
    const tally = this.#known.get(term);
    if (tally && !tally.besides.some(range => holds(range, key as Key))) tally.count += by;
  }

  /** What was added up did not come to be. */
  forget(): void {
    this.#known.clear();
  }
}
