import type {SealingPlan} from '../sealing/sealer.ts';
import type {Op} from '../storage.ts';

/**
 * Commits on their way to the thread that writes. A message between threads costs by the object, so all commits of a turn travel in
 * a few arrays, and their values in one buffer, which is moved and not copied.
 */
export type Batch = {
  /** How many ops each commit has. The other arrays run over all ops of all commits. */
  readonly lengths: Uint32Array;
  readonly codes: Uint8Array;
  /** One a line, as strings cost by the piece. Of a count, the term. */
  readonly keys: string;
  /** The revision expected; `absent` as -1. Of a count, how many are too many. */
  readonly expects: Float64Array;
  /** The terms of each put, as a JSON array or empty for none; one a line. Of a count, the ranges that are left out. */
  readonly terms: string;
  /** Where in `values` the value of each op ends; it begins where the one before ends. */
  readonly ends: Float64Array;
  readonly values: Uint8Array;
};

/** `dropUnseen` is a delete whose last value must be told, since nobody here knows it. */
export const Code = {put: 0, drop: 1, dropUnseen: 2, check: 3, count: 4} as const;

export const absent = -1;

/** In the outcome of a commit: no op failed. */
export const allHeld = -1;

export type ToWriter =
  | {readonly batch: Batch}
  | {readonly compact: number}
  /** From here on values are written by this plan, and the old ones are brought in line with it. */
  | {readonly reseal: SealingPlan; readonly turn: number}
  /** Finish what was sent and end. */
  | {readonly close: true};

export type FromWriter =
  /** The oldest commits not yet answered are done. */
  | {
      /** Two numbers a commit: the op that failed, or `allHeld`; and the revision found under its key, or `absent`; of a count, how many. */
      readonly outcomes: Float64Array;
      /** The newest revision by now. */
      readonly head: number;
      /** The values that unseen deletes removed, in order. */
      readonly lasts: readonly Uint8Array[];
    }
  /** Nothing of the oldest `count` commits not yet answered happened. */
  | {readonly refused: string; readonly count: number}
  /** A compaction is done, or broke off; what remains is removed by the next one. */
  | {readonly compacted: number; readonly failed?: string}
  /** Every value follows the plan of this turn, but for those that nobody can open. */
  | {readonly resealed: Resealed; readonly turn: number; readonly failed?: string}
  /** The plan of this turn lacks a key, and the one before goes on. */
  | {readonly lacking: string; readonly turn: number};

/**
 * How many values were written anew, and how many could not be opened. `traces`: unused parts of the file may still have values that were plain; the file
 * is too large to be written anew while the store is in use.
 */
export type Resealed = {readonly changed: number; readonly unreadable: number; readonly traces: boolean};

/** Packs commits. `isSeen` tells of a delete whether its last value is known here. */
export function pack(commits: readonly (readonly Op[])[], isSeen: (commit: number, op: number) => boolean): Batch {
  let count = 0;
  let size = 0;
  for (const ops of commits) {
    count += ops.length;
    for (const op of ops) if ('put' in op) size += op.value.length;
  }
  const lengths = new Uint32Array(commits.length);
  const codes = new Uint8Array(count);
  const keys = new Array<string>(count);
  const expects = new Float64Array(count);
  const terms = new Array<string>(count);
  const ends = new Float64Array(count);
  const values = new Uint8Array(size);
  let at = 0;
  let end = 0;
  for (let c = 0; c < commits.length; c++) {
    const ops = commits[c]!;
    lengths[c] = ops.length;
    for (let o = 0; o < ops.length; o++, at++) {
      const op = ops[o]!;
      terms[at] = '';
      ends[at] = end;
      if ('count' in op) {
        keys[at] = op.count;
        codes[at] = Code.count;
        terms[at] = JSON.stringify(op.besides);
        expects[at] = op.below;
        continue;
      }
      if ('put' in op) {
        keys[at] = op.put;
        if (op.terms && op.terms.length > 0) terms[at] = JSON.stringify(op.terms);
        values.set(op.value, end);
        end += op.value.length;
      } else if ('delete' in op) {
        keys[at] = op.delete;
        codes[at] = isSeen(c, o) ? Code.drop : Code.dropUnseen;
      } else {
        keys[at] = op.check;
        codes[at] = Code.check;
      }
      expects[at] = op.expect === 'absent' ? absent : op.expect;
      ends[at] = end;
    }
  }
  return {lengths, codes, keys: keys.join('\n'), expects, terms: terms.join('\n'), ends, values};
}

/** One commit of a batch, as the other side sees it. */
export type Commit = {
  readonly keys: readonly string[];
  readonly codes: Uint8Array;
  readonly expects: Float64Array;
  readonly terms: readonly string[];
  /** The value of a put. */
  value(op: number): Uint8Array;
};

export function* commitsOf({lengths, codes, keys, expects, terms, ends, values}: Batch): Generator<Commit> {
  const allKeys = keys.split('\n');
  const allTerms = terms.split('\n');
  if (allKeys.length !== codes.length || allTerms.length !== codes.length) throw new Error('a batch is damaged');
  let first = 0;
  for (const length of lengths) {
    const start = first;
    const end = start + length;
    yield {
      keys: allKeys.slice(start, end),
      codes: codes.subarray(start, end),
      expects: expects.subarray(start, end),
      terms: allTerms.slice(start, end),
      value: op => values.subarray(start + op === 0 ? 0 : ends[start + op - 1]!, ends[start + op]!),
    };
    first = end;
  }
}
