/**
 * A request that asks to go on as a WebSocket. It walks the way of every other; only its reply differs: 101 and messages, or what anybody is told, after
 * which the connection ends. (The library is loaded with the first such request.)
 */
import type {IncomingMessage} from 'node:http';
import type {TLSSocket} from 'node:tls';
import type {WebSocket} from 'ws';
import type {HttpReply, StreamSink} from '../server/http.ts';
import {inTurn} from './body-sink.ts';
import type {Connection} from './connection.ts';
import {type Edge, exchange, repeated, repeatedHeader, statusReply} from './exchange.ts';
import {Http1Request, sendReply} from './http1.ts';

/** Whether a request may go on as a WebSocket: what else wants to be upgraded is answered as if it did not. Node has looked at `Connection`. */
export const isHandshake = ({method, httpVersion, headers}: IncomingMessage): boolean =>
  method === 'GET' &&
  httpVersion === '1.1' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  // What follows the headers would be taken for frames.
  (headers['content-length'] ?? '0') === '0' &&
  headers['transfer-encoding'] === undefined;

/** The connection is ours alone from here on; `head` is what came behind the request. */
type Upgraded = {readonly socket: TLSSocket; readonly head: Buffer};

export function serveHandshake(edge: Edge, connection: Connection, message: IncomingMessage, {socket, head}: Upgraded): void {
  connection.open++;
  // There is no next request.
  connection.leaving = true;
  socket.once('close', () => connection.open--);
  socket.on('error', err => edge.log.debug('a WebSocket broke', {error: err.message}));
  socket.setTimeout(edge.limits.idleMsMax);
  socket.on('timeout', () => {
    if (socket.writableLength > 0) socket.destroy();
  });
  answer(edge, new WebSocketRequest(edge, connection, message, socket), {socket, head}).catch(err => {
    edge.log.error('a WebSocket could not be served', {error: err});
    socket.destroy();
  });
}

class WebSocketRequest extends Http1Request {
  readonly webSocket = true;
}

async function answer(edge: Edge, request: WebSocketRequest, {socket, head}: Upgraded): Promise<void> {
  const [{ServerResponse, validateHeaderValue}, {WebSocketServer}] = await Promise.all([import('node:http'), import('ws')]);

  let begun = false;
  const refuse = (reply: HttpReply): void => {
    if (socket.destroyed) return;
    const response = new ServerResponse(request.message);
    response.on('error', err => edge.log.debug('a response broke', {error: err.message}));
    response.once('finish', () => socket.destroySoon());
    response.assignSocket(socket);
    sendReply(edge, request, response, reply);
  };

  const goOn = (reply: HttpReply): void => {
    if (socket.destroyed) return;
    const {limits} = edge;
    // (Pings it answers by itself, and ends who takes none of the answers.)
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.webSocketMessageBytesMax,
      maxFragments: limits.webSocketFragmentsMax,
      maxBufferedChunks: limits.webSocketChunksMax,
    });
    server.on('headers', lines => {
      for (const [name, value] of Object.entries(reply.headers)) {
        for (const one of [value].flat()) {
          validateHeaderValue(name, one);
          lines.push(`${name}: ${one}`);
        }
      }
    });
    // The server has chosen, if there is anything to choose: the library could take the token for one.
    delete request.message.headers['sec-websocket-protocol'];
    server.handleUpgrade(request.message, socket, head, webSocket => {
      begun = true;
      // The library has switched it off.
      socket.setTimeout(limits.idleMsMax);
      webSocket.on('error', err => edge.log.debug('a WebSocket broke', {error: err.message}));
      const sink = new MessageSink(webSocket, socket, reply.messages === 'binary');
      edge.sinks.add(sink);
      socket.once('close', () => edge.sinks.delete(sink));
      (reply.body as (sink: StreamSink) => void)(sink);
    });
  };

  const send = (reply: HttpReply): void => {
    if (begun) throw new Error('a request was answered twice');
    if (reply.status === 101) goOn(reply);
    else refuse(reply);
  };
  const twice = repeatedHeader(request.headers);
  if (twice) send(statusReply(repeated(twice)));
  else await exchange(edge, request, send);
}

/** Each write is a message. Those of one turn of the event loop leave together. */
class MessageSink implements StreamSink {
  readonly #webSocket: WebSocket;
  readonly #socket: TLSSocket;
  readonly #binary: boolean;
  #corked = false;

  constructor(webSocket: WebSocket, socket: TLSSocket, binary: boolean) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#binary = binary;
  }

  write(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      inTurn(this.#uncork);
    }
    this.#webSocket.send(chunk, {binary: this.#binary});
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    this.#webSocket.close(1000);
    // Who does not answer the close is not waited for, as Kubernetes does not either.
    this.#socket.end();
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  onClose(callback: () => void): void {
    if (this.#socket.destroyed) callback();
    else this.#socket.once('close', callback);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#socket.uncork();
  };
}
