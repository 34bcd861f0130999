/** HTTP/2 frames as they are not sent by any client that means well. */

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const kinds = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flags = {endStream: 1, ack: 1, endHeaders: 4, padded: 8} as const;

export function frame(kind: number, flag: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = kind;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** A header block of literals that are not remembered; texts are shorter than 127 bytes. */
export const block = (headers: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    headers.map(([name, value]) =>
      Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]),
    ),
  );

/** What a connection begins with. */
export const hello = Buffer.concat([preface, frame(kinds.settings, 0, 0)]);

const pseudo = (path: string): readonly (readonly [string, string])[] => [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', path],
  [':authority', 'a'],
];

/** The HEADERS of a GET without credentials. */
export const get = (stream: number, path: string, more: readonly (readonly [string, string])[] = []): Buffer =>
  frame(kinds.headers, flags.endStream | flags.endHeaders, stream, block([...pseudo(path), ...more]));
