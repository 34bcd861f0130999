import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import type {Meter} from '../meter.ts';
import {traversal} from '../meter.ts';
import {calendarIn, zoneSteps} from '../time.ts';
import {A, B, bool, bytes, duration, dyn, int, listOf, mapOf, string, timestamp, typeOf} from '../types.ts';
import type {Timestamp} from '../values.ts';
import {mapSize, TypeValue, toInt, typeName} from '../values.ts';

/** Code points of a text: what strings are counted and indexed by. */
function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) count--;
    }
  }
  return count;
}

const size: readonly Declaration[] = [define, method].flatMap(declare => [
  declare('size', [string], int, (text, meter) => {
    meter.work(text.length / 8);
    return codePoints(text);
  }),
  declare('size', [bytes], int, data => data.length),
  declare('size', [listOf(A)], int, list => list.length),
  declare('size', [mapOf(A, B)], int, (map, meter) => {
    const count = mapSize(map);
    meter.work(count);
    return count;
  }),
]);

const texts: readonly Declaration[] = [
  method(
    'contains',
    [string, string],
    bool,
    (text, part) => text.includes(part),
    (text, part) => traversal(text.length) * traversal(part.length),
  ),
  method(
    'startsWith',
    [string, string],
    bool,
    (text, part) => text.startsWith(part),
    text => traversal(text.length),
  ),
  method(
    'endsWith',
    [string, string],
    bool,
    (text, part) => text.endsWith(part),
    text => traversal(text.length),
  ),
];

const fields: readonly [name: string, read: (date: Date) => number][] = [
  ['getFullYear', date => date.getUTCFullYear()],
  ['getMonth', date => date.getUTCMonth()],
  ['getDate', date => date.getUTCDate()],
  ['getDayOfMonth', date => date.getUTCDate() - 1],
  ['getDayOfWeek', date => date.getUTCDay()],
  ['getDayOfYear', date => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000)],
  ['getHours', date => date.getUTCHours()],
  ['getMinutes', date => date.getUTCMinutes()],
  ['getSeconds', date => date.getUTCSeconds()],
  ['getMilliseconds', date => date.getUTCMilliseconds()],
];

const calendar: readonly Declaration[] = fields.flatMap(([name, read]) => [
  method(name, [timestamp], int, (time: Timestamp) => read(calendarIn(time, ''))),
  method(name, [timestamp, string], int, (time: Timestamp, zone: string, meter: Meter) => {
    meter.work(zoneSteps(zone));
    return read(calendarIn(time, zone));
  }),
]);

const durations: readonly Declaration[] = (
  [
    ['getHours', 3_600_000_000_000n],
    ['getMinutes', 60_000_000_000n],
    ['getSeconds', 1_000_000_000n],
  ] as const
).map(([name, unit]) => method(name, [duration], int, ({nanos}) => toInt(nanos / unit)));

/** The functions of the language itself, but for conversions. */
export const standard: readonly Declaration[] = [
  ...size,
  ...texts,
  ...calendar,
  ...durations,
  method('getMilliseconds', [duration], int, ({nanos}) => toInt((nanos / 1_000_000n) % 1000n)),
  define('type', [A], typeOf(A), value => new TypeValue(typeName(value))),
  define('dyn', [A], dyn, value => value),
];
