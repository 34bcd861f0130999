import assert from 'node:assert/strict';
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {createLog, type Level, lineWriter} from './log.ts';

const logOf = (level: Level, format: 'text' | 'json') => {
  const lines: string[] = [];
  const now = (): Date => new Date('2026-01-02T12:30:05.123Z');
  return {lines, log: createLog({level, format, write: line => lines.push(line), now})};
};

test('lines for people: one event, one line, whatever is in it', () => {
  const {lines, log} = logOf('info', 'text');
  log.debug('not told');
  log.info('ready', {port: 6443, name: 'two words', nothing: undefined, list: ['a']});
  log.warn('a foreign\nINFO line \u001b[31m', {path: '/a\n/b'});
  assert.deepEqual(lines, [
    '12:30:05.123 INFO  ready  port=6443 name="two words" list="[\\"a\\"]"\n',
    '12:30:05.123 WARN  a foreign\\nINFO line \\u001b[31m  path="/a\\n/b"\n',
  ]);
});

test('errors show where they come from; warnings only what they say', () => {
  const {lines, log} = logOf('info', 'text');
  log.error('failed', {error: new Error('boom')});
  log.warn('failed', {error: new Error('boom')});
  assert.match(lines[0] ?? '', /error=\nError: boom\n {4}at /);
  assert.match(lines[1] ?? '', /error=boom\n$/);
});

test('lines for collectors are JSON, and fields cannot pose as the time or the level', () => {
  const {lines, log} = logOf('debug', 'json');
  log.debug('a "b"', {port: 1, level: 'error', error: new Error('boom')});
  const line = JSON.parse(lines[0] ?? '');
  assert.deepEqual([line.msg, line.level, line.port, line.ts], ['a "b"', 'debug', 1, '2026-01-02T12:30:05.123Z']);
});

test('lines reach the file whole and in order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const file = openSync(join(directory, 'log'), 'w');
  const writer = lineWriter(file);
  const read = (): string => readFileSync(join(directory, 'log'), 'utf8');
  for (let i = 0; i < 1000; i++) writer.write(`${i}\n`);
  while (read().split('\n').length < 1001) await new Promise(resolve => setImmediate(resolve));
  assert.equal(read(), Array.from({length: 1000}, (_, i) => `${i}\n`).join(''));
  closeSync(file);
  rmSync(directory, {recursive: true});
});

test('a reader that does not read costs lines, not time; a flush writes what waits', () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-'));
  const file = openSync(join(directory, 'log'), 'w');
  const writer = lineWriter(file);
  // Nothing is written before this function ends, as if the reader slept.
  for (let i = 0; i < 5000; i++) writer.write(`${'x'.repeat(999)}\n`);
  writer.flush();
  assert.ok(readFileSync(join(directory, 'log')).length <= 2 * 1024 * 1024);
  rmSync(directory, {recursive: true});
});
