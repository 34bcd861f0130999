import {Buffer} from 'node:buffer';
import type {Declaration} from '../functions.ts';
import {method} from '../functions.ts';
import type {Meter} from '../meter.ts';
import {traversal} from '../meter.ts';
import {formatDuration, formatTimestamp} from '../time.ts';
import {dyn, listOf, string} from '../types.ts';
import type {Value} from '../values.ts';
import {Double, Duration, Failure, isInt, isList, isMap, lift, mapGet, mapKeys, Timestamp, TypeValue, typeName, Uint} from '../values.ts';
import {stringCharsMax} from './arithmetic.ts';
import {formatDouble} from './conversions.ts';

const clause = /%(?:%|(?:\.(\d{1,4}))?(.?))/gs;
const defaultPrecision = 6;
/** What JavaScript writes at most after the point. */
const precisionMax = 100;
/** Lists and maps within each other that `%s` writes. */
const depthMax = 100;

/** Puts the arguments where the clauses of the template are. Throws a Failure for clauses and arguments that do not fit. */
function format(template: string, args: readonly Value[], meter: Meter): string {
  let next = 0;
  let length = 0;
  return template.replace(clause, (all: string, precision: string | undefined, verb: string) => {
    if (all === '%%') return '%';
    const write = verbs.get(verb);
    if (!write) throw new Failure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    if (next >= args.length) throw new Failure(`index ${next} out of range`);
    const digits = Number(precision ?? defaultPrecision);
    if (digits > precisionMax) throw new Failure(`precision of more than ${precisionMax} digits`);
    const written = write(lift(args[next++]!), digits, meter);
    length += written.length;
    if (length > stringCharsMax) throw new Failure(`string is longer than ${stringCharsMax} characters`);
    meter.charge(traversal(written.length));
    return written;
  });
}

type Write = (value: Value, precision: number, meter: Meter) => string;

const verbs: ReadonlyMap<string, Write> = new Map<string, Write>([
  ['s', (value, _, meter) => show(value, 0, meter)],
  ['d', value => special(value) ?? String(whole(value, 'decimal'))],
  ['f', (value, precision) => special(value) ?? fixed(real(value, 'fixed-point'), precision)],
  ['e', (value, precision) => special(value) ?? scientific(real(value, 'scientific'), precision)],
  ['b', value => (typeof value === 'boolean' ? String(Number(value)) : whole(value, 'binary').toString(2))],
  ['o', value => whole(value, 'octal').toString(8)],
  ['x', value => hexadecimal(value)],
  ['X', value => hexadecimal(value).toUpperCase()],
]);

function unfit(what: string, value: Value): never {
  throw new Failure(`error during formatting: ${what} clause cannot be used on ${typeName(value)}`);
}

function whole(value: Value, what: string): bigint {
  if (isInt(value)) return BigInt(value);
  return value instanceof Uint ? value.value : unfit(what, value);
}

function real(value: Value, what: string): number {
  if (isInt(value)) return Number(value);
  return value instanceof Double ? value.value : value instanceof Uint ? Number(value.value) : unfit(what, value);
}

/** Words for what no digits stand for. */
function special(value: Value): string | undefined {
  if (!(value instanceof Double) || Number.isFinite(value.value)) return undefined;
  return Number.isNaN(value.value) ? 'NaN' : value.value > 0 ? 'Infinity' : '-Infinity';
}

/** From 1e21 on, JavaScript would write an exponent. */
const fixed = (value: number, precision: number): string =>
  Math.abs(value) < 1e21
    ? toEven(value.toFixed(precisionMax), value.toFixed(precision), precision)
    : `${BigInt(value)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
const scientific = (value: number, precision: number): string =>
  toEven(value.toExponential(precisionMax), value.toExponential(precision), precision).replace(/e([-+])(\d)$/, 'e$10$2');

/** What lies in the middle goes to the even digit; JavaScript rounds it up. */
function toEven(exact: string, rounded: string, precision: number): string {
  const [digits = '', exponent] = exact.split('e');
  const end = digits.indexOf('.') + 1 + precision;
  const kept = digits.slice(0, end).replace(/\.$/, '');
  if (!/^50*$/.test(digits.slice(end)) || Number(kept.at(-1)) % 2 === 1) return rounded;
  return exponent === undefined ? kept : `${kept}e${exponent}`;
}

function hexadecimal(value: Value): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value as string).toString('hex');
  return whole(value, 'hexadecimal').toString(16);
}

function show(value: Value, depth: number, meter: Meter): string {
  if (depth > depthMax) throw new Failure(`lists and maps nest deeper than ${depthMax} levels`);
  meter.work(1);
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || isInt(value)) return String(value);
  if (value instanceof Double) return special(value) ?? formatDouble(value.value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof TypeValue) return value.name;
  if (isList(value)) return `[${value.map(item => show(lift(item), depth + 1, meter)).join(', ')}]`;
  if (!isMap(value)) return unfit('string', value);
  const entries = mapKeys(value).map(key => `${show(key, depth + 1, meter)}: ${show(mapGet(value, key)!, depth + 1, meter)}`);
  return `{${entries.sort().join(', ')}}`;
}

/** Texts out of templates: `'%s is %d'.format([name, count])`. */
export const formatting: readonly Declaration[] = [
  method('format', [string, listOf(dyn)], string, format, template => traversal(template.length)),
];
