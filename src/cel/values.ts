import type {Json, JsonObject} from '../api/json.ts';
import {getKey} from '../api/json.ts';

/** An int: a number while it is safe, else a bigint within 64 bits. */
export type Int = number | bigint;

/** What expressions compute with. JSON is used as it is, without a copy; only numbers with a fraction are wrapped when met. */
export type Value =
  | null
  | boolean
  | Int
  | Uint
  | Double
  | string
  | Uint8Array
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | MapValue
  | Opaque
  | readonly Value[]
  | JsonObject;
export type AnyMap = MapValue | JsonObject;

/** An expression failed. Thrown; not an Error, whose stack would cost more than the evaluation. */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    if (value < 0n || value >= 2n ** 64n) throw new Failure('unsigned integer overflow');
    this.value = value;
  }
}

const secondNanos = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const timestampSecondsMin = -62135596800n;
const timestampSecondsMax = 253402300799n;

export class Timestamp {
  /** Since 1970. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (nanos < timestampSecondsMin * secondNanos || nanos >= (timestampSecondsMax + 1n) * secondNanos) {
      throw new Failure('timestamp overflow');
    }
    this.nanos = nanos;
  }
}

export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    if (BigInt.asIntN(64, nanos) !== nanos) throw new Failure('duration overflow');
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A value of a library's own type. */
export abstract class Opaque {
  /** As `type(x)` and signatures call it. */
  abstract readonly typeName: string;
  abstract equals(other: Opaque): boolean;
}

/** A map made by an expression: keys may be more than strings. It grows only while it is made. */
export class MapValue {
  readonly #entries = new Map<KeyId, readonly [key: Value, value: Value]>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const id = keyId(key);
    return id === undefined ? undefined : this.#entries.get(id)?.[1];
  }

  /** Adds an entry. Throws a Failure when the key is there already, or of a type that keys cannot have. */
  add(key: Value, value: Value): void {
    const id = keyId(key);
    if (id === undefined || key instanceof Double) throw new Failure(`unsupported key type: ${typeName(key)}`);
    if (this.#entries.has(id)) throw new Failure(`Failed with repeated key: ${String(key)}`);
    this.#entries.set(id, [key, value]);
  }

  keys(): Value[] {
    return Array.from(this.#entries.values(), entry => entry[0]);
  }
}

type KeyId = string | boolean | Int;

/** Equal keys have equal ids; numbers are equal across their types. */
function keyId(key: Value): KeyId | undefined {
  if (typeof key === 'string' || typeof key === 'boolean' || isInt(key)) return key;
  if (key instanceof Uint) return key.value <= Number.MAX_SAFE_INTEGER ? Number(key.value) : key.value;
  if (!(key instanceof Double && Number.isInteger(key.value))) return undefined;
  return Number.isSafeInteger(key.value) ? key.value : BigInt(key.value);
}

/** A value out of JSON: integers are ints, all other numbers doubles. */
export function lift(json: Value | Json): Value {
  if (typeof json === 'number' && !Number.isSafeInteger(json)) return new Double(json);
  if (typeof json === 'bigint' && BigInt.asIntN(64, json) !== json) return new Double(Number(json));
  return json as Value;
}

/** An int of any size made exact; throws a Failure beyond 64 bits. */
export function toInt(value: bigint): Int {
  if (value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn) return Number(value);
  if (BigInt.asIntN(64, value) !== value) throw new Failure('integer overflow');
  return value;
}

export const isInt = (value: Value): value is Int => typeof value === 'number' || typeof value === 'bigint';
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export function isMap(value: Value): value is AnyMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return value instanceof MapValue || isPlain(value);
}

/** JSON objects, as opposed to instances of the classes here; either prototype is JSON's. */
function isPlain(value: object): value is JsonObject {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export const mapGet = (map: AnyMap, key: Value): Value | undefined => {
  if (map instanceof MapValue) return map.get(key);
  const found = typeof key === 'string' ? getKey(map, key) : undefined;
  return found === undefined ? undefined : lift(found);
};
export const mapKeys = (map: AnyMap): readonly Value[] => (map instanceof MapValue ? map.keys() : Object.keys(map));
export const mapSize = (map: AnyMap): number => (map instanceof MapValue ? map.size : Object.keys(map).length);

/** What `type(x)` is called. */
export function typeName(value: Value): string {
  if (value === null) return 'null_type';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (isInt(value)) return 'int';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Opaque) return value.typeName;
  for (const [type, name] of classNames) if (value instanceof type) return name;
  return 'map';
}

const classNames = [
  [Double, 'double'],
  [Uint, 'uint'],
  [Uint8Array, 'bytes'],
  [Timestamp, 'google.protobuf.Timestamp'],
  [Duration, 'google.protobuf.Duration'],
  [TypeValue, 'type'],
  [Optional, 'optional_type'],
] as const;

/** Characters, bytes, items or entries; 1 for what has no size. What costs go by. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length;
  return isMap(value) ? mapSize(value) : 1;
}
