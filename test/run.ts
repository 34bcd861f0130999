/**
 * Runs the tests and ends with one line of counts. `fast`: what needs no started process (under a minute); `all`: everything.
 * Slow tests are named `*.slow.test.ts`.
 */
import {readdirSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {run} from 'node:test';
import {spec} from 'node:test/reporters';
import {fileURLToPath} from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const which = process.argv[2] ?? 'all';
const only = process.argv.slice(3);
const walk = (dir: string): string[] =>
  readdirSync(dir, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? walk(join(dir, entry.name)) : [join(dir, entry.name)]));

const files = [...walk(join(top, 'src')), ...walk(join(top, 'test'))]
  .filter(f => f.endsWith('.test.ts') && (which === 'all' || !f.endsWith('.slow.test.ts')))
  .filter(f => only.length === 0 || only.some(part => f.includes(part)));

const counts = {passed: 0, failed: 0, skipped: 0};
const failures: string[] = [];
const stream = run({files, concurrency: Math.max(1, availableParallelism()), timeout: 600_000});
stream.on('test:pass', event => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined) counts.skipped++;
  else counts.passed++;
});
stream.on('test:fail', event => {
  if (event.details.type === 'suite') return;
  counts.failed++;
  failures.push(`${event.file ? event.file.slice(top.length + 1) : ''}: ${event.name}`);
  process.exitCode = 1;
});
stream.on('end', () => {
  for (const name of failures) process.stdout.write(`failed: ${name}\n`);
  process.stdout.write(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
});
stream.compose(new spec()).pipe(process.stdout);
