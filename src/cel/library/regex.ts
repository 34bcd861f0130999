import type {LinearRegex} from '../../schema/regex.ts';
import {linearRegex} from '../../schema/regex.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import type {Meter} from '../meter.ts';
import {matching} from '../meter.ts';
import {bool, int, listOf, string} from '../types.ts';
import type {Int} from '../values.ts';
import {Failure} from '../values.ts';

/** The patterns of one evaluation, which compiles none twice. */
const compiledBy = new WeakMap<Meter, Map<string, LinearRegex>>();
/** Compiling takes many steps, and more for each instruction it comes to; matching some for each of them and each character. */
const compileSteps = 2000;
const instructionSteps = 20;
const matchesPerStep = 10;

/** The compiled pattern, about to be used on a text. The cost of Kubernetes does not see what repetition makes of a short pattern. */
function prepared(pattern: string, text: string, meter: Meter): LinearRegex {
  const known = compiledBy.get(meter) ?? new Map<string, LinearRegex>();
  compiledBy.set(meter, known);
  let regex = known.get(pattern);
  if (!regex) {
    meter.work(compileSteps);
    regex = compile(pattern);
    meter.work(regex.size * instructionSteps);
    known.set(pattern, regex);
  }
  meter.work((regex.size * text.length) / matchesPerStep);
  return regex;
}

function compile(pattern: string): LinearRegex {
  try {
    return linearRegex(pattern);
  } catch (err) {
    if (err instanceof SyntaxError) throw new Failure(err.message);
    throw err;
  }
}

function findAll(text: string, pattern: string, limit: Int, meter: Meter): string[] {
  const found = prepared(pattern, text, meter).findAll(text, limit < 0 ? Number.POSITIVE_INFINITY : Number(limit));
  if (!found) throw new Failure('finding all matches takes too long');
  return found;
}

const cost = (text: string, pattern: string): number => matching(text.length, pattern.length);

/** Regular expressions of RE2's dialect: `matches` of the language itself, and Kubernetes' `find`. */
export const regex: readonly Declaration[] = [
  ...[define, method].map(declare =>
    declare('matches', [string, string], bool, (text, pattern, meter) => prepared(pattern, text, meter).test(text), cost),
  ),
  method('find', [string, string], string, (text, pattern, meter) => findAll(text, pattern, 1, meter)[0] ?? '', cost),
  method('findAll', [string, string], listOf(string), (text, pattern, meter) => findAll(text, pattern, -1, meter), cost),
  method('findAll', [string, string, int], listOf(string), findAll, cost),
];
