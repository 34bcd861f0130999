import {ApiError} from '../api/errors.ts';
import type {Json, JsonArray, JsonObject} from '../api/json.ts';
import {getKey, isObject, stringify} from '../api/json.ts';

/** Merges `patch` into `live` by the value of `mergeKey`, and orders the outcome: patched items as in the patch, others as they were. */
export function mergeByKey(
  live: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
  merge: (item: JsonObject, change: JsonObject) => JsonObject,
): JsonArray {
  const merged: JsonObject[] = [...live];
  const places = new Map<unknown, number>();
  live.forEach((item, i) => {
    const key = keyOf(item, mergeKey);
    if (!places.has(key)) places.set(key, i);
  });
  for (const change of patch) {
    const key = keyOf(change, mergeKey);
    const place = places.get(key) ?? merged.length;
    merged[place] = merge(merged[place] ?? {}, change);
    places.set(key, place);
  }
  return inOrder(merged, [...patch], [...live], mergeKey);
}

/** The union of two lists of scalars, in the same order as `mergeByKey` would give. */
export const mergeScalars = (live: JsonArray, patch: JsonArray): JsonArray =>
  inOrder([...new Set([...live, ...patch])], patch, live, undefined);

/**
 * Orders `items`: those that `order` names stand in that order; the others keep their order, and stand before a named item only if they
 * stood before it in `live`. Items are told apart by `mergeKey`, scalars by themselves.
 */
export function inOrder(items: JsonArray, order: JsonArray, live: JsonArray, mergeKey: string | undefined): JsonArray {
  const identity = (item: Json): unknown => (mergeKey ? keyOf(item, mergeKey) : item);
  const wanted = ranks(order.map(identity));
  const before = ranks(live.map(identity));
  const rank = (from: ReadonlyMap<unknown, number>, item: Json): number => from.get(identity(item)) ?? Number.POSITIVE_INFINITY;
  const by = (from: ReadonlyMap<unknown, number>) => (a: Json, b: Json) => {
    const [ra, rb] = [rank(from, a), rank(from, b)];
    return ra === rb ? 0 : ra - rb;
  };
  const named = items.filter(item => wanted.has(identity(item))).sort(by(wanted));
  const others = items.filter(item => !wanted.has(identity(item))).sort(by(before));
  const result: JsonArray = [];
  let next = 0;
  for (const item of named) {
    const place = before.get(identity(item));
    while (place !== undefined && next < others.length && rank(before, others[next]!) < place) result.push(others[next++]!);
    result.push(item);
  }
  for (const item of others.slice(next)) result.push(item);
  return result;
}

/** Places by identity; the first one counts. */
function ranks(identities: readonly unknown[]): Map<unknown, number> {
  const found = new Map<unknown, number>();
  identities.forEach((identity, i) => {
    if (!found.has(identity)) found.set(identity, i);
  });
  return found;
}

/** The value that tells items apart. Kubernetes answers its absence with a nameless error (500). */
export function keyOf(item: Json, mergeKey: string): unknown {
  const key = isObject(item) ? getKey(item, mergeKey) : undefined;
  if (key === undefined) throw new ApiError('', `map: ${stringify(item).slice(0, 1_000)} does not contain declared merge key: ${mergeKey}`);
  return typeof key === 'object' ? stringify(key) : key;
}
