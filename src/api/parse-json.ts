import type {Json} from './json.ts';
import {parseExactly} from './json-exact.ts';

/**
 * Parses JSON. Integers beyond 2^53 become bigints, as far as int64 goes.
 * @throws SyntaxError for what is none, ApiError BadRequest for odd text (below) that is nested beyond all reason
 */
export function parse(text: string): Json {
  const value = JSON.parse(text) as Json;
  return mayBeLarge.test(text) || hasEscapedKey(text) ? parseExactly(text).value : value;
}

/** Without a run of sixteen digits no integer is beyond what a double holds. */
const mayBeLarge = /\d{16}/;

const [quote, backslash, colon, space] = [0x22, 0x5c, 0x3a, 0x20];

/**
 * Whether a key of well-formed JSON is written with an escape. V8 14.6 takes such a key for another one that has a backslash, when an object with that one
 * was parsed before, whoever it was of: such texts are not its to read.
 */
export function hasEscapedKey(text: string): boolean {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    // A backslash is always within a text. Behind its end stands a colon if it is a key.
    while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
    for (at++; text.charCodeAt(at) <= space; ) at++;
    if (text.charCodeAt(at) === colon) return true;
  }
  return false;
}
