import {Buffer} from 'node:buffer';
import type {Meter} from './meter.ts';
import type {AnyMap, Value} from './values.ts';
import {
  Double,
  Duration,
  isInt,
  isList,
  isMap,
  lift,
  mapGet,
  mapKeys,
  mapSize,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from './values.ts';

/** Characters that are compared in about the time of one step. */
const charsPerStep = 64;

/** Deep equality as `==` has it: numbers are equal across their types, all else of different types is unequal. */
export function equals(a: Value, b: Value, meter: Meter): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length === b.length) meter.work(a.length / charsPerStep);
    return a === b;
  }
  if (a === b) return !(a instanceof Double && Number.isNaN(a.value));
  const [left, right] = [numberOf(a), numberOf(b)];
  // biome-ignore lint/suspicious/noDoubleEquals: bigints and numbers of the same value are equal only under ==
  if (left !== undefined || right !== undefined) return left !== undefined && left == right;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a)) return isList(b) && listsEqual(a, b, meter);
  if (isMap(a)) return isMap(b) && mapsEqual(a, b, meter);
  return instancesEqual(a, b, meter);
}

function listsEqual(a: readonly Value[], b: readonly Value[], meter: Meter): boolean {
  if (a.length !== b.length) return false;
  meter.work(a.length);
  return a.every((item, i) => equals(lift(item), lift(b[i]!), meter));
}

function mapsEqual(a: AnyMap, b: AnyMap, meter: Meter): boolean {
  const keys = mapKeys(a);
  meter.work(2 * keys.length);
  if (keys.length !== mapSize(b)) return false;
  return keys.every(key => {
    const other = mapGet(b, key);
    return other !== undefined && equals(mapGet(a, key)!, other, meter);
  });
}

function instancesEqual(a: object, b: object, meter: Meter): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Opaque) return b instanceof Opaque && a.typeName === b.typeName && a.equals(b);
  if (!(a instanceof Optional && b instanceof Optional)) return false;
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equals(a.value, b.value, meter);
}

/** The number that an int, uint or double is: numbers and bigints compare exactly in JavaScript. */
function numberOf(value: Value): number | bigint | undefined {
  if (isInt(value)) return value;
  return value instanceof Double || value instanceof Uint ? value.value : undefined;
}

/** Negative, zero or positive by the order of two values of one ordered type, or of two numbers; NaN when neither comes first. */
export function compare(a: Value, b: Value): number {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) {
    // CEL compares integers with doubles as doubles, though it calls them equal only where they are so exactly.
    return a instanceof Double || b instanceof Double ? order(Number(left), Number(right)) : order(left, right);
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.nanos, b.nanos);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanos, b.nanos);
  return Number.NaN;
}

function order(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: see equals
  return a == b ? 0 : Number.NaN;
}

/** By code points. JavaScript goes by UTF-16 units, which differs where surrogates meet what is above them. */
function compareText(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  // A difference in the second half of a pair has the same first half on both sides: both are halves then.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}
