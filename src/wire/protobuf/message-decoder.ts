import type {Json, JsonObject} from '../../api/json.ts';
import {isObject, setKey} from '../../api/json.ts';
import {decodeJson} from '../json.ts';
import type {Reader} from './reader.ts';
import {malformed, readBytes, readDouble, readInt32, readInt64, readLength, readString, readVarint, skip} from './reader.ts';
import type {Field, Message, SpecialType, Type} from './tables.ts';
import {resolve, scopeOf} from './tables.ts';

/** What one body may hold: an empty message takes two bytes and becomes an object. */
export const protobufLimits = {depthMax: 200, messagesMax: 250_000} as const;

/** Reads a message up to the reader's end, in the shape its JSON would have (spec kubernetes-api 12.2). */
export function decodeMessage(reader: Reader, message: Message): JsonObject {
  if (++reader.messages > protobufLimits.messagesMax) throw malformed('too many messages');
  if (++reader.depth > protobufLimits.depthMax) throw malformed('nested too deeply');
  const values: (Json | undefined)[] = new Array(message.fields.length);
  while (reader.at < reader.end) {
    const tag = readVarint(reader);
    if (typeof tag !== 'number' || tag < 8) throw malformed('field number');
    const wireType = tag % 8;
    const field = message.byNumber.get(Math.floor(tag / 8));
    if (!field) skip(reader, wireType);
    else if (wireType !== wireTypeOf(field)) throw malformed(`wire type ${wireType} for ${message.name}.${field.name}`);
    else values[field.index] = readField(reader, field, values[field.index]);
  }
  reader.depth--;
  return shape(message, values);
}

export const wireTypes = {s: 2, B: 2, b: 0, i32: 0, i64: 0, f64: 1} as const;

const wireTypeOf = ({shape, type}: Field): number => (shape === 'map' || type.kind !== 'scalar' ? 2 : wireTypes[type.name]);

function readField(reader: Reader, field: Field, before: Json | undefined): Json | undefined {
  if (field.shape === 'list') {
    const list = Array.isArray(before) ? before : [];
    list.push(readValue(reader, field.type) ?? null);
    return list;
  }
  if (field.shape === 'one') return readValue(reader, field.type);
  const map = isObject(before) ? before : {};
  within(reader, () => readEntry(reader, map, field.type));
  return map;
}

/** An entry of a map is a message of key 1 and value 2, either of which may be missing. */
function readEntry(reader: Reader, map: JsonObject, type: Type): void {
  let key = '';
  let value: Json | undefined;
  const valueWireType = type.kind === 'scalar' ? wireTypes[type.name] : 2;
  while (reader.at < reader.end) {
    const tag = readVarint(reader);
    if (tag === 10) key = readString(reader);
    else if (tag === 16 + valueWireType) value = readValue(reader, type);
    else skip(reader, Number(tag) % 8);
  }
  setKey(map, key, value ?? zeroOf(type));
}

/** Runs `read` over the length-delimited value that starts here. */
function within<T>(reader: Reader, read: () => T): T {
  const outer = reader.end;
  reader.end = readLength(reader);
  const value = read();
  reader.end = outer;
  return value;
}

function readValue(reader: Reader, type: Type): Json | undefined {
  if (type.kind === 'message') return within(reader, () => decodeMessage(reader, resolve(type)));
  if (type.kind === 'special') return within(reader, () => readSpecial(reader, type));
  switch (type.name) {
    case 's':
      return readString(reader);
    case 'B':
      return readBytes(reader).toString('base64');
    case 'b':
      return readVarint(reader) !== 0;
    case 'i32':
      return readInt32(reader);
    case 'i64':
      return readInt64(reader);
    case 'f64':
      return readDouble(reader);
  }
}

/** The messages that stand for something else in JSON. */
export const inner = scopeOf(`
  Time{1 seconds:i64!; 2 nanos:i32!}
  Quantity{1 string:s!}
  IntOrString{1 type:i64!; 2 intVal:i32!; 3 strVal:s!}
  Strings{1 items:s*!}
`);

type Special = Type & {readonly kind: 'special'};

function readSpecial(reader: Reader, type: Special): Json | undefined {
  // An empty time was never set; 1970 is written out.
  if ((type.name === 'Time' || type.name === 'MicroTime') && reader.at === reader.end) return undefined;
  if (type.name === 'Raw') return readRaw(reader);
  const parts = decodeMessage(reader, resolve(innerType(type)));
  switch (type.name) {
    case 'Time':
      return printTime(parts['seconds']!);
    case 'MicroTime':
      return printTime(parts['seconds']!, parts['nanos'] as number);
    case 'Quantity':
      return parts['string'] || '0';
    case 'IntOrString':
      return parts['type'] === 0 ? parts['intVal']! : parts['strVal']!;
    case 'Strings':
      return parts['items']!;
    case 'SchemaOrBool':
      return parts['schema'] ?? parts['allows'] ?? false;
    case 'SchemaOrArray':
    case 'SchemaOrStrings':
      return parts['schema'] ?? parts['list'] ?? [];
  }
}

/** `{1 raw:B}` with JSON in it; nothing in it is null. */
function readRaw(reader: Reader): Json {
  let raw: Buffer | undefined;
  while (reader.at < reader.end) {
    const tag = readVarint(reader);
    if (tag === 10) raw = readBytes(reader);
    else skip(reader, Number(tag) % 8);
  }
  return raw?.length ? decodeJson(raw).value : null;
}

/** Where the parts of a special message are described. */
export function innerType({name, scope}: Special): {readonly name: string; readonly scope: {message(name: string): Message | undefined}} {
  return name.startsWith('Schema') ? {name, scope} : {name: name === 'MicroTime' ? 'Time' : name, scope: inner};
}

/** The years that RFC 3339 can print. */
const [secondsMin, secondsMax] = [-62_135_596_800, 253_402_300_799];

function printTime(seconds: Json, nanos?: number): string {
  if (typeof seconds !== 'number' || seconds < secondsMin || seconds > secondsMax) throw malformed('a time out of range');
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (nanos === undefined) return `${date}Z`;
  if (nanos < 0 || nanos > 999_999_999) throw malformed('a time out of range');
  return `${date}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

/** Brings values into JSON by the marks of the table: what was not sent but is always shown, what was sent but is empty. */
function shape(message: Message, values: readonly (Json | undefined)[]): JsonObject {
  const object: JsonObject = {};
  for (const field of message.fields) {
    const value = values[field.index];
    if (field.shown === 'inlined') {
      if (isObject(value)) for (const key of Object.keys(value)) setKey(object, key, value[key]!);
    } else if (value === undefined) {
      if (field.shown === 'always') object[field.name] = field.shape === 'list' ? [] : field.shape === 'map' ? {} : zeroOf(field.type);
    } else if (field.shown !== 'nonzero' || !isZero(value)) object[field.name] = value;
  }
  return object;
}

const isZero = (value: Json): boolean => value === '' || value === 0 || value === false;

const zeros: {readonly [name in 's' | 'B' | 'b' | 'i32' | 'i64' | 'f64' | SpecialType]: Json} = {
  s: '',
  B: '',
  b: false,
  i32: 0,
  i64: 0,
  f64: 0,
  Time: null,
  MicroTime: null,
  Quantity: '0',
  IntOrString: 0,
  Raw: null,
  Strings: null,
  SchemaOrArray: null,
  SchemaOrBool: true,
  SchemaOrStrings: null,
};

const zeroOf = (type: Type): Json => (type.kind === 'message' ? shape(resolve(type), []) : zeros[type.name]);
