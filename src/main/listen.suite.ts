/** A listener with a handler that does a bit of everything, and clients of both versions of HTTP. */
import assert from 'node:assert/strict';
import {type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, type OutgoingHttpHeaders} from 'node:http2';
import {type RequestOptions, request as requestHttp1} from 'node:https';
import {after, before} from 'node:test';
import {connect as connectTls, type TLSSocket} from 'node:tls';
import {badRequest} from '../api/errors.ts';
import {type HttpReply, type HttpRequest, header, headerValues, type StreamSink} from '../server/http.ts';
import {type Listener, listen} from './listen.ts';
import type {Log} from './log.ts';
import {clientCa, clientCertificate, type KeyPair, type ServingCertificate, servingCertificate} from './pki.ts';

type Answer = {readonly status: number; readonly headers: {readonly [name: string]: unknown}; readonly text: string};
type Ask = {readonly method?: string; readonly path?: string; readonly headers?: OutgoingHttpHeaders; readonly body?: Uint8Array};

export const logged: string[] = [];
const keep =
  (level: string) =>
  (message: string): number =>
    logged.push(`${level} ${message}`);
const log: Log = {debug: () => undefined, info: keep('info'), warn: keep('warn'), error: keep('error')};

export let serving: ServingCertificate;
export let trusted: KeyPair;
export let admin: KeyPair;
export let rogue: KeyPair;
export let listener: Listener;
/** How often the handler was asked. */
export let calls = 0;
/** What the test of the moment wants of the handler. */
export const watching: {on: (sink: StreamSink, request: HttpRequest) => void} = {on: () => undefined};

const json = (value: unknown): HttpReply => ({
  status: 200,
  headers: {'content-type': 'application/json'},
  body: Buffer.from(JSON.stringify(value)),
});

async function handler(request: HttpRequest): Promise<HttpReply> {
  calls++;
  const path = request.target.split('?')[0];
  if (path === '/peer') return json(request.peer ?? null);
  if (path === '/echo') return {status: 201, headers: {'x-two': ['a', 'b']}, body: await request.body()};
  if (path === '/ignored') return {status: 401, headers: {connection: 'close'}, body: Buffer.from('no')};
  if (path === '/pieces') return {status: 200, headers: {}, body: Array.from({length: 3000}, (_, i) => Buffer.alloc(i % 400, 97))};
  if (path === '/large') return {status: 200, headers: {}, body: Buffer.alloc(8 * 1024 * 1024, 98)};
  if (path === '/broken') throw new Error('a secret of ours');
  if (path === '/refused') throw badRequest('not this way');
  if (path === '/empty') return {status: 204, headers: {}};
  if (path === '/slow') {
    await new Promise(resolve => setTimeout(resolve, 150));
    return json('slow');
  }
  if (path === '/socket' && request.webSocket) {
    const messages = header(request.headers, 'x-messages') === 'binary' ? 'binary' : 'text';
    return {status: 101, headers: {'audit-id': 'some-id'}, messages, body: sink => watching.on(sink, request)};
  }
  if (path === '/watch') return {status: 200, headers: {'content-type': 'application/json'}, body: sink => watching.on(sink, request)};
  return json({
    method: request.method,
    target: request.target,
    groups: headerValues(request.headers, 'impersonate-group'),
    host: header(request.headers, 'host'),
  });
}

export const start = (limits = {}): Promise<Listener> =>
  listen({host: '127.0.0.1', port: 0, certificates: {...serving, clientCa: trusted.cert}, handler, log, limits});

/** Starts the listener before the tests of a file, and closes it after them. */
export function withListener(): void {
  before(async () => {
    const now = new Date();
    const subject = {commonName: 'kcp-admin', organizations: ['system:kcp:admin', 'team-1']};
    [serving, trusted] = await Promise.all([servingCertificate('', [], now), clientCa('', now)]);
    admin = await clientCertificate(trusted, subject, 1, now);
    rogue = await clientCertificate(await clientCa('', now), {commonName: 'admin', organizations: ['system:masters']}, 1, now);
    listener = await start();
  });
  after(() => listener.close());
}

export const address = (of: Listener = listener): string => `https://127.0.0.1:${of.port}`;
export const session = (of: Listener, identity?: KeyPair): ClientHttp2Session => {
  const client = connectHttp2(address(of), {ca: serving.ca, ...identity});
  client.on('error', () => undefined);
  return client;
};

export function open2(client: ClientHttp2Session, ask: Ask): ClientHttp2Stream {
  const stream = client.request(
    {':method': ask.method ?? 'GET', ':path': ask.path ?? '/', ...ask.headers},
    {endStream: ask.body === undefined && (ask.method ?? 'GET') === 'GET'},
  );
  stream.on('error', () => undefined);
  return stream;
}

export function answer2(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: {readonly [name: string]: unknown} = {};
    const chunks: Buffer[] = [];
    stream.on('response', found => {
      headers = found;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({status: headers[':status'] as number, headers, text: Buffer.concat(chunks).toString()}));
  });
}

export async function ask2(ask: Ask, identity?: KeyPair): Promise<Answer> {
  const client = session(listener, identity);
  const stream = open2(client, ask);
  const answer = answer2(stream);
  if (ask.body) stream.end(ask.body);
  return answer.finally(() => client.close());
}

export const ask1 = (ask: Ask, identity?: KeyPair, more: RequestOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = requestHttp1(
      address(),
      {path: ask.path ?? '/', ca: serving.ca, agent: false, method: ask.method ?? 'GET', headers: ask.headers ?? {}, ...identity, ...more},
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString()}),
        );
      },
    );
    request.on('error', reject);
    request.end(ask.body);
  });

/** Bytes as they are over TLS, and all that comes back until the other end closes. */
export const raw = (text: string, protocol = 'http/1.1', of: Listener = listener): Promise<string> =>
  new Promise(resolve => {
    let got = '';
    const socket: TLSSocket = connectTls({host: '127.0.0.1', port: of.port, ca: serving.ca, ALPNProtocols: [protocol]}, () =>
      socket.write(text),
    );
    socket.on('data', chunk => {
      got += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });

export const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let i = 0; i < 300; i++) {
    if (isSo()) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
};
