import {Buffer} from 'node:buffer';
import type {Meter} from './meter.ts';
import {parseDuration, parseTimestamp} from './time.ts';
import type {Type} from './types.ts';
import {optionalName} from './types.ts';
import type {Value} from './values.ts';
import {Double, isInt, isList, isMap, lift, MapValue, mapGet, mapKeys, Optional} from './values.ts';

/** Turns what JSON holds into what the type says; leaves alone what is so already, and null. */
type Adapter = (value: Value, meter: Meter) => Value;

/**
 * The adapter of a type; undefined where JSON's own values serve, which is nearly everywhere. It is for what comes out of JSON:
 * variables when they are bound, and fields when they are read. Hence objects need none.
 */
export function adapterOf(type: Type): Adapter | undefined {
  switch (type.kind) {
    case 'double':
      return value => (isInt(value) ? new Double(Number(value)) : value);
    case 'timestamp':
      return value => (typeof value === 'string' ? parseTimestamp(value) : value);
    case 'duration':
      return value => (typeof value === 'string' ? parseDuration(value) : value);
    case 'bytes':
      return value => (typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value);
    case 'opaque':
      return type.name === optionalName ? optionalAdapter(adapterOf(type.params[0]!)) : undefined;
    case 'wrapper':
      return adapterOf(type.of);
    case 'list':
      return listAdapter(adapterOf(type.item));
    case 'map':
      return mapAdapter(adapterOf(type.value));
    default:
      return undefined;
  }
}

function optionalAdapter(item: Adapter | undefined): Adapter | undefined {
  if (!item) return undefined;
  return (value, meter) => (value instanceof Optional && value.value !== undefined ? new Optional(item(value.value, meter)) : value);
}

function listAdapter(item: Adapter | undefined): Adapter | undefined {
  if (!item) return undefined;
  return (value, meter) => {
    if (!isList(value)) return value;
    meter.work(value.length);
    return value.map(each => item(lift(each), meter));
  };
}

function mapAdapter(item: Adapter | undefined): Adapter | undefined {
  if (!item) return undefined;
  return (value, meter) => {
    if (!isMap(value) || value instanceof MapValue) return value;
    const adapted = new MapValue();
    const keys = mapKeys(value);
    meter.work(keys.length);
    for (const key of keys) adapted.add(key, item(mapGet(value, key)!, meter));
    return adapted;
  };
}
