/** One HTTP/1.1 request. */
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Writable} from 'node:stream';
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

export function serveMessage(edge: Edge, connection: Connection, message: IncomingMessage, response: ServerResponse): void {
  connection.open++;
  // Node drops what comes in one piece with a wish to upgrade that is not granted: there must be no next request to lose.
  if (message.headers.upgrade !== undefined) connection.leaving = true;
  response.once('close', () => connection.open--);
  response.on('error', err => edge.log.debug('a response broke', {error: err.message}));
  message.on('error', err => edge.log.debug('a request broke', {error: err.message}));
  const request = new Http1Request(edge, connection, message, response);
  const send = (reply: HttpReply): void => sendReply(edge, request, response, reply);
  const twice = repeatedHeader(request.headers);
  if (twice) send(statusReply(repeated(twice)));
  else void exchange(edge, request, send);
}

/** A request whose reply goes out by `out`; its end is the end of the request. */
export class Http1Request implements HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly message: IncomingMessage;
  readonly connection: Connection;
  readonly #edge: Edge;
  readonly #out: Writable;
  #signal: AbortSignal | undefined;
  #body: Promise<Uint8Array> | undefined;

  constructor(edge: Edge, connection: Connection, message: IncomingMessage, out: Writable) {
    this.method = message.method ?? '';
    this.target = message.url ?? '';
    this.headers = message.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
    this.message = message;
    this.connection = connection;
    this.#edge = edge;
    this.#out = out;
  }

  get peer(): PeerIdentity | undefined {
    return peerOf(this.connection);
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get signal(): AbortSignal {
    this.#signal ??= abortOnClose(this.#out, () => this.#out.writableFinished);
    return this.#signal;
  }

  /** Whether nothing more of this request will come. */
  get complete(): boolean {
    return this.message.complete || !this.#hasBody;
  }

  body(): Promise<Uint8Array> {
    this.#body ??= this.#hasBody
      ? readBody(this.message, header(this.headers, 'content-length'), this.#edge.limits)
      : Promise.resolve(emptyBody);
    return this.#body;
  }

  get #hasBody(): boolean {
    const length = header(this.headers, 'content-length');
    return (length !== undefined && length !== '0') || header(this.headers, 'transfer-encoding') !== undefined;
  }
}

export function sendReply(edge: Edge, request: Http1Request, response: ServerResponse, reply: HttpReply): void {
  const {connection} = request;
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) throw new Error('a request was answered twice');
  const {body} = reply;
  const pieces = body === undefined ? [] : body instanceof Uint8Array ? [body] : typeof body === 'function' ? undefined : body;
  const list = headerLines(reply, pieces);
  // Left unread, the rest of a body would be taken for the next request.
  if (!request.complete || connection.leaving) list.push('connection', 'close');
  response.writeHead(reply.status, list);
  if (request.method === 'HEAD' || isBodiless(reply.status) || pieces?.length === 0) response.end();
  else if (pieces?.length === 1) response.end(pieces[0]);
  else if (pieces) {
    response.cork();
    for (const piece of joinSmall(pieces)) response.write(piece);
    response.end();
  } else goOn(edge, response, body as (sink: BodySink) => void);
}

function headerLines(reply: HttpReply, pieces: readonly Uint8Array[] | undefined): string[] {
  const list: string[] = [];
  let sized = pieces === undefined || isBodiless(reply.status);
  for (const name in reply.headers) {
    const value = reply.headers[name] as string | readonly string[];
    if (typeof value === 'string') list.push(name, value);
    else for (const one of value) list.push(name, one);
    if (name === 'content-length') sized = true;
  }
  if (!sized) list.push('content-length', String(byteLength(pieces as readonly Uint8Array[])));
  return list;
}

function goOn(edge: Edge, response: ServerResponse, body: (sink: BodySink) => void): void {
  response.flushHeaders();
  const sink = new BodySink(response, () => response.destroy());
  edge.sinks.add(sink);
  response.once('close', () => edge.sinks.delete(sink));
  body(sink);
}
