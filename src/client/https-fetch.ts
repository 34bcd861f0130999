import type {IncomingMessage} from 'node:http';
import {Agent as HttpAgent, request as httpRequest} from 'node:http';
import {Agent as HttpsAgent, request as httpsRequest} from 'node:https';
import type {Call, Fetch, Reply} from './client.ts';
import type {Connection} from './connection.ts';

/** No answer: the server is not there, its certificate is not trusted, or the connection broke. */
export class ConnectionError extends Error {}

const limits = {silenceMsMax: 60_000, replyBytesMax: 256 * 1024 * 1024} as const;

/** A fetch over sockets that are kept open and reused. `close` lets go of them. */
export type SocketFetch = {readonly fetch: Fetch; readonly close: () => void};

/**
 * Speaks to the host of `connection.server`; its path is not prepended, since calls bring their whole target.
 * Rejects with `ConnectionError`.
 */
export function httpsFetch(connection: Connection): SocketFetch {
  const url = new URL(connection.server);
  const isPlain = url.protocol === 'http:';
  const agent = isPlain ? new HttpAgent({keepAlive: true}) : new HttpsAgent({keepAlive: true, ...tlsOptions(connection)});
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const send = (call: Call): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const fail = (err: Error): void =>
        reject(new ConnectionError(`unable to reach the server at ${url.origin}: ${err.message || String(err)}`));
      const body = call.body === undefined ? undefined : Buffer.from(call.body);
      const request = (isPlain ? httpRequest : httpsRequest)({
        agent,
        host,
        port: url.port || (isPlain ? 80 : 443),
        method: call.method,
        path: call.target,
        headers: {...mutable(connection.headers), ...call.headers, ...(body && {'content-length': body.length})},
        timeout: limits.silenceMsMax,
      });
      request.on('timeout', () => request.destroy(new Error(`no answer for ${limits.silenceMsMax / 1000} s`)));
      request.on('error', fail);
      request.on('response', response => readReply(response).then(resolve, fail));
      request.end(body);
    });
  return {fetch: send, close: () => agent.destroy()};
}

function tlsOptions(connection: Connection): object {
  return {
    ...(connection.ca !== undefined && {ca: connection.ca}),
    ...(connection.clientCert !== undefined && {cert: connection.clientCert}),
    ...(connection.clientKey !== undefined && {key: connection.clientKey}),
    ...(connection.tlsServerName !== undefined && {servername: connection.tlsServerName}),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
  };
}

const mutable = (headers: Connection['headers']): {[name: string]: string | string[]} =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]));

async function readReply(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limits.replyBytesMax) throw new Error(`the answer is longer than ${limits.replyBytesMax} bytes`);
    parts.push(part);
  }
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  return {status: response.statusCode ?? 0, headers, body: Buffer.concat(parts).toString('utf8')};
}
