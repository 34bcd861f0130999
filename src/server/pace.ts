import type {Timers} from '../api/world.ts';
import type {LoopTime} from '../fairness/loop-time.ts';
import type {StreamSink} from './http.ts';

export const paceLimits = {
  /** Writing pauses while the client has so much still to take. */
  bufferedBytesMax: 1024 * 1024,
  pauseMs: 5,
  /** A client that takes nothing for so long is given up. */
  stalledMsMax: 60_000,
} as const;

/** Lets a long answer out no faster than its client takes it. What it returns waits for room, and says false when the client is gone or stalled. */
export function pace(timers: Timers, sink: StreamSink, time?: LoopTime): () => Promise<boolean> {
  let closed = false;
  sink.onClose(() => {
    closed = true;
  });
  return async () => {
    for (let waitedMs = 0; sink.buffered > paceLimits.bufferedBytesMax && !closed; waitedMs += paceLimits.pauseMs) {
      if (waitedMs >= paceLimits.stalledMsMax) return false;
      const pause = new Promise<void>(resolve => void timers.after(paceLimits.pauseMs, resolve));
      await (time ? time.suspend(pause) : pause);
    }
    return !closed;
  };
}
