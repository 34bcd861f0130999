import {badRequest} from './errors.ts';
import type {Json, JsonArray, JsonObject} from './json.ts';
import {setKey} from './json.ts';

export type Decoded = {
  readonly value: Json;
  /** Keys given twice, of which the last one counts: their paths in JSON (`data.a`), texts with a line in YAML. */
  readonly duplicates: readonly string[];
};

/** How many duplicate keys are reported; more say nothing new. */
const duplicatesMax = 100;
/** What the stack holds for certain. */
const depthMax = 1_000;

/**
 * Reads a document again that JSON.parse accepted (so nothing about its syntax is checked here), with exact integers and the paths of
 * keys given twice. Keys are read one by one, for which see `hasEscapedKey`.
 * @throws ApiError BadRequest for numbers that not even a double can hold, and beyond 1000 levels
 */
export function parseExactly(text: string): Decoded {
  const reader: Reader = {text, at: 0, path: [], duplicates: []};
  const value = readValue(reader);
  return {value, duplicates: reader.duplicates};
}

type Reader = {
  readonly text: string;
  at: number;
  /** Keys and indexes from the root to the value being read. */
  readonly path: (string | number)[];
  readonly duplicates: string[];
};

function readValue(reader: Reader): Json {
  if (reader.path.length > depthMax) throw badRequest(`error parsing JSON: nested deeper than ${depthMax} levels`);
  switch (next(reader)) {
    case '{':
      return readObject(reader);
    case '[':
      return readArray(reader);
    case '"':
      return readString(reader);
    case 't':
      reader.at += 4;
      return true;
    case 'f':
      reader.at += 5;
      return false;
    case 'n':
      reader.at += 4;
      return null;
    default:
      return readNumber(reader);
  }
}

/** The first character that is no space; it is not consumed. */
function next(reader: Reader): string {
  const {text} = reader;
  while (text.charCodeAt(reader.at) <= 0x20) reader.at++;
  return text[reader.at]!;
}

function readObject(reader: Reader): JsonObject {
  const object: JsonObject = {};
  reader.at++;
  while (next(reader) !== '}') {
    if (text(reader) === ',') {
      reader.at++;
      next(reader);
    }
    const key = readString(reader);
    next(reader);
    reader.at++;
    reader.path.push(key);
    if (Object.hasOwn(object, key)) report(reader);
    setKey(object, key, readValue(reader));
    reader.path.pop();
  }
  reader.at++;
  return object;
}

const text = (reader: Reader): string => reader.text[reader.at]!;

function readArray(reader: Reader): JsonArray {
  const array: JsonArray = [];
  reader.at++;
  while (next(reader) !== ']') {
    if (text(reader) === ',') reader.at++;
    reader.path.push(array.length);
    array.push(readValue(reader));
    reader.path.pop();
  }
  reader.at++;
  return array;
}

function readString(reader: Reader): string {
  const start = reader.at;
  let end = start + 1;
  let escaped = false;
  for (let c = reader.text.charCodeAt(end); c !== 0x22; c = reader.text.charCodeAt(++end)) {
    if (c === 0x5c) {
      escaped = true;
      end++;
    }
  }
  reader.at = end + 1;
  return escaped ? (JSON.parse(reader.text.slice(start, end + 1)) as string) : reader.text.slice(start + 1, end);
}

const numberPattern = /[-+.0-9eE]*/y;
const int64Max = 2n ** 63n - 1n;
const int64DigitsMax = 19;

function readNumber(reader: Reader): number | bigint {
  numberPattern.lastIndex = reader.at;
  const digits = numberPattern.exec(reader.text)![0];
  reader.at += digits.length;
  const number = Number(digits);
  if (!Number.isFinite(number)) throw badRequest(`error parsing JSON: number ${digits.slice(0, 40)} is out of range`);
  if (Number.isSafeInteger(number) || /[.eE]/.test(digits) || digits.length > int64DigitsMax + 1) return number;
  const exact = BigInt(digits);
  return exact <= int64Max && exact >= -int64Max - 1n ? exact : number;
}

function report(reader: Reader): void {
  if (reader.duplicates.length >= duplicatesMax) return;
  let path = '';
  for (const step of reader.path) path += typeof step === 'number' ? `[${step}]` : path ? `.${step}` : step;
  if (!reader.duplicates.includes(path)) reader.duplicates.push(path);
}
