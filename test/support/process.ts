import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {Agent, request} from 'node:https';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {text} from 'node:stream/consumers';
import type {TestContext} from 'node:test';
import {fileURLToPath} from 'node:url';
import {parse} from 'yaml';

/** A started `bin/kcp start` that is ready. */
export type ServerProcess = {
  readonly root: string;
  /** Of the administrators; its current context is `root`. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** PEM. */
  readonly ca: string;
  /** The bearer token of a user of the kubeconfig. */
  token(user: 'kcp-admin' | 'shard-admin' | 'user'): string;
  /** Everything it has written so far. */
  output(): string;
  /** Bytes of memory it holds now. */
  rssBytes(): Promise<number>;
  call(path: string, options?: CallOptions): Promise<Answer>;
  /** SIGTERM, and a wait for the end. */
  stop(): Promise<Ending>;
  /** SIGKILL, and a wait for the end. */
  kill(): Promise<void>;
};

export type Ending = {readonly code: number | null; readonly ms: number};

export type CallOptions = {
  readonly method?: string;
  /** A text is sent as it is, everything else as JSON. */
  readonly body?: unknown;
  /** kcp-admin's, if left out; '' sends none. */
  readonly token?: string;
  readonly headers?: {readonly [name: string]: string};
  /** Client certificate. */
  readonly identity?: {readonly cert: string; readonly key: string};
};

/** `json` is undefined when the body is no JSON. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests alone
export type Answer = {readonly status: number; readonly body: string; readonly json: any};

export type StartOptions = {
  readonly root: string;
  /** 0, if left out: a free one. */
  readonly port?: number;
  readonly args?: readonly string[];
  /** No file of the server can grow beyond this: for it, the disk is full then. */
  readonly fileKiBMax?: number;
};

/** What tells of its end: a test, mostly. */
export type Lasting = {after(callback: () => void): void};

/** A folder for one test, removed at its end. */
export function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'kcp-strangers-'));
  t.after(() => rmSync(made, {recursive: true, force: true, maxRetries: 3}));
  return made;
}

/**
 * Starts a server and waits until it is ready: the kubeconfig was put in place and /readyz says ok. It is killed at the end of the test, if it still runs.
 * Rejects with its output when it ends before.
 */
export async function startServer(t: Lasting, options: StartOptions): Promise<ServerProcess> {
  const kubeconfig = join(options.root, 'admin.kubeconfig');
  const before = inode(kubeconfig);
  const args = ['--root-directory', options.root, '--secure-port', String(options.port ?? 0), ...(options.args ?? [])];
  const {child, output} = launch(args, options.fileKiBMax);
  t.after(() => void child.kill('SIGKILL'));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}:\n${output()}`);
    return existsSync(kubeconfig) && inode(kubeconfig) !== before;
  });
  const server = processOf(child, {...options, kubeconfig, output});
  await until(async () => (await server.call('/readyz')).status === 200);
  return server;
}

/** Runs `bin/kcp start` that is expected to end by itself. */
export async function runToEnd(args: readonly string[]): Promise<{readonly code: number | null; readonly output: string}> {
  const {child, output} = launch(args);
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  return {code, output: output()};
}

/**
 * A free port for a server that will start on it a second time: it lies below those that systems give to outgoing connections, one of which might have it
 * just then.
 */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const trial = createServer().listen(port, '127.0.0.1');
    const free = await once(trial, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    trial.close();
    await once(trial, 'close');
    return port;
  }
}

/** Waits until `check` is true, asking every 25 ms. What it throws ends the wait. */
export async function until(check: () => boolean | Promise<boolean>, what = 'a server that is ready', timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(25);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

const program = resolve(fileURLToPath(import.meta.url), '..', '..', '..', 'bin', 'kcp');

/** The shell counts files in blocks of 512 bytes. */
const limited = (fileKiBMax: number): readonly string[] => ['/bin/sh', '-c', `trap '' XFSZ; ulimit -f ${2 * fileKiBMax}; exec "$@"`, 'sh'];

function launch(args: readonly string[], fileKiBMax?: number): {readonly child: ChildProcess; readonly output: () => string} {
  const [command = program, ...before] = fileKiBMax === undefined ? [] : [...limited(fileKiBMax), program];
  const child = spawn(command, [...before, 'start', '--bind-address', '127.0.0.1', ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (words: string) => (output += words));
  return {child, output: () => output};
}

const inode = (path: string): number | undefined => statSync(path, {throwIfNoEntry: false})?.ino;

type Kubeconfig = {
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: {readonly server: string; readonly 'certificate-authority-data': string};
  }[];
  readonly users: readonly {readonly name: string; readonly user: {readonly token: string}}[];
};

function processOf(
  child: ChildProcess,
  {root, kubeconfig, output}: {readonly root: string; readonly kubeconfig: string; readonly output: () => string},
): ServerProcess {
  const {clusters, users} = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const {server: url, 'certificate-authority-data': caData} = clusters.find(({name}) => name === 'base')!.cluster;
  const ca = Buffer.from(caData, 'base64').toString();
  const token = (user: string): string => users.find(({name}) => name === user)!.user.token;
  const agent = new Agent({ca, keepAlive: true, maxSockets: 32});
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    const start = performance.now();
    child.kill(signal);
    const [code] = await ended;
    agent.destroy();
    return {code, ms: performance.now() - start};
  };
  const server: ServerProcess = {
    root,
    kubeconfig,
    url,
    port: Number(new URL(url).port),
    pid: child.pid!,
    ca,
    token,
    output,
    rssBytes: async () => {
      const {body} = await server.call('/metrics', {token: token('shard-admin')});
      return Number(/^process_resident_memory_bytes (.*)$/m.exec(body)?.[1]);
    },
    call: (path, options = {}) => call(url + path, {ca, agent, ...options, token: options.token ?? token('kcp-admin')}),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
  return server;
}

/** One request over HTTP/1.1. Rejects when there is no answer. */
async function call(
  url: string,
  {method = 'GET', body, token, headers, identity, ca, agent}: CallOptions & {ca: string; agent: Agent},
): Promise<Answer> {
  const outgoing = request(url, {
    method,
    ca,
    // A connection keeps the certificate it was opened with.
    ...(identity ? {...identity, agent: false} : {agent}),
    headers: {
      ...(token && {authorization: `Bearer ${token}`}),
      ...(body !== undefined && {'content-type': 'application/json'}),
      ...headers,
    },
  });
  outgoing.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  const [response] = await once(outgoing, 'response');
  const words = await text(response);
  return {status: response.statusCode, body: words, json: asJson(words)};
}

function asJson(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return undefined;
  }
}
