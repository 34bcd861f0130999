import type {Surroundings} from '../admission/rule.ts';
import type {Log} from '../api/world.ts';
import {eventsWrittenAt} from '../registry/dated-events.ts';
import {deleteOp} from '../registry/ops.ts';
import type {Op} from '../storage/storage.ts';
import {pagesOf} from './owners.ts';
import {commitAll} from './removal.ts';

export const expiryLimits = {
  /** How often it is looked for events whose time is over: they live so much longer at most. */
  everyMs: 10_000,
  /** Events after which what was found is removed, before more are looked for. */
  eventsAtOnce: 200,
} as const;

/**
 * Removes Events to which nothing was written for `keptMs`, whatever finalizers they have (spec kubernetes-api 8.6, 11.7); 0 keeps them for ever.
 * It remembers nothing: what is due is found by when it was written, also after a restart. Returns how to end it, which takes as long as what is
 * under way.
 */
export function startExpiry(around: Surroundings, keptMs: number, log: Log): () => Promise<void> {
  if (keptMs === 0) return async () => {};
  const {world} = around;
  let stopped = false;
  let cancel: () => void;
  let underWay: Promise<void> = Promise.resolve();
  const schedule = (): void => {
    cancel = world.after(expiryLimits.everyMs, () => {
      underWay = removeExpired(around, eventsWrittenAt(world.now() - keptMs), () => stopped)
        .catch(err => log.warn('events could not be removed', {error: String(err)}))
        .finally(() => {
          if (!stopped) schedule();
        });
    });
  };
  schedule();
  return async () => {
    stopped = true;
    cancel();
    await underWay;
  };
}

/** Removes the events of all terms before one. */
async function removeExpired(around: Surroundings, before: string, isOver: () => boolean): Promise<void> {
  const {store} = around;
  let ops: Op[] = [];
  const flush = async (): Promise<void> => {
    // Who was written to meanwhile is under another term, and stays.
    await commitAll(around, ops);
    ops = [];
  };
  for (let term = await store.termAfter(eventsWrittenAt(0)); term !== undefined && term < before; term = await store.termAfter(term)) {
    for await (const page of pagesOf(term, around)) {
      ops.push(...page.map(deleteOp));
      if (ops.length >= expiryLimits.eventsAtOnce) await flush();
      if (isOver()) return;
    }
    await around.world.turn();
  }
  await flush();
}
