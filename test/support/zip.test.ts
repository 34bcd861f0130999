import assert from 'node:assert/strict';
import {test} from 'node:test';
import {crc32, deflateRawSync} from 'node:zlib';
import {readZipEntry} from './zip.ts';

type File = {readonly name: string; readonly content: string; readonly method: number};

function zipOf(files: readonly File[], comment = ''): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const {name, content, method} of files) {
    const packed = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(3, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(`${name}xxx`), packed);
    entries.push(entry, Buffer.from(name));
    offset += 30 + name.length + 3 + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, ...entries, end, Buffer.from(comment)]);
}

const files = [
  {name: 'folder/', content: '', method: 0},
  {name: 'stored', content: 'as it is', method: 0},
  {name: 'folder/deflated', content: 'again and '.repeat(100), method: 8},
];

test('reads stored and deflated files', () => {
  for (const zip of [zipOf(files), zipOf(files, 'a comment')])
    for (const {name, content} of files) assert.equal(readZipEntry(zip, name).toString(), content);
});

test('refuses what is missing, damaged or foreign', () => {
  const zip = zipOf(files);
  assert.throws(() => readZipEntry(zip, 'other'), /no file other/);
  assert.throws(() => readZipEntry(Buffer.alloc(100), 'stored'), /no end record/);
  const damaged = Buffer.from(zip);
  damaged.write('AS', zip.indexOf('as it is'));
  assert.throws(() => readZipEntry(damaged, 'stored'), /does not match its sum/);
  assert.throws(() => readZipEntry(zipOf([{name: 'a', content: 'b', method: 12}]), 'a'), /method 12 is not supported/);
});
