import {crc32, inflateRawSync} from 'node:zlib';

const signatures = {end: 0x06054b50, entry: 0x02014b50, local: 0x04034b50} as const;
/** Lengths of the fixed parts, in bytes; the end may be followed by a comment of up to 64 KiB. */
const fixedBytes = {end: 22, entry: 46, local: 30} as const;
const commentBytesMax = 0xffff;

/**
 * The content of one file of a zip archive, checked against its size and sum. Knows stored and deflated files, which is all that
 * common tools write for archives below 4 GiB. Throws on anything else, and when no file has that name.
 */
export function readZipEntry(zip: Buffer, name: string): Buffer {
  const end = findEnd(zip);
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== signatures.entry) throw new Error(`zip: no entry at ${at}`);
    const nameBytes = zip.readUInt16LE(at + 28);
    if (zip.toString('utf8', at + fixedBytes.entry, at + fixedBytes.entry + nameBytes) === name) return contentOf(zip, at);
    at += fixedBytes.entry + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`zip: no file ${name}`);
}

/** The end record is the last thing in the file but for a comment. */
function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.length - fixedBytes.end - commentBytesMax);
  for (let at = zip.length - fixedBytes.end; at >= first; at--) if (zip.readUInt32LE(at) === signatures.end) return at;
  throw new Error('zip: no end record');
}

function contentOf(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10);
  const [sum, packedBytes, bytes] = [zip.readUInt32LE(entry + 16), zip.readUInt32LE(entry + 20), zip.readUInt32LE(entry + 24)];
  const local = zip.readUInt32LE(entry + 42);
  if (zip.readUInt32LE(local) !== signatures.local) throw new Error(`zip: no file at ${local}`);
  // The local header has a name and extra fields of its own lengths.
  const start = local + fixedBytes.local + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + packedBytes);
  if (method !== 0 && method !== 8) throw new Error(`zip: method ${method} is not supported`);
  const content = method === 0 ? packed : inflateRawSync(packed, {maxOutputLength: Math.max(bytes, 1)});
  if (content.length !== bytes || crc32(content) !== sum) throw new Error('zip: the content does not match its sum');
  return content;
}
