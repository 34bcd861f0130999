import type {LinearRegex} from '../../schema/regex.ts';
import {linearRegex} from '../../schema/regex.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {matching} from '../meter.ts';
import {bool, int, listOf, string} from '../types.ts';
import type {Int} from '../values.ts';
import {Failure} from '../values.ts';

function compiled(pattern: string): LinearRegex {
  try {
    return linearRegex(pattern);
  } catch (err) {
    if (err instanceof SyntaxError) throw new Failure(err.message);
    throw err;
  }
}

function findAll(text: string, pattern: string, limit: Int): string[] {
  const found = compiled(pattern).findAll(text, limit < 0 ? Number.POSITIVE_INFINITY : Number(limit));
  if (!found) throw new Failure('finding all matches takes too long');
  return found;
}

const cost = (text: string, pattern: string): number => matching(text.length, pattern.length);

/** Regular expressions of RE2's dialect: `matches` of the language itself, and Kubernetes' `find`. */
export const regex: readonly Declaration[] = [
  ...[define, method].map(declare => declare('matches', [string, string], bool, (text, pattern) => compiled(pattern).test(text), cost)),
  method('find', [string, string], string, (text, pattern) => findAll(text, pattern, 1)[0] ?? '', cost),
  method('findAll', [string, string], listOf(string), (text, pattern) => findAll(text, pattern, -1), cost),
  method('findAll', [string, string, int], listOf(string), findAll, cost),
];
