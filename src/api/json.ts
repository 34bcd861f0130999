/** JSON as this project holds it: integers beyond 2^53 are bigints, so that nothing a client wrote loses digits. */
export type Json = null | boolean | number | bigint | string | JsonArray | JsonObject;
export type JsonArray = Json[];
export type JsonObject = {[key: string]: Json};

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Sets an own property whatever its name. Plain assignment of `__proto__` would change the prototype instead,
 * and every key below may come from a tenant.
 */
export function setKey(target: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(target, key, {value, enumerable: true, configurable: true, writable: true});
  else target[key] = value;
}

/** Reads an own property; inherited names such as `constructor` are absent. */
export const getKey = (from: JsonObject, key: string): Json | undefined => (Object.hasOwn(from, key) ? from[key] : undefined);

/** Walks own properties along `path`; undefined as soon as something on the way is missing or not an object. */
export function dig(from: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = from;
  for (const key of path) {
    if (!isObject(at)) return undefined;
    at = getKey(at, key);
  }
  return at;
}

/** The string at `path`, or undefined when absent or of another type. */
export function digString(from: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = dig(from, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** A deep copy. (structuredClone is several times slower and refuses nothing we hold.) */
export function clone<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) setKey(copy, key, clone((value as JsonObject)[key] as Json));
  return copy as T;
}

/** Deep equality; the order of object keys does not matter. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

/** JSON text. Bigints are written as the plain integers they were read from. */
export function stringify(value: Json | undefined, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (err) {
    if (!(err instanceof TypeError)) throw err;
    return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? rawJson(String(v)) : v), indent);
  }
}

// Not yet in TypeScript's library; in V8 since Node 22.
const rawJson = (JSON as unknown as {rawJSON(text: string): unknown}).rawJSON;
