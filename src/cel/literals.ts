import {Buffer} from 'node:buffer';

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['`', '`'],
  ['?', '?'],
]);

const escapes = /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|)/g;

/** The text that the inside of a quoted string stands for. Throws an Error for an escape that does not exist. */
export function unescapeString(inside: string): string {
  return inside.replace(escapes, (_, simple?: string, hex?: string, short?: string, long?: string, octal?: string) => {
    if (simple) return simpleEscapes.get(simple)!;
    const digits = hex ?? short ?? long;
    return character(digits ? Number.parseInt(digits, 16) : Number.parseInt(octal ?? '', 8));
  });
}

function character(code: number): string {
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw new Error('invalid escape sequence');
  return String.fromCodePoint(code);
}

/** The bytes that the inside of a quoted `b''` stands for: escapes are single bytes, all else UTF-8. */
export function unescapeBytes(inside: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const match of inside.matchAll(escapes)) {
    const [all, simple, hex, short, long, octal] = match;
    parts.push(Buffer.from(inside.slice(end, match.index)));
    end = match.index + all.length;
    const code = simple ? simpleEscapes.get(simple)!.charCodeAt(0) : hex ? Number.parseInt(hex, 16) : Number.parseInt(octal ?? '', 8);
    if (short || long || Number.isNaN(code)) throw new Error('invalid escape sequence');
    parts.push(Uint8Array.of(code));
  }
  parts.push(Buffer.from(inside.slice(end)));
  return new Uint8Array(Buffer.concat(parts));
}
