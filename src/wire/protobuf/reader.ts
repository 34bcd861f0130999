import {isUtf8} from 'node:buffer';
import type {ApiError} from '../../api/errors.ts';
import {badRequest} from '../../api/errors.ts';

/** A place in the bytes of a message. Every step checks the bounds; whatever is wrong is a BadRequest. */
export type Reader = {
  readonly bytes: Buffer;
  at: number;
  /** Where the message being read ends. */
  end: number;
  /** Messages begun so far, and how many of them are open. */
  messages: number;
  depth: number;
};

export const readerOf = (bytes: Uint8Array): Reader => ({
  bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0,
  end: bytes.length,
  messages: 0,
  depth: 0,
});

export const malformed = (why: string): ApiError => badRequest(`the protobuf body is malformed: ${why}`);

const varintBytesMax = 10;
/** Seven groups of seven bits are exact in a double. */
const exactBytes = 7;

/** An unsigned 64-bit number; a bigint once it is longer than a double holds. */
export function readVarint(reader: Reader): number | bigint {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < exactBytes; i++) {
    const byte = readByte(reader);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  let long = BigInt(value);
  for (let i = exactBytes; i < varintBytesMax; i++) {
    const byte = readByte(reader);
    long |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return long;
  }
  throw malformed('integer overflow');
}

function readByte(reader: Reader): number {
  if (reader.at >= reader.end) throw malformed('unexpected end');
  return reader.bytes[reader.at++]!;
}

export function readInt64(reader: Reader): number | bigint {
  const value = readVarint(reader);
  if (typeof value === 'number') return value;
  const signed = BigInt.asIntN(64, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

export function readInt32(reader: Reader): number {
  const value = readVarint(reader);
  return typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));
}

export function readDouble(reader: Reader): number {
  const at = reader.at;
  advance(reader, 8);
  const value = reader.bytes.readDoubleLE(at);
  if (!Number.isFinite(value)) throw malformed('a number that JSON lacks');
  return value;
}

/** The end of the length-delimited value that starts here. */
export function readLength(reader: Reader): number {
  const length = readVarint(reader);
  if (typeof length !== 'number' || length > reader.end - reader.at) throw malformed('a length beyond the end');
  return reader.at + length;
}

export function readBytes(reader: Reader): Buffer {
  const end = readLength(reader);
  const value = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return value;
}

export function readString(reader: Reader): string {
  const end = readLength(reader);
  const start = reader.at;
  reader.at = end;
  const text = reader.bytes.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(reader.bytes.subarray(start, end))) throw malformed('a string that is not valid UTF-8');
  return text;
}

function advance(reader: Reader, count: number): void {
  if (count > reader.end - reader.at) throw malformed('unexpected end');
  reader.at += count;
}

export function skip(reader: Reader, wireType: number): void {
  if (wireType === 0) readVarint(reader);
  else if (wireType === 1) advance(reader, 8);
  else if (wireType === 2) reader.at = readLength(reader);
  else if (wireType === 5) advance(reader, 4);
  else throw malformed(`wire type ${wireType}`);
}
