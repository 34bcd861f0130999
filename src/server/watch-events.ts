import {glance, isForeign} from '../registry/view.ts';
import type {Entry, Event} from '../storage/storage.ts';
import {converted, convertedEvents} from './convert.ts';
import type {Exchange} from './exchange.ts';
import type {Selection} from './selection.ts';
import type {Framing, WatchType} from './watch-frames.ts';

/** Turns the log's events into what one watcher sees, in order. */
export type Translator = {
  /** Translates a batch; `deliver` gets its frames, at once when nothing earlier is still being worked on. */
  next(batch: readonly Event[], deliver: (frames: readonly Uint8Array[]) => void, failed: (err: unknown) => void): void;
  /** Whether everything that was handed in has been delivered. */
  idle(): boolean;
};

/** How far a watcher may fall behind while earlier states are looked up for it. */
const pendingEventsMax = 10_000;

export function translator(x: Exchange, selection: Selection, framing: Framing): Translator {
  const convert = x.resource.conversion !== undefined;
  if (selection.all && !convert) {
    return {
      idle: () => true,
      next: (batch, deliver) => deliver(batch.map(event => framing.event(plainTypes[event.type], event))),
    };
  }
  // Webhooks take time, and so may reading the former state, to tell whether an object enters or leaves the selection: one batch after the other.
  let pending = 0;
  let tail: Promise<void> = Promise.resolve();
  return {
    idle: () => pending === 0,
    next(batch, deliver, failed) {
      pending += batch.length;
      if (pending > pendingEventsMax) return failed(new Error('the watch fell behind'));
      tail = tail
        .then(async () => deliver(await selected(x, selection, framing, convert ? await convertedEvents(x, batch) : batch)))
        .catch(failed)
        .finally(() => {
          pending -= batch.length;
        });
    },
  };
}

const plainTypes: {readonly [type in Event['type']]: WatchType} = {create: 'ADDED', update: 'MODIFIED', delete: 'DELETED'};

async function selected(x: Exchange, selection: Selection, framing: Framing, batch: readonly Event[]): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for (const event of batch) {
    const now = selection.all || selection.matches(glance(x.resource, event));
    if (selection.all || event.type !== 'update') {
      if (now) frames.push(framing.event(plainTypes[event.type], event));
      continue;
    }
    const before = await formerly(x, event);
    const matched = before !== undefined && selection.matches(glance(x.resource, before));
    if (now) frames.push(framing.event(matched ? 'MODIFIED' : 'ADDED', event));
    // What left the selection is shown as it was, at the revision of the change.
    else if (matched) frames.push(framing.event('DELETED', {...before, revision: event.revision}));
  }
  return frames;
}

async function formerly(x: Exchange, event: Event): Promise<Entry | undefined> {
  const entry = event.before === undefined ? undefined : await x.deps.store.get(event.key, {at: event.before});
  return entry && isForeign(x.resource, entry) ? (await converted(x, [entry]))[0] : entry;
}
