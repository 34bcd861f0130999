import type {Json, JsonObject} from '../../api/json.ts';
import {getKey, isObject, stringify} from '../../api/json.ts';
import {innerType, wireTypes} from './message-decoder.ts';
import type {Field, Message, ScalarType, SpecialType, Type} from './tables.ts';
import {resolve} from './tables.ts';
import type {Writer} from './writer.ts';
import {lengthOf, writeBytes, writeDouble, writeString, writeVarint} from './writer.ts';

/**
 * Writes the fields of `object` that `message` knows; null counts as absent, and in a list or map as nothing of its type. The object is
 * one of ours and validated: a value of the wrong type is a mistake of the caller.
 */
export function encodeMessage(writer: Writer, message: Message, object: JsonObject): void {
  for (let i = message.fields.length - 1; i >= 0; i--) {
    const field = message.fields[i]!;
    const value = field.shown === 'inlined' ? object : getKey(object, field.name);
    if (value !== undefined && value !== null) writeField(writer, field, value);
  }
}

const keyType: Type = {kind: 'scalar', name: 's'};

function writeField(writer: Writer, field: Field, value: Json): void {
  const {shape, type, number} = field;
  if (shape === 'one') writeTagged(writer, number, type, value);
  else if (shape === 'list') {
    if (!Array.isArray(value)) throw mistyped(field.name, 'a list');
    for (let i = value.length - 1; i >= 0; i--) writeItem(writer, number, type, value[i]!);
  } else {
    if (!isObject(value)) throw mistyped(field.name, 'a map');
    const keys = Object.keys(value).sort();
    for (let i = keys.length - 1; i >= 0; i--) {
      const end = lengthOf(writer);
      writeItem(writer, 2, type, value[keys[i]!]!);
      writeTagged(writer, 1, keyType, keys[i]!);
      writeLengthSince(writer, end);
      writeTag(writer, number, 2);
    }
  }
}

const mistyped = (what: string, wanted: string): TypeError => new TypeError(`cannot encode ${what} as protobuf: not ${wanted}`);

const writeTag = (writer: Writer, number: number, wireType: number): void => writeVarint(writer, number * 8 + wireType);
const writeLengthSince = (writer: Writer, end: number): void => writeVarint(writer, lengthOf(writer) - end);

/** An item of a list or map; a null among them is one whose parts are all absent. */
function writeItem(writer: Writer, number: number, type: Type, item: Json): void {
  if (item !== null || (type.kind === 'special' && type.name === 'Raw')) writeTagged(writer, number, type, item);
  else if (type.kind === 'scalar') writeTagged(writer, number, type, zeros[type.name]);
  else {
    writeVarint(writer, 0);
    writeTag(writer, number, 2);
  }
}

const zeros: {readonly [name in ScalarType]: Json} = {s: '', B: '', b: false, i32: 0, i64: 0, f64: 0};

function writeTagged(writer: Writer, number: number, type: Type, value: Json): void {
  if (type.kind === 'scalar') {
    const end = lengthOf(writer);
    writeScalar(writer, type.name, value);
    if (wireTypes[type.name] === 2) writeLengthSince(writer, end);
    writeTag(writer, number, wireTypes[type.name]);
    return;
  }
  const end = lengthOf(writer);
  if (type.kind === 'special') writeSpecial(writer, type, value);
  else if (isObject(value)) encodeMessage(writer, resolve(type), value);
  else throw mistyped(type.name, 'an object');
  writeLengthSince(writer, end);
  writeTag(writer, number, 2);
}

function writeSpecial(writer: Writer, type: Type & {readonly kind: 'special'}, value: Json): void {
  const {name} = type;
  if (name === 'Raw') {
    const end = lengthOf(writer);
    writeString(writer, stringify(value));
    writeLengthSince(writer, end);
    writeTag(writer, 1, 2);
  } else encodeMessage(writer, resolve(innerType(type)), partsOf(name, value));
}

function writeScalar(writer: Writer, name: ScalarType, value: Json): void {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (name === 's' && typeof value === 'string') writeString(writer, value);
  else if (name === 'B' && typeof value === 'string') writeBytes(writer, Buffer.from(value, 'base64'));
  else if (name === 'b' && typeof value === 'boolean') writeVarint(writer, value ? 1 : 0);
  else if (name === 'f64' && isNumber) writeDouble(writer, Number(value));
  else if ((name === 'i32' || name === 'i64') && isNumber) writeVarint(writer, value);
  else throw mistyped('a value', name);
}

/** The parts of a message that stands for something else in JSON. */
function partsOf(name: Exclude<SpecialType, 'Raw'>, value: Json): JsonObject {
  switch (name) {
    case 'Time':
    case 'MicroTime':
      return partsOfTime(name, value);
    case 'Quantity':
      return {string: typeof value === 'string' ? value : String(value)};
    case 'IntOrString':
      return typeof value === 'string' ? {type: 1, intVal: 0, strVal: value} : {type: 0, intVal: value, strVal: ''};
    case 'Strings':
      return {items: value};
    case 'SchemaOrBool':
      return typeof value === 'boolean' ? {allows: value} : {allows: true, schema: value};
    case 'SchemaOrArray':
    case 'SchemaOrStrings':
      return Array.isArray(value) ? {list: value} : {schema: value};
  }
}

/** `2006-01-02T15:04:05Z`: without a fraction. */
const wholeSecondsChars = 20;

/** Times are whole seconds, MicroTimes whole microseconds; Go reads a fraction behind a comma too. */
function partsOfTime(name: 'Time' | 'MicroTime', value: Json): JsonObject {
  const text = typeof value === 'string' ? value.replace(',', '.') : '';
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw mistyped('a value', 'a time');
  const fraction = name === 'Time' || text.length === wholeSecondsChars ? '' : (/\.(\d+)/.exec(text)?.[1] ?? '');
  return {seconds: Math.floor(ms / 1000), nanos: Number(fraction.slice(0, 6).padEnd(6, '0')) * 1000};
}
