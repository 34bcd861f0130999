import {equals} from './equality.ts';
import type {Meter} from './meter.ts';
import type {ListKind, Type} from './types.ts';
import type {AnyMap, Value} from './values.ts';
import {Double, isInt, isList, isMap, lift, MapValue, mapGet, mapKeys, mapSize} from './values.ts';

/** Compares two values of which the left has a certain type. */
export type Compare = (a: Value, b: Value, meter: Meter) => boolean;

const known = new WeakMap<Type, Compare | undefined>();

/**
 * How `==` compares values of a type in which lists may be sets or maps, whose order does not matter (spec kubernetes-api 6.6);
 * undefined where there are none, so that values need only be equal.
 */
export function comparerOf(type: Type): Compare | undefined {
  if (!known.has(type)) known.set(type, newComparer(type));
  return known.get(type);
}

function newComparer(type: Type): Compare | undefined {
  switch (type.kind) {
    case 'list': {
      const item = comparerOf(type.item);
      if (type.as === 'set') return (a, b, meter) => isList(a) && isList(b) && setsEqual(a, b, meter);
      if (type.as) return (a, b, meter) => isList(a) && isList(b) && keyedEqual(a, b, {keys: type.as as readonly string[], item, meter});
      return item && ((a, b, meter) => isList(a) && isList(b) && listsEqual(a, b, item, meter));
    }
    case 'map': {
      const value = comparerOf(type.value);
      return value && ((a, b, meter) => isMap(a) && isMap(b) && mapsEqual(a, b, () => value, meter));
    }
    case 'object': {
      const fields = new Map<string, Compare>();
      for (const {key, type: field} of type.fields.values()) {
        const compare = comparerOf(field);
        if (compare) fields.set(key, compare);
      }
      if (fields.size === 0) return undefined;
      return (a, b, meter) => isMap(a) && isMap(b) && mapsEqual(a, b, key => fields.get(key as string) ?? equals, meter);
    }
    default:
      return undefined;
  }
}

function listsEqual(a: readonly Value[], b: readonly Value[], item: Compare, meter: Meter): boolean {
  meter.work(a.length);
  return a.length === b.length && a.every((each, i) => item(lift(each), lift(b[i]!), meter));
}

function mapsEqual(a: AnyMap, b: AnyMap, compare: (key: Value) => Compare, meter: Meter): boolean {
  const keys = mapKeys(a);
  meter.work(2 * keys.length);
  return (
    keys.length === mapSize(b) &&
    keys.every(key => {
      const other = mapGet(b, key);
      return other !== undefined && compare(key)(mapGet(a, key)!, other, meter);
    })
  );
}

/** Lets a list be asked quickly for what it has: strings and integers are looked up, all else is compared one by one. */
class Members {
  readonly #simple = new MapValue();
  readonly #others: Value[] = [];
  readonly #meter: Meter;

  constructor(list: readonly Value[], meter: Meter) {
    this.#meter = meter;
    for (const item of list) this.add(lift(item));
  }

  /** False when it was there before. */
  add(item: Value): boolean {
    this.#meter.work(1);
    if (this.has(item)) return false;
    if (typeof item === 'string' || isInt(item)) this.#simple.add(item, true);
    else this.#others.push(item);
    return true;
  }

  has(item: Value): boolean {
    if (typeof item === 'string' || isInt(item)) return this.#simple.get(item) !== undefined;
    this.#meter.work(this.#others.length);
    return this.#others.some(other => equals(other, item, this.#meter));
  }
}

function setsEqual(a: readonly Value[], b: readonly Value[], meter: Meter): boolean {
  if (a.length !== b.length) return false;
  const members = new Members(a, meter);
  return b.every(item => members.has(lift(item)));
}

type Keyed = {readonly keys: readonly string[]; readonly item: Compare | undefined; readonly meter: Meter};

function keyedEqual(a: readonly Value[], b: readonly Value[], {keys, item = equals, meter}: Keyed): boolean {
  if (a.length !== b.length) return false;
  meter.work(2 * a.length);
  const byKey = new Map(a.map(each => [identity(each, keys), each]));
  return b.every(each => {
    const other = byKey.get(identity(each, keys));
    return other !== undefined && item(other, each, meter);
  });
}

/** A text that is the same for items with the same keys. */
function identity(item: Value, keys: readonly string[]): string {
  if (!isMap(item)) return '';
  const texts = keys.map(key => {
    const value = mapGet(item, key);
    if (typeof value === 'string') return JSON.stringify(value);
    return value instanceof Double ? String(value.value) : String(value ?? '');
  });
  return texts.join();
}

/** `a + b` of lists that are sets or maps: what `b` adds comes last, and items of the same keys are replaced where they stand. */
export function union(kind: ListKind, a: readonly Value[], b: readonly Value[], meter: Meter): readonly Value[] {
  if (kind === 'set') {
    const members = new Members(a, meter);
    return [...a, ...b.filter(item => members.add(lift(item)))];
  }
  meter.work(2 * (a.length + b.length));
  const byKey = new Map(a.map(item => [identity(item, kind), item]));
  for (const item of b) byKey.set(identity(item, kind), item);
  return [...byKey.values()];
}
