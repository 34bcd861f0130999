import {compare, equals} from '../equality.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import type {Meter} from '../meter.ts';
import type {Type} from '../types.ts';
import {A, bool, bytes, double, duration, dyn, int, listOf, string, timestamp, uint} from '../types.ts';
import type {Int, Value} from '../values.ts';
import {Double, Duration, Failure, isInt, isList, lift, MapValue, toInt, typeName, Uint} from '../values.ts';

type List = readonly Value[];

/** What looking at all of a list costs: texts count by their length, whatever has no parts counts 1. */
const each = (list: List): number => {
  let cost = 0;
  for (const item of list) cost += traversalCost(item);
  return cost;
};

function traversalCost(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(value.length * 0.1);
  return isList(value) ? each(value) : 1;
}

/** What a call that makes a list of so many items costs. */
const making = (items: number): number => 11 + items;

function compared(a: Value, b: Value, meter: Meter): number {
  if (typeof a === 'string' && typeof b === 'string') meter.work(Math.min(a.length, b.length) / 8);
  const order = compare(lift(a), lift(b));
  if (Number.isNaN(order) && typeName(lift(a)) !== typeName(lift(b))) throw new Failure('no such overload');
  return order;
}

function isSorted(list: List, meter: Meter): boolean {
  meter.work(list.length);
  return list.every((item, i) => i === 0 || !(compared(list[i - 1]!, item, meter) > 0));
}

function extreme(list: List, name: string, meter: Meter, better: (order: number) => boolean): Value {
  meter.work(list.length);
  let best = list[0];
  if (best === undefined) throw new Failure(`${name} called on empty list`);
  for (const item of list) if (better(compared(item, best, meter))) best = item;
  return lift(best);
}

function sumInts(list: List): Int {
  let sum = 0n;
  for (const item of list) {
    if (!isInt(item)) throw new Failure('no such overload');
    sum = BigInt(toInt(sum + BigInt(item)));
  }
  return toInt(sum);
}

const sumOf = <T>(list: List, type: new (...args: never[]) => T, read: (item: T) => bigint): bigint =>
  list.reduce((sum: bigint, item) => {
    if (!(item instanceof type)) throw new Failure('no such overload');
    return sum + read(item);
  }, 0n);

function sumDoubles(list: List): Double {
  return new Double(
    list.reduce((sum: number, raw) => {
      const item = lift(raw);
      if (!(item instanceof Double)) throw new Failure('no such overload');
      return sum + item.value;
    }, 0),
  );
}

function position(list: List, item: Value, meter: Meter, last: boolean): number {
  meter.work(list.length);
  const found = (each: Value): boolean => equals(lift(each), item, meter);
  return last ? list.findLastIndex(found) : list.findIndex(found);
}

const ordered: readonly Type[] = [int, uint, double, bool, string, bytes, timestamp, duration];

const perType = (type: Type): Declaration[] => [
  method('isSorted', [listOf(type)], bool, isSorted, each),
  method('min', [listOf(type)], type, (list: List, meter: Meter) => extreme(list, 'min', meter, order => order < 0), each),
  method('max', [listOf(type)], type, (list: List, meter: Meter) => extreme(list, 'max', meter, order => order > 0), each),
];

const kubernetes: readonly Declaration[] = [
  ...ordered.flatMap(perType),
  method('sum', [listOf(int)], int, sumInts, each),
  method('sum', [listOf(uint)], uint, list => new Uint(sumOf(list, Uint, item => item.value)), each),
  method('sum', [listOf(double)], double, sumDoubles, each),
  method('sum', [listOf(duration)], duration, list => new Duration(sumOf(list, Duration, item => item.nanos)), each),
  method('indexOf', [listOf(A), A], int, (list, item, meter) => position(list, item, meter, false), each),
  method('lastIndexOf', [listOf(A), A], int, (list, item, meter) => position(list, item, meter, true), each),
];

function slice(list: List, start: Int, end: Int, meter: Meter): List {
  if (start < 0 || end < 0) throw new Failure(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end) throw new Failure(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > list.length) throw new Failure(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  meter.work(Number(end) - Number(start));
  return list.slice(Number(start), Number(end));
}

function flatten(list: List, depth: Int, meter: Meter): List {
  if (depth < 0) throw new Failure('level must be non-negative');
  const flat: Value[] = [];
  for (const raw of list) {
    const item = lift(raw);
    if (isList(item) && depth > 0) {
      const inner = depth > 1 ? flatten(item, Number(depth) - 1, meter) : item;
      for (const one of inner) flat.push(one);
      meter.work(inner.length);
    } else flat.push(item);
  }
  return flat;
}

/** Levels of lists in lists that one call flattens. */
const flattenDepthMax = 100;

function distinct(list: List, meter: Meter): List {
  const simple = new MapValue();
  const found: Value[] = [];
  const others: Value[] = [];
  for (const raw of list) {
    const item = lift(raw);
    const [key, seen] = typeof item === 'string' || isInt(item) ? [true, simple.get(item) !== undefined] : [false, false];
    if (seen || (!key && others.some(other => equals(other, item, meter)))) continue;
    if (key) simple.add(item, true);
    else others.push(item);
    meter.work(others.length);
    found.push(item);
  }
  return found;
}

function sort(list: List, meter: Meter): List {
  meter.work(list.length * 16);
  return list.map(lift).sort((a, b) => compared(a, b, meter));
}

/** The list in the order of its keys. What `sortBy` becomes. */
function sortByKeys(list: List, keys: List, meter: Meter): List {
  meter.work(list.length * 16);
  return list
    .map((item, i) => ({item: lift(item), key: lift(keys[i]!)}))
    .sort((a, b) => compared(a.key, b.key, meter))
    .map(({item}) => item);
}

/** What sorting costs: each item is compared with each. */
function squared(list: List): number {
  const first = list[0];
  const factor = typeof first === 'string' || first instanceof Uint8Array ? 2.1 : 2;
  return making(Math.floor(list.length * list.length * factor));
}

/** Items that `lists.range` makes at most. */
const rangeItemsMax = 1_000_000;

function range(count: Int, meter: Meter): List {
  if (count > rangeItemsMax) throw new Failure(`lists.range of more than ${rangeItemsMax} items`);
  meter.work(Number(count));
  return Array.from({length: Math.max(0, Number(count))}, (_, i) => i);
}

/** Kubernetes' functions of lists, and those of the language's extension. */
export const lists: readonly Declaration[] = [
  ...kubernetes,
  method('slice', [listOf(A), int, int], listOf(A), slice, (_, start, end) => making(Math.max(0, Number(end) - Number(start)))),
  method(
    'flatten',
    [listOf(listOf(A))],
    listOf(A),
    (list, meter) => flatten(list, 1, meter),
    list => making(list.length),
  ),
  method(
    'flatten',
    [listOf(dyn), int],
    listOf(dyn),
    (list, depth, meter) => {
      if (depth > flattenDepthMax) throw new Failure(`level must be at most ${flattenDepthMax}`);
      return flatten(list, depth, meter);
    },
    (list, depth) => making(list.length * Math.max(0, Number(depth))),
  ),
  method('distinct', [listOf(A)], listOf(A), distinct, squared),
  method(
    'reverse',
    [listOf(A)],
    listOf(A),
    list => list.toReversed(),
    list => making(list.length),
  ),
  ...ordered.map(type => method('sort', [listOf(type)], listOf(type), (list: List, meter: Meter) => sort(list, meter), squared)),
  ...ordered.map(type => method('@sortByAssociatedKeys', [listOf(A), listOf(type)], listOf(A), sortByKeys, (_, keys) => squared(keys))),
  define('lists.range', [int], listOf(int), range, count => (count > rangeItemsMax ? 0 : making(Math.max(0, Number(count))))),
];
