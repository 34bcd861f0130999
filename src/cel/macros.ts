import type {Expr, FoldParts, IdentExpr} from './ast.ts';
import {call, fold, ident, list, literal, map, qualifiedName, select} from './ast.ts';
import {SyntaxIssue} from './issue.ts';

/** The variable that collects the result of a macro. No source can name it. */
const accumulator = '@result';

type Loop = {readonly at: number; readonly range: Expr; readonly item: string; readonly second: string | undefined};

/** Expands a call that is a macro (spec kubernetes-api 6.6); undefined when it is an ordinary call. Throws a SyntaxIssue. */
export function expandMacro(at: number, name: string, target: Expr | undefined, args: readonly Expr[]): Expr | undefined {
  if (!target) return name === 'has' && args.length === 1 ? expandHas(at, args[0]!) : undefined;
  if (name === 'bind' && args.length === 3 && qualifiedName(target) === 'cel') {
    return bind(at, variable(args[0]!), args[1]!, args[2]!);
  }
  if (name === 'sortBy' && args.length === 2) return sortBy(at, target, variable(args[0]!), args[1]!);
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) return expandOptional(at, name, target, args);
  const one = oneVariable.get(name);
  if (one && args.length >= 2 && args.length <= one.argsMax) {
    return one.expand({at, range: target, item: variable(args[0]!), second: undefined}, args.slice(1));
  }
  const two = twoVariables.get(name);
  if (two && args.length >= 3 && args.length <= two.argsMax) {
    const [item, second] = [variable(args[0]!), variable(args[1]!)];
    if (item === second) throw new SyntaxIssue(args[1]!.at, `duplicate variable name: ${item}`);
    return two.expand({at, range: target, item, second}, args.slice(2));
  }
  return undefined;
}

function variable(expr: Expr): string {
  if (expr.kind !== 'ident') throw new SyntaxIssue(expr.at, 'argument must be a simple name');
  return (expr as IdentExpr).name;
}

function expandHas(at: number, arg: Expr): Expr {
  if (arg.kind !== 'select' || arg.mode !== 'value') throw new SyntaxIssue(arg.at, 'invalid argument to has() macro');
  return select(at, arg.operand, arg.field, 'test');
}

type Expand = (loop: Loop, args: readonly Expr[]) => Expr;
type Macro = {readonly argsMax: number; readonly expand: Expand};

const truth = (at: number, value: boolean): Expr => literal(at, {type: 'bool', value});
const int = (at: number, value: bigint): Expr => literal(at, {type: 'int', value});
const result = (at: number): Expr => ident(at, accumulator);

const over = (loop: Loop, parts: Pick<FoldParts, 'init' | 'step'> & Partial<FoldParts>): Expr =>
  fold(loop.at, {...loop, accumulator, condition: truth(loop.at, true), result: result(loop.at), ...parts});

const all: Expand = (loop, [test]) =>
  over(loop, {
    init: truth(loop.at, true),
    condition: call(loop.at, '@not_strictly_false', [result(loop.at)]),
    step: call(loop.at, '_&&_', [result(loop.at), test!]),
  });

const exists: Expand = (loop, [test]) =>
  over(loop, {
    init: truth(loop.at, false),
    condition: call(loop.at, '@not_strictly_false', [call(loop.at, '!_', [result(loop.at)])]),
    step: call(loop.at, '_||_', [result(loop.at), test!]),
  });

const existsOne: Expand = (loop, [test]) =>
  over(loop, {
    init: int(loop.at, 0n),
    step: when(test!, call(loop.at, '_+_', [result(loop.at), int(loop.at, 1n)])),
    result: call(loop.at, '_==_', [result(loop.at), int(loop.at, 1n)]),
  });

/** The step taken only where the test holds. */
const when = (test: Expr | undefined, step: Expr): Expr => (test ? call(step.at, '_?_:_', [test, step, result(step.at)]) : step);

const append = (loop: Loop, test: Expr | undefined, item: Expr): Expr =>
  over(loop, {init: list(loop.at, []), step: when(test, call(loop.at, '@append', [result(loop.at), item]))});

const transform: Expand = (loop, args) => append(loop, args.length === 2 ? args[0] : undefined, args.at(-1)!);

const transformMap: Expand = (loop, args) =>
  over(loop, {
    init: map(loop.at, []),
    step: when(args.length === 2 ? args[0] : undefined, call(loop.at, '@put', [result(loop.at), ident(loop.at, loop.item), args.at(-1)!])),
  });

const transformMapEntry: Expand = (loop, args) =>
  over(loop, {
    init: map(loop.at, []),
    step: when(args.length === 2 ? args[0] : undefined, call(loop.at, '@put', [result(loop.at), args.at(-1)!])),
  });

const oneVariable: ReadonlyMap<string, Macro> = new Map([
  ['all', {argsMax: 2, expand: all}],
  ['exists', {argsMax: 2, expand: exists}],
  ['exists_one', {argsMax: 2, expand: existsOne}],
  ['existsOne', {argsMax: 2, expand: existsOne}],
  ['map', {argsMax: 3, expand: transform}],
  ['filter', {argsMax: 2, expand: (loop, [test]) => append(loop, test, ident(loop.at, loop.item))}],
]);

const twoVariables: ReadonlyMap<string, Macro> = new Map([
  ['all', {argsMax: 3, expand: all}],
  ['exists', {argsMax: 3, expand: exists}],
  ['existsOne', {argsMax: 3, expand: existsOne}],
  ['exists_one', {argsMax: 3, expand: existsOne}],
  ['transformList', {argsMax: 4, expand: transform}],
  ['transformMap', {argsMax: 4, expand: transformMap}],
  ['transformMapEntry', {argsMax: 4, expand: transformMapEntry}],
]);

/** A variable is the accumulator of a fold over nothing. */
const bind = (at: number, name: string, init: Expr, body: Expr): Expr =>
  fold(at, {
    range: list(at, []),
    item: '@unused',
    second: undefined,
    accumulator: name,
    init,
    condition: truth(at, false),
    step: ident(at, name),
    result: body,
  });

/** The list is sorted by what is made of each of its items. */
function sortBy(at: number, target: Expr, item: string, key: Expr): Expr {
  const held = '@sorted';
  const keys = transform({at, range: ident(at, held), item, second: undefined}, [key]);
  return bind(at, held, target, call(at, '@sortByAssociatedKeys', [keys], ident(at, held)));
}

/** The target is bound first, so that chains of these macros do not double with each link. */
function expandOptional(at: number, macro: string, target: Expr, args: readonly Expr[]): Expr {
  const held = '@target';
  const inner = bind(at, variable(args[0]!), call(at, 'value', [], ident(at, held)), args[1]!);
  const present = call(at, 'hasValue', [], ident(at, held));
  const optional = ident(at, 'optional');
  const some = macro === 'optMap' ? call(at, 'of', [inner], optional) : inner;
  return bind(at, held, target, call(at, '_?_:_', [present, some, call(at, 'none', [], optional)]));
}
