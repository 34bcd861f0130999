import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingMessage} from 'node:http';
import {Agent, request} from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buffer} from 'node:stream/consumers';
import type {Handler, HttpReply, StreamBody} from '../../src/server/http.ts';
import {startServer} from './process.ts';

type User = {readonly name: string; readonly uid: string; readonly groups: readonly string[]};

/** A server process of its own for one test file, which asks it over HTTPS. */
export type StartedServer = {
  readonly handler: Handler;
  readonly url: string;
  readonly rootCa: string;
  /** The token of kcp-admin, out of the kubeconfig that the server wrote. */
  readonly adminToken: string;
  /** What it told of its own mistakes so far. */
  errors(): readonly string[];
  stop(): Promise<void>;
};

/** Starts a server that also knows these tokens. Nothing is left of it when this process ends. */
export async function startedServer(identities: readonly (readonly [token: string, user: User])[]): Promise<StartedServer> {
  const root = mkdtempSync(join(tmpdir(), 'kcp-started-'));
  process.once('exit', () => rmSync(root, {recursive: true, force: true}));
  const tokens = join(root, 'tokens.csv');
  writeFileSync(tokens, identities.map(([token, {name, uid, groups}]) => `${token},${name},${uid},"${groups.join()}"\n`).join(''));
  const server = await startServer(
    {after: end => void process.once('exit', end)},
    {root, args: ['--token-auth-file', tokens, ...unlimited]},
  );
  const agent = new Agent({ca: server.ca, keepAlive: true});
  return {
    handler: overHttps(server.url, agent),
    url: server.url,
    rootCa: server.ca,
    adminToken: server.token('kcp-admin'),
    errors: () =>
      server
        .output()
        .split('\n')
        .filter(line => errorLine.test(line)),
    async stop() {
      agent.destroy();
      await server.stop();
    },
  };
}

/** Tests ask for more at once than any client does. */
const unlimited = [
  '--max-requests-inflight=0',
  '--max-mutating-requests-inflight=0',
  '--loop-time-per-user=0',
  '--loop-time-per-workspace=0',
];

const errorLine = /^[\d:.]+ ERROR /;

/** The server as a function, as if it were in this process: targets and headers go out as they are given. */
function overHttps(url: string, agent: Agent): Handler {
  const {hostname, port} = new URL(url);
  return async ({method, target, headers, body}) => {
    const bytes = await body();
    const {promise, resolve, reject} = Promise.withResolvers<IncomingMessage>();
    const length = bytes.length > 0 || (method !== 'GET' && method !== 'HEAD') ? ['content-length', String(bytes.length)] : [];
    const outgoing = request({
      hostname,
      port,
      agent,
      method,
      path: target,
      headers: [...headers, 'host', `${hostname}:${port}`, ...length],
    });
    outgoing.on('response', resolve).on('error', reject);
    outgoing.end(bytes);
    return replyOf(await promise);
  };
}

async function replyOf(response: IncomingMessage): Promise<HttpReply> {
  const headers: {[name: string]: string | readonly string[]} = {};
  for (const [name, value] of Object.entries(response.headers)) if (value !== undefined) headers[name] = value;
  const status = response.statusCode as number;
  const isWhole = response.headers['content-length'] !== undefined || status !== 200;
  return {status, headers, body: isWhole ? await buffer(response) : bodyOf(response)};
}

const bodyOf =
  (response: IncomingMessage): StreamBody =>
  sink => {
    sink.onClose(() => response.destroy());
    response.on('data', (chunk: Buffer) => sink.write(chunk));
    response.on('end', () => sink.end());
    response.on('error', () => sink.destroy());
  };
