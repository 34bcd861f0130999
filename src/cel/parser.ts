import type {Expr, ListItem, Literal, MapEntry, MessageField} from './ast.ts';
import {call, ident, list, literal, map, message, qualifiedName, select} from './ast.ts';
import {SyntaxIssue} from './issue.ts';
import type {Token} from './lexer.ts';
import {tokenize} from './lexer.ts';
import {expandMacro} from './macros.ts';

/** Parentheses, brackets, braces and branches within each other. */
const nestingMax = 250;

const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;

const reserved: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

const expectedPrimary = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** Levels of binary operators that associate to the left, loosest first; `&&` and `||` are looser still. */
const levels: readonly ReadonlySet<string>[] = [
  new Set(['<', '<=', '>=', '>', '==', '!=', 'in']),
  new Set(['+', '-']),
  new Set(['*', '/', '%']),
];

type Cursor = {readonly tokens: readonly Token[]; at: number; nesting: number};

/** Parses an expression and expands its macros. Throws a SyntaxIssue for the first thing that is malformed or too large. */
export function parse(source: string): Expr {
  const cursor: Cursor = {tokens: tokenize(source), at: 0, nesting: 0};
  const expr = parseExpr(cursor);
  const rest = peek(cursor);
  if (rest.kind !== 'end') throw new SyntaxIssue(rest.at, `Syntax error: extraneous input '${rest.text}' expecting <EOF>`);
  return expr;
}

const peek = (cursor: Cursor): Token => cursor.tokens[cursor.at]!;
const isMark = (token: Token, text: string): boolean => token.kind === 'mark' && token.text === text;

function accept(cursor: Cursor, text: string): Token | undefined {
  const token = peek(cursor);
  if (!isMark(token, text)) return undefined;
  cursor.at++;
  return token;
}

function expect(cursor: Cursor, text: string): Token {
  const token = peek(cursor);
  return accept(cursor, text) ?? fail(token, `'${text}'`);
}

function fail(token: Token, expected: string): never {
  throw new SyntaxIssue(token.at, `Syntax error: mismatched input '${token.text}' expecting ${expected}`);
}

function parseExpr(cursor: Cursor): Expr {
  if (++cursor.nesting > nestingMax) throw new SyntaxIssue(peek(cursor).at, `expression recursion limit exceeded: ${nestingMax}`);
  const condition = parseLogical(cursor, '||');
  const question = accept(cursor, '?');
  let expr = condition;
  if (question) {
    const yes = parseLogical(cursor, '||');
    expect(cursor, ':');
    expr = call(question.at, '_?_:_', [condition, yes, parseExpr(cursor)]);
  }
  cursor.nesting--;
  return expr;
}

function parseLogical(cursor: Cursor, operator: '||' | '&&'): Expr {
  const terms: Expr[] = [];
  const ats: number[] = [];
  for (;;) {
    terms.push(operator === '||' ? parseLogical(cursor, '&&') : parseBinary(cursor, 0));
    const mark = accept(cursor, operator);
    if (!mark) return balance(`_${operator}_`, terms, ats, 0, terms.length);
    ats.push(mark.at);
  }
}

/** A long row of terms becomes a tree of little height: these operators associate either way. */
function balance(name: string, terms: readonly Expr[], ats: readonly number[], from: number, to: number): Expr {
  if (to - from === 1) return terms[from]!;
  const middle = (from + to + 1) >> 1;
  return call(ats[middle - 1]!, name, [balance(name, terms, ats, from, middle), balance(name, terms, ats, middle, to)]);
}

function parseBinary(cursor: Cursor, level: number): Expr {
  const operators = levels[level];
  if (!operators) return parseUnary(cursor);
  let left = parseBinary(cursor, level + 1);
  for (;;) {
    const token = peek(cursor);
    if (token.kind === 'literal' || !operators.has(token.text)) return left;
    cursor.at++;
    const name = token.text === 'in' ? '@in' : `_${token.text}_`;
    left = call(token.at, name, [left, parseBinary(cursor, level + 1)]);
  }
}

function parseUnary(cursor: Cursor): Expr {
  const first = peek(cursor);
  const sign = isMark(first, '!') ? '!' : '-';
  let count = 0;
  while (accept(cursor, sign)) count++;
  if (count === 0) return parseMember(cursor, false);
  const next = peek(cursor);
  const negative = sign === '-' && next.kind === 'literal' && (next.literal.type === 'int' || next.literal.type === 'double');
  const operand = parseMember(cursor, negative);
  const odd = (negative ? count - 1 : count) % 2 === 1;
  return odd ? call(first.at, `${sign}_`, [operand]) : operand;
}

function parseMember(cursor: Cursor, negative: boolean): Expr {
  let expr = parsePrimary(cursor, negative);
  for (;;) {
    const token = peek(cursor);
    if (accept(cursor, '.')) expr = parseSelect(cursor, token.at, expr);
    else if (accept(cursor, '[')) expr = parseIndex(cursor, token.at, expr);
    else if (isMark(token, '{') && qualifiedName(expr) !== undefined) expr = parseMessage(cursor, qualifiedName(expr)!);
    else return expr;
  }
}

function parseSelect(cursor: Cursor, at: number, operand: Expr): Expr {
  const optional = accept(cursor, '?') !== undefined;
  const name = peek(cursor);
  // Reserved words are fine here: `a.package`.
  if (name.kind !== 'name' || name.text === 'in') fail(name, 'IDENTIFIER');
  cursor.at++;
  const open = optional ? undefined : accept(cursor, '(');
  if (!open) return select(at, operand, name.text, optional ? 'optional' : 'value');
  const args = parseArgs(cursor, ')');
  return expandMacro(open.at, name.text, operand, args) ?? call(open.at, name.text, args, operand);
}

function parseIndex(cursor: Cursor, at: number, operand: Expr): Expr {
  const optional = accept(cursor, '?') !== undefined;
  const index = parseExpr(cursor);
  expect(cursor, ']');
  return call(at, optional ? '_[?_]' : '_[_]', [operand, index]);
}

function parsePrimary(cursor: Cursor, negative: boolean): Expr {
  const token = peek(cursor);
  if (token.kind === 'literal') {
    cursor.at++;
    return literal(token.at, bounded(token.at, token.literal, negative));
  }
  if (accept(cursor, '(')) {
    const inside = parseExpr(cursor);
    expect(cursor, ')');
    return inside;
  }
  if (accept(cursor, '[')) return list(token.at, parseItems(cursor));
  if (accept(cursor, '{')) return map(token.at, parseEntries(cursor));
  // A leading dot means the outermost container, and there is but one.
  accept(cursor, '.');
  return parseName(cursor);
}

function parseName(cursor: Cursor): Expr {
  const token = peek(cursor);
  if (token.kind !== 'name' || token.text === 'in') fail(token, expectedPrimary);
  if (reserved.has(token.text)) throw new SyntaxIssue(token.at, `reserved identifier: ${token.text}`);
  cursor.at++;
  const open = accept(cursor, '(');
  if (!open) return ident(token.at, token.text);
  const args = parseArgs(cursor, ')');
  return expandMacro(open.at, token.text, undefined, args) ?? call(open.at, token.text, args);
}

function parseArgs(cursor: Cursor, close: string): Expr[] {
  const args: Expr[] = [];
  if (accept(cursor, close)) return args;
  do args.push(parseExpr(cursor));
  while (accept(cursor, ','));
  expect(cursor, close);
  return args;
}

function parseItems(cursor: Cursor): ListItem[] {
  return parseSequence(cursor, ']', optional => ({value: parseExpr(cursor), optional}));
}

function parseEntries(cursor: Cursor): MapEntry[] {
  return parseSequence(cursor, '}', optional => {
    const key = parseExpr(cursor);
    expect(cursor, ':');
    return {key, value: parseExpr(cursor), optional};
  });
}

function parseMessage(cursor: Cursor, type: string): Expr {
  const open = expect(cursor, '{');
  const fields = parseSequence(cursor, '}', (optional): MessageField => {
    const name = peek(cursor);
    if (name.kind !== 'name') fail(name, 'IDENTIFIER');
    cursor.at++;
    const colon = expect(cursor, ':');
    return {at: colon.at, name: name.text, value: parseExpr(cursor), optional};
  });
  return message(open.at, type, fields);
}

/** Items up to the closing mark, each with a leading `?` or not; a comma may trail. */
function parseSequence<T>(cursor: Cursor, close: string, item: (optional: boolean) => T): T[] {
  const items: T[] = [];
  while (!accept(cursor, close)) {
    items.push(item(accept(cursor, '?') !== undefined));
    if (!accept(cursor, ',')) {
      expect(cursor, close);
      return items;
    }
  }
  return items;
}

function bounded(at: number, value: Literal, negative: boolean): Literal {
  if (value.type === 'double') return negative ? {type: 'double', value: -value.value} : value;
  if (value.type === 'uint' && value.value > uint64Max) throw new SyntaxIssue(at, 'invalid uint literal');
  if (value.type !== 'int') return value;
  if (value.value > (negative ? int64Max + 1n : int64Max)) throw new SyntaxIssue(at, 'invalid int literal');
  return negative ? {type: 'int', value: -value.value} : value;
}
