import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {A, bool, optionalOf} from '../types.ts';
import type {Value} from '../values.ts';
import {Double, Failure, isList, isMap, mapSize, Optional, Uint} from '../values.ts';

/** What a type holds by itself: zero, nothing, emptiness. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0) return true;
  if (value instanceof Double) return value.value === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (isList(value) || value instanceof Uint8Array) return value.length === 0;
  return isMap(value) && mapSize(value) === 0;
}

/** Optional values; `or` and `orValue` are the compiler's, `optMap` and `optFlatMap` macros. */
export const optionals: readonly Declaration[] = [
  define('optional.of', [A], optionalOf(A), value => new Optional(value)),
  define('optional.none', [], optionalOf(A), () => new Optional(undefined)),
  define('optional.ofNonZeroValue', [A], optionalOf(A), value => new Optional(isZero(value) ? undefined : value)),
  method('hasValue', [optionalOf(A)], bool, optional => (optional as Optional).value !== undefined),
  method('value', [optionalOf(A)], A, optional => {
    const {value} = optional as Optional;
    if (value === undefined) throw new Failure('optional.none() dereference');
    return value;
  }),
];
