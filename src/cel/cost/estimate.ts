import type {CallExpr, Expr, FoldExpr, ListExpr, MapExpr, SelectExpr} from '../ast.ts';
import {qualifiedName} from '../ast.ts';
import type {Checked} from '../checker.ts';
import type {Type} from '../types.ts';
import {optionalName} from '../types.ts';
import type {CallArguments} from './call-costs.ts';
import {callCost} from './call-costs.ts';
import type {Place} from './schema-sizes.ts';
import {elementPlace, fieldPlace, keysPlace, sizeMaxAt} from './schema-sizes.ts';
import type {Size} from './size.ts';
import {atMost, capped, either, exactly, plus, unknown} from './size.ts';

/**
 * What a checked expression costs at most, whatever value of the schema at `root` its variables hold (spec kubernetes-api 6.6).
 * The numbers are those of cel-go as Kubernetes uses it, with their peculiarities: which definitions are accepted depends on them.
 */
export function estimateCost(expr: Expr, checked: Checked, root: Place): number {
  return new Estimator(checked, root).cost(expr);
}

/** Sizes of what a list or map made by the expression holds. */
type Entry = {readonly list: boolean; readonly key: Size; readonly value: Size};
type Local = {
  readonly place: Place | undefined;
  readonly size?: Size | undefined;
  readonly entry?: Entry | undefined;
  /** What it costs to name it, where that is more than a step. */
  readonly cost?: number;
};

const listCost = 10;
const mapCost = 30;
const none = exactly(0);

class Estimator {
  readonly #checked: Checked;
  readonly #root: Place;
  readonly #places = new Map<Expr, Place | undefined>();
  readonly #sizes = new Map<Expr, Size>();
  readonly #entries = new Map<Expr, Entry>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, root: Place) {
    this.#checked = checked;
    this.#root = root;
  }

  cost(expr: Expr): number {
    switch (expr.kind) {
      case 'literal':
        return 0;
      case 'ident': {
        const local = this.#local(expr);
        this.#places.set(expr, local ? local.place : this.#root);
        return local?.cost ?? 1;
      }
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'fold':
        return isBinding(expr) ? this.#binding(expr) : this.#fold(expr);
      case 'message':
        throw new Error('messages are checked, not made');
    }
  }

  #select(expr: SelectExpr): number {
    const operand = this.cost(expr.operand);
    if (expr.mode === 'test') return operand;
    if (expr.mode === 'optional') return operand + 1;
    const {kind} = this.#checked.type(expr.operand);
    this.#places.set(
      expr,
      this.#below(expr.operand, place => fieldPlace(place, expr.field)),
    );
    return capped(operand + (kind === 'map' || kind === 'object' ? 1 : 0));
  }

  /** The place that a step leads to. Steps that begin at a value without a place begin at the root: so they do in cel-go. */
  #below(expr: Expr, step: (place: Place) => Place): Place {
    const place = this.#place(expr);
    return place === undefined ? this.#root : step(place);
  }

  #place(expr: Expr): Place | undefined {
    const local = this.#local(expr);
    return local ? local.place : this.#places.get(expr);
  }

  #local(expr: Expr): Local | undefined {
    return expr.kind === 'ident' ? this.#locals.get(expr.name)?.at(-1) : undefined;
  }

  #list(expr: ListExpr): number {
    const costs = expr.items.map(item => this.cost(item.value));
    this.#entries.set(expr, {list: true, key: exactly(1), value: this.#union(expr.items.map(item => item.value))});
    return sum([listCost, ...costs]);
  }

  #map(expr: MapExpr): number {
    const costs = expr.entries.flatMap(entry => [this.cost(entry.key), this.cost(entry.value)]);
    const [key, value] = [expr.entries.map(entry => entry.key), expr.entries.map(entry => entry.value)].map(each => this.#union(each));
    this.#entries.set(expr, {list: false, key: key!, value: value!});
    return sum([mapCost, ...costs]);
  }

  #union(exprs: readonly Expr[]): Size {
    return exprs.map(expr => this.#sizeOrUnknown(expr)).reduce<Size | undefined>((a, b) => (a ? either(a, b) : b), undefined) ?? none;
  }

  #binding(expr: FoldExpr): number {
    const {init, accumulator, result} = expr;
    const begun = this.cost(init);
    // `optMap` is expanded so that its target stands once; in cel-go it stands twice.
    const twice = accumulator === '@target';
    const local: Local = {place: this.#place(init), size: this.#size(init), entry: this.#entry(init), ...(twice && {cost: begun})};
    const cost = this.#with(new Map([[accumulator, local]]), () => this.cost(result));
    this.#copy(expr, result);
    return capped(twice ? cost : listCost + begun + cost);
  }

  #fold(expr: FoldExpr): number {
    const range = this.cost(expr.range);
    const begun = this.cost(expr.init);
    const accumulated: Local = {place: this.#place(expr.init), size: this.#size(expr.init), entry: this.#entry(expr.init)};
    const locals = new Map([[expr.accumulator, accumulated], ...this.#iterated(expr)]);
    const round = this.#with(locals, () => sum([this.cost(expr.condition), this.cost(expr.step)]));
    const result = this.#with(new Map([[expr.accumulator, accumulated]]), () => this.cost(expr.result));
    const count = this.#sizeOrUnknown(expr.range);
    const {kind} = expr.init;
    if (kind === 'literal') this.#keep(expr, this.#size(expr.init));
    else if (kind === 'list' || kind === 'map') {
      this.#keep(expr, count);
      this.#keepEntry(expr, this.#entry(expr.step));
    }
    return sum([range, begun, result, capped(count.max * round)]);
  }

  /** The variables of a loop. */
  #iterated({range, item, second}: FoldExpr): [string, Local][] {
    const entry = this.#entry(range);
    const isList = entry ? entry.list : this.#checked.type(range).kind === 'list';
    const key: Local = {place: this.#below(range, isList ? () => 'lost' : keysPlace), size: entry?.key};
    const value: Local = {place: this.#below(range, elementPlace), size: entry?.value};
    if (second === undefined) return [[item, isList ? value : key]];
    return [
      [item, key],
      [second, value],
    ];
  }

  #with<T>(locals: ReadonlyMap<string, Local>, run: () => T): T {
    for (const [name, local] of locals) {
      const known = this.#locals.get(name);
      if (known) known.push(local);
      else this.#locals.set(name, [local]);
    }
    const result = run();
    for (const name of locals.keys()) this.#locals.get(name)!.pop();
    return result;
  }

  #call(expr: CallExpr): number {
    const reference = this.#checked.reference(expr);
    if (reference?.kind !== 'function') throw new Error(`unresolved call of ${expr.name}`);
    const {args, overloads} = reference;
    if (expr.name === '@append') return this.#append(expr, args as [Expr, Expr]);
    const costs = args.map(arg => this.cost(arg));
    if (expr.name === '_?_:_') return this.#conditional(expr, args as [Expr, Expr, Expr], costs as [number, number, number]);
    if (expr.name === '_&&_' || expr.name === '_||_') return sum(costs);
    if (expr.name === 'dyn') this.#copy(expr, args[0]!);

    const member = overloads[0]!.member;
    const name = expr.target && !member ? `${qualifiedName(expr.target)}.${expr.name}` : expr.name;
    const given = this.#arguments(args);
    let most = 0;
    let size: Size | undefined;
    for (const {params} of overloads) {
      const called = callCost(name, params, given);
      most = Math.max(most, called.cost);
      size = called.size && size ? either(size, called.size) : (called.size ?? size);
      if (name === '_[_]' && args.length === 2 && (params[0]!.kind === 'list' || params[0]!.kind === 'map')) {
        size = this.#entry(args[0]!)?.value;
        this.#places.set(expr, this.#below(args[0]!, elementPlace));
      }
      size ??= this.#size(expr);
    }
    if (name === '_+_') this.#keepEntry(expr, joined(this.#entry(args[0]!), this.#entry(args[1]!)));
    this.#keep(expr, size);
    return sum([most, ...costs]);
  }

  #arguments(args: readonly Expr[]): CallArguments {
    return {
      size: i => this.#sizeOrUnknown(args[i]!),
      type: i => this.#checked.type(args[i]!),
      itemSize: i => {
        const place = this.#place(args[i]!);
        const max = place === undefined ? undefined : sizeMaxAt(elementPlace(place));
        return max === undefined ? unknown : atMost(max);
      },
      integer: i => {
        const arg = args[i];
        return arg?.kind === 'literal' && arg.literal.type === 'int' ? Number(arg.literal.value) : undefined;
      },
    };
  }

  /** In cel-go macros add a list of one item to what they have. */
  #append(expr: CallExpr, [list, item]: readonly [Expr, Expr]): number {
    const costs = [this.cost(list), this.cost(item)];
    this.#keep(expr, plus(this.#sizeOrUnknown(list), exactly(1)));
    this.#keepEntry(expr, joined(this.#entry(list), {list: true, key: exactly(1), value: this.#sizeOrUnknown(item)}));
    return sum([1, listCost, ...costs]);
  }

  #conditional(expr: CallExpr, [, yes, no]: readonly [Expr, Expr, Expr], costs: readonly [number, number, number]): number {
    this.#keep(expr, either(this.#sizeOrUnknown(yes), this.#sizeOrUnknown(no)));
    this.#keepEntry(expr, joined(this.#entry(yes), this.#entry(no)));
    return sum([costs[0], Math.max(costs[1], costs[2])]);
  }

  #keep(expr: Expr, size: Size | undefined): void {
    if (size) this.#sizes.set(expr, size);
  }

  #keepEntry(expr: Expr, entry: Entry | undefined): void {
    if (entry) this.#entries.set(expr, entry);
  }

  #copy(to: Expr, from: Expr): void {
    this.#keep(to, this.#size(from));
    this.#keepEntry(to, this.#entry(from));
  }

  #entry(expr: Expr): Entry | undefined {
    return this.#entries.get(expr) ?? this.#local(expr)?.entry;
  }

  #sizeOrUnknown(expr: Expr): Size {
    return this.#size(expr) ?? unknown;
  }

  #size(expr: Expr): Size | undefined {
    const found = this.#sizes.get(expr) ?? writtenSize(expr);
    if (found) return found;
    const place = this.#place(expr);
    const max = place === undefined ? undefined : sizeMaxAt(place);
    if (max !== undefined) return atMost(max);
    return isScalar(this.#checked.type(expr)) ? exactly(1) : this.#local(expr)?.size;
  }
}

const sum = (costs: readonly number[]): number => capped(costs.reduce((a, b) => a + b, 0));

/** `cel.bind` and the like: a loop over nothing. */
const isBinding = ({range, condition}: FoldExpr): boolean =>
  range.kind === 'list' && range.items.length === 0 && condition.kind === 'literal' && condition.literal.value === false;

const joined = (a: Entry | undefined, b: Entry | undefined): Entry | undefined =>
  a && b && {list: a.list, key: either(a.key, b.key), value: either(a.value, b.value)};

/** The size of what the source spells out. */
function writtenSize(expr: Expr): Size | undefined {
  switch (expr.kind) {
    case 'literal': {
      const {type, value} = expr.literal;
      return exactly(type === 'string' ? [...value].length : type === 'bytes' ? value.length : 1);
    }
    case 'list':
      return exactly(expr.items.length);
    case 'map':
      return exactly(expr.entries.length);
    default:
      return undefined;
  }
}

const scalars: ReadonlySet<Type['kind']> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);
const isScalar = (type: Type): boolean =>
  type.kind === 'opaque' && type.name === optionalName ? isScalar(type.params[0]!) : scalars.has(type.kind);
