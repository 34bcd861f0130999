import type {EventEmitter} from 'node:events';
import {once} from 'node:events';
import type {ClientHttp2Session, ClientHttp2Stream} from 'node:http2';
import {connect as connectHttp2} from 'node:http2';
import type {TLSSocket} from 'node:tls';
import {connect as connectTls} from 'node:tls';
import type {ServerProcess} from './process.ts';
import {sleep} from './process.ts';

/** Resolves when a socket, stream or session closes, for whatever reason. */
export const closeOf = (ending: EventEmitter): Promise<void> => new Promise(resolve => void ending.once('close', () => resolve()));

/** A TLS connection, its handshake done, over which nobody has spoken yet. */
export async function tlsTo(server: ServerProcess, protocol: 'http/1.1' | 'h2' = 'http/1.1'): Promise<TLSSocket> {
  const socket = connectTls({host: '127.0.0.1', port: server.port, ca: server.ca, ALPNProtocols: [protocol]});
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** What comes back for these bytes until the server ends the connection, or for `waitMs`. */
export async function sayRaw(
  server: ServerProcess,
  bytes: string | Uint8Array,
  {protocol = 'http/1.1', waitMs = 3000}: RawOptions = {},
): Promise<string> {
  const socket = await tlsTo(server, protocol);
  let answer = '';
  socket.setEncoding('latin1').on('data', (more: string) => (answer += more));
  const closed = closeOf(socket);
  socket.write(bytes);
  await Promise.race([closed, sleep(waitMs)]);
  socket.destroy();
  return answer;
}

export type RawOptions = {readonly protocol?: 'http/1.1' | 'h2'; readonly waitMs?: number};

/** An HTTP/2 connection. */
export async function http2To(server: ServerProcess): Promise<ClientHttp2Session> {
  const session = connectHttp2(server.url, {ca: server.ca});
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

/** A stream with kcp-admin's token. */
export function openStream(
  server: ServerProcess,
  session: ClientHttp2Session,
  headers: {readonly [name: string]: string},
): ClientHttp2Stream {
  const stream = session.request({authorization: `Bearer ${server.token('kcp-admin')}`, ...headers});
  stream.on('error', () => undefined);
  return stream;
}

/** The status of a stream, 0 if it was reset before; its body is read and dropped. */
export function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise(resolve => {
    let status = 0;
    stream.on('response', headers => (status = Number(headers[':status'])));
    stream.once('close', () => resolve(status));
    stream.resume();
  });
}

/** One HTTP/1.1 request in which nothing is put right. */
export const rawRequest = (server: ServerProcess, target: string, lines: readonly string[] = [], method = 'GET'): string =>
  [
    `${method} ${target} HTTP/1.1`,
    'Host: a',
    `Authorization: Bearer ${server.token('kcp-admin')}`,
    ...lines,
    'Connection: close',
    '',
    '',
  ].join('\r\n');

/** The same that asks to go on as a WebSocket. */
export const rawHandshake = (server: ServerProcess, target: string, lines: readonly string[] = []): string =>
  rawRequest(server, target, [
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
  ]).replace('Connection: close', 'Connection: Upgrade');
