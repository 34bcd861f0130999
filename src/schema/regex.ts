import {createRequire} from 'node:module';
import type {RE2JS as Re2Js} from 're2js';

/** A compiled pattern. */
export type LinearRegex = {
  /** Takes time linear in the text, whatever the pattern. Beyond `stepsMax` the text counts as not matching. */
  readonly test: (text: string) => boolean;
  /** The first matches from left to right that do not overlap, `limit` at most; undefined if finding them takes too many steps. */
  readonly findAll: (text: string, limit: number) => string[] | undefined;
  /** Instructions it compiled to: what it costs in memory, and to compile. */
  readonly size: number;
};

/** Longer patterns are refused, and so are those that repetition blows up to more instructions. */
export const patternCharsMax = 8192;
const patternSizeMax = 10_000;
/** Instructions times characters of one test, well below a second. Ordinary patterns on ordinary texts need thousands. */
const stepsMax = 20_000_000;
/** Instructions of all patterns that are kept compiled, shared by all schemas that use the same text. */
const cachedSizeMax = 300_000;

const cache = new Map<string, LinearRegex>();
let cachedSize = 0;

/**
 * Compiles a pattern of RE2's dialect, as all of Kubernetes uses it: unanchored, no look-around, no back-references
 * (spec kubernetes-api 6.2.10, 6.3). Throws a SyntaxError whose text completes
 * `must be a valid regular expression, but isn't: …`.
 */
export function linearRegex(pattern: string): LinearRegex {
  const known = cache.get(pattern);
  if (known) return known;
  const compiled = compile(pattern);
  for (const [oldest, {size}] of cache) {
    if (cachedSize + compiled.size <= cachedSizeMax) break;
    cache.delete(oldest);
    cachedSize -= size;
  }
  cache.set(pattern, compiled);
  cachedSize += compiled.size;
  return compiled;
}

function compile(pattern: string): LinearRegex {
  if (pattern.length > patternCharsMax) {
    throw new SyntaxError(`error parsing regexp: expression is longer than ${patternCharsMax} characters`);
  }
  const native = compileNatively(pattern);
  if (native) return native;
  const compiled = parse(pattern);
  const size = compiled.programSize();
  if (size > patternSizeMax) throw new SyntaxError(`error parsing regexp: expression is larger than ${patternSizeMax} instructions`);
  const textCharsMax = stepsMax / size;
  return {
    size,
    test: text => text.length <= textCharsMax && compiled.test(text),
    findAll: (text, limit) => findAll(compiled, text, limit, textCharsMax),
  };
}

function findAll(compiled: Re2Js, text: string, limit: number, charsMax: number): string[] | undefined {
  const matcher = compiled.matcher(text);
  const found: string[] = [];
  let scanned = 0;
  let end = -1;
  while (found.length < limit) {
    // Each search may look at all that is left.
    scanned += text.length - Math.max(end, 0);
    if (scanned > charsMax) return undefined;
    if (!matcher.find()) break;
    // Nothing right after a match is no match of its own.
    if (matcher.start() !== end || matcher.end() !== end) found.push(matcher.group() ?? '');
    end = matcher.end();
  }
  return found;
}

function parse(pattern: string): Re2Js {
  try {
    return re2js().compile(pattern);
  } catch (err) {
    throw new SyntaxError(err instanceof Error ? err.message : String(err));
  }
}

const classMember = '[A-Za-z0-9_./:@ ]';
const atom = `(?:[A-Za-z0-9_/:@ -]|\\\\[.+*?$/-]|\\[-?(?:${classMember}-${classMember}|${classMember})+-?\\])`;
const quantifier = '(?:[*+?]|\\{[0-9]{1,3}(?:,[0-9]{0,3})?\\})';
const flatPattern = new RegExp(`^\\^(?:${atom}${quantifier}?)*\\$?$`);
const variableQuantifier = /\\.|\[[^\]]*\]|([*+?]|\{\d+,\d*\})/g;

/**
 * The engine of the platform is faster but backtracks. It is safe on a flat row of characters and classes that starts at the
 * beginning of the text and in which at most one part varies in length: there is one thing to give back, and what follows
 * has a fixed length. The characters allowed mean the same in both dialects.
 */
function compileNatively(pattern: string): LinearRegex | undefined {
  if (!flatPattern.test(pattern)) return undefined;
  const varying = [...pattern.matchAll(variableQuantifier)].filter(match => match[1] !== undefined);
  if (varying.length > 1) return undefined;
  try {
    const compiled = new RegExp(pattern);
    // It is bound to the beginning, so that there is one match at most.
    const findAll = (text: string, limit: number): string[] => (compiled.exec(text) ?? []).slice(0, Math.min(limit, 1));
    return {size: pattern.length, test: text => compiled.test(text), findAll};
  } catch {
    return undefined;
  }
}

/** The library, loaded for the first pattern that needs it: most are proved safe, and a server must be ready before any comes. */
function re2js(): typeof Re2Js {
  loaded ??= (createRequire(import.meta.url)('re2js') as typeof import('re2js')).RE2JS;
  return loaded;
}

let loaded: typeof Re2Js | undefined;
