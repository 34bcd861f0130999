import {createGzip} from 'node:zlib';
import type {LoopTime} from '../fairness/loop-time.ts';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Bodies above this are compressed for clients that take it; below, it is not worth the time (spec kubernetes-api 1.10). */
const compressedBytesMin = 128 * 1024;
const level = 1;

/** Compresses a large body in another thread. Streams are left alone. */
export async function compress(call: Call, reply: HttpReply, time: LoopTime | undefined): Promise<HttpReply> {
  const {body} = reply;
  if (body === undefined || typeof body === 'function' || reply.headers['content-encoding']) return reply;
  const pieces = body instanceof Uint8Array ? [body] : body;
  let size = 0;
  for (const piece of pieces) size += piece.length;
  if (size < compressedBytesMin || !acceptsGzip(header(call.request.headers, 'accept-encoding'))) return reply;
  const packing = packed(pieces);
  const smaller = await (time ? time.suspend(packing) : packing);
  return {...reply, headers: {...reply.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding'}, body: smaller};
}

/** So much goes to the other thread at once, and is copied together for it; and so much comes back. */
const packedAtOnceBytes = 256 * 1024;
const packedPieceBytes = 64 * 1024;

async function packed(pieces: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const packer = createGzip({level, chunkSize: packedPieceBytes});
  const out: Uint8Array[] = [];
  packer.on('data', (chunk: Uint8Array) => out.push(chunk));
  let failure: Error | undefined;
  packer.once('error', err => {
    failure = err;
  });
  const closed = new Promise<void>(resolve => packer.once('close', resolve));
  for (const some of groups(pieces)) await new Promise<void>(resolve => packer.write(some, () => resolve()));
  packer.end();
  await closed;
  if (failure) throw failure;
  return out;
}

/** The same bytes in pieces that are worth the way to another thread. */
function* groups(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let some: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    some.push(piece);
    size += piece.length;
    if (size < packedAtOnceBytes) continue;
    yield some.length === 1 ? piece : Buffer.concat(some, size);
    some = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(some, size);
}

const acceptsGzip = (accept: string | undefined): boolean =>
  accept !== undefined && /(^|[\s,])gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accept);
