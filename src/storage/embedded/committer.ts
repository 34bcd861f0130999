import {Worker} from 'node:worker_threads';
import type {SealingPlan} from '../sealing/sealer.ts';
import {type Committed, type Op, Unavailable} from '../storage.ts';
import {type FromWriter, pack, type Resealed, type ToWriter} from './batch.ts';
import {MissingKeys} from './seals.ts';
import type {WorkerData} from './worker.ts';

/** A commit on its way. */
export type Pending = {
  readonly ops: readonly Op[];
  /** For each delete the value it removes, where that is known already. */
  readonly lasts: readonly (Uint8Array | undefined)[];
  readonly resolve: (committed: Committed) => void;
  readonly reject: (why: Error) => void;
};
export type Outcomes = Extract<FromWriter, {readonly outcomes: unknown}>;

type Listener = {
  /** The oldest commits are on disk, or refused by their expectations. */
  done(commits: readonly Pending[], outcomes: Outcomes): void;
  /** Nothing can be written any more. */
  died(why: Unavailable): void;
};

/** Batches the thread has been sent and not answered. */
const batchesAheadMax = 2;

/**
 * The end of the wire to the thread that writes: collects commits, sends them in batches, and keeps their order.
 */
export class Committer {
  readonly #worker: Worker;
  readonly #on: Listener;
  readonly #ended: Promise<void>;
  /** Accepted, not sent. */
  #collected: Pending[] = [];
  /** The sizes of the batches that were sent and are not wholly answered. */
  #batches: number[] = [];
  #flushing = false;
  /** Sent, not answered. The first `#answered` of them are. */
  #sent: Pending[] = [];
  #answered = 0;
  #compactions: {readonly upTo: number; readonly resolve: () => void; readonly reject: (why: Error) => void}[] = [];
  /** Who waits for values to follow a plan, in order. */
  #resealings: {readonly turn: number; readonly resolve: (done: Resealed) => void; readonly reject: (why: Error) => void}[] = [];
  #turns = 0;
  #lastRefusal: Unavailable | undefined;
  #closed = false;

  constructor(data: WorkerData, on: Listener) {
    this.#on = on;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {workerData: data});
    this.#worker.on('message', (message: FromWriter) => this.#hear(message));
    this.#worker.once('error', (err: Error) => {
      this.#lastRefusal = new Unavailable(`the store can no longer write: ${err.message}`);
    });
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        this.#end();
        resolve();
      });
    });
  }

  add(commit: Pending): void {
    this.#collected.push(commit);
    this.#flushSoon();
  }

  compact(upTo: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#compactions.push({upTo, resolve, reject});
      this.#send({compact: upTo});
    });
  }

  reseal(plan: SealingPlan): Promise<Resealed> {
    return new Promise((resolve, reject) => {
      const turn = ++this.#turns;
      this.#resealings.push({turn, resolve, reject});
      this.#send({reseal: plan, turn});
    });
  }

  /** Resolves when everything that was accepted is answered and the thread has let go of the file. */
  async close(): Promise<void> {
    this.#flush();
    this.#closed = true;
    this.#send({close: true});
    await this.#ended;
  }

  /**
   * Sends what was collected at the end of this round, unless the thread has a batch to work on and one to go on with: then a message more would only
   * cost, and the commits that wait travel together.
   */
  #flushSoon(): void {
    if (this.#flushing || this.#collected.length === 0 || this.#batches.length >= batchesAheadMax) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const commits = this.#collected;
    if (commits.length === 0) return;
    this.#collected = [];
    for (const commit of commits) this.#sent.push(commit);
    this.#batches.push(commits.length);
    const batch = pack(
      commits.map(commit => commit.ops),
      (commit, op) => commits[commit]!.lasts[op] !== undefined,
    );
    this.#worker.postMessage({batch} satisfies ToWriter, [batch.values.buffer as ArrayBuffer]);
  }

  #send(message: ToWriter): void {
    this.#flush();
    this.#worker.postMessage(message);
  }

  #hear(message: FromWriter): void {
    if ('outcomes' in message) this.#on.done(this.#take(message.outcomes.length / 2), message);
    else if ('compacted' in message) this.#compacted(message.compacted, message.failed);
    else if ('resealed' in message) this.#resealed(message);
    else if ('lacking' in message) this.#lacking(message.lacking, message.turn);
    else {
      const why = new Unavailable(`the store could not write: ${message.refused}`);
      this.#lastRefusal = why;
      for (const commit of this.#take(message.count)) commit.reject(why);
    }
  }

  #compacted(compacted: number, failed?: string): void {
    const done = this.#compactions.filter(c => c.upTo <= compacted);
    this.#compactions = this.#compactions.filter(c => c.upTo > compacted);
    for (const {resolve, reject} of done) {
      if (failed === undefined) resolve();
      else reject(new Unavailable(`the store could not compact: ${failed}`));
    }
  }

  #lacking(why: string, turn: number): void {
    this.#resealings.find(each => each.turn === turn)?.reject(new MissingKeys(why));
    this.#resealings = this.#resealings.filter(each => each.turn !== turn);
  }

  #resealed({resealed, turn, failed}: Extract<FromWriter, {resealed: unknown}>): void {
    // A plan that another one came upon has its end with it.
    const done = this.#resealings.filter(each => each.turn <= turn);
    this.#resealings = this.#resealings.filter(each => each.turn > turn);
    for (const {resolve, reject} of done) {
      if (failed === undefined) resolve(resealed);
      else reject(new Error(failed));
    }
  }

  /** The oldest commits without an answer. */
  #take(count: number): readonly Pending[] {
    for (let left = count; left > 0; ) {
      const first = this.#batches[0] ?? left;
      const part = Math.min(left, first);
      if (part === first) this.#batches.shift();
      else this.#batches[0] = first - part;
      left -= part;
    }
    this.#flushSoon();
    const taken = this.#sent.slice(this.#answered, this.#answered + count);
    this.#answered += count;
    // Cutting off the front for each answer would move a long queue again and again.
    if (this.#answered * 2 > this.#sent.length) {
      this.#sent = this.#sent.slice(this.#answered);
      this.#answered = 0;
    }
    return taken;
  }

  /** The thread has ended: because it was told to, or because it cannot go on. */
  #end(): void {
    const why = this.#lastRefusal ?? new Unavailable('the store is closed');
    for (const commit of [...this.#take(this.#sent.length - this.#answered), ...this.#collected.splice(0)]) commit.reject(why);
    for (const {reject} of [...this.#compactions.splice(0), ...this.#resealings.splice(0)]) reject(why);
    if (!this.#closed) this.#on.died(why);
  }
}
