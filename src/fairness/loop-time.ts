import {AsyncLocalStorage} from 'node:async_hooks';

/** How long the event loop has worked and how long it has waited since it began, in ms: `performance.eventLoopUtilization`. */
export type LoopClock = () => {readonly active: number; readonly idle: number};

/** On whose account the loop works. */
export type Spender = {
  /** So many ms of the loop went by; `nowMs` is the time of the loop, waiting included. */
  spent(ms: number, nowMs: number): void;
};

/** Where everybody waits, a piece of work is over within this. What seems to take longer waited for something that nobody marked. */
const pieceMsMax = 50;

/**
 * Whose work the event loop does. A request is timed from where it goes on to where it waits (`suspend`), by a clock that stands still while the loop has
 * nothing to do. When another one goes on meanwhile, the time is that one's from there: so no millisecond counts twice, and where requests mix within one
 * round of the loop, as when they waited for one commit, some count for nobody. So does what sockets, timers and the collector of garbage take between.
 */
export class LoopTime {
  readonly #clock: LoopClock;
  readonly #longest: number;
  readonly #context = new AsyncLocalStorage<Spender | undefined>();
  #running: Spender | undefined;
  #since = 0;

  /** `longest`: of a piece of work, in ms; what is beyond is not believed. */
  constructor(clock: LoopClock, longest: number = pieceMsMax) {
    this.#clock = clock;
    this.#longest = longest;
  }

  /** The time of the loop, waiting included, in ms. */
  now(): number {
    const {active, idle} = this.#clock();
    return active + idle;
  }

  /** Who asks: the spender whose work called. */
  get current(): Spender | undefined {
    return this.#context.getStore();
  }

  /** Does work on somebody's account, up to the end of what it returns. */
  async run<T>(who: Spender, work: () => Promise<T>): Promise<T> {
    this.#goOn(who);
    try {
      return await this.#context.run(who, work);
    } finally {
      this.end(who);
    }
  }

  /** The same from here on, for an async function that has waited before: nobody but those whom it calls is to come after it in this moment. */
  begin(who: Spender): void {
    this.#goOn(who);
    this.#context.enterWith(who);
  }

  end(who: Spender): void {
    if (this.#running !== who) return;
    const {active, idle} = this.#clock();
    this.#settle(active, active + idle);
    this.#running = undefined;
  }

  /** The same for work that is done when it returns, though some that it began may go on. */
  runAtOnce(who: Spender, work: () => void): void {
    this.#goOn(who);
    try {
      this.#context.run(who, work);
    } finally {
      this.end(who);
    }
  }

  /** Waits for what is done elsewhere. What it wakes here, as those who follow the log, or begins that lasts, is not on the account either. */
  elsewhere<T>(work: () => Promise<T>): Promise<T> {
    return this.current ? this.suspend(this.outside(work)) : work();
  }

  /** Begins something on nobody's account. */
  outside<T>(work: () => T): T {
    return this.#context.run(undefined, work);
  }

  /** Waits for what is not done by this loop, or not now, on nobody's account. */
  async suspend<T>(wait: Promise<T>): Promise<T> {
    const who = this.current;
    if (!who) return wait;
    this.end(who);
    try {
      return await wait;
    } finally {
      this.#goOn(who);
    }
  }

  /** A callback that works on the account of who made it, whoever calls. */
  onAccount<A>(callback: (argument: A) => void): (argument: A) => void {
    const who = this.current;
    return who ? argument => this.runAtOnce(who, () => callback(argument)) : callback;
  }

  #goOn(who: Spender): void {
    const {active, idle} = this.#clock();
    this.#settle(active, active + idle);
    this.#running = who;
    this.#since = active;
  }

  #settle(active: number, nowMs: number): void {
    this.#running?.spent(Math.min(active - this.#since, this.#longest), nowMs);
  }
}
