import {equals} from '../equality.ts';
import type {Declaration} from '../functions.ts';
import {define} from '../functions.ts';
import type {Meter} from '../meter.ts';
import {A, bool, listOf} from '../types.ts';
import type {Value} from '../values.ts';
import {lift} from '../values.ts';

type List = readonly Value[];

const holds = (list: List, item: Value, meter: Meter): boolean => {
  meter.work(list.length);
  return list.some(each => equals(lift(each), item, meter));
};
const holdsAll = (list: List, items: List, meter: Meter): boolean => items.every(item => holds(list, lift(item), meter));
const product = (a: List, b: List): number => 1 + a.length * b.length;

/** Lists taken as sets. */
export const sets: readonly Declaration[] = [
  define('sets.contains', [listOf(A), listOf(A)], bool, holdsAll, product),
  define(
    'sets.equivalent',
    [listOf(A), listOf(A)],
    bool,
    (a, b, meter) => holdsAll(a, b, meter) && holdsAll(b, a, meter),
    (a, b) => 1 + 2 * a.length * b.length,
  ),
  define('sets.intersects', [listOf(A), listOf(A)], bool, (a, b, meter) => a.some(item => holds(b, lift(item), meter)), product),
];
