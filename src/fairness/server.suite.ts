/** A server of few places, for tests. */
import assert from 'node:assert/strict';
import {ApiError} from '../api/errors.ts';
import type {User} from '../auth/user.ts';
import {groups} from '../auth/user.ts';
import {Fairness} from './fairness.ts';
import type {FairnessLimits} from './limits.ts';
import {LoopTime} from './loop-time.ts';
import type {Sort, Visit} from './visit.ts';

const few: FairnessLimits = {
  readOnlyMax: 8,
  mutatingMax: 4,
  perUserMax: 0,
  perWorkspaceMax: 0,
  loopPerUser: {msPerSecond: 100, burstMs: 100},
  loopPerWorkspace: {msPerSecond: 200, burstMs: 200},
  watchesPerUserMax: 3,
  watchesPerWorkspaceMax: 5,
};

/** A server whose time passes when the test says so; a round of the loop is a real one. */
export class Server {
  nowMs = 0;
  readonly fairness: Fairness;
  #timers: {readonly atMs: number; readonly ring: () => void}[] = [];

  constructor(limits: Partial<FairnessLimits> = {}) {
    this.fairness = new Fairness({
      limits: {...few, ...limits},
      time: new LoopTime(() => ({active: 0, idle: this.nowMs})),
      timers: {
        after: (ms, ring) => {
          const timer = {atMs: this.nowMs + ms, ring};
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter(other => other !== timer);
          };
        },
        turn: () => new Promise(resolve => setImmediate(resolve)),
      },
    });
  }

  get timers(): number {
    return this.#timers.length;
  }

  enter(
    user: string | User,
    workspace = 'w',
    sort: Sort = 'readOnly',
    signal = new AbortController().signal,
    isList = false,
  ): Visit | Promise<Visit> {
    const who = typeof user === 'string' ? {name: user, groups: [groups.authenticated]} : user;
    return this.fairness.enter({user: who, workspace, sort, isList, gone: () => signal});
  }

  /** Goes in at once, as is demanded. */
  inside(...asking: Parameters<Server['enter']>): Visit {
    const entered = this.enter(...asking);
    assert.ok(!(entered instanceof Promise), `${JSON.stringify(asking)} has to wait`);
    return entered;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const due of this.#timers.filter(({atMs}) => atMs <= this.nowMs)) {
      this.#timers = this.#timers.filter(other => other !== due);
      due.ring();
    }
  }

  async rounds(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
  }
}

/** Demands the refusal that a client sees. */
export const tooMany =
  (text: string, retryAfterSeconds = 1) =>
  (err: unknown) =>
    err instanceof ApiError &&
    err.reason === 'TooManyRequests' &&
    err.code === 429 &&
    err.message === `Too many requests, please try again later. (${text})` &&
    err.details?.retryAfterSeconds === retryAfterSeconds;
export const late = 'it was not its turn in time';

/** Enters until it would have to wait. The last one goes on waiting, and leaves at once when it is let in. */
export async function fill(server: Server, ...asking: Parameters<Server['enter']>): Promise<readonly Visit[]> {
  const visits: Visit[] = [];
  for (;;) {
    const entered = server.enter(...asking);
    if (!(entered instanceof Promise)) visits.push(entered);
    else {
      entered.then(
        visit => visit.leave(),
        () => undefined,
      );
      await server.rounds(2);
      return visits;
    }
  }
}
