import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative, resolve, sep} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {rooms} from '../rooms.ts';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(top, 'src');
const linesMax = 400;

/** Modules of Node that do nothing to the world. */
const harmless = new Set(['node:buffer', 'node:string_decoder']);
/** Text that must not occur in rooms (comments aside), and what to use instead. Only `main` and tests are exempt. */
const banned: readonly [RegExp, string][] = [
  [/\bDate\.now\(|\bnew Date\(\)/, 'a clock that was handed in'],
  [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, 'chance that was handed in'],
  [/\bsetTimeout\(|\bsetInterval\(/, 'timers that were handed in'],
  [/\bstructuredClone\(/, 'clone of api/json.ts'],
  [/\bconsole\./, 'a logger that was handed in'],
  [/\bas Allowed\b/, 'authorize, which alone mints it'],
  [/\bprocess\./, 'a value handed in by main'],
];
/** Rooms that are the edge of the process: they own a clock, timers or a terminal. */
const edges = new Set(['main', 'cli']);

type Source = {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
  readonly test: boolean;
};

const walk = (dir: string): string[] =>
  readdirSync(dir, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? walk(join(dir, entry.name)) : [join(dir, entry.name)]));

const sources: readonly Source[] = walk(src)
  .filter(path => path.endsWith('.ts'))
  .map(path => {
    const text = readFileSync(path, 'utf8');
    const imports = [...text.matchAll(/^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm)].map(m => m[1] as string);
    const name = relative(src, path);
    return {path, room: name.split(sep)[0] as string, text, imports, test: /\.(test|suite)\.ts$/.test(path)};
  });
const rel = (path: string): string => relative(top, path);
const product = sources.filter(s => !s.test);

test('the tree is there', () => assert.ok(product.length > 5, 'the tidy test found next to nothing to look at'));

test('every folder is a room, and every room may import only existing ones', () => {
  for (const s of sources) assert.ok(rooms[s.room], `${rel(s.path)}: no room of that name in rooms.ts`);
  for (const [name, room] of Object.entries(rooms))
    for (const other of room.may) assert.ok(rooms[other], `${name} may import ${other}, which is no room`);
});

test('walls: imports stay within the doors', () => {
  const bad: string[] = [];
  for (const s of product) {
    const room = rooms[s.room];
    if (!room) continue;
    for (const i of s.imports) {
      if (i.startsWith('.')) {
        const target = resolve(dirname(s.path), i);
        if (!target.startsWith(src + sep)) bad.push(`${rel(s.path)} leaves src: ${i}`);
        const other = relative(src, target).split(sep)[0] as string;
        if (other !== s.room && !room.may.includes(other)) bad.push(`${rel(s.path)} imports ${other}`);
        if (/\.(test|suite)\.ts$/.test(i)) bad.push(`${rel(s.path)} imports a test`);
      } else if (!harmless.has(i) && !room.uses?.includes(i)) bad.push(`${rel(s.path)} uses ${i}`);
    }
  }
  assert.deepEqual(bad, []);
});

test('no cycles between files', () => {
  const graph = new Map(product.map(s => [s.path, s.imports.filter(i => i.startsWith('.')).map(i => resolve(dirname(s.path), i))]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const loop = trail.indexOf(path);
    if (loop >= 0) assert.fail(`cycle: ${[...trail.slice(loop), path].map(rel).join(' → ')}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

test('no file is dead', () => {
  const reached = new Set(sources.flatMap(s => s.imports.filter(i => i.startsWith('.')).map(i => resolve(dirname(s.path), i))));
  // Entry points: the commands in bin/, and workers that are started by their URL.
  const started = new Set(
    [...readdirSync(join(top, 'bin')).map(f => readFileSync(join(top, 'bin', f), 'utf8')), ...product.map(s => s.text)].flatMap(text =>
      [...text.matchAll(/([\w-]+\.ts)\b/g)].map(m => m[1] as string),
    ),
  );
  const dead = product.filter(s => !reached.has(s.path) && !started.has(s.path.split(sep).pop() as string));
  assert.deepEqual(
    dead.map(s => rel(s.path)),
    [],
  );
});

test('files stay short, but for the one hard idea of a room', () => {
  const long = sources.filter(
    s => s.text.split('\n').length > linesMax && !rooms[s.room]?.long?.some(name => s.path.endsWith(`${sep}${name}`)),
  );
  assert.deepEqual(
    long.map(s => `${rel(s.path)}: ${s.text.split('\n').length} lines`),
    [],
  );
});

test('no barrels, no grab bags', () => {
  const bad = sources.filter(s => /(^|\/)(index|utils?|helpers?|common|misc)\.ts$/.test(rel(s.path)));
  assert.deepEqual(
    bad.map(s => rel(s.path)),
    [],
  );
});

test('clock, chance and timers are handed in', () => {
  const bad: string[] = [];
  for (const s of product) {
    if (edges.has(s.room)) continue;
    const code = s.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
    for (const [pattern, instead] of banned)
      if (pattern.test(code) && !(s.path.endsWith('auth/authorize.ts') && instead.startsWith('authorize')))
        bad.push(`${rel(s.path)}: ${pattern.source}; use ${instead}`);
  }
  assert.deepEqual(bad, []);
});
