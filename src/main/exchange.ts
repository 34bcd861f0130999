/** What both versions of HTTP share: one request met by one reply, its body, its end. */
import type {EventEmitter} from 'node:events';
import type {Readable} from 'node:stream';
import {ApiError, badRequest, tooLarge, toStatus} from '../api/errors.ts';
import type {Handler, HeaderList, HttpReply, HttpRequest, StreamSink} from '../server/http.ts';
import {bodyBytesMax} from '../server/http.ts';
import type {Limits} from './listen-limits.ts';
import type {Log} from './log.ts';

/** What every connection of one listener shares. */
export type Edge = {
  readonly handler: Handler;
  readonly log: Log;
  readonly limits: Limits;
  /** Bodies that go on: ended in good order when the listener closes. */
  readonly sinks: Set<StreamSink>;
};

/** Asks the handler and hands its reply to `send`. Whatever goes wrong is answered by a Status, and logged if it is our own mistake. */
export async function exchange(edge: Edge, request: HttpRequest, send: (reply: HttpReply) => void): Promise<void> {
  try {
    const answer = edge.handler(request);
    send(answer instanceof Promise ? await answer : answer);
  } catch (err) {
    if (!(err instanceof ApiError)) edge.log.error('a request failed', {method: request.method, error: err});
    send(statusReply(err));
  }
}

export function statusReply(err: unknown): HttpReply {
  const status = toStatus(err);
  return {status: status.code, headers: {'content-type': 'application/json'}, body: Buffer.from(JSON.stringify(status))};
}

/** Headers of which two would be a way to tell two readers different things. */
const single: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'impersonate-uid',
  'impersonate-user',
]);

/** The name of a header that came more often than it may. */
export function repeatedHeader(headers: HeaderList): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!single.has(name)) continue;
    for (let j = i + 2; j < headers.length; j += 2) if (headers[j] === name) return name;
  }
  return undefined;
}

export const repeated = (name: string): ApiError => badRequest(`the header ${name} was sent more than once`);

export const emptyBody = new Uint8Array(0);

/** Reads a request's body to its end, within `bodyBytesMax` and `bodyMsMax`. */
export function readBody(from: Readable, declared: string | undefined, limits: Limits): Promise<Uint8Array> {
  const {promise, resolve, reject} = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stop = (): void => {
    clearTimeout(timer);
    from.off('data', take).off('end', done).off('close', cut);
  };
  const fail = (err: ApiError): void => {
    stop();
    from.pause(); // the rest stays unread: the reply closes the stream
    reject(err);
  };
  const take = (chunk: Uint8Array): void => {
    size += chunk.length;
    if (size > bodyBytesMax) fail(bodyTooLarge());
    else chunks.push(chunk);
  };
  const done = (): void => {
    stop();
    resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, size));
  };
  const cut = (): void => fail(badRequest('the request body was cut off'));
  const timer = setTimeout(() => fail(new ApiError('Timeout', 'the request body took too long')), limits.bodyMsMax);

  if (declared !== undefined && Number(declared) > bodyBytesMax) fail(bodyTooLarge());
  else if (from.destroyed) cut();
  else from.on('data', take).once('end', done).once('close', cut);
  return promise;
}

const bodyTooLarge = (): ApiError => tooLarge(`Request entity too large: limit is ${bodyBytesMax}`);

/** A signal that is aborted when `emitter` closes before `isDone`. */
export function abortOnClose(emitter: EventEmitter & {readonly destroyed: boolean}, isDone: () => boolean): AbortSignal {
  const controller = new AbortController();
  const look = (): void => {
    if (!isDone()) controller.abort();
  };
  if (emitter.destroyed) look();
  else emitter.once('close', look);
  return controller.signal;
}

/** Statuses that never have a body. */
export const isBodiless = (status: number): boolean => status === 204 || status === 304;

export const byteLength = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** Pieces shorter than this are joined before they are written: a write costs more than the copy. */
const pieceBytesMin = 16 * 1024;

/** The same bytes in fewer pieces. */
export function joinSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  if (pieces.length === 1) return pieces;
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    if (small.length > 0) joined.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small, size));
    small = [];
    size = 0;
  };
  for (const piece of pieces) {
    if (piece.length >= pieceBytesMin) {
      flush();
      joined.push(piece);
    } else {
      small.push(piece);
      size += piece.length;
      if (size >= 4 * pieceBytesMin) flush();
    }
  }
  flush();
  return joined;
}
