/**
 * Where the server's time goes under one kind of load: the functions with the most time of their own.
 * `node bench/profile.ts create|get|update|list|workspaces [functions] [seconds]`
 */
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {drive} from './load.ts';
import {configMap, configMaps, newWorkspace, workspace} from './objects.ts';
import {pinLoad, startServer} from './server.ts';
import type {Request} from './session.ts';

const [kind = 'create', shown = '40', seconds = '10'] = process.argv.slice(2);
const objects = 5_000;
const clients = 64;
const sessionCount = 8;
const warmMs = 1_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const top = mkdtempSync(join(tmpdir(), 'kcp-profile-'));
process.on('exit', () => rmSync(top, {recursive: true, force: true}));
pinLoad();
const server = await startServer(join(top, 'root'), `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${join(top, 'profiles')}`);
const sessions = await server.sessions(sessionCount);
const parent = await workspace(sessions[0]!, 'profiled');
const path = configMaps(parent);
const name = (n: number): string => `object-${n % objects}`;

const loads: {readonly [kind: string]: {readonly expect: number; readonly next: (n: number) => Request}} = {
  create: {expect: 201, next: n => ({method: 'POST', path, body: configMap(`new-${n}`, n)})},
  get: {expect: 200, next: n => ({method: 'GET', path: `${path}/${name(n)}`})},
  update: {expect: 200, next: n => ({method: 'PUT', path: `${path}/${name(n)}`, body: configMap(name(n), n)})},
  list: {expect: 200, next: () => ({method: 'GET', path: `${path}?limit=500`})},
  workspaces: {expect: 201, next: n => newWorkspace(parent, `child-${n}`)},
};
const load = loads[kind];
if (!load) throw new Error(`no load ${kind}; there are ${Object.keys(loads).join(', ')}`);
const made = (n: number): Request | undefined => (n < objects ? {method: 'POST', path, body: configMap(name(n), n)} : undefined);
if (kind !== 'create' && kind !== 'workspaces') await drive({sessions, clients, ms: Number.POSITIVE_INFINITY, next: made, expect: 201});
const {perSecond, sent} = await drive({sessions, clients, ms: Number(seconds) * 1000, warmMs, ...load});
for (const session of sessions) session.close();
await server.stop();

say(`${kind}, ${clients} clients: ${Math.round(perSecond)}/s with the profiler`);
for (const file of readdirSync(join(top, 'profiles'))) print(join(top, 'profiles', file));

type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {readonly functionName: string; readonly url: string; readonly lineNumber: number};
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

function print(file: string): void {
  const {nodes, samples, timeDeltas} = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const frames = new Map(nodes.map(({id, callFrame}) => [id, callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, i) => {
    const frame = frames.get(id)!;
    if (frame.functionName === '(idle)') return;
    const µs = timeDeltas[i]!;
    busy += µs;
    for (const [sums, title] of [[functions, titleOf(frame)] as const, [places, placeOf(frame)] as const])
      sums.set(title, (sums.get(title) ?? 0) + µs);
  });
  say(`\na thread that was busy for ${(busy / 1e6).toFixed(1)} s; own time for each of ${sent} requests, by place and by function:`);
  for (const sums of [places, functions]) {
    for (const [title, µs] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, Number(shown)))
      say(`${((100 * µs) / busy).toFixed(1).padStart(6)} % ${(µs / sent).toFixed(2).padStart(8)} µs  ${title}`);
    say('');
  }
}

type Frame = Profile['nodes'][number]['callFrame'];

/** The folder of a function of ours, or the module of one of Node's. */
function placeOf({functionName, url}: Frame): string {
  if (url.startsWith('file:')) return inTree(url).split('/').slice(0, 2).join('/');
  return url || (functionName.startsWith('(') ? functionName : 'native functions');
}

function inTree(url: string): string {
  return fileURLToPath(url).replace(fileURLToPath(new URL('../', import.meta.url)), '');
}

function titleOf({functionName, url, lineNumber}: Frame): string {
  const place = url.startsWith('file:') ? inTree(url) : url;
  return place ? `${functionName || 'a closure'}  ${place}:${lineNumber + 1}` : functionName;
}
