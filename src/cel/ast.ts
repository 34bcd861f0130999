import {SyntaxIssue} from './issue.ts';

/** What every node knows: where it stands in the source, and how many levels of nodes are below and including it. */
type Node = {readonly at: number; readonly height: number};

export type Literal =
  | {readonly type: 'null'; readonly value: null}
  | {readonly type: 'bool'; readonly value: boolean}
  | {readonly type: 'int' | 'uint'; readonly value: bigint}
  | {readonly type: 'double'; readonly value: number}
  | {readonly type: 'string'; readonly value: string}
  | {readonly type: 'bytes'; readonly value: Uint8Array};

type LiteralExpr = Node & {readonly kind: 'literal'; readonly literal: Literal};
export type IdentExpr = Node & {readonly kind: 'ident'; readonly name: string};
/** `a.b`; `a.?b` when `optional`; `has(a.b)` when `test`. */
export type SelectExpr = Node & {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly mode: 'value' | 'optional' | 'test';
};
/** A call of a function, or of an operator by its name such as `_+_`. */
export type CallExpr = Node & {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
};
export type ListItem = {readonly value: Expr; readonly optional: boolean};
export type ListExpr = Node & {readonly kind: 'list'; readonly items: readonly ListItem[]};
export type MapEntry = {readonly key: Expr; readonly value: Expr; readonly optional: boolean};
export type MapExpr = Node & {readonly kind: 'map'; readonly entries: readonly MapEntry[]};
/** `at` is the colon. */
export type MessageField = {readonly at: number; readonly name: string; readonly value: Expr; readonly optional: boolean};
/** `Type{field: value}`. */
export type MessageExpr = Node & {readonly kind: 'message'; readonly name: string; readonly fields: readonly MessageField[]};

export type FoldParts = {
  readonly range: Expr;
  /** Bound to each item of a list or key of a map; to the index or key when there is a second. */
  readonly item: string;
  /** Bound to each item of a list or value of a map. */
  readonly second: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  /** Goes on while true. */
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
};
/** What all macros over lists and maps become. */
export type FoldExpr = Node & FoldParts & {readonly kind: 'fold'};

export type Expr = LiteralExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | MessageExpr | FoldExpr;

/** Levels of nodes within each other: everything that walks the tree recurses so deep. */
const heightMax = 400;

function over(at: number, children: readonly Expr[]): number {
  let height = 1;
  for (const child of children) height = Math.max(height, child.height + 1);
  if (height > heightMax) throw new SyntaxIssue(at, `expression recursion limit exceeded: ${heightMax}`);
  return height;
}

export const literal = (at: number, value: Literal): Expr => ({kind: 'literal', at, height: 1, literal: value});
export const ident = (at: number, name: string): Expr => ({kind: 'ident', at, height: 1, name});
export const select = (at: number, operand: Expr, field: string, mode: SelectExpr['mode'] = 'value'): Expr => ({
  kind: 'select',
  at,
  height: over(at, [operand]),
  operand,
  field,
  mode,
});
export const call = (at: number, name: string, args: readonly Expr[], target?: Expr): Expr => ({
  kind: 'call',
  at,
  height: over(at, target ? [target, ...args] : args),
  name,
  target,
  args,
});
export const list = (at: number, items: readonly ListItem[]): Expr => ({
  kind: 'list',
  at,
  height: over(
    at,
    items.map(item => item.value),
  ),
  items,
});
export const map = (at: number, entries: readonly MapEntry[]): Expr => ({
  kind: 'map',
  at,
  height: over(
    at,
    entries.flatMap(entry => [entry.key, entry.value]),
  ),
  entries,
});
export const message = (at: number, name: string, fields: readonly MessageField[]): Expr => ({
  kind: 'message',
  at,
  height: over(
    at,
    fields.map(field => field.value),
  ),
  name,
  fields,
});
export const fold = (at: number, parts: FoldParts): Expr => ({
  kind: 'fold',
  at,
  height: over(at, [parts.range, parts.init, parts.condition, parts.step, parts.result]),
  ...parts,
});

/** `a.b.c` of plain names as one text; undefined for anything else. */
export function qualifiedName(expr: Expr): string | undefined {
  const names: string[] = [];
  let at = expr;
  while (at.kind === 'select' && at.mode === 'value') {
    names.unshift(at.field);
    at = at.operand;
  }
  return at.kind === 'ident' ? [at.name, ...names].join('.') : undefined;
}
