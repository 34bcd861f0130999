/** Secrets that say whose they are, and the search for them in everything that is sent. */
import {gunzipSync} from 'node:zlib';
import type {HttpReply} from '../../src/server/http.ts';

/** What a canary lies in: a Secret, or anything else of a workspace. */
export type CanaryKind = 's' | 'o';
export type Canary = {readonly workspace: string; readonly kind: CanaryKind};

const mark = 'kcpcanary';
/** Nine bytes are twelve in base64, whatever follows: Secrets are sent that way. */
const encodedMark = Buffer.from(mark).toString('base64');
const codeChars = 3;
const encodedCodeChars = 4;

/** @param workspace a code of two characters */
export const canaryText = (workspace: string, kind: CanaryKind): string => `${mark}${workspace}${kind}`;

/** Every canary in some bytes, in the clear or in base64 from its beginning. */
export function canariesIn(bytes: Buffer): readonly Canary[] {
  const found: Canary[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1))
    found.push(canaryOf(bytes.toString('latin1', at + mark.length, at + mark.length + codeChars)));
  for (let at = bytes.indexOf(encodedMark); at >= 0; at = bytes.indexOf(encodedMark, at + 1)) {
    const from = at + encodedMark.length;
    found.push(canaryOf(Buffer.from(bytes.toString('latin1', from, from + encodedCodeChars), 'base64').toString('latin1')));
  }
  return found;
}

const canaryOf = (code: string): Canary => ({workspace: code.slice(0, 2), kind: code[2] as CanaryKind});

/** All that a client got to see: headers, and the body as it was before it was packed. */
export function seenBytes(headers: HttpReply['headers'], body: Buffer): Buffer {
  const plain = headers['content-encoding'] === 'gzip' && body.length > 0 ? gunzipSync(body) : body;
  return Buffer.concat([Buffer.from(JSON.stringify(headers)), plain]);
}
