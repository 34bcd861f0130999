/** The started server: `bin/kcp start` in a folder of its own, free to use every core, as it would be anywhere. */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {availableParallelism} from 'node:os';
import {dirname, join} from 'node:path';
import {performance} from 'node:perf_hooks';
import {fileURLToPath} from 'node:url';
import {sleep} from './load.ts';
import {type Address, openSession, type Session} from './session.ts';

const launcher = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'kcp');
const readyMsMax = 60_000;

/** Whether the load can be pinned to core 1. The server is not: its threads go where there is room. */
const cores = availableParallelism();
export const pinned = cores > 1 && spawnSync('taskset', ['--version']).status === 0;

export function pinLoad(): void {
  if (pinned) spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)]);
}

export type Server = {
  readonly directory: string;
  /** From the start of the process to the first 200 of /readyz over a fresh connection. */
  readonly readyMs: number;
  readonly address: Address;
  readonly sessions: (count: number) => Promise<readonly Session[]>;
  readonly metrics: () => Promise<Metrics>;
  /** Memory that is the process's own: without the pages of files, which the system takes back when it wants to. NaN where the system does not tell. */
  readonly ownBytes: () => number;
  readonly stop: () => Promise<void>;
};

export type Metrics = {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  /** Since the last time the metrics were read. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly series: number;
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * @param nodeOptions further options for Node, as for profiling
 * @param flags further ones for the server
 */
export async function startServer(directory: string, nodeOptions = '', flags: readonly string[] = []): Promise<Server> {
  const port = await freePort();
  const command = [launcher, 'start', `--root-directory=${directory}`, `--secure-port=${port}`, '--bind-address=127.0.0.1', ...flags];
  // Children inherit where the load was pinned to.
  const [program, ...args] = pinned ? ['taskset', '-c', `0-${cores - 1}`, ...command] : command;
  const env = {...process.env, ...(nodeOptions && {NODE_OPTIONS: nodeOptions})};
  const begun = performance.now();
  const child = spawn(program!, args, {stdio: ['ignore', 'ignore', 'pipe'], env});
  running.add(child);
  child.once('exit', () => running.delete(child));
  let errors = '';
  child.stderr.on('data', (text: Buffer) => {
    errors = (errors + text).slice(-2_000);
  });
  const ca = (): string => (existsSync(join(directory, 'serving-ca.crt')) ? readFileSync(join(directory, 'serving-ca.crt'), 'utf8') : '');
  for (;;) {
    if (child.exitCode !== null || performance.now() - begun > readyMsMax) throw new Error(`the server did not get ready: ${errors}`);
    try {
      (await openSession({port, ca: ca(), token: ''})).close();
      break;
    } catch {
      await sleep(2);
    }
  }
  const readyMs = performance.now() - begun;
  const address = {port, ca: ca(), token: tokenOf('shard-admin', directory)};
  const asking = await openSession(address);
  return {
    directory,
    readyMs,
    address,
    sessions: count => Promise.all(Array.from({length: count}, () => openSession(address))),
    metrics: async () => parse((await asking.ask({method: 'GET', path: '/metrics'})).body),
    ownBytes: () => ownBytes(child.pid as number),
    stop: async () => {
      asking.close();
      await ended(child);
    },
  };
}

function ownBytes(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kibibytes = existsSync(status) ? /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return Number(kibibytes) * 1024;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The token of an administrator, out of the kubeconfig that the server wrote. */
export function tokenOf(name: 'kcp-admin' | 'shard-admin', directory: string): string {
  const kubeconfig = readFileSync(join(directory, 'admin.kubeconfig'), 'utf8');
  const token = new RegExp(`- name: ${name}\\n {2}user:\\n {4}token: "([^"]+)"`).exec(kubeconfig)?.[1];
  if (token === undefined) throw new Error(`the kubeconfig holds no token of ${name}`);
  return token;
}

function parse(text: string): Metrics {
  const lines = text.split('\n').filter(line => line && !line.startsWith('#'));
  const values = new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  const value = (name: string): number => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`no metric ${name} in: ${text.slice(0, 200)}`);
    return found;
  };
  return {
    rssBytes: value('process_resident_memory_bytes'),
    cpuSeconds: value('process_cpu_seconds_total'),
    loopP99Ms: value('nodejs_eventloop_lag_p99_seconds') * 1000,
    loopMaxMs: value('nodejs_eventloop_lag_max_seconds') * 1000,
    series: lines.length,
  };
}

/** What the store takes on disk. */
export function diskBytes(directory: string): number {
  const data = join(directory, 'data');
  return readdirSync(data).reduce((sum, file) => sum + statSync(join(data, file)).blocks * 512, 0);
}
