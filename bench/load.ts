/** Load: so many clients, each with one request under way, over a few sessions. */
import {performance} from 'node:perf_hooks';
import type {Request, Session} from './session.ts';

export type Plan = {
  readonly sessions: readonly Session[];
  readonly clients: number;
  /** Ends after this time, or when requests run out. */
  readonly ms: number;
  /** Requests answered before this are not counted. */
  readonly warmMs?: number;
  /** The request number n; undefined: there is no more. */
  readonly next: (n: number) => Request | undefined;
  readonly expect: number;
};

export type Measured = {
  readonly count: number;
  readonly perSecond: number;
  /** Ascending. */
  readonly timesMs: Float64Array;
  /** Requests sent in all, counted or not. */
  readonly sent: number;
};

export const quantile = (ascending: Float64Array, q: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * q))] ?? Number.NaN;

/** @throws Error when a request is answered otherwise than expected: rates of failures tell nothing */
export function drive({sessions, clients, ms, warmMs = 0, next, expect}: Plan): Promise<Measured> {
  const times: number[] = [];
  const start = performance.now();
  const from = start + warmMs;
  let active = clients;
  let sent = 0;
  let last = from;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      if (--active > 0) return;
      const timesMs = Float64Array.from(times).sort();
      resolve({count: times.length, perSecond: (times.length * 1000) / (last - from), timesMs, sent});
    };
    const go = (session: Session): void => {
      const begun = performance.now();
      const request = begun - from < ms ? next(sent) : undefined;
      if (!request) {
        finish();
        return;
      }
      sent++;
      session.send(request, {
        failed: reject,
        ended: status => {
          if (status !== expect) return reject(new Error(`${request.method} ${request.path} was answered with ${status}, not ${expect}`));
          const now = performance.now();
          if (now >= from) {
            times.push(now - begun);
            last = now;
          }
          go(session);
        },
      });
    };
    for (let i = 0; i < clients; i++) go(sessions[i % sessions.length]!);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
