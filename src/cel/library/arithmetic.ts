import {Buffer} from 'node:buffer';
import {compare, equals} from '../equality.ts';
import type {Declaration} from '../functions.ts';
import {define} from '../functions.ts';
import {traversal} from '../meter.ts';
import {A, B, bool, bytes, double, duration, int, listOf, mapOf, string, timestamp, uint} from '../types.ts';
import type {Int, Value} from '../values.ts';
import {Double, Duration, Failure, lift, mapGet, Timestamp, toInt, Uint} from '../values.ts';

/** Numbers are added and so on as they are while that is exact, and as bigints otherwise. */
function exact(fast: number, slow: () => bigint): Int {
  // The sum turns -0 into 0.
  return Number.isSafeInteger(fast) ? fast + 0 : toInt(slow());
}

const addInts = (a: Int, b: Int): Int => exact(Number(a) + Number(b), () => BigInt(a) + BigInt(b));
const subtractInts = (a: Int, b: Int): Int => exact(Number(a) - Number(b), () => BigInt(a) - BigInt(b));
const multiplyInts = (a: Int, b: Int): Int => exact(Number(a) * Number(b), () => BigInt(a) * BigInt(b));

const divideInts = (a: Int, b: Int): Int => {
  // biome-ignore lint/suspicious/noDoubleEquals: zero as either kind of int
  if (b == 0) throw new Failure('division by zero');
  return toInt(BigInt(a) / BigInt(b));
};
const moduloInts = (a: Int, b: Int): Int => {
  // biome-ignore lint/suspicious/noDoubleEquals: zero as either kind of int
  if (b == 0) throw new Failure('modulus by zero');
  return toInt(BigInt(a) % BigInt(b));
};

const nonZero = ({value}: Uint, message: string): bigint => {
  if (value === 0n) throw new Failure(message);
  return value;
};

const both = (a: {length: number}, b: {length: number}): number => traversal(a.length + b.length);

const additions: readonly Declaration[] = [
  define('_+_', [int, int], int, addInts),
  define('_+_', [uint, uint], uint, (a, b) => new Uint(a.value + b.value)),
  define('_+_', [double, double], double, (a, b) => new Double(a.value + b.value)),
  define('_+_', [string, string], string, (a, b) => joined(a, b), both),
  define('_+_', [bytes, bytes], bytes, (a, b) => new Uint8Array(Buffer.concat([a, b])), both),
  define('_+_', [listOf(A), listOf(A)], listOf(A), (a, b, meter) => {
    meter.work(a.length + b.length);
    return [...a, ...b];
  }),
  define('_+_', [duration, duration], duration, (a, b) => new Duration(a.nanos + b.nanos)),
  define('_+_', [timestamp, duration], timestamp, (a, b) => new Timestamp(a.nanos + b.nanos)),
  define('_+_', [duration, timestamp], timestamp, (a, b) => new Timestamp(a.nanos + b.nanos)),
];

/** Strings that an expression builds; it could double one again and again. */
export const stringCharsMax = 16 * 1024 * 1024;

function joined(a: string, b: string): string {
  if (a.length + b.length > stringCharsMax) throw new Failure(`string is longer than ${stringCharsMax} characters`);
  return a + b;
}

const otherArithmetic: readonly Declaration[] = [
  define('_-_', [int, int], int, subtractInts),
  define('_-_', [uint, uint], uint, (a, b) => new Uint(a.value - b.value)),
  define('_-_', [double, double], double, (a, b) => new Double(a.value - b.value)),
  define('_-_', [duration, duration], duration, (a, b) => new Duration(a.nanos - b.nanos)),
  define('_-_', [timestamp, duration], timestamp, (a, b) => new Timestamp(a.nanos - b.nanos)),
  define('_-_', [timestamp, timestamp], duration, (a, b) => new Duration(a.nanos - b.nanos)),
  define('_*_', [int, int], int, multiplyInts),
  define('_*_', [uint, uint], uint, (a, b) => new Uint(a.value * b.value)),
  define('_*_', [double, double], double, (a, b) => new Double(a.value * b.value)),
  define('_/_', [int, int], int, divideInts),
  define('_/_', [uint, uint], uint, (a, b) => new Uint(a.value / nonZero(b, 'division by zero'))),
  define('_/_', [double, double], double, (a, b) => new Double(a.value / b.value)),
  define('_%_', [int, int], int, moduloInts),
  define('_%_', [uint, uint], uint, (a, b) => new Uint(a.value % nonZero(b, 'modulus by zero'))),
  define('-_', [int], int, a => exact(-Number(a), () => -BigInt(a))),
  define('-_', [double], double, a => new Double(-a.value)),
  define('!_', [bool], bool, a => !a),
];

const shorter = (a: Value, b: Value): number =>
  typeof a === 'string' || a instanceof Uint8Array ? traversal(Math.min(length(a), length(b))) : 1;
const length = (value: Value): number => (value as string | Uint8Array).length;

const numbers = [int, uint, double] as const;
const orderedPairs = [
  ...numbers.flatMap(left => numbers.map(right => [left, right] as const)),
  ...([bool, string, bytes, timestamp, duration] as const).map(type => [type, type] as const),
];

const ordering = (name: string, holds: (order: number) => boolean): Declaration[] =>
  orderedPairs.map(([left, right]) => define(name, [left, right], bool, (a: Value, b: Value) => holds(compare(a, b)), shorter));

/** Operators on values. Those that leave an operand out are the compiler's, but for their types. */
export const operators: readonly Declaration[] = [
  ...additions,
  ...otherArithmetic,
  ...ordering('_<_', order => order < 0),
  ...ordering('_<=_', order => order <= 0),
  ...ordering('_>_', order => order > 0),
  ...ordering('_>=_', order => order >= 0),
  define(
    '@in',
    [A, listOf(A)],
    bool,
    (item, list, meter) => list.some(each => equals(item, lift(each), meter)),
    (_, list) => list.length,
  ),
  define('@in', [A, mapOf(A, B)], bool, (key, map) => mapGet(map, key) !== undefined),
];
