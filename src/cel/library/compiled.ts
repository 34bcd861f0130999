import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {A, B, bool, dyn, int, listOf, mapOf, optionalOf} from '../types.ts';
import type {Value} from '../values.ts';
import {Failure, MapValue, mapGet, mapKeys} from '../values.ts';

/** The compiler has its own code for these: here is only what the checker must know. */
const never = (): Value => {
  throw new Error('compiled apart');
};

/** Types of the operators that may leave an operand out or survive its failure, and the functions that macros use. */
export const compiledOperators: readonly Declaration[] = [
  define('_&&_', [bool, bool], bool, never),
  define('_||_', [bool, bool], bool, never),
  define('_?_:_', [bool, A, A], A, never),
  define('@not_strictly_false', [bool], bool, never),
  define('_==_', [A, A], bool, never),
  define('_!=_', [A, A], bool, never),
  define('_[_]', [listOf(A), int], A, never),
  define('_[_]', [mapOf(A, B), A], B, never),
  define('_[_]', [optionalOf(listOf(A)), int], optionalOf(A), never),
  define('_[_]', [optionalOf(mapOf(A, B)), A], optionalOf(B), never),
  define('_[?_]', [listOf(A), int], optionalOf(A), never),
  define('_[?_]', [mapOf(A, B), A], optionalOf(B), never),
  define('_[?_]', [optionalOf(listOf(A)), int], optionalOf(A), never),
  define('_[?_]', [optionalOf(mapOf(A, B)), A], optionalOf(B), never),
  method('or', [optionalOf(A), optionalOf(A)], optionalOf(A), never),
  method('orValue', [optionalOf(A), A], A, never),
  // Both cost what a literal of one item and its addition would.
  define('@append', [listOf(A), A], listOf(A), append, () => 11),
  define('@put', [mapOf(A, B), A, B], mapOf(A, B), put, () => 31),
  define('@put', [dyn, mapOf(A, B)], mapOf(A, B), putAll, () => 31),
];

/** The list is the macro's own, begun empty: no one else sees it before it is done. */
function append(list: readonly Value[], item: Value): Value {
  (list as Value[]).push(item);
  return list;
}

function put(map: Value, key: Value, value: Value): Value {
  if (!(map instanceof MapValue)) throw new Failure('no such overload');
  map.add(key, value);
  return map;
}

function putAll(map: Value, entries: Value): Value {
  const from = entries as MapValue;
  for (const key of mapKeys(from)) put(map, key, mapGet(from, key)!);
  return map;
}
