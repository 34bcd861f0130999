import {once} from 'node:events';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {servingCertificate} from '../../src/main/pki.ts';

/** How many times each path was asked. */
export type HttpsWebhook = {
  readonly port: number;
  /** PEM of who signed its certificate, which is good for localhost and 127.0.0.1. */
  readonly ca: string;
  readonly asked: ReadonlyMap<string, number>;
  /** Connections it has taken so far. */
  readonly connections: () => number;
  close(): void;
};

export type Answers = (body: string, response: ServerResponse, request: IncomingMessage) => void;

/** A real server that answers POSTs, by their path without the query. */
export async function httpsWebhook(paths: {readonly [path: string]: Answers}): Promise<HttpsWebhook> {
  const {cert, key, ca} = await servingCertificate('', [], new Date());
  const asked = new Map<string, number>();
  let connections = 0;
  const server = createServer({cert, key}, async (request, response) => {
    const path = request.url?.split('?')[0] as string;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    paths[path]?.(body, response, request);
  });
  server.on('secureConnection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ca,
    asked,
    connections: () => connections,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
