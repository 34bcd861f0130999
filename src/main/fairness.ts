/** What one may have of this server, as it was configured. */
import {Fairness} from '../fairness/fairness.ts';
import {LoopTime} from '../fairness/loop-time.ts';
import type {Config} from './flags.ts';
import {realWorld} from './world.ts';

export function fairnessOf(config: Config): Fairness {
  const loop = (msPerSecond: number) => ({msPerSecond, burstMs: config.loopTimeBurst});
  return new Fairness({
    limits: {
      readOnlyMax: config.maxRequestsInflight,
      mutatingMax: config.maxMutatingRequestsInflight,
      perUserMax: config.maxRequestsInflightPerUser,
      perWorkspaceMax: config.maxRequestsInflightPerWorkspace,
      loopPerUser: loop(config.loopTimePerUser),
      loopPerWorkspace: loop(config.loopTimePerWorkspace),
      watchesPerUserMax: config.maxWatchesPerUser,
      watchesPerWorkspaceMax: config.maxWatchesPerWorkspace,
    },
    time: new LoopTime(() => performance.eventLoopUtilization()),
    timers: realWorld,
  });
}
