import type {Json} from '../api/json.ts';
import {getKey, isObject} from '../api/json.ts';
import type {Filter, Slice, Step} from './json-path-parser.ts';
import {parseJsonPath} from './json-path-parser.ts';

/** Values looked at by one evaluation; a path over a hostile object gives up there, and finds nothing. */
const visitsMax = 20_000;

/** The values that one step leads to, or undefined if the path cannot be followed. */
type Walk = (from: readonly Json[], budget: Budget) => Json[] | undefined;
type Budget = {left: number};

/**
 * Compiles a path in kubectl's dialect, without the braces around it: `.spec.ports[0].name`, `.status.conditions[?(@.type=="Ready")].status`,
 * `..name` (spec kubernetes-api 6.9). Throws an Error that tells what is malformed. The result finds the values in the order of
 * the document; nothing where a key is missing, an index is out of bounds, or what is indexed is no list.
 */
export function compileJsonPath(path: string): (from: Json) => Json[] {
  const walk = walkAll(parseJsonPath(path));
  return from => walk([from], {left: visitsMax}) ?? [];
}

function walkAll(steps: readonly Step[]): Walk {
  const walks = steps.map(walkStep);
  return (from, budget) => {
    let values: Json[] | undefined = [...from];
    for (const walk of walks) {
      values = walk(values, budget);
      if (values === undefined || budget.left <= 0) return undefined;
    }
    return values;
  };
}

function walkStep(step: Step): Walk {
  switch (step.kind) {
    case 'field':
      return walkField(step.name);
    case 'all':
      return (from, budget) => from.flatMap(value => children(value, budget));
    case 'descend':
      return descend;
    case 'slice':
      return (from, budget) => spread(from, value => cut(value, step), budget);
    case 'filter':
      return walkFilter(step);
    case 'union':
      return walkUnion(step.paths.map(walkAll));
    case 'constant':
      return from => from.map(() => step.value);
  }
}

const walkField =
  (name: string): Walk =>
  (from, budget) => {
    const found: Json[] = [];
    for (const value of from) {
      budget.left--;
      const child = isObject(value) ? getKey(value, name) : undefined;
      if (child !== undefined) found.push(child);
    }
    return found;
  };

function children(value: Json, budget: Budget): readonly Json[] {
  const found = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  budget.left -= found.length;
  return budget.left > 0 ? found : [];
}

/** Every object and list in the values that is not empty, each before what is in it. */
const descend: Walk = (from, budget) => {
  const found: Json[] = [];
  const open = [...from].reverse();
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const below = children(value, budget);
    if (below.length === 0) continue;
    found.push(value);
    for (let i = below.length - 1; i >= 0; i--) open.push(below[i]!);
  }
  return found;
};

function spread(from: readonly Json[], cutOf: (value: Json) => Json[] | undefined, budget: Budget): Json[] | undefined {
  const found: Json[] = [];
  for (const value of from) {
    if (value === null) continue;
    const part = cutOf(value);
    if (part === undefined) return undefined;
    budget.left -= part.length + 1;
    if (budget.left <= 0) return undefined;
    found.push(...part);
  }
  return found;
}

/** A slice is half open; like kubectl, it fails beyond the ends of the list. */
function cut(value: Json, {start, end, step}: Slice): Json[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const {length} = value;
  const first = start < 0 ? start + length : start;
  const wanted = end === 'one' ? first + 1 : (end ?? length);
  const last = wanted < 0 ? wanted + length : wanted;
  if (first === last) return [];
  if (first < 0 || first >= length || last < first || last > length) return undefined;
  const part = value.slice(first, last);
  return step === 1 ? part : part.filter((_, i) => i % step === 0);
}

const walkUnion =
  (walks: readonly Walk[]): Walk =>
  (from, budget) => {
    const found: Json[] = [];
    for (const walk of walks) {
      const part = walk(from, budget);
      if (part === undefined) return undefined;
      found.push(...part);
    }
    return found;
  };

function walkFilter(filter: Filter): Walk {
  const left = walkAll(filter.left);
  const right = walkAll(filter.right);
  const {operator} = filter;

  return (from, budget) => {
    const found: Json[] = [];
    for (const value of from) {
      if (!Array.isArray(value)) return undefined;
      for (const item of value) {
        if (--budget.left <= 0) return undefined;
        const lefts = left([item], budget) ?? [];
        if (operator === 'exists') {
          if (lefts.length > 0) found.push(item);
          continue;
        }
        const rights = right([item], budget) ?? [];
        if (lefts.length > 1 || rights.length > 1) return undefined;
        if (lefts.length === 1 && rights.length === 1 && compares(lefts[0]!, operator, rights[0]!)) found.push(item);
      }
    }
    return found;
  };
}

/** Numbers compare with numbers, texts with texts; other pairs are only unequal. */
function compares(left: Json, operator: Filter['operator'], right: Json): boolean {
  const numbers = isNumber(left) && isNumber(right);
  // Bigints and numbers of the same value are equal only under ==.
  // biome-ignore lint/suspicious/noDoubleEquals: see above
  const same = numbers ? left == right : left === right;
  if (operator === '==') return same;
  if (operator === '!=') return !same;
  if (!numbers && !(typeof left === 'string' && typeof right === 'string')) return false;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

const isNumber = (value: Json): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
