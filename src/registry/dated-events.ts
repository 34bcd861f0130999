import type {Clock} from '../api/world.ts';
import type {Op, Storage} from '../storage/storage.ts';
import {eventSpace, rangeOf, terms} from './keys.ts';

/** Events that were written within so many ms are found under one term. */
const slotMs = 1_000;

const eventRange = rangeOf(eventSpace);

/** The term of events that were last written at a time (ms since the epoch). Terms of later times are greater. */
export const eventsWrittenAt = (atMs: number): string => terms.eventsWritten(Math.floor(atMs / slotMs));

/**
 * A store in which Events are found by when they were last written, so that they can be removed when their time is over (spec kubernetes-api
 * 8.6). It is done here because every write counts, whoever makes it and through whatever door.
 */
export const datedEvents = (store: Storage, clock: Clock): Storage => ({
  can: store.can,
  revision: () => store.revision(),
  get: (key, options) => store.get(key, options),
  hot: key => store.hot(key),
  list: (range, page) => store.list(range, page),
  count: (range, max) => store.count(range, max),
  byTerm: (term, page) => store.byTerm(term, page),
  termAfter: term => store.termAfter(term),
  commit: ops => store.commit(ops.some(isEventPut) ? (ops.map(op => dated(op, clock)) as [Op, ...Op[]]) : ops),
  watch: (range, since, sink) => store.watch(range, since, sink),
  compacted: () => store.compacted(),
  compact: upTo => store.compact(upTo),
  close: () => store.close(),
});

type Put = Extract<Op, {put: unknown}>;

const isEventPut = (op: Op): op is Put => 'put' in op && op.put.startsWith(eventRange);

const dated = (op: Op, clock: Clock): Op => (isEventPut(op) ? {...op, terms: [...(op.terms ?? []), eventsWrittenAt(clock.now())]} : op);
