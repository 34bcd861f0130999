import type {Surroundings} from '../admission/rule.ts';
import type {Log} from '../api/world.ts';
import {terms} from '../registry/keys.ts';
import type {Event, Key, Revision} from '../storage/storage.ts';
import {revisionOf} from '../storage/storage.ts';
import type {Controller} from './controller.ts';

export const runnerLimits = {
  /** Names a controller works on at the same time: they mostly wait for the disk, and what waits together is synced together. */
  activeMax: 32,
  /** Names a controller remembers; beyond it forgets, and finds what is left to do by looking everything over again. */
  waitingMax: 100_000,
  retryMsMin: 20,
  retryMsMax: 30_000,
  pageEntriesMax: 500,
} as const;

export type Running = {
  /** Everything up to here has been seen; history before it may be forgotten. */
  position(): Revision;
  /** Ends after what is under way. */
  stop(): Promise<void>;
};

/**
 * Runs controllers over the change feed. It starts at the oldest change that history still has, and with everything that waits for
 * finalizers: so whatever a crash interrupted is taken up again.
 */
export function startControllers(controllers: readonly Controller[], around: Surroundings, log: Log): Running {
  const queues = controllers.map(controller => new Queue(controller, around, log));
  const {store} = around;
  let position = store.compacted();
  const see = (event: Event): void => {
    for (const queue of queues) queue.see(event);
  };
  const watching = store.watch('/', position, {
    events(batch) {
      for (const event of batch) see(event);
      position = (batch.at(-1) as Event).revision;
    },
    ended: why => log.error('controllers lost the change feed', {error: String(why)}),
  });
  lookOver(around, see).catch(err => log.error('unfinished deletions could not be listed', {error: String(err)}));
  return {
    position: () => revisionOf(Math.max(position, 0)),
    async stop() {
      watching.close();
      await Promise.all(queues.map(queue => queue.stop()));
    },
  };
}

/** Shows every object that waits for finalizers as if it had just been written. */
async function lookOver({store}: Surroundings, see: (event: Event) => void): Promise<void> {
  for (let after: Key | undefined, more = true; more; ) {
    const page = await store.byTerm(terms.terminating, {limit: runnerLimits.pageEntriesMax, ...(after && {after})});
    for (const entry of page.entries) see({...entry, type: 'update'});
    after = page.entries.at(-1)?.key;
    more = page.more;
  }
}

/** The names one controller has still to look at: each once, however often it was woken. */
class Queue {
  readonly #controller: Controller;
  readonly #around: Surroundings;
  readonly #log: Log;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  /** Names that were woken while they were being worked on. */
  readonly #again = new Set<string>();
  readonly #tries = new Map<string, number>();
  #overflowed = false;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(controller: Controller, around: Surroundings, log: Log) {
    this.#controller = controller;
    this.#around = around;
    this.#log = log;
  }

  see(event: Event): void {
    for (const ref of this.#controller.wakes(event, this.#around)) this.wake(ref);
  }

  wake(ref: string): void {
    if (this.#stopped) return;
    if (this.#active.has(ref)) {
      this.#again.add(ref);
      return;
    }
    if (this.#waiting.size >= runnerLimits.waitingMax) {
      this.#overflowed = true;
      return;
    }
    this.#waiting.add(ref);
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#active.size > 0) await new Promise<void>(resolve => (this.#idle = resolve));
  }

  #next(): void {
    for (const ref of this.#waiting) {
      if (this.#active.size >= runnerLimits.activeMax) return;
      this.#waiting.delete(ref);
      this.#active.add(ref);
      void this.#work(ref);
    }
    if (this.#overflowed && this.#waiting.size === 0) {
      this.#overflowed = false;
      void lookOver(this.#around, event => this.see(event));
    }
  }

  async #work(ref: string): Promise<void> {
    // Others first: a wake-up comes in the middle of a commit's acknowledgement.
    await this.#around.world.turn();
    let againMs: number | undefined;
    try {
      againMs = (await this.#controller.reconcile(ref, this.#around))?.againMs;
      this.#tries.delete(ref);
    } catch (err) {
      againMs = this.#failed(ref, err);
    }
    this.#active.delete(ref);
    if (this.#stopped) {
      if (this.#active.size === 0) this.#idle?.();
      return;
    }
    if (this.#again.delete(ref)) this.wake(ref);
    else if (againMs !== undefined) this.#around.world.after(againMs, () => this.wake(ref));
    this.#next();
  }

  #failed(ref: string, err: unknown): number {
    const tries = (this.#tries.get(ref) ?? 0) + 1;
    this.#tries.set(ref, tries);
    // Losing a race is ordinary, and the first retry follows soon.
    if (tries > 3) this.#log.warn('a controller will try again', {controller: this.#controller.name, ref, tries, error: String(err)});
    return Math.min(runnerLimits.retryMsMin * 2 ** (tries - 1), runnerLimits.retryMsMax);
  }
}
