import type {Surroundings} from '../admission/rule.ts';
import type {Log} from '../api/world.ts';
import {terms} from '../registry/keys.ts';
import type {Event, Key, Revision, Unavailable, Watch} from '../storage/storage.ts';
import {Compacted, revisionOf} from '../storage/storage.ts';
import type {Controller} from './controller.ts';

export const runnerLimits = {
  /** Names a controller works on at the same time: they mostly wait for the disk, and what waits together is synced together. */
  activeMax: 32,
  /** Names a controller remembers; beyond it stops reading the log, and reads on when it has none left. A few more come in with one event. */
  waitingMax: 100_000,
  /** How often it is seen whether there is room for further names, while unfinished deletions are listed. */
  roomMs: 100,
  /** Failures (about half an hour of them) after which a name no longer keeps history from being forgotten. It is still tried. */
  heldTriesMax: 64,
  retryMsMin: 20,
  retryMsMax: 30_000,
  pageEntriesMax: 500,
} as const;

export type Running = {
  /** Everything up to here has been dealt with; history before it may be forgotten. */
  position(): Revision;
  /** Ends after what is under way. */
  stop(): Promise<void>;
};

/**
 * Runs controllers over the change feed. It starts at the oldest change that history still has, and with everything that waits for
 * finalizers: so whatever a crash interrupted is taken up again.
 */
export function startControllers(controllers: readonly Controller[], around: Surroundings, log: Log): Running {
  return new Runner(controllers, around, log);
}

/** The one reader of the log, who gives each controller its names. */
class Runner implements Running {
  readonly #queues: readonly Queue[];
  readonly #around: Surroundings;
  readonly #log: Log;
  /** Everything up to here was read. */
  #read: Revision;
  #watching: Watch | undefined;
  #stopped = false;

  constructor(controllers: readonly Controller[], around: Surroundings, log: Log) {
    this.#queues = controllers.map(controller => new Queue(controller, around, log, () => this.#readOn()));
    this.#around = around;
    this.#log = log;
    this.#read = around.store.compacted();
    this.#readOn();
    this.#lookOver().catch(err => log.error('unfinished deletions could not be listed', {error: String(err)}));
  }

  position(): Revision {
    return revisionOf(Math.max(Math.min(this.#read, ...this.#queues.map(queue => queue.oldest() - 1)), 0));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause();
    await Promise.all(this.#queues.map(queue => queue.stop()));
  }

  /** Reads the log on from where it was left, until too many names wait. */
  #readOn(): void {
    if (this.#watching || this.#stopped || this.#queues.some(queue => queue.size > 0)) return;
    const watching = this.#around.store.watch('/', this.#read, {
      events: batch => {
        for (const event of batch) {
          if (this.#watching !== watching) return;
          for (const queue of this.#queues) queue.see(event, event.revision);
          this.#read = event.revision;
          if (this.#isFull()) this.#pause();
        }
      },
      ended: why => this.#lost(why),
    });
    this.#watching = watching;
  }

  /** What cannot be told any more, as it cannot be read, is passed over. */
  #lost(why: Compacted | Unavailable): void {
    this.#log.error('controllers lost the change feed', {error: String(why)});
    if (!(why instanceof Compacted) || why.oldest <= this.#read) return;
    this.#read = why.oldest;
    this.#watching = undefined;
    this.#readOn();
  }

  #pause(): void {
    this.#watching?.close();
    this.#watching = undefined;
  }

  #isFull(): boolean {
    return this.#queues.some(queue => queue.size >= runnerLimits.waitingMax);
  }

  /** Shows every object that waits for finalizers as if it had just been written. */
  async #lookOver(): Promise<void> {
    const {store, world} = this.#around;
    for (let after: Key | undefined, more = true; more && !this.#stopped; ) {
      const page = await store.byTerm(terms.terminating, {limit: runnerLimits.pageEntriesMax, ...(after && {after})});
      // The term finds them again: they need nothing of history.
      const revision = store.revision();
      for (const entry of page.entries) for (const queue of this.#queues) queue.see({...entry, type: 'update'}, revision);
      after = page.entries.at(-1)?.key;
      more = page.more;
      while (more && this.#isFull() && !this.#stopped) await new Promise<void>(resolve => world.after(runnerLimits.roomMs, resolve));
    }
  }
}

/** The names one controller has still to look at: each once, however often it was woken. */
class Queue {
  readonly #controller: Controller;
  readonly #around: Surroundings;
  readonly #log: Log;
  /** Called when no name waits any more. */
  readonly #drained: () => void;
  /** The names that wait, and those that are worked on, each with the oldest change that woke it. */
  readonly #waiting = new Map<string, Revision>();
  readonly #active = new Map<string, Revision>();
  /** Names that were woken while they were being worked on. */
  readonly #again = new Map<string, Revision>();
  /** Names whose work failed, and that wait to be tried again. */
  readonly #failed = new Map<string, {readonly tries: number; readonly revision: Revision}>();
  /** How to call off the timers of names that are to be woken again. */
  readonly #later = new Map<string, () => void>();
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(controller: Controller, around: Surroundings, log: Log, drained: () => void) {
    this.#controller = controller;
    this.#around = around;
    this.#log = log;
    this.#drained = drained;
  }

  /** How many names wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The oldest change whose work is not done; Infinity when there is none. What asked to be told again is found without the log. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const names of [this.#waiting, this.#active, this.#again])
      for (const revision of names.values()) oldest = Math.min(oldest, revision);
    for (const {tries, revision} of this.#failed.values()) if (tries < runnerLimits.heldTriesMax) oldest = Math.min(oldest, revision);
    return oldest;
  }

  see(event: Event, revision: Revision): void {
    for (const ref of this.#controller.wakes(event, this.#around)) this.#wake(ref, revision);
  }

  #wake(ref: string, revision: Revision): void {
    if (this.#stopped) return;
    this.#callOff(ref);
    if (this.#active.has(ref)) {
      if (!this.#again.has(ref)) this.#again.set(ref, revision);
      return;
    }
    if (!this.#waiting.has(ref)) this.#waiting.set(ref, revision);
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const callOff of this.#later.values()) callOff();
    if (this.#active.size > 0) await new Promise<void>(resolve => (this.#idle = resolve));
  }

  #next(): void {
    for (const [ref, revision] of this.#waiting) {
      if (this.#active.size >= runnerLimits.activeMax) return;
      this.#waiting.delete(ref);
      this.#active.set(ref, revision);
      void this.#work(ref, revision);
    }
    if (this.#waiting.size === 0) this.#drained();
  }

  async #work(ref: string, revision: Revision): Promise<void> {
    // Others first: a wake-up comes in the middle of a commit's acknowledgement.
    await this.#around.world.turn();
    let againMs: number | undefined;
    try {
      againMs = (await this.#controller.reconcile(ref, this.#around))?.againMs;
      this.#failed.delete(ref);
    } catch (err) {
      againMs = this.#fail(ref, revision, err);
    }
    this.#active.delete(ref);
    if (this.#stopped) {
      if (this.#active.size === 0) this.#idle?.();
      return;
    }
    const again = this.#again.get(ref);
    this.#again.delete(ref);
    if (again !== undefined) this.#wake(ref, this.#failed.get(ref)?.revision ?? again);
    else if (againMs !== undefined) this.#wakeLater(ref, againMs);
    this.#next();
  }

  /** However often it is asked for, a name waits for one time only. */
  #wakeLater(ref: string, ms: number): void {
    const {store, world} = this.#around;
    const ring = (): void => this.#wake(ref, this.#failed.get(ref)?.revision ?? store.revision());
    this.#later.set(ref, world.after(ms, ring));
  }

  #callOff(ref: string): void {
    this.#later.get(ref)?.();
    this.#later.delete(ref);
  }

  #fail(ref: string, revision: Revision, err: unknown): number {
    const known = this.#failed.get(ref);
    const tries = (known?.tries ?? 0) + 1;
    this.#failed.set(ref, {tries, revision: known?.revision ?? revision});
    // Losing a race is ordinary, and the first retry follows soon.
    if (tries > 3) this.#log.warn('a controller will try again', {controller: this.#controller.name, ref, tries, error: String(err)});
    return Math.min(runnerLimits.retryMsMin * 2 ** (tries - 1), runnerLimits.retryMsMax);
  }
}
