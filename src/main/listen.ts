/**
 * The one place that knows sockets: TLS with HTTP/2 and HTTP/1.1, requests turned into values and replies into bytes. Client certificates are asked for,
 * never demanded; only a verified one gives an identity. Every kind of waiting and every size has a limit (listen-limits.ts).
 */
import type {IncomingMessage, ServerOptions, ServerResponse} from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type {AddressInfo, Socket} from 'node:net';
import {TLSSocket} from 'node:tls';
import type {Handler} from '../server/http.ts';
import {type Connection, connectionOf} from './connection.ts';
import type {Edge} from './exchange.ts';
import {serveMessage} from './http1.ts';
import {serveStream} from './http2.ts';
import {type Limits, listenLimits} from './listen-limits.ts';
import type {Log} from './log.ts';
import {isHandshake, serveHandshake} from './web-socket.ts';

/** PEM texts. Without `clientCa` no client certificate is believed. */
export type Certificates = {readonly cert: string; readonly key: string; readonly clientCa?: string | undefined};

export type ListenOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly certificates: Certificates;
  readonly handler: Handler;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
};

export type Listener = {
  readonly port: number;
  /** Serves with other certificates from now on. Connections whose certificate was checked against another client CA are ended, each after its requests. */
  readonly renew: (certificates: Certificates) => void;
  /**
   * Accepts no more, ends idle connections and bodies that go on, gives requests under way `closeGraceMs`, and then breaks off what is left. Takes less
   * than a second.
   */
  readonly close: () => Promise<void>;
};

/** Listens with TLS. @throws Error of the system, as EADDRINUSE */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits: Limits = {...listenLimits, ...options.limits};
  const edge: Edge = {handler: options.handler, log: options.log, limits, sinks: new Set()};
  const server = createSecureServer(serverOptions(options.certificates, limits));
  server.maxConnections = limits.connectionsMax;
  const clients = new Clients(server, edge, options.certificates.clientCa);

  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port, options.host, resolve);
  await promise;
  server.off('error', reject);
  server.on('error', err => options.log.error('the listener failed', {error: err}));

  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    renew: certificates => {
      server.setSecureContext(secureOptions(certificates));
      clients.trust(certificates.clientCa);
    },
    close: () => {
      closed ??= clients.close();
      return closed;
    },
  };
}

/** An empty list of CAs, not an absent one, which would mean every public CA of the world. */
const secureOptions = ({cert, key, clientCa}: Certificates): SecureServerOptions => ({
  cert,
  key,
  ca: clientCa === undefined ? [] : [clientCa],
  minVersion: 'TLSv1.2',
});

const serverOptions = (certificates: Certificates, limits: Limits): SecureServerOptions => ({
  ...secureOptions(certificates),
  requestCert: true,
  rejectUnauthorized: false,
  handshakeTimeout: limits.handshakeMsMax,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  allowHTTP1: true,
  http1Options: http1Options(limits),
  settings: {
    maxConcurrentStreams: limits.streamsPerConnectionMax,
    initialWindowSize: limits.streamWindowBytes,
    maxHeaderListSize: limits.headerBytesMax,
    enablePush: false,
  },
  maxHeaderListPairs: limits.headerPairsMax,
  maxSessionMemory: limits.sessionMemoryMiBMax,
  maxSessionInvalidFrames: limits.invalidFramesMax,
  maxSessionRejectedStreams: limits.rejectedStreamsMax,
  streamResetBurst: limits.resetsBurstMax,
  streamResetRate: limits.resetsPerSecondMax,
});

const http1Options = (limits: Limits): ServerOptions => ({
  headersTimeout: limits.headersMsMax,
  requestTimeout: limits.requestMsMax,
  connectionsCheckingInterval: limits.checkMs,
  keepAliveTimeout: limits.idleMsMax,
  maxHeaderSize: limits.headerBytesMax,
});

/** Who is connected: from the first byte to the last. */
class Clients {
  readonly #server: Http2SecureServer;
  readonly #edge: Edge;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<ServerHttp2Session, Connection>();
  readonly #messages = new Map<Socket, Connection>();
  #clientCa: string | undefined;

  constructor(server: Http2SecureServer, edge: Edge, clientCa: string | undefined) {
    this.#server = server;
    this.#edge = edge;
    this.#clientCa = clientCa;
    this.#serve();
    server.on('connection', (socket: Socket) => remember(this.#sockets, socket));
    server.on('tlsClientError', err => edge.log.debug('a handshake failed', {error: err.message}));
    server.on('sessionError', err => edge.log.debug('a connection broke', {error: err.message}));
    // One listener for sockets of HTTP/1.1 and sessions of HTTP/2; without it, both would end also when a watch is merely quiet.
    server.setTimeout(edge.limits.idleMsMax);
    server.on('timeout', (quiet?: Socket | ServerHttp2Session) => quiet && this.#whenQuiet(quiet));
  }

  #serve(): void {
    const server = this.#server;
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') return;
      this.#messages.set(socket, connectionOf(socket, this.#clientCa));
      socket.once('close', () => this.#messages.delete(socket));
    });
    server.on('request', (message: IncomingMessage, response: ServerResponse) => {
      const connection = this.#messages.get(message.socket);
      if (connection) serveMessage(this.#edge, connection, message, response);
      else message.socket.destroy();
    });
    // All other wishes to upgrade are answered as if nothing had been said. (For HTTP/1.1 beside HTTP/2 it is no option but this property.)
    Object.assign(server, {shouldUpgradeCallback: isHandshake});
    server.on('upgrade', (message: IncomingMessage, socket: TLSSocket, head: Buffer) => {
      const connection = this.#messages.get(socket);
      if (connection) serveHandshake(this.#edge, connection, message, {socket, head});
      else socket.destroy();
    });
    // Listening for HTTP/1.1 requests brings a listener along that would answer every HTTP/2 stream too, by the compatibility layer.
    server.removeAllListeners('stream');
    server.on('session', session => {
      const connection = connectionOf(session.socket as TLSSocket, this.#clientCa);
      this.#sessions.set(session, connection);
      session.once('close', () => this.#sessions.delete(session));
      session.setLocalWindowSize(this.#edge.limits.connectionWindowBytes);
    });
    server.on('stream', (stream, _headers, flags, rawHeaders) => {
      const connection = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
      const bodyless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (connection) serveStream(this.#edge, connection, stream as ServerHttp2Stream, {rawHeaders, bodyless});
    });
  }

  /** Ends what no request keeps open, and who does not take what was sent. */
  #whenQuiet(quiet: Socket | ServerHttp2Session): void {
    if ('socket' in quiet && !(quiet instanceof TLSSocket)) {
      if ((quiet.socket as Socket).writableLength > 0) quiet.destroy();
      else if (this.#sessions.get(quiet)?.open === 0) quiet.close();
    } else {
      const socket = quiet as Socket;
      if (socket.writableLength > 0 || this.#messages.get(socket)?.open === 0) socket.destroy();
    }
  }

  /** Believes certificates of another CA from now on, and none that was checked before. */
  trust(clientCa: string | undefined): void {
    if (clientCa === this.#clientCa) return;
    this.#clientCa = clientCa;
    this.#leave(connection => connection.showed);
  }

  #leave(who: (connection: Connection) => boolean): void {
    for (const [session, connection] of this.#sessions) {
      if (!who(connection)) continue;
      connection.leaving = true;
      session.close();
    }
    for (const [socket, connection] of this.#messages) {
      if (!who(connection)) continue;
      connection.leaving = true;
      if (connection.open === 0) socket.destroy();
    }
  }

  async close(): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#server.once('close', resolve);
    this.#server.close();
    for (const sink of this.#edge.sinks) sink.end();
    this.#leave(() => true);
    const late = setTimeout(() => {
      for (const session of this.#sessions.keys()) session.destroy();
      for (const socket of this.#sockets) socket.destroy();
    }, this.#edge.limits.closeGraceMs);
    await promise;
    clearTimeout(late);
  }
}

function remember(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}
