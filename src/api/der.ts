/**
 * The little of ASN.1's DER that certificates and requests for them need: enough to write one, and to read the subject of one. Reading takes hostile
 * bytes: every length is checked against its parent.
 */

/** Elements that one element may hold to be read at all. Names and certificates have a dozen. */
const elementsMax = 1_000;

/** Tags in use; context tags are made by `tagged`. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  bytes: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([0x80 | digits.length, ...digits]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(tags.sequence, ...parts);

/** A constructed element of a context tag, as `[3] EXPLICIT`. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 | number, ...parts);

/** A positive integer of big-endian bytes. */
export const integer = (bytes: Uint8Array): Buffer =>
  element(tags.integer, (bytes[0] as number) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);

export const boolean = (value: boolean): Buffer => element(tags.boolean, Buffer.from([value ? 0xff : 0]));

/** Bits of whole bytes, after the count of unused ones at the end. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => element(tags.bits, Buffer.from([unused]), bytes);

export const bytes = (...parts: readonly Uint8Array[]): Buffer => element(tags.bytes, ...parts);

export const utf8 = (text: string): Buffer => element(tags.utf8, Buffer.from(text));

/** An object identifier of its dotted form. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  return element(tags.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

/** A time as certificates write it: two-digit years until 2049, then four. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? element(tags.utcTime, Buffer.from(digits.slice(2)))
    : element(tags.generalizedTime, Buffer.from(digits));
}

/** An element read: its tag, its content, and the whole of it. */
export type Element = {readonly tag: number; readonly content: Buffer; readonly whole: Buffer};

/** The elements in `content`, in order. @throws Error where the bytes are no DER, or more elements than anything meant has */
export function elements(content: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length; ) {
    if (found.length >= elementsMax) throw new Error('not DER: too many elements');
    const one = elementAt(content, at);
    found.push(one);
    at += one.whole.length;
  }
  return found;
}

/** The element that `content` begins with, whatever follows it. @throws Error where the bytes are no DER */
export const firstElement = (content: Buffer): Element => elementAt(content, 0);

function elementAt(buffer: Buffer, start: number): Element {
  const tag = buffer[start];
  let length = buffer[start + 1];
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) throw new Error('not DER');
  let from = start + 2;
  if (length >= 0x80) {
    const digits = length & 0x7f;
    if (digits < 1 || digits > 4 || from + digits > buffer.length) throw new Error('not DER: a length of no use');
    length = buffer.readUIntBE(from, digits);
    from += digits;
  }
  const to = from + length;
  if (to > buffer.length) throw new Error('not DER: cut off');
  return {tag, content: buffer.subarray(from, to), whole: buffer.subarray(start, to)};
}
