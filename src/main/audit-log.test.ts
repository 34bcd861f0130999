import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {gunzipSync} from 'node:zlib';
import type {AuditFileOptions} from './audit-log.ts';
import {auditFile, batched} from './audit-log.ts';

const start = Date.parse('2026-11-28T10:00:00.000Z');
const dayMs = 24 * 3_600_000;

function setUp(t: TestContext, more: Partial<AuditFileOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const warnings: string[] = [];
  const clock = {ms: start};
  const path = join(folder, 'deep', 'kcp.audit');
  const options: AuditFileOptions = {
    path,
    bytesMax: 0,
    backupsMax: 0,
    ageMsMax: 0,
    compress: false,
    now: () => clock.ms,
    log: {warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`)},
    ...more,
  };
  return {folder: join(folder, 'deep'), path, warnings, clock, options, open: () => auditFile(options)};
}

test('lines are there when write returns, in a file that only its owner reads', t => {
  const {path, open} = setUp(t);
  const file = open();
  assert.equal(file.write('a\n'), true);
  assert.equal(file.write('ä\n'), true);
  assert.equal(readFileSync(path, 'utf8'), 'a\nä\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a file is gone on with after a restart; a closed one takes nothing', async t => {
  const {path, open} = setUp(t);
  const first = open();
  first.write('a\n');
  await first.close();
  assert.equal(first.write('lost\n'), false);
  open().write('b\n');
  assert.equal(readFileSync(path, 'utf8'), 'a\nb\n');
});

test('a file that would grow too large is put aside, and the oldest of those go', async t => {
  const {folder, path, clock, open} = setUp(t, {bytesMax: 10, backupsMax: 2});
  const file = open();
  for (const line of ['1234567\n', 'abcdefg\n', 'hijklmn\n', 'a line longer than all\n', 'last\n']) {
    file.write(line);
    clock.ms += 1;
  }
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), 'last\n');
  const aside = readdirSync(folder).filter(name => name !== 'kcp.audit');
  assert.deepEqual(aside.toSorted(), ['kcp-2026-11-28T10-00-00.003.audit', 'kcp-2026-11-28T10-00-00.004.audit']);
  assert.equal(readFileSync(join(folder, aside.toSorted()[1] as string), 'utf8'), 'a line longer than all\n');
});

test('what was put aside goes when it is too old; what is no such file stays', async t => {
  const {folder, open} = setUp(t, {bytesMax: 10, ageMsMax: dayMs});
  const files = ['kcp-2026-11-27T09-59-59.999.audit', 'kcp-2026-11-27T10-00-00.000.audit', 'kcp-notes.audit', 'other.audit'];
  mkdirSync(folder);
  for (const name of files) writeFileSync(join(folder, name), 'x');
  await open().close();
  assert.deepEqual(readdirSync(folder).toSorted(), [...files.slice(1), 'kcp.audit'].toSorted());
});

test('what was put aside is compressed where that is asked for', async t => {
  const {folder, open} = setUp(t, {bytesMax: 10, compress: true});
  const file = open();
  file.write('1234567\n');
  file.write('abcdefg\n');
  await file.close();
  const name = 'kcp-2026-11-28T10-00-00.000.audit.gz';
  assert.deepEqual(readdirSync(folder).toSorted(), [name, 'kcp.audit']);
  assert.equal(gunzipSync(readFileSync(join(folder, name))).toString(), '1234567\n');
  assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
});

test('a disk that takes no more costs lines and a warning now and then, and is tried again', t => {
  const {folder, path, clock, warnings, options} = setUp(t, {bytesMax: 10});
  const file = auditFile({...options});
  file.write('1234567\n');
  // Nothing can be put aside any more, nor a new file be made.
  rmSync(folder, {recursive: true});
  writeFileSync(folder, 'in the way');
  for (let i = 0; i < 3; i++) assert.equal(file.write('abcdefg\n'), false);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /lines of the audit log are lost.*"lost":1/);
  clock.ms += 10_000;
  assert.equal(file.write('abcdefg\n'), false);
  assert.match(warnings[1] ?? '', /"lost":4/);
  rmSync(folder);
  mkdirSync(folder);
  assert.equal(file.write('again\n'), true);
  assert.equal(readFileSync(path, 'utf8'), 'again\n');
});

test('a full disk is told by its name', t => {
  const {warnings, options} = setUp(t, {path: '/dev/full'});
  assert.equal(auditFile(options).write('a\n'), false);
  assert.match(warnings[0] ?? '', /ENOSPC/);
});

test('in batches, lines wait a while, in bounds, and closing writes them', async () => {
  const written: string[] = [];
  const warnings: string[] = [];
  let timer: (() => void) | undefined;
  const sink = {
    write: (text: string) => written.push(text) > 0,
    close: async () => void written.push('closed'),
  };
  const file = batched(sink, {
    eventsMax: 2,
    waitMs: 5,
    timers: {
      after(ms, callback) {
        assert.equal(ms, 5);
        timer = callback;
        return () => {
          timer = undefined;
        };
      },
    },
    log: {warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`)},
  });
  for (const line of ['a\n', 'b\n', 'c\n']) assert.equal(file.write(line), true);
  assert.deepEqual(written, []);
  timer?.();
  assert.deepEqual(written, ['a\nb\n']);
  assert.deepEqual(warnings, ['events of the audit log came too fast and were lost {"lost":1}']);
  file.write('d\n');
  await file.close();
  assert.deepEqual(written, ['a\nb\n', 'd\n', 'closed']);
  assert.equal(timer, undefined);
});
