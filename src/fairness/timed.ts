/** What a server works with, marked where it is waited for: see `LoopTime`. */
import type {Webhooks} from '../api/webhooks.ts';
import type {World} from '../api/world.ts';
import type {AccessWebhook} from '../auth/access-review.ts';
import type {Storage} from '../storage/storage.ts';
import type {Fairness} from './fairness.ts';
import type {LoopTime} from './loop-time.ts';

/** A store whose commits are waited for on nobody's account. `remote`: whose reads are, too. */
export function timedStore(store: Storage, time: LoopTime, remote = false): Storage {
  const read = <T>(wait: Promise<T>): Promise<T> => (remote ? time.suspend(wait) : wait);
  return {
    can: store.can,
    revision: () => store.revision(),
    get: (key, options) => read(store.get(key, options)),
    hot: key => store.hot(key),
    list: (range, page) => read(store.list(range, page)),
    count: (range, max) => read(store.count(range, max)),
    byTerm: (term, page) => read(store.byTerm(term, page)),
    termAfter: term => read(store.termAfter(term)),
    commit: ops => time.elsewhere(() => store.commit(ops)),
    watch: (range, since, sink) => store.watch(range, since, sink),
    compacted: () => store.compacted(),
    compact: upTo => store.compact(upTo),
    close: () => store.close(),
  };
}

/** Calls to webhooks that are waited for on nobody's account. */
export const timedWebhooks = (webhooks: Webhooks, time: LoopTime): Webhooks => ({
  post: call => time.elsewhere(() => webhooks.post(call)),
});

/** The same for the webhook that authorizes, which remembers most of its answers. */
export const timedAccess = (webhook: AccessWebhook, time: LoopTime): AccessWebhook => ({
  ask: question => time.elsewhere(() => webhook.ask(question)),
});

/** A world in which long work gives way in turns, and timers ring on nobody's account, whoever set them. */
export const timedWorld = (world: World, {time, turn}: Fairness): World => ({
  ...world,
  turn,
  after: (ms, ring) => time.outside(() => world.after(ms, ring)),
});
