/** What expressions make as `Name{field: value}`, and all they make as JSON (spec kubernetes-api 9.6). */
import type {Json, JsonObject} from '../api/json.ts';
import {setKey} from '../api/json.ts';
import {equals} from './equality.ts';
import {Meter, stepsMax} from './meter.ts';
import {formatDuration, formatTimestamp} from './time.ts';
import type {Value} from './values.ts';
import {Double, Duration, Failure, isInt, isList, isMap, lift, mapGet, mapKeys, Opaque, Timestamp, typeName, Uint} from './values.ts';

export class Message extends Opaque {
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(name: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.typeName = name;
    this.fields = fields;
  }

  equals(other: Opaque): boolean {
    if (!(other instanceof Message) || other.fields.size !== this.fields.size) return false;
    const meter = new Meter(Number.POSITIVE_INFINITY, stepsMax);
    return [...this.fields].every(([name, value]) => other.fields.has(name) && equals(value, other.fields.get(name)!, meter));
  }
}

/** A value as JSON that shares with it what is JSON already. @throws Failure for what JSON cannot hold */
export function toJson(value: Value): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || isInt(value)) return value;
  if (value instanceof Double) {
    if (!Number.isFinite(value.value)) throw new Failure(`${value.value} is no number in JSON`);
    return value.value;
  }
  if (value instanceof Uint) return value.value <= Number.MAX_SAFE_INTEGER ? Number(value.value) : value.value;
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isList(value)) return value.map(item => toJson(lift(item)));
  if (value instanceof Message) return objectOf(value.fields);
  if (isMap(value)) return objectOf(mapKeys(value).map(key => [nameOf(key), mapGet(value, key)!]));
  throw new Failure(`a value of type ${typeName(value)} cannot be written as JSON`);
}

function objectOf(entries: Iterable<readonly [string, Value]>): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of entries) setKey(object, name, toJson(value));
  return object;
}

function nameOf(key: Value): string {
  if (typeof key === 'string') return key;
  throw new Failure(`map key "${String(key)}" is of type ${typeName(key)}, not string`);
}

/** What is wrong with the names of messages within a message, which have to follow the fields they stand in. */
export function misnamed(message: Message): string | undefined {
  const wrong = namesWrong(message, message.typeName);
  return wrong.length > 0 ? `type mismatch: ${wrong.join('\n')}` : undefined;
}

function namesWrong(value: Value, expected: string): readonly string[] {
  if (value instanceof Message) {
    const here = `unexpected type name "${value.typeName}", expected "${expected}", which matches field name path from root Object type`;
    const below = [...value.fields].flatMap(([name, each]) => namesWrong(each, `${expected}.${name}`));
    return value.typeName === expected ? below : [here, ...below];
  }
  if (isList(value)) return value.flatMap(each => namesWrong(lift(each), expected));
  return isMap(value) ? mapKeys(value).flatMap(key => namesWrong(mapGet(value, key)!, expected)) : [];
}
