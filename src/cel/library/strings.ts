import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import type {Meter} from '../meter.ts';
import {traversal} from '../meter.ts';
import {int, listOf, string} from '../types.ts';
import type {Int, Value} from '../values.ts';
import {Failure} from '../values.ts';
import {stringCharsMax} from './arithmetic.ts';

/** Positions count code points. Only texts with pairs of UTF-16 units must be taken apart for that. */
const paired = /[\ud800-\udbff][\udc00-\udfff]/;
const unitsOf = (text: string): string | readonly string[] => (paired.test(text) ? [...text] : text);

function slice(text: string, start: number, end: number): string {
  const units = unitsOf(text);
  return typeof units === 'string' ? units.slice(start, end) : units.slice(start, end).join('');
}

const within = (position: Int, length: number): number => {
  if (position < 0 || position > length) throw new Failure(`index out of range: ${position}`);
  return Number(position);
};

function charAt(text: string, position: Int, meter: Meter): string {
  meter.work(text.length / 64);
  const at = within(position, unitsOf(text).length);
  return slice(text, at, at + 1);
}

function substring(text: string, start: Int, end?: Int): string {
  const {length} = unitsOf(text);
  const from = within(start, length);
  const to = end === undefined ? length : within(end, length);
  if (from > to) throw new Failure(`invalid substring range. start: ${from}, end: ${to}`);
  return slice(text, from, to);
}

/** Units of UTF-16 before a number of code points, and the other way round. */
const toUnits = (text: string, points: number): number => (paired.test(text) ? slice(text, 0, points).length : points);
const toPoints = (text: string, units: number): number => (units < 0 ? units : unitsOf(text.slice(0, units)).length);

function indexOf(text: string, part: string, offset: Int = 0): Int {
  const from = toUnits(text, within(offset, unitsOf(text).length));
  return toPoints(text, text.indexOf(part, from));
}

function lastIndexOf(text: string, part: string, offset?: Int): Int {
  const from = offset === undefined ? text.length : toUnits(text, within(offset, unitsOf(text).length));
  return toPoints(text, text.lastIndexOf(part, from));
}

/** `count` replacements at most; all when it is negative. */
function replace(text: string, old: string, by: string, count: Int = -1): string {
  const times = count < 0 ? Number.POSITIVE_INFINITY : Number(count);
  if (old === '') return replaceNothing(unitsOf(text), by, times);
  const parts = splitAt(text, old, times);
  if (text.length + (parts.length - 1) * by.length > stringCharsMax) {
    throw new Failure(`string is longer than ${stringCharsMax} characters`);
  }
  return parts.join(by);
}

/** Nothing is found before each character, and at the end. */
function replaceNothing(units: string | readonly string[], by: string, count: number): string {
  if ((units.length + 1) * by.length > stringCharsMax) throw new Failure(`string is longer than ${stringCharsMax} characters`);
  let made = '';
  for (let i = 0; i < units.length; i++) made += (i < count ? by : '') + units[i];
  return units.length < count ? made + by : made;
}

/** The parts between the first `cuts` separators; between all characters when the separator is empty. */
function splitAt(text: string, separator: string, cuts: number): string[] {
  const parts = separator === '' ? [...text] : text.split(separator);
  if (parts.length - 1 <= cuts) return parts;
  return [...parts.slice(0, cuts), parts.slice(cuts).join(separator)];
}

/** `limit` parts at most; all when it is negative. */
function split(text: string, separator: string, limit: Int, meter: Meter): string[] {
  meter.work(text.length);
  if (limit < 0) return splitAt(text, separator, Number.POSITIVE_INFINITY);
  return Number(limit) === 0 ? [] : splitAt(text, separator, Number(limit) - 1);
}

function join(list: readonly Value[], separator: string, meter: Meter): string {
  let length = 0;
  for (const item of list) {
    if (typeof item !== 'string') throw new Failure('no such overload');
    length += item.length + separator.length;
    if (length > stringCharsMax) throw new Failure(`string is longer than ${stringCharsMax} characters`);
  }
  const joined = list.join(separator);
  meter.charge(traversal(2 * joined.length));
  return joined;
}

/** White space of Unicode, which JavaScript nearly agrees on: U+0085 is, U+FEFF is none. */
const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leading = new RegExp(`^${space}+`);
const spaces = new RegExp(space);

function trim(text: string): string {
  let end = text.length;
  while (end > 0 && spaces.test(text[end - 1]!)) end--;
  return text.slice(0, end).replace(leading, '');
}

const special: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** The text as a literal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
const quote = (text: string): string => `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, found => special.get(found)!)}"`;

const once = (text: {length: number}): number => traversal(text.length);
/** The same rounded down, as Kubernetes has it for some. */
const tenth = (text: {length: number}): number => Math.floor(text.length * 0.1);
const twice = (text: {length: number}): number => traversal(2 * text.length);

/** The extended functions of strings. `format` is in a file of its own. */
export const strings: readonly Declaration[] = [
  method('charAt', [string, int], string, charAt),
  method('indexOf', [string, string], int, (text, part) => indexOf(text, part), tenth),
  method('indexOf', [string, string, int], int, indexOf, tenth),
  method('lastIndexOf', [string, string], int, (text, part) => lastIndexOf(text, part), tenth),
  method('lastIndexOf', [string, string, int], int, lastIndexOf, tenth),
  method('lowerAscii', [string], string, text => text.replace(/[A-Z]+/g, found => found.toLowerCase()), once),
  method('upperAscii', [string], string, text => text.replace(/[a-z]+/g, found => found.toUpperCase()), once),
  method('replace', [string, string, string], string, (text, old, by) => replace(text, old, by), twice),
  method('replace', [string, string, string, int], string, replace, twice),
  method('split', [string, string], listOf(string), (text, separator, meter) => split(text, separator, -1, meter), twice),
  method('split', [string, string, int], listOf(string), split, twice),
  method('substring', [string, int], string, (text, start) => substring(text, start), once),
  method('substring', [string, int, int], string, substring, once),
  method('trim', [string], string, trim, once),
  // Joining is paid by what comes out.
  method(
    'join',
    [listOf(string)],
    string,
    (list, meter) => join(list, '', meter),
    () => 0,
  ),
  method('join', [listOf(string), string], string, join, () => 0),
  method('reverse', [string], string, (text, meter) => {
    meter.work(text.length);
    return [...text].reverse().join('');
  }),
  define('strings.quote', [string], string, (text, meter) => {
    meter.work(text.length);
    return quote(text);
  }),
];
