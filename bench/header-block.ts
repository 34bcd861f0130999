/**
 * Header blocks of requests and the status of replies, in HPACK (RFC 7541). What all requests of a session share goes into the server's table with the
 * first one, as real clients do, and takes one byte each from then on. Our own table is given no room, so that replies can be read without one.
 */

/** With an empty token the session is good for this one request. */
export type Shared = {readonly authority: string; readonly token: string};

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
};

/** An integer with a prefix of so many bits; `flags` are the bits before it. */
function integer(value: number, bits: number, flags: number): Buffer {
  const max = (1 << bits) - 1;
  if (value < max) return Buffer.from([flags | value]);
  const bytes = [flags | max];
  let rest = value - max;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const incremental = 0x40;
const indexed = 0x80;
const table = {method: 2, path: 4, authority: 1, authorization: 23, accept: 19, userAgent: 58, contentType: 31, contentLength: 28} as const;
const methods: {readonly [method: string]: Buffer} = {
  GET: Buffer.from([indexed | 2]),
  POST: Buffer.from([indexed | 3]),
  PUT: Buffer.concat([integer(table.method, 4, 0), literal('PUT')]),
  PATCH: Buffer.concat([integer(table.method, 4, 0), literal('PATCH')]),
  DELETE: Buffer.concat([integer(table.method, 4, 0), literal('DELETE')]),
};
const https = Buffer.from([indexed | 7]);
/** The place of the newest entry of the dynamic table. */
const newest = 62;

/** The block of the first request of a session, `GET /readyz`, which teaches the server what all others share. */
export function firstBlock({authority, token}: Shared): Buffer {
  const known = (name: number, value: string): Buffer => Buffer.concat([integer(name, 6, incremental), literal(value)]);
  return Buffer.concat([
    methods['GET']!,
    https,
    integer(table.path, 4, 0),
    literal('/readyz'),
    known(table.authority, authority),
    ...(token ? [known(table.authorization, `Bearer ${token}`)] : []),
    known(table.accept, 'application/json'),
    known(table.userAgent, 'kcp-ts-bench'),
    known(table.contentType, 'application/json'),
  ]);
}

const sharedAuthority = Buffer.from([indexed | (newest + 4)]);
const sharedAuthorization = Buffer.from([indexed | (newest + 3)]);
const sharedAccept = Buffer.from([indexed | (newest + 2)]);
const sharedUserAgent = Buffer.from([indexed | (newest + 1)]);
const sharedContentType = Buffer.from([indexed | newest]);

/** What a body is and how long; JSON when no type is given. */
export type BodyHead = {readonly bytes: number; readonly type?: string | undefined};

type Asked = {readonly method: string; readonly path: string; readonly accept?: string};

/** The block of any later request. Without `accept`, it asks for plain JSON. */
export function block({method, path, accept}: Asked, body: BodyHead | undefined): Buffer {
  const wanted = accept === undefined ? sharedAccept : Buffer.concat([integer(table.accept, 4, 0), literal(accept)]);
  const shared = [sharedAuthority, sharedAuthorization, wanted, sharedUserAgent];
  const parts = [methods[method]!, https, integer(table.path, 4, 0), literal(path), ...shared];
  if (body) {
    parts.push(...(body.type === undefined ? [sharedContentType] : [integer(table.contentType, 4, 0), literal(body.type)]));
    parts.push(integer(table.contentLength, 4, 0), literal(String(body.bytes)));
  }
  return Buffer.concat(parts);
}

/** Digits in HPACK's Huffman code. */
const digits = ['00000', '00001', '00010', '011001', '011010', '011011', '011100', '011101', '011110', '011111'];
const codes = new Map<number, number>();
for (let status = 200; status < 600; status++) {
  const bits = [...String(status)].map(digit => digits[Number(digit)]!).join('');
  const bytes = (bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2));
  codes.set(codeKey(bytes), status);
}
const whole = [200, 204, 206, 304, 400, 404, 500];

/** The status a reply's block begins with. */
export function statusOf(bytes: Uint8Array, start: number): number {
  let at = start;
  // Changes of the size of the table come first.
  while ((bytes[at]! & 0xe0) === 0x20) at++;
  const first = bytes[at]!;
  if (first >= indexed + 8 && first <= indexed + 14) return whole[first - indexed - 8]!;
  const length = bytes[at + 1]!;
  const value = bytes.subarray(at + 2, at + 2 + (length & 127));
  const status = length & 128 ? codes.get(codeKey([...value])) : Number(Buffer.from(value).toString());
  if (status === undefined) throw new Error('a reply without a status that can be read');
  return status;
}

function codeKey(bytes: readonly number[]): number {
  return bytes.reduce((key, byte) => key * 256 + byte, 1);
}
