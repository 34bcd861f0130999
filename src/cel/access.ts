import type {Value} from './values.ts';
import {Double, Failure, isInt, isList, isMap, lift, mapGet, Optional, typeName, Uint} from './values.ts';

/** A field as an expression names it, and its key in the object. Of objects with a schema, fields that are null count as absent. */
export type Access = {readonly field: string; readonly key: string; readonly declared: boolean};

/** `value.field`; through an optional, the result is optional too. */
export function selectField(value: Value, access: Access, optional: boolean): Value {
  const inside = value instanceof Optional ? value.value : value;
  if (inside === undefined) return new Optional(undefined);
  const found = fieldOf(inside, access);
  if (optional || value instanceof Optional) return new Optional(found);
  if (found === undefined) throw new Failure(`no such key: ${access.field}`);
  return found;
}

/** `has(value.field)`. */
export function testField(value: Value, access: Access): boolean {
  const inside = value instanceof Optional ? value.value : value;
  return inside !== undefined && fieldOf(inside, access) !== undefined;
}

function fieldOf(value: Value, {key, declared}: Access): Value | undefined {
  // To cel-go a field is an index, and what has no fields simply has not this one.
  if (isList(value)) throw new Failure("unsupported index type 'string' in list");
  if (!isMap(value)) return undefined;
  const found = mapGet(value, key);
  return found === null && declared ? undefined : found;
}

/** `value[index]`; through an optional, the result is optional too. */
export function indexValue(value: Value, index: Value): Value {
  if (value instanceof Optional) return optionalIndex(value, index);
  const found = at(value, index);
  if (found !== undefined) return found;
  throw new Failure(isList(value) ? `index out of bounds: ${shownKey(index)}` : `no such key: ${shownKey(index)}`);
}

/** `value[?index]`. */
export function optionalIndex(value: Value, index: Value): Value {
  const inside = value instanceof Optional ? value.value : value;
  return new Optional(inside === undefined ? undefined : at(inside, index));
}

function at(value: Value, index: Value): Value | undefined {
  if (isList(value)) {
    const position = positionOf(index);
    const item = position >= 0 ? value[position] : undefined;
    return item === undefined ? undefined : lift(item);
  }
  return isMap(value) ? mapGet(value, index) : undefined;
}

function positionOf(index: Value): number {
  if (isInt(index)) return Number(index);
  if (index instanceof Uint) return Number(index.value);
  if (index instanceof Double && Number.isInteger(index.value)) return index.value;
  throw new Failure(`unsupported index type '${typeName(index)}' in list`);
}

function shownKey(key: Value): string {
  return key instanceof Uint || key instanceof Double ? String(key.value) : String(key);
}
