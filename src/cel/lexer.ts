import type {Literal} from './ast.ts';
import {SyntaxIssue} from './issue.ts';
import {unescapeBytes, unescapeString} from './literals.ts';

export type Token =
  | {readonly kind: 'name' | 'mark' | 'end'; readonly at: number; readonly text: string}
  | {readonly kind: 'literal'; readonly at: number; readonly text: string; readonly literal: Literal};

/** Code points of an expression. */
const expressionCharsMax = 100_000;

const space = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const name = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const number = /(?:(\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|(0x[0-9a-fA-F]+|\d+)([uU]?))/y;
const quote = /([rRbB]{0,2})("""|'''|"|')/y;
const mark = /\|\||&&|==|!=|<=|>=|[-+*/%!<>?:.,()[\]{}=]/y;

/** Splits an expression into tokens; the last is the end. Throws a SyntaxIssue. */
export function tokenize(source: string): Token[] {
  if (source.length > expressionCharsMax) {
    throw new SyntaxIssue(0, `expression code point size exceeds limit: size: ${source.length}, limit ${expressionCharsMax}`);
  }
  const tokens: Token[] = [];
  let at = match(space, source, 0)?.[0].length ?? 0;
  while (at < source.length) {
    const token = next(source, at);
    tokens.push(token);
    at += token.text.length;
    at += match(space, source, at)?.[0].length ?? 0;
  }
  tokens.push({kind: 'end', at: source.length, text: '<EOF>'});
  return tokens;
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function next(source: string, at: number): Token {
  const quoted = match(quote, source, at);
  if (quoted) return quotedToken(source, at, quoted);
  const word = match(name, source, at);
  if (word) return wordToken(at, word[0]);
  const digits = match(number, source, at);
  if (digits) return numberToken(at, digits);
  const sign = match(mark, source, at);
  if (sign) return {kind: 'mark', at, text: sign[0]};
  const bad = String.fromCodePoint(source.codePointAt(at)!);
  throw new SyntaxIssue(at, `Syntax error: token recognition error at: '${bad}'`);
}

function wordToken(at: number, text: string): Token {
  if (text === 'null') return {kind: 'literal', at, text, literal: {type: 'null', value: null}};
  if (text === 'true' || text === 'false') return {kind: 'literal', at, text, literal: {type: 'bool', value: text === 'true'}};
  return {kind: 'name', at, text};
}

function numberToken(at: number, [text, float, digits, unsigned]: RegExpExecArray): Token {
  if (float !== undefined) {
    const value = Number(float);
    if (!Number.isFinite(value)) throw new SyntaxIssue(at, 'invalid double literal');
    return {kind: 'literal', at, text: text!, literal: {type: 'double', value}};
  }
  return {kind: 'literal', at, text: text!, literal: {type: unsigned ? 'uint' : 'int', value: BigInt(digits!)}};
}

function quotedToken(source: string, at: number, [opening, prefix, quotes]: RegExpExecArray): Token {
  const flags = prefix!.toLowerCase();
  const raw = flags.includes('r');
  const start = at + opening!.length;
  const end = endOfString(source, start, quotes!, raw);
  if (end === undefined || flags === 'rr' || flags === 'bb') {
    throw new SyntaxIssue(at, `Syntax error: token recognition error at: '${source.slice(at, at + 40)}'`);
  }
  const text = source.slice(at, end + quotes!.length);
  const inside = source.slice(start, end).replace(/\r\n?/g, '\n');
  try {
    if (flags.includes('b')) {
      const value = raw ? new TextEncoder().encode(inside) : unescapeBytes(inside);
      return {kind: 'literal', at, text, literal: {type: 'bytes', value}};
    }
    return {kind: 'literal', at, text, literal: {type: 'string', value: raw ? inside : unescapeString(inside)}};
  } catch (err) {
    throw new SyntaxIssue(at, `Syntax error: ${(err as Error).message}`);
  }
}

function endOfString(source: string, start: number, quotes: string, raw: boolean): number | undefined {
  for (let i = start; i < source.length; i++) {
    if (source.startsWith(quotes, i)) return i;
    const c = source[i]!;
    if (c === '\\' && !raw) i++;
    else if (quotes.length === 1 && (c === '\n' || c === '\r')) return undefined;
  }
  return undefined;
}
