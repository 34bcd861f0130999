import {gzip} from 'node:zlib';
import type {Call} from './call.ts';
import type {HttpReply} from './http.ts';
import {header} from './http.ts';

/** Bodies above this are compressed for clients that take it; below, it is not worth the time (spec kubernetes-api 1.10). */
const compressedBytesMin = 128 * 1024;
const level = 1;

/** Compresses a large body in another thread. Streams are left alone. */
export async function compress(call: Call, reply: HttpReply): Promise<HttpReply> {
  const {body} = reply;
  if (body === undefined || typeof body === 'function' || reply.headers['content-encoding']) return reply;
  const pieces = body instanceof Uint8Array ? [body] : body;
  let size = 0;
  for (const piece of pieces) size += piece.length;
  if (size < compressedBytesMin || !acceptsGzip(header(call.request.headers, 'accept-encoding'))) return reply;
  const packed = await new Promise<Uint8Array>((resolve, reject) => {
    gzip(Buffer.concat(pieces, size), {level}, (err, result) => (err ? reject(err) : resolve(result)));
  });
  return {...reply, headers: {...reply.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding'}, body: packed};
}

const acceptsGzip = (accept: string | undefined): boolean =>
  accept !== undefined && /(^|[\s,])gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accept);
