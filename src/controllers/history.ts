import type {Log, World} from '../api/world.ts';
import type {Revision, Storage} from '../storage/storage.ts';

export const historyLimits = {
  /** A client that was away for less can go on where it was (spec kubernetes-api 4.4). */
  keptMsMin: 5 * 60_000,
  everyMs: 60_000,
} as const;

/** Forgets history that is older than clients can count on, never what the controllers have not seen. Returns how to end it. */
export function startCompaction(store: Storage, world: World, seen: () => Revision, log: Log): () => void {
  const samples: {readonly atMs: number; readonly revision: Revision}[] = [];
  let cancel: () => void;
  const tick = async (): Promise<void> => {
    samples.push({atMs: world.now(), revision: store.revision()});
    let target: Revision | undefined;
    while (samples[0] && samples[0].atMs <= world.now() - historyLimits.keptMsMin) target = samples.shift()?.revision;
    if (target === undefined) return;
    const upTo = Math.min(target, seen()) as Revision;
    if (upTo > store.compacted()) await store.compact(upTo);
  };
  const schedule = (): void => {
    cancel = world.after(historyLimits.everyMs, () => {
      tick()
        .catch(err => log.warn('history could not be compacted', {error: String(err)}))
        .finally(schedule);
    });
  };
  schedule();
  return () => cancel();
}
