/** Reading JSON as Kubernetes' typed code sees it: what is absent is the empty value of its type. */
import type {Json, JsonObject} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';

/** The string under `key`, or ''. */
export function text(from: Json | undefined, key: string): string {
  const found = isObject(from) ? getKey(from, key) : undefined;
  return typeof found === 'string' ? found : '';
}

/** The list under `key`, or an empty one. */
export function list(from: Json | undefined, key: string): readonly Json[] {
  const found = isObject(from) ? getKey(from, key) : undefined;
  return Array.isArray(found) ? found : [];
}

/** The strings among the list under `key`. */
export const texts = (from: Json | undefined, key: string): readonly string[] =>
  list(from, key).filter((item): item is string => typeof item === 'string');

/** The objects of the list under `key` (others as empty ones, so that indexes stay true). */
export const objects = (from: Json | undefined, key: string): readonly JsonObject[] =>
  list(from, key).map(item => (isObject(item) ? item : {}));

/** The object under `key`, or undefined. */
export function child(from: Json | undefined, key: string): JsonObject | undefined {
  const found = isObject(from) ? getKey(from, key) : undefined;
  return isObject(found) ? found : undefined;
}

/** The number under `key`, or undefined. Integers beyond 2^53 come as numbers too: only comparisons are made with them. */
export function number(from: Json | undefined, key: string): number | undefined {
  const found = isObject(from) ? getKey(from, key) : undefined;
  return typeof found === 'number' || typeof found === 'bigint' ? Number(found) : undefined;
}

/** The entries of the object under `key`. */
export function entries(from: Json | undefined, key: string): readonly (readonly [string, Json])[] {
  const found = child(from, key);
  return found ? Object.entries(found) : [];
}
