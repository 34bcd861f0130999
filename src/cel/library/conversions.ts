import {Buffer} from 'node:buffer';
import type {Declaration} from '../functions.ts';
import {define} from '../functions.ts';
import {traversal} from '../meter.ts';
import {formatDuration, formatTimestamp, parseDuration, parseTimestamp} from '../time.ts';
import {bool, bytes, double, duration, int, string, timestamp, uint} from '../types.ts';
import type {Int, Value} from '../values.ts';
import {Double, Duration, Failure, Timestamp, toInt, Uint} from '../values.ts';

/** Longer texts are no numbers. */
const numberCharsMax = 400;

function whole(text: string, signed: boolean): bigint {
  const form = signed ? /^[-+]?\d+$/ : /^\d+$/;
  if (text.length > numberCharsMax || !form.test(text)) {
    throw new Failure(`strconv.Parse${signed ? 'Int' : 'Uint'}: parsing ${JSON.stringify(text.slice(0, numberCharsMax))}: invalid syntax`);
  }
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function truncated(value: number): bigint {
  if (!Number.isFinite(value)) throw new Failure('integer overflow');
  return BigInt(Math.trunc(value));
}

const float = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)$/i;

function parseDouble(text: string): Double {
  if (text.length > numberCharsMax || !float.test(text)) {
    throw new Failure(`strconv.ParseFloat: parsing ${JSON.stringify(text.slice(0, numberCharsMax))}: invalid syntax`);
  }
  const sign = text.startsWith('-') ? -1 : 1;
  if (/inf/i.test(text)) return new Double(sign * Number.POSITIVE_INFINITY);
  if (/nan/i.test(text)) return new Double(Number.NaN);
  const value = Number(text);
  if (!Number.isFinite(value))
    throw new Failure(`strconv.ParseFloat: parsing ${JSON.stringify(text.slice(0, numberCharsMax))}: value out of range`);
  return new Double(value);
}

/** As Go's shortest form has it: an exponent of two digits at least, from 1e+06 on and below 1e-04. */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2');
}

const bools: ReadonlyMap<string, boolean> = new Map(
  [true, false].flatMap(value =>
    (value ? ['1', 't', 'T', 'true', 'TRUE', 'True'] : ['0', 'f', 'F', 'false', 'FALSE', 'False']).map(text => [text, value] as const),
  ),
);

function parseBool(text: string): boolean {
  const value = bools.get(text);
  if (value === undefined) throw new Failure(`strconv.ParseBool: parsing ${JSON.stringify(text.slice(0, numberCharsMax))}: invalid syntax`);
  return value;
}

function decode(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(data);
  } catch {
    throw new Failure('invalid UTF-8 in bytes, cannot convert to string');
  }
}

const same = <T extends Value>(value: T): T => value;

const toInts: readonly Declaration[] = [
  define('int', [int], int, same),
  define('int', [uint], int, ({value}) => toInt(value)),
  define('int', [double], int, ({value}) => {
    // The least int is out of bounds too: doubles around it are all the same.
    if (value <= -(2 ** 63)) throw new Failure('integer overflow');
    return toInt(truncated(value));
  }),
  define('int', [string], int, text => toInt(whole(text, true))),
  define('int', [timestamp], int, ({nanos}) =>
    toInt((nanos - (((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n),
  ),
  define('int', [duration], int, ({nanos}) => toInt(nanos)),
];
const toOtherNumbers: readonly Declaration[] = [
  define('uint', [uint], uint, same),
  define('uint', [int], uint, value => new Uint(BigInt(value))),
  define('uint', [double], uint, ({value}) => new Uint(truncated(value))),
  define('uint', [string], uint, text => new Uint(whole(text, false))),
  define('double', [double], double, same),
  define('double', [int], double, value => new Double(Number(value))),
  define('double', [uint], double, ({value}) => new Double(Number(value))),
  define('double', [string], double, parseDouble),
];
const toTexts: readonly Declaration[] = [
  define('string', [string], string, same),
  define('string', [bool], string, String),
  define('string', [int], string, (value: Int) => String(value)),
  define('string', [uint], string, ({value}) => String(value)),
  define('string', [double], string, ({value}) => formatDouble(value)),
  define('string', [bytes], string, decode, data => traversal(data.length)),
  define('string', [timestamp], string, formatTimestamp),
  define('string', [duration], string, formatDuration),
];

/** Conversions between the simple types. */
export const conversions: readonly Declaration[] = [
  ...toInts,
  ...toOtherNumbers,
  ...toTexts,
  define('bool', [bool], bool, same),
  define('bool', [string], bool, parseBool),
  define('bytes', [bytes], bytes, same),
  define(
    'bytes',
    [string],
    bytes,
    text => new Uint8Array(Buffer.from(text)),
    text => traversal(text.length),
  ),
  define('timestamp', [timestamp], timestamp, same),
  define('timestamp', [string], timestamp, parseTimestamp),
  define('timestamp', [int], timestamp, seconds => new Timestamp(BigInt(seconds) * 1_000_000_000n)),
  define('duration', [duration], duration, same),
  define('duration', [string], duration, parseDuration),
  define('duration', [int], duration, nanos => new Duration(BigInt(nanos))),
];
