import {ApiError, toStatus} from '../../api/errors.ts';
import type {Event, Range, Revision, Watch, WatchSink} from '../../storage/storage.ts';
import {Compacted, revisionOf, Unreadable} from '../../storage/storage.ts';
import type {Exchange} from '../exchange.ts';
import type {HttpReply, StreamBody, StreamSink} from '../http.ts';
import type {WatchOptions} from '../list-options.ts';
import {tooOld, watchOptions} from '../list-options.ts';
import {readSlices} from '../list-slices.ts';
import type {OpenWatch} from '../open-watches.ts';
import {pace} from '../pace.ts';
import {rangeOfCall} from '../place-in-store.ts';
import {headers} from '../reply.ts';
import {reached} from '../revisions.ts';
import type {Selection} from '../selection.ts';
import {parseSelection} from '../selection.ts';
import {unreadable} from '../unreadable.ts';
import {translator} from '../watch-events.ts';
import type {Framing} from '../watch-frames.ts';
import {framingOf} from '../watch-frames.ts';
import {handshake} from '../web-socket.ts';

export const watchLimits = {
  /** A client with so much still to take has stopped reading; its watch is ended, and it may go on from where it was. */
  bufferedBytesMax: 4 * 1024 * 1024,
  bookmarkEveryMs: 25_000,
  /** A watch without timeoutSeconds lasts between one and two of these, by chance. */
  timeoutMs: 1_800_000,
  timeoutSecondsMax: 86_400,
} as const;

/** A stream of events (spec kubernetes-api 4.2, 4.4). What can be told before it starts is told as an error; later as an ERROR event. */
export async function watch(x: Exchange): Promise<HttpReply> {
  const {query} = x.call.target;
  const options = watchOptions(query);
  const selection = parseSelection(x.resource.kind, query, x.what);
  const framing = framingOf(x);
  const range = rangeOfCall(x, selection);
  if (options.sendInitialEvents && options.since) await reached(x.deps, options.since);
  const body: StreamBody = sink => start({x, options, selection, framing, range, sink});
  if (!x.call.request.webSocket) return {status: 200, headers: headers(x, framing.contentType), body};
  const reply = handshake(x.call.request);
  return reply.status === 101 ? {...reply, messages: framing.messages, body} : reply;
}

type Run = {
  readonly x: Exchange;
  readonly options: WatchOptions;
  readonly selection: Selection;
  readonly framing: Framing;
  readonly range: Range;
  readonly sink: StreamSink;
};

function start(run: Run): void {
  const {x, options, sink} = run;
  const {openWatches} = x.deps;
  // While the initial state is told, one that is no longer allowed is broken off.
  const opened: OpenWatch = {workspace: x.workspace, asked: x.asked, end: () => sink.destroy()};
  openWatches.add(opened);
  sink.onClose(() => openWatches.remove(opened));
  const since = options.since;
  const initial = options.sendInitialEvents ?? (since === undefined || since === 0);
  // The end of the initial state is marked also for those who did not ask for it by sendInitialEvents (since Kubernetes 1.34).
  const mark = options.bookmarks && initial;
  const from = since && !initial ? since : x.deps.store.revision();
  const send = initial ? sendInitial(run, from, mark) : Promise.resolve(true);
  send.then(
    going => (going ? live(run, from, opened) : sink.destroy()),
    err => fail(run, err),
  );
}

/** The present state as ADDED events; false when the client went away meanwhile. */
async function sendInitial({x, selection, framing, range, sink}: Run, at: Revision, mark: boolean): Promise<boolean> {
  const ready = pace(x.deps.world, sink, x.deps.fairness?.time);
  for await (const entries of readSlices(x, range, {limit: 0, at, after: undefined, seen: 0, total: undefined}, selection)) {
    for (const entry of entries) sink.write(framing.event('ADDED', entry));
    if (!(await ready())) return false;
  }
  if (mark) sink.write(framing.bookmark(at, true));
  return true;
}

/** Follows the log until the client goes, the time is up, it is no longer allowed, or nothing can be promised any more. */
function live(run: Run, from: Revision, opened: OpenWatch): void {
  const {x, options, framing, range, sink} = run;
  const {store, world} = x.deps;
  const translate = translator(x, run.selection, framing);
  let closed = false;
  let watching: readonly Watch[] = [];
  const cancels = new Map<string, () => void>();
  const close = (): void => {
    closed = true;
    for (const one of watching) one.close();
    for (const cancel of cancels.values()) cancel();
  };
  const finish = (): void => {
    if (closed) return;
    close();
    sink.end();
  };
  sink.onClose(close);
  // The client may have gone while the initial state was read.
  if (closed) return;
  // What is no longer allowed ends without a word, as if its time was up. Reflectors of client-go then watch again where they are; it is the answer to that
  // which their error handlers are told, 403 and all, and who may again by then goes on without a new list. An ERROR event with that 403 they would only
  // log, to list anew from the beginning.
  opened.end = finish;

  const bookmark = (): void => {
    if (translate.idle()) sink.write(framing.bookmark(store.revision(), false));
    cancels.set('bookmark', world.after(watchLimits.bookmarkEveryMs, bookmark));
  };
  if (options.bookmarks) cancels.set('bookmark', world.after(watchLimits.bookmarkEveryMs, bookmark));
  const timeout = timeoutMs(options, world.random());
  cancels.set(
    'timeout',
    world.after(timeout, () => {
      if (options.bookmarks && translate.idle()) sink.write(framing.bookmark(store.revision(), false));
      finish();
    }),
  );

  const deliver = (bytes: readonly Uint8Array[]): void => {
    if (closed) return;
    for (const frame of bytes) sink.write(frame);
    if (sink.buffered > watchLimits.bufferedBytesMax) {
      close();
      sink.destroy();
    }
  };
  const failed = (err: unknown): void => {
    if (closed) return;
    close();
    fail(run, err);
  };
  const next = (batch: readonly Event[]): void => translate.next(batch, deliver, failed);
  // Whoever writes does not pay for those who watch.
  const events = {events: x.deps.fairness?.time.onAccount(next) ?? next, ended: (why: Error) => failed(why)};
  watching = [store.watch(range, from, events), ...definitionWatch(x, finish)];
}

/** A custom resource whose definition changes is watched anew: what was promised about its form no longer holds (spec kubernetes-api 4.4.12). */
function definitionWatch(x: Exchange, finish: () => void): Watch[] {
  const {definition} = x.resource;
  if (!definition || x.workspace === '*') return [];
  const {group, version, names} = x.resource.kind;
  const workspace = x.workspace;
  const check = async (): Promise<void> => {
    const now = await x.deps.registry.resolve(workspace, group, version, names.plural);
    if (now?.definition?.revision === definition.revision) return;
    if (now?.schema !== x.resource.schema || now.storageVersion !== x.resource.storageVersion) finish();
  };
  const sink: WatchSink = {events: () => void check().catch(finish), ended: finish};
  const {store} = x.deps;
  // Most definitions are older than the history. One that changed since it was read, and that long ago, is found by looking.
  const since = revisionOf(Math.max(definition.revision, store.compacted()));
  if (since > definition.revision) sink.events([]);
  return [store.watch(definition.key, since, sink)];
}

/** The last word of a watch that cannot go on. */
function fail({x, options, framing, sink}: Run, err: unknown): void {
  if (err instanceof Compacted) sink.write(framing.error(toStatus(tooOld(options.since ?? err.oldest, err.oldest))));
  else if (err instanceof ApiError) sink.write(framing.error(toStatus(err)));
  else if (err instanceof Unreadable) sink.write(framing.error(toStatus(unreadable(err, x.workspace))));
  else x.deps.log.warn('a watch broke off', {request: x.call.auditId, error: String(err)});
  sink.end();
}

function timeoutMs({timeoutSeconds}: WatchOptions, chance: number): number {
  if (timeoutSeconds === undefined || timeoutSeconds <= 0) return watchLimits.timeoutMs * (1 + chance);
  return Math.min(timeoutSeconds, watchLimits.timeoutSecondsMax) * 1000;
}
