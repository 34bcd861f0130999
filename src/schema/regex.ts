import {RE2JS} from 're2js';

/** A compiled pattern. Testing takes time linear in the text, whatever the pattern. */
export type LinearRegex = {readonly test: (text: string) => boolean};

/** Longer patterns are refused: compiling takes time and memory in their length. */
export const patternCharsMax = 8192;
/** Patterns kept compiled, shared by all schemas that use the same text. */
const patternsCachedMax = 1000;

const cache = new Map<string, LinearRegex>();

/**
 * Compiles a pattern of RE2's dialect, as all of Kubernetes uses it: unanchored, no look-around, no back-references
 * (spec kubernetes-api 6.2.10, 6.3). Throws a SyntaxError whose text completes
 * `must be a valid regular expression, but isn't: …`.
 */
export function linearRegex(pattern: string): LinearRegex {
  const known = cache.get(pattern);
  if (known) return known;
  const compiled = compile(pattern);
  if (cache.size >= patternsCachedMax) cache.delete(cache.keys().next().value as string);
  cache.set(pattern, compiled);
  return compiled;
}

function compile(pattern: string): LinearRegex {
  if (pattern.length > patternCharsMax) {
    throw new SyntaxError(`error parsing regexp: expression is longer than ${patternCharsMax} characters`);
  }
  const native = compileNatively(pattern);
  if (native) return native;
  try {
    const compiled = RE2JS.compile(pattern);
    return {test: text => compiled.test(text)};
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
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}
