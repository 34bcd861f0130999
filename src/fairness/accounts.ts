/** What may be spent of the event loop: so many ms in a second, and so many more at once. */
export type Allowance = {
  /** 0: without limit. */
  readonly msPerSecond: number;
  readonly burstMs: number;
};

/** So many bursts one can be behind: whoever spent very much for a while is on time again before long. */
const behindMax = 4;

/** What a user or a workspace has under way, and what it may spend. */
export class Account {
  /** Requests. */
  readOnly = 0;
  mutating = 0;
  waiting = 0;
  watches = 0;
  /** Requests whose long work waits for its next turn. */
  pieces = 0;
  readonly #allowance: Allowance;
  #balanceMs: number;
  #atMs: number;

  constructor(allowance: Allowance, nowMs: number) {
    this.#allowance = allowance;
    this.#balanceMs = allowance.burstMs;
    this.#atMs = nowMs;
  }

  /** Whether more was spent than there was. */
  isBehind(nowMs: number): boolean {
    return this.#balance(nowMs) < 0;
  }

  /** Ms until it no longer is. */
  behindForMs(nowMs: number): number {
    return this.isBehind(nowMs) ? (-this.#balanceMs * 1000) / this.#allowance.msPerSecond : 0;
  }

  spend(ms: number, nowMs: number): void {
    if (this.#allowance.msPerSecond === 0) return;
    this.#balanceMs = Math.max(this.#balance(nowMs) - ms, -behindMax * this.#allowance.burstMs);
  }

  /** Whether anything is under way. */
  get isBusy(): boolean {
    return this.readOnly + this.mutating + this.waiting + this.watches > 0;
  }

  /** Whether it is as one that is made anew. */
  isBlank(nowMs: number): boolean {
    return !this.isBusy && this.#balance(nowMs) >= this.#allowance.burstMs;
  }

  #balance(nowMs: number): number {
    const earned = ((nowMs - this.#atMs) * this.#allowance.msPerSecond) / 1000;
    this.#atMs = nowMs;
    this.#balanceMs = Math.min(this.#balanceMs + earned, this.#allowance.burstMs);
    return this.#balanceMs;
  }
}

/**
 * The accounts of those who have something under way or spent something lately. Nothing is kept of anybody else: now and then those that are as good as new
 * are dropped, and when there are more than `idleMax` of others that are idle, the oldest of them.
 */
export class Accounts {
  readonly #allowance: Allowance;
  readonly #idleMax: number;
  readonly #accounts = new Map<string, Account>();
  #sweepAt: number;

  constructor(allowance: Allowance, idleMax: number) {
    this.#allowance = allowance;
    this.#idleMax = idleMax;
    this.#sweepAt = 2 * idleMax;
  }

  get size(): number {
    return this.#accounts.size;
  }

  of(name: string, nowMs: number): Account {
    const found = this.#accounts.get(name);
    if (found) return found;
    if (this.#accounts.size >= this.#sweepAt) this.#sweep(nowMs);
    const made = new Account(this.#allowance, nowMs);
    this.#accounts.set(name, made);
    return made;
  }

  #sweep(nowMs: number): void {
    const idle: string[] = [];
    for (const [name, account] of this.#accounts) {
      if (account.isBlank(nowMs)) this.#accounts.delete(name);
      else if (!account.isBusy) idle.push(name);
    }
    for (const name of idle.slice(0, Math.max(0, idle.length - this.#idleMax))) this.#accounts.delete(name);
    this.#sweepAt = this.#accounts.size + this.#idleMax;
  }
}
