import {isAscii, isUtf8} from 'node:buffer';
import {badRequest} from '../api/errors.ts';
import {goJsonError} from '../api/go-json-error.ts';
import type {Json} from '../api/json.ts';
import {type Decoded, parseExactly} from '../api/json-exact.ts';
import {scan} from './json-scan.ts';

/**
 * The room of the wire: what clients send and accept, as bytes. JSON, YAML and protobuf come in as the same values; tables, partial
 * metadata and watch frames go out. It knows how kinds look, never what they do.
 */
export const jsonLimits = {depthMax: 500} as const;

/**
 * One JSON document. Integers beyond 2^53 are bigints, as far as int64 goes. Text that is no UTF-8, malformed or nested too deeply is a
 * BadRequest. Costs about as much as JSON.parse: only documents with something odd in them are read a second time.
 */
export function decodeJson(bytes: Uint8Array): Decoded {
  const text = textOf(bytes);
  const value = parse(text);
  switch (scan(bytes, jsonLimits.depthMax)) {
    case 'plain':
      return {value, duplicates: []};
    case 'too deep':
      throw badRequest(`error parsing JSON: nested deeper than ${jsonLimits.depthMax} levels`);
    case 'odd':
      return parseExactly(text);
  }
}

/** UTF-8 as a string; anything else is a BadRequest. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString('latin1');
  if (!isUtf8(buffer)) throw badRequest('the body of the request is not valid UTF-8');
  return buffer.toString('utf8');
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (err) {
    if (err instanceof SyntaxError) throw badRequest(`error parsing JSON: ${goJsonError(text) ?? err.message}`);
    throw err;
  }
}
