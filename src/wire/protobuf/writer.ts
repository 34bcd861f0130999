/**
 * Bytes written from the end to the front: when the length of a message is wanted, the message is already there.
 * So whatever is written first comes last.
 */
export type Writer = {bytes: Buffer; at: number};

const firstBytes = 1024;

export const newWriter = (): Writer => ({bytes: Buffer.allocUnsafe(firstBytes), at: firstBytes});

export const written = (writer: Writer): Buffer => writer.bytes.subarray(writer.at);

/** How much was written so far; the difference of two is the length of what lies between. */
export const lengthOf = (writer: Writer): number => writer.bytes.length - writer.at;

/** Makes room for `count` bytes before what was written, and moves there. */
function reserve(writer: Writer, count: number): void {
  if (writer.at < count) {
    const used = lengthOf(writer);
    const bytes = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, used + count));
    writer.bytes.copy(bytes, bytes.length - used, writer.at);
    writer.at = bytes.length - used;
    writer.bytes = bytes;
  }
  writer.at -= count;
}

/** An integer of up to 64 bits; negative ones take ten bytes. */
export function writeVarint(writer: Writer, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value < 128) {
    reserve(writer, 1);
    writer.bytes[writer.at] = value;
    return;
  }
  const groups = typeof value === 'number' && value >= 0 ? groupsOf(value) : longGroupsOf(BigInt.asUintN(64, BigInt(value)));
  reserve(writer, groups.length);
  groups.forEach((group, i) => {
    writer.bytes[writer.at + i] = i < groups.length - 1 ? group | 0x80 : group;
  });
}

/** The groups of seven bits, lowest first; zero is one group. */
function groupsOf(value: number): number[] {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.push(rest % 128);
  return groups;
}

function longGroupsOf(value: bigint): number[] {
  const groups = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn));
  return groups;
}

export function writeDouble(writer: Writer, value: number): void {
  reserve(writer, 8);
  writer.bytes.writeDoubleLE(value, writer.at);
}

export function writeString(writer: Writer, text: string): void {
  if (text.length <= shortCharsMax && writeAscii(writer, text)) return;
  const length = Buffer.byteLength(text);
  reserve(writer, length);
  writer.bytes.write(text, writer.at, length);
}

/** Up to this length a loop is faster than a call out of JavaScript. */
const shortCharsMax = 64;

/** Writes `text` if it is ASCII; if not, whatever was written is taken back. */
function writeAscii(writer: Writer, text: string): boolean {
  reserve(writer, text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      writer.at += text.length;
      return false;
    }
    writer.bytes[writer.at + i] = code;
  }
  return true;
}

export function writeBytes(writer: Writer, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.bytes.set(bytes, writer.at);
}
