import type {Surroundings} from '../admission/rule.ts';
import type {Log} from '../api/world.ts';
import {terms} from '../registry/keys.ts';
import type {Event, Key, Revision, Watch} from '../storage/storage.ts';
import {revisionOf} from '../storage/storage.ts';
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
 * Runs controllers over the change feed. Each reads it by itself, from the oldest change that history still has, and is also shown everything
 * that waits for finalizers: so whatever a crash interrupted is taken up again.
 */
export function startControllers(controllers: readonly Controller[], around: Surroundings, log: Log): Running {
  const queues = controllers.map(controller => new Queue(controller, around, log));
  for (const queue of queues) {
    queue.read();
    queue.lookOver().catch(err => log.error('unfinished deletions could not be listed', {error: String(err)}));
  }
  return {
    position: () => revisionOf(Math.min(around.store.revision(), ...queues.map(queue => queue.position()))),
    async stop() {
      await Promise.all(queues.map(queue => queue.stop()));
    },
  };
}

/** The names one controller has still to look at: each once, however often it was woken. */
class Queue {
  readonly #controller: Controller;
  readonly #around: Surroundings;
  readonly #log: Log;
  /** The names that wait, and those that are worked on, each with the oldest change that woke it. */
  readonly #waiting = new Map<string, Revision>();
  readonly #active = new Map<string, Revision>();
  /** Names that were woken while they were being worked on. */
  readonly #again = new Map<string, Revision>();
  /** Names whose work failed, and that wait to be tried again. */
  readonly #failed = new Map<string, {readonly tries: number; readonly revision: Revision}>();
  /** Everything up to here was read. */
  #read: Revision;
  #watching: Watch | undefined;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(controller: Controller, around: Surroundings, log: Log) {
    this.#controller = controller;
    this.#around = around;
    this.#log = log;
    this.#read = around.store.compacted();
  }

  /** Reads the change feed on from where it was left, until too many names wait. */
  read(): void {
    if (this.#watching || this.#stopped) return;
    const watching = this.#around.store.watch('/', this.#read, {
      events: batch => {
        for (const event of batch) {
          if (this.#watching !== watching) return;
          this.#see(event, event.revision);
          this.#read = event.revision;
          if (this.#isFull()) this.#pause();
        }
      },
      ended: why => this.#log.error('a controller lost the change feed', {controller: this.#controller.name, error: String(why)}),
    });
    this.#watching = watching;
  }

  /** Shows every object that waits for finalizers as if it had just been written. */
  async lookOver(): Promise<void> {
    const {store, world} = this.#around;
    for (let after: Key | undefined, more = true; more && !this.#stopped; ) {
      const page = await store.byTerm(terms.terminating, {limit: runnerLimits.pageEntriesMax, ...(after && {after})});
      // They are found by their term again; what they need of history is nothing.
      for (const entry of page.entries) this.#see({...entry, type: 'update'}, store.revision());
      after = page.entries.at(-1)?.key;
      more = page.more;
      while (more && this.#isFull() && !this.#stopped) await new Promise<void>(resolve => world.after(runnerLimits.roomMs, resolve));
    }
  }

  /** Everything up to here was dealt with, or can be found again without the log. */
  position(): number {
    let position: number = this.#read;
    const hold = (revision: Revision): void => {
      position = Math.min(position, revision - 1);
    };
    for (const revisions of [this.#waiting, this.#active, this.#again]) for (const revision of revisions.values()) hold(revision);
    for (const {tries, revision} of this.#failed.values()) if (tries < runnerLimits.heldTriesMax) hold(revision);
    return Math.max(position, 0);
  }

  #isFull(): boolean {
    return this.#waiting.size >= runnerLimits.waitingMax;
  }

  #pause(): void {
    this.#watching?.close();
    this.#watching = undefined;
  }

  #see(event: Event, revision: Revision): void {
    for (const ref of this.#controller.wakes(event, this.#around)) this.#wake(ref, revision);
  }

  #wake(ref: string, revision: Revision): void {
    if (this.#stopped) return;
    if (this.#active.has(ref)) {
      if (!this.#again.has(ref)) this.#again.set(ref, revision);
      return;
    }
    if (!this.#waiting.has(ref)) this.#waiting.set(ref, revision);
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause();
    if (this.#active.size > 0) await new Promise<void>(resolve => (this.#idle = resolve));
  }

  #next(): void {
    for (const [ref, revision] of this.#waiting) {
      if (this.#active.size >= runnerLimits.activeMax) return;
      this.#waiting.delete(ref);
      this.#active.set(ref, revision);
      void this.#work(ref, revision);
    }
    if (!this.#watching && this.#waiting.size === 0) this.read();
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
    else if (againMs !== undefined) this.#around.world.after(againMs, () => this.#wake(ref, this.#failed.get(ref)?.revision ?? this.#read));
    this.#next();
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
