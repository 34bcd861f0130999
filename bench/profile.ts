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
const {perSecond, count} = await drive({sessions, clients, ms: Number(seconds) * 1000, warmMs, ...load});
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
  const titles = new Map(nodes.map(({id, callFrame}) => [id, titleOf(callFrame)]));
  const own = new Map<string, number>();
  samples.forEach((id, i) => {
    const title = titles.get(id)!;
    own.set(title, (own.get(title) ?? 0) + timeDeltas[i]!);
  });
  own.delete('(idle)');
  const busy = [...own.values()].reduce((sum, µs) => sum + µs, 0);
  say(`\na thread that was busy for ${(busy / 1e6).toFixed(1)} s, per request of ${count} in all:`);
  for (const [title, µs] of [...own].sort((a, b) => b[1] - a[1]).slice(0, Number(shown)))
    say(`${((100 * µs) / busy).toFixed(1).padStart(6)} % ${(µs / count).toFixed(2).padStart(8)} µs  ${title}`);
}

function titleOf({functionName, url, lineNumber}: Profile['nodes'][number]['callFrame']): string {
  const place = url.startsWith('file:') ? fileURLToPath(url).replace(fileURLToPath(new URL('../', import.meta.url)), '') : url;
  return place ? `${functionName || 'a closure'}  ${place}:${lineNumber + 1}` : functionName;
}
