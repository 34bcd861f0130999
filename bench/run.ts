/**
 * How fast the started server is, and what it holds: durable store, TLS, HTTP/2, whole pipeline. Prints a table with budgets, and keeps the figures.
 * `node bench/run.ts [rows…] [--quick] [--node-options=…]`
 *
 * A run of all rows is kept for good, under its date and commit; others as `local-…`, which git ignores.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {arch, cpus, platform, release, tmpdir, totalmem} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {budgets} from './budgets.ts';
import {type Row, type Settings, seriesFigure, type Unit} from './row.ts';
import {apply} from './rows/apply.ts';
import {attacks} from './rows/attacks.ts';
import {ceiling} from './rows/ceiling.ts';
import {definitions} from './rows/definitions.ts';
import {list} from './rows/list.ts';
import {permissions} from './rows/permissions.ts';
import {requests} from './rows/requests.ts';
import {rules} from './rows/rules.ts';
import {sealing} from './rows/sealing.ts';
import {start} from './rows/start.ts';
import {watchers} from './rows/watchers.ts';
import {workspaces} from './rows/workspaces.ts';
import {pinLoad, pinned} from './server.ts';
import {type Figure, figureOf, isMissed, line, tableHead} from './table.ts';

const rows: readonly Row[] = [
  ceiling,
  start,
  requests,
  permissions,
  sealing,
  apply,
  rules,
  list,
  attacks,
  definitions,
  watchers,
  workspaces,
];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {quick: {type: 'boolean', default: false}, 'node-options': {type: 'string', default: ''}},
});
const unknown = positionals.filter(name => !rows.some(row => row.name === name));
if (unknown.length > 0) throw new Error(`no row ${unknown.join(', ')}; there are ${rows.map(row => row.name).join(', ')}`);
const chosen = positionals.length > 0 ? rows.filter(row => positionals.includes(row.name)) : rows;

const {quick, 'node-options': nodeOptions} = values;
const sizes = quick
  ? {repetitions: 1, ms: 2_000, warmMs: 1_000, workspaces: 1_000}
  : {repetitions: 3, ms: 5_000, warmMs: 2_000, workspaces: 10_000};
const top = mkdtempSync(join(tmpdir(), 'kcp-bench-'));
let folders = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
process.on('exit', () => rmSync(top, {recursive: true, force: true}));
const settings: Settings = {
  ...sizes,
  quick,
  nodeOptions,
  sessions: 8,
  manyClients: 64,
  folder: () => {
    const folder = join(top, String(folders++));
    mkdirSync(folder);
    return folder;
  },
};

pinLoad();
const begun = new Date();
const figures: Figure[] = [];
const series: number[] = [];
for (const row of chosen) {
  say(`\n${row.about}\n${tableHead}`);
  try {
    for (const figure of await measure(row)) tell(figure);
  } catch (err) {
    say(`${row.name} failed: ${err instanceof Error ? err.stack : err}`);
    process.exitCode = 1;
  }
}
if (series.length > 0) tell(figureOf(seriesFigure, '', series));
keep();

function tell(figure: Figure): void {
  say(line(figure));
  figures.push(figure);
}

async function measure(row: Row): Promise<readonly Figure[]> {
  const samples = new Map<string, {readonly unit: Unit; readonly values: number[]}>();
  await row.run(settings, (name, unit, value) => {
    if (name === seriesFigure) return void series.push(value);
    const known = samples.get(name) ?? {unit, values: []};
    known.values.push(value);
    samples.set(name, known);
  });
  return [...samples].map(([name, {unit, values}]) => figureOf(name, unit, values));
}

function keep(): void {
  const missed = figures.filter(isMissed).map(({name}) => name);
  say(missed.length > 0 ? `\nmissed: ${missed.join('; ')}` : '\nevery budget that was measured is kept');
  const git = (...args: string[]): string =>
    execFileSync('git', args, {cwd: import.meta.dirname})
      .toString()
      .trim();
  const commit = git('rev-parse', '--short=12', 'HEAD');
  const {folder: _folder, ...shown} = settings;
  const kept = {
    date: begun.toISOString(),
    commit,
    changed: git('status', '--porcelain', '--', '../src', '../bin') !== '',
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: platform(),
      kernel: release(),
      arch: arch(),
    },
    versions: {node: process.versions.node, sqlite: process.versions.sqlite},
    settings: {...shown, rows: chosen.map(row => row.name), loadCore: pinned ? 1 : 'any'},
    figures: figures.map(figure => ({...figure, ...(budgets[figure.name] && {budget: budgets[figure.name], missed: isMissed(figure)})})),
  };
  const directory = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(directory, {recursive: true});
  const complete = !quick && chosen.length === rows.length && nodeOptions === '';
  const file = `${complete ? '' : 'local-'}${kept.date.slice(0, 10)}-${commit}.json`;
  writeFileSync(join(directory, file), `${JSON.stringify(kept, undefined, 1)}\n`);
  say(`kept in bench/results/${file}`);
}
