import {Duration, Failure, Timestamp} from './values.ts';

const secondNanos = 1_000_000_000n;
const unitNanos: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', 1_000_000n],
  ['s', secondNanos],
  ['m', 60n * secondNanos],
  ['h', 3600n * secondNanos],
]);

/** Longer texts are no times: digits beyond nanoseconds say nothing. */
const timeCharsMax = 128;
const durationText = /^([-+]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/;
const durationPart = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g;

/** A duration in Go's form: `1h30m`, `-1.5s`. Throws a Failure. */
export function parseDuration(text: string): Duration {
  const match = text.length <= timeCharsMax ? durationText.exec(text) : null;
  if (!match) throw new Failure(`time: invalid duration ${JSON.stringify(text.slice(0, timeCharsMax))}`);
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit] of match[2]!.matchAll(durationPart)) {
    const scale = unitNanos.get(unit!)!;
    nanos += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }
  return new Duration(match[1] === '-' ? -nanos : nanos);
}

/** As seconds, with what fraction there is: `5400s`. */
export function formatDuration({nanos}: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${size / secondNanos}${fractionOf(size % secondNanos)}s`;
}

const timestampText = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const dateText = /^\d{4}-\d{2}-\d{2}$/;

/** A point in time of RFC 3339; a date alone is its midnight. Throws a Failure. */
export function parseTimestamp(text: string): Timestamp {
  const match = text.length <= timeCharsMax ? timestampText.exec(dateText.test(text) ? `${text}T00:00:00Z` : text) : null;
  const [, date, clock, fraction = '', sign, hours = '0', minutes = '0'] = match ?? [];
  const millis = Date.parse(`${date}T${clock}Z`);
  // Date.parse takes the 31st of any month for a day of the next.
  const exists = match && !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(`${date}T${clock}`);
  if (!exists || Number(hours) > 23 || Number(minutes) > 59)
    throw new Failure(`cannot parse ${JSON.stringify(text.slice(0, timeCharsMax))} as a timestamp`);
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  return new Timestamp(BigInt(millis - offset) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

/** In RFC 3339, UTC, with what fraction there is. */
export function formatTimestamp({nanos}: Timestamp): string {
  const [seconds, rest] = split(nanos);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fractionOf(rest)}Z`;
}

function split(nanos: bigint): [seconds: bigint, rest: bigint] {
  const rest = ((nanos % secondNanos) + secondNanos) % secondNanos;
  return [(nanos - rest) / secondNanos, rest];
}

const fractionOf = (nanos: bigint): string => (nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`);

/** The fields of a calendar in a time zone, held in a Date whose UTC fields are they. */
export function calendarIn({nanos}: Timestamp, zone: string): Date {
  const millis = Number(split(nanos)[0]) * 1000 + Number(split(nanos)[1] / 1_000_000n);
  return new Date(millis + offsetMs(millis, zone));
}

const fixedOffset = /^([+-]?)(\d{1,2}):(\d{2})$/;

function offsetMs(millis: number, zone: string): number {
  if (zone === '' || zone === 'UTC') return 0;
  const fixed = fixedOffset.exec(zone);
  if (fixed) return (Number(fixed[2]) * 60 + Number(fixed[3])) * (fixed[1] === '-' ? -60_000 : 60_000);
  const parts = new Map(
    formatIn(zone)
      .formatToParts(millis)
      .map(part => [part.type, Number(part.value)]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const local = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
  return local - Math.floor(millis / 1000) * 1000;
}

/** Steps of work that a look into the calendar of a zone takes; the first one into that of a zone takes most. */
export function zoneSteps(zone: string): number {
  if (zone === '' || zone === 'UTC' || fixedOffset.test(zone)) return 1;
  return formats.has(zone) ? 200 : 5_000;
}

const zoneCharsMax = 64;
/** Formats are slow to make. */
const formatsMax = 32;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  if (formats.size >= formatsMax) formats.clear();
  const format = newFormat(zone);
  formats.set(zone, format);
  return format;
}

function newFormat(timeZone: string): Intl.DateTimeFormat {
  if (timeZone.length > zoneCharsMax) throw new Failure('unknown time zone');
  const numeric = {year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric'} as const;
  try {
    return new Intl.DateTimeFormat('en-US', {...numeric, timeZone, hourCycle: 'h23'});
  } catch {
    throw new Failure(`unknown time zone ${timeZone}`);
  }
}
