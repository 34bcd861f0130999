/** One HTTP/2 request over the core stream API (its compatibility layer costs a third more). */
import {constants, type ServerHttp2Stream} from 'node:http2';
import type {HeaderList, HttpReply, HttpRequest, PeerIdentity} from '../server/http.ts';
import {header} from '../server/http.ts';
import {BodySink} from './body-sink.ts';
import {type Connection, peerOf} from './connection.ts';
import {
  abortOnClose,
  byteLength,
  type Edge,
  emptyBody,
  exchange,
  isBodiless,
  joinSmall,
  readBody,
  repeated,
  repeatedHeader,
  statusReply,
} from './exchange.ts';

/** `rawHeaders`: names and values in turn, pseudo-headers first. `bodyless`: the headers ended the request. */
export function serveStream(
  edge: Edge,
  connection: Connection,
  stream: ServerHttp2Stream,
  {rawHeaders, bodyless}: {readonly rawHeaders: readonly string[]; readonly bodyless: boolean},
): void {
  connection.open++;
  stream.once('close', () => connection.open--);
  stream.on('error', err => edge.log.debug('a stream broke', {error: err.message}));
  const request = new Http2Request(edge, connection, stream, {rawHeaders, bodyless});
  const send = (reply: HttpReply): void => sendReply(edge, request, reply);
  const twice = repeatedHeader(request.headers);
  if (twice) send(statusReply(repeated(twice)));
  else void exchange(edge, request, send);
}

class Http2Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly stream: ServerHttp2Stream;
  readonly connection: Connection;
  readonly #edge: Edge;
  readonly #bodyless: boolean;
  #signal: AbortSignal | undefined;
  #body: Promise<Uint8Array> | undefined;

  constructor(
    edge: Edge,
    connection: Connection,
    stream: ServerHttp2Stream,
    {rawHeaders, bodyless}: {readonly rawHeaders: readonly string[]; readonly bodyless: boolean},
  ) {
    let [method, target, authority] = ['', '', ''];
    let at = 0;
    for (; rawHeaders[at]?.startsWith(':'); at += 2) {
      const value = rawHeaders[at + 1] as string;
      if (rawHeaders[at] === ':method') method = value;
      else if (rawHeaders[at] === ':path') target = value;
      else if (rawHeaders[at] === ':authority') authority = value;
    }
    const headers = rawHeaders.slice(at);
    if (authority !== '' && header(headers, 'host') === undefined) headers.push('host', authority);
    this.method = method.toUpperCase();
    this.target = target;
    this.headers = headers;
    this.stream = stream;
    this.connection = connection;
    this.#edge = edge;
    this.#bodyless = bodyless;
  }

  get peer(): PeerIdentity | undefined {
    return peerOf(this.connection);
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get signal(): AbortSignal {
    this.#signal ??= abortOnClose(this.stream, () => this.stream.writableFinished && !this.stream.aborted);
    return this.#signal;
  }

  /** Whether nothing more will come from the client. */
  get complete(): boolean {
    return this.#bodyless || this.stream.readableEnded;
  }

  body(): Promise<Uint8Array> {
    this.#body ??= this.#read();
    return this.#body;
  }

  async #read(): Promise<Uint8Array> {
    if (this.#bodyless) return emptyBody;
    if (header(this.headers, 'expect')?.toLowerCase() === '100-continue' && !this.stream.destroyed)
      this.stream.additionalHeaders({':status': 100});
    return readBody(this.stream, header(this.headers, 'content-length'), this.#edge.limits);
  }
}

function sendReply(edge: Edge, request: Http2Request, reply: HttpReply): void {
  const {stream, connection} = request;
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) throw new Error('a request was answered twice');
  const {body} = reply;
  const pieces = body === undefined ? [] : body instanceof Uint8Array ? [body] : typeof body === 'function' ? undefined : body;
  const bodyless = request.method === 'HEAD' || isBodiless(reply.status) || pieces?.length === 0;
  const {list, close} = headerLines(reply, pieces);
  stream.respond(list, {endStream: bodyless});
  if (close || connection.leaving) stream.session?.close();
  if (!request.complete) closeUnread(stream);
  if (bodyless) return;
  stream.setTimeout(pieces ? edge.limits.stalledMsMax : 0, () => reset(stream));
  if (pieces) feed(stream, joinSmall(pieces));
  else goOn(edge, stream, body as (sink: BodySink) => void);
}

function headerLines(reply: HttpReply, pieces: readonly Uint8Array[] | undefined): {readonly list: string[]; readonly close: boolean} {
  const list = [':status', String(reply.status)];
  let sized = pieces === undefined || isBodiless(reply.status);
  let close = false;
  for (const name in reply.headers) {
    const value = reply.headers[name] as string | readonly string[];
    if (name === 'connection') close = value === 'close';
    else if (typeof value === 'string') list.push(name, value);
    else for (const one of value) list.push(name, one);
    if (name === 'content-length') sized = true;
  }
  if (!sized) list.push('content-length', String(byteLength(pieces as readonly Uint8Array[])));
  return {list, close};
}

/** The client may go on sending what nobody will read: tell it to stop once it has the reply. */
function closeUnread(stream: ServerHttp2Stream): void {
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
}

/** Of an answer, about so much waits for the client at once. */
const waitingBytesMax = 256 * 1024;

/**
 * Writes no faster than the client takes it. What waits in a connection counts against its `sessionMemoryMiBMax`, and a few long answers at once would else
 * have every other request on it refused.
 */
function feed(stream: ServerHttp2Stream, pieces: readonly Uint8Array[]): void {
  const chunks = pieces.flatMap(chunksOf);
  const last = chunks.length - 1;
  let at = 0;
  const more = (): void => {
    while (at < last && stream.writableLength < waitingBytesMax && !stream.destroyed) stream.write(chunks[at++]);
    if (at !== last || stream.destroyed) return;
    // The end travels in the frame of the last piece.
    stream.end(chunks[at++]);
  };
  if (last > 0) stream.on('drain', more);
  more();
}

const chunksOf = (piece: Uint8Array): readonly Uint8Array[] =>
  piece.length <= waitingBytesMax
    ? [piece]
    : Array.from({length: Math.ceil(piece.length / waitingBytesMax)}, (_, i) =>
        piece.subarray(i * waitingBytesMax, (i + 1) * waitingBytesMax),
      );

function goOn(edge: Edge, stream: ServerHttp2Stream, body: (sink: BodySink) => void): void {
  const sink = new BodySink(stream, () => reset(stream));
  edge.sinks.add(sink);
  stream.once('close', () => edge.sinks.delete(sink));
  body(sink);
}

function reset(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  stream.destroy();
}
