import {indexValue, optionalIndex, selectField, testField} from './access.ts';
import {adapterOf} from './adapter.ts';
import type {CallExpr, Expr, FoldExpr, ListExpr, Literal, MapExpr, MessageExpr, SelectExpr} from './ast.ts';
import type {Checked} from './checker.ts';
import {equals} from './equality.ts';
import type {Overload} from './functions.ts';
import {comparerOf, union} from './list-kinds.ts';
import {Message} from './messages.ts';
import type {Meter} from './meter.ts';
import {traversal} from './meter.ts';
import type {Field, Type} from './types.ts';
import {optionalName} from './types.ts';
import type {Value} from './values.ts';
import {
  Double,
  Failure,
  isInt,
  isList,
  isMap,
  lift,
  MapValue,
  mapGet,
  mapKeys,
  Optional,
  sizeOf,
  TypeValue,
  toInt,
  typeName,
  Uint,
} from './values.ts';

/** The variables of one evaluation by their slots, and what it has spent. A slot may hold a failure that nothing has asked for yet. */
type Frame = {readonly slots: (Value | Failure)[]; readonly meter: Meter};
/** A compiled node: its value in a frame. Throws a Failure, or BudgetExceeded. */
export type Step = (frame: Frame) => Value;

/** Turns a checked expression into closures. */
export function compileExpr(expr: Expr, checked: Checked): Step {
  switch (expr.kind) {
    case 'literal': {
      const value = literalValue(expr.literal);
      return () => value;
    }
    case 'ident':
      return compileReference(expr, checked)!;
    case 'select':
      return compileReference(expr, checked) ?? compileSelect(expr, checked);
    case 'call':
      return special.get(expr.name)?.(expr, checked) ?? compileCall(expr, checked);
    case 'list':
      return compileList(expr, checked);
    case 'map':
      return compileMap(expr, checked);
    case 'fold':
      return compileFold(expr, checked);
    case 'message':
      return compileMessage(expr, checked);
  }
}

function literalValue(literal: Literal): Value {
  if (literal.type === 'int') return toInt(literal.value);
  if (literal.type === 'uint') return new Uint(literal.value);
  return literal.type === 'double' ? new Double(literal.value) : literal.value;
}

function compileReference(expr: Expr, checked: Checked): Step | undefined {
  const reference = checked.reference(expr);
  if (reference?.kind === 'type') {
    const value = new TypeValue(reference.name);
    return frame => {
      frame.meter.charge(1);
      return value;
    };
  }
  if (reference?.kind !== 'variable') return undefined;
  const {slot} = reference.variable;
  return ({slots, meter}) => {
    meter.charge(1);
    const value = slots[slot]!;
    if (value instanceof Failure) throw value;
    return value;
  };
}

/** Names and fields are one path to cel-go; a path that starts at any other value costs one more. */
const pathStart = (operand: Expr): number => {
  const plain = operand.kind === 'ident' || operand.kind === 'select' || (operand.kind === 'call' && /^_\[\??_\]$/.test(operand.name));
  return plain ? 0 : 1;
};

function compileSelect(expr: SelectExpr, checked: Checked): Step {
  const operand = compileExpr(expr.operand, checked);
  const declared = declaredField(checked.type(expr.operand), expr.field);
  const access = {field: expr.field, key: declared?.key ?? expr.field, declared: declared !== undefined && !declared.nullable};
  const adapt = declared && adapterOf(declared.type);
  const {mode} = expr;
  // Kubernetes asks for nothing to see whether something is there.
  const cost = (mode === 'test' ? 0 : 1) + pathStart(expr.operand);
  return frame => {
    const value = operand(frame);
    frame.meter.charge(cost);
    if (mode === 'test') return testField(value, access);
    const found = selectField(value, access, mode === 'optional');
    if (!adapt) return found;
    if (!(found instanceof Optional)) return adapt(found, frame.meter);
    return found.value === undefined ? found : new Optional(adapt(found.value, frame.meter));
  };
}

function declaredField(type: Type, name: string): Field | undefined {
  if (type.kind === 'opaque' && type.name === optionalName) return declaredField(type.params[0]!, name);
  return type.kind === 'object' ? type.fields.get(name) : undefined;
}

type Special = (expr: CallExpr, checked: Checked) => Step | undefined;

const operands = (expr: CallExpr, checked: Checked): Step[] => expr.args.map(arg => compileExpr(arg, checked));

/** Operators that do not simply take values: they may leave an operand out, or survive its failure. */
const special: ReadonlyMap<string, Special> = new Map<string, Special>([
  ['_&&_', (expr, checked) => compileLogical(expr, checked, false)],
  ['_||_', (expr, checked) => compileLogical(expr, checked, true)],
  ['_?_:_', compileConditional],
  ['@not_strictly_false', compileNotStrictlyFalse],
  ['_==_', (expr, checked) => compileEquals(expr, checked, true)],
  ['_!=_', (expr, checked) => compileEquals(expr, checked, false)],
  ['_+_', compileUnion],
  ['@in', compileMembership],
  ['_[_]', (expr, checked) => compileIndex(expr, checked, indexValue)],
  ['_[?_]', (expr, checked) => compileIndex(expr, checked, optionalIndex)],
  ['or', compileOr],
  ['orValue', compileOr],
]);

/** One operand that decides is enough, even when the other fails, whichever comes first. */
function compileLogical(expr: CallExpr, checked: Checked, decides: boolean): Step {
  const [left, right] = operands(expr, checked) as [Step, Step];
  return frame => {
    const first = attempt(left, frame);
    if (first === decides) return decides;
    const second = attempt(right, frame);
    if (second === decides) return decides;
    for (const value of [first, second]) {
      if (value instanceof Failure) throw value;
      if (typeof value !== 'boolean') throw new Failure('no such overload');
    }
    return !decides;
  };
}

function attempt(step: Step, frame: Frame): Value | Failure {
  try {
    return step(frame);
  } catch (err) {
    if (err instanceof Failure) return err;
    throw err;
  }
}

function compileConditional(expr: CallExpr, checked: Checked): Step {
  const [condition, yes, no] = operands(expr, checked) as [Step, Step, Step];
  return frame => {
    const chosen = condition(frame);
    if (typeof chosen !== 'boolean') throw new Failure('no such overload');
    return chosen ? yes(frame) : no(frame);
  };
}

function compileNotStrictlyFalse(expr: CallExpr, checked: Checked): Step {
  const [operand] = operands(expr, checked) as [Step];
  return frame => {
    const value = attempt(operand, frame);
    frame.meter.charge(1);
    return value !== false;
  };
}

function compileEquals(expr: CallExpr, checked: Checked, wanted: boolean): Step {
  const [left, right] = operands(expr, checked) as [Step, Step];
  const compare = comparerOf(checked.type(expr.args[0]!)) ?? equals;
  return frame => {
    const [a, b] = [left(frame), right(frame)];
    frame.meter.charge(traversal(Math.min(sizeOf(a), sizeOf(b))));
    return compare(a, b, frame.meter) === wanted;
  };
}

/** Adding to a list that is a set or a map. All other additions are ordinary calls. */
function compileUnion(expr: CallExpr, checked: Checked): Step | undefined {
  const type = checked.type(expr.args[0]!);
  if (type.kind !== 'list' || !type.as) return undefined;
  const kind = type.as;
  const [left, right] = operands(expr, checked) as [Step, Step];
  return frame => {
    const [a, b] = [left(frame), right(frame)];
    if (!isList(a) || !isList(b)) throw new Failure('no such overload');
    frame.meter.charge(1);
    return union(kind, a, b, frame.meter);
  };
}

/** Whether something is among texts or integers that are spelled out: it is looked up. All else is an ordinary call. */
function compileMembership(expr: CallExpr, checked: Checked): Step | undefined {
  const [item, list] = expr.args as [Expr, Expr];
  const constant = constantOf(list);
  if (constant === undefined || !isList(constant)) return undefined;
  if (!constant.every(each => typeof each === 'string' || isInt(each))) return undefined;
  const members = new MapValue();
  for (const each of new Set(constant)) members.add(each, true);
  const step = compileExpr(item, checked);
  return frame => members.get(step(frame)) !== undefined;
}

function compileIndex(expr: CallExpr, checked: Checked, access: (value: Value, index: Value) => Value): Step {
  const [operand, index] = operands(expr, checked) as [Step, Step];
  const cost = 1 + pathStart(expr.args[0]!);
  return frame => {
    const value = operand(frame);
    const at = index(frame);
    frame.meter.charge(cost);
    return access(value, at);
  };
}

/** `optional.or(other)` and `optional.orValue(value)` look at the argument only when there is nothing in the optional. */
function compileOr(expr: CallExpr, checked: Checked): Step {
  const [optional, other] = [expr.target!, ...expr.args].map(arg => compileExpr(arg, checked)) as [Step, Step];
  const unwrap = expr.name === 'orValue';
  return frame => {
    const value = optional(frame);
    if (!(value instanceof Optional)) throw new Failure('no such overload');
    if (value.value === undefined) return other(frame);
    return unwrap ? value.value : value;
  };
}

function compileCall(expr: CallExpr, checked: Checked): Step {
  const reference = checked.reference(expr);
  if (reference?.kind !== 'function') throw new Error(`unresolved call of ${expr.name}`);
  const args = reference.args.map(arg => compileExpr(arg, checked));
  const {overloads} = reference;
  const [only] = overloads;
  const choose = overloads.length === 1 ? (values: readonly Value[]) => (fits(only!, values) ? only : undefined) : chooser(overloads);
  return frame => {
    const values = args.map(arg => arg(frame));
    const overload = choose(values);
    if (!overload) throw new Failure('no such overload');
    frame.meter.charge(overload.cost(...values));
    return overload.run(...values, frame.meter);
  };
}

const chooser = (overloads: readonly Overload[]) => (values: readonly Value[]) => overloads.find(overload => fits(overload, values));
const fits = ({accepts}: Overload, values: readonly Value[]): boolean => values.every((value, i) => accepts[i]!(value));

const listCost = 10;
const mapCost = 30;
const messageCost = 40;

/** The value of what is spelled out down to its last part; undefined for all else. Kubernetes computes it once and asks for nothing. */
function constantOf(expr: Expr): Value | undefined {
  if (expr.kind === 'literal') return literalValue(expr.literal);
  if (expr.kind !== 'list' || expr.items.length === 0) return undefined;
  const items = expr.items.map(item => (item.optional ? undefined : constantOf(item.value)));
  return items.includes(undefined) ? undefined : (items as Value[]);
}

function compileList(expr: ListExpr, checked: Checked): Step {
  const constant = constantOf(expr);
  if (constant !== undefined) return () => constant;
  // Macros fill lists that begin empty.
  if (expr.items.length === 0) return () => [];
  const items = expr.items.map(item => ({step: compileExpr(item.value, checked), optional: item.optional}));
  return frame => {
    const values: Value[] = [];
    for (const {step, optional} of items) {
      const value = optional ? unwrap(step(frame)) : step(frame);
      if (value !== undefined) values.push(value);
    }
    frame.meter.charge(listCost);
    return values;
  };
}

function compileMap(expr: MapExpr, checked: Checked): Step {
  const entries = expr.entries.map(entry => ({
    key: compileExpr(entry.key, checked),
    value: compileExpr(entry.value, checked),
    optional: entry.optional,
  }));
  const isConstant = expr.entries.every(
    entry => !entry.optional && constantOf(entry.key) !== undefined && constantOf(entry.value) !== undefined,
  );
  const cost = isConstant ? 0 : mapCost;
  return frame => {
    const made = new MapValue();
    for (const {key, value, optional} of entries) {
      const at = key(frame);
      const held = optional ? unwrap(value(frame)) : value(frame);
      if (held !== undefined) made.add(at, held);
    }
    frame.meter.charge(cost);
    return made;
  };
}

function compileMessage(expr: MessageExpr, checked: Checked): Step {
  const fields = expr.fields.map(field => ({name: field.name, value: compileExpr(field.value, checked), optional: field.optional}));
  return frame => {
    const made = new Map<string, Value>();
    for (const {name, value, optional} of fields) {
      const held = optional ? unwrap(value(frame)) : value(frame);
      if (held !== undefined) made.set(name, held);
    }
    frame.meter.charge(messageCost);
    return new Message(expr.name, made);
  };
}

function unwrap(value: Value): Value | undefined {
  if (!(value instanceof Optional)) throw new Failure(`cannot initialize optional entry from non-optional value ${typeName(value)}`);
  return value.value;
}

function compileFold(expr: FoldExpr, checked: Checked): Step {
  const [range, init, condition, next, result] = [expr.range, expr.init, expr.condition, expr.step, expr.result].map(part =>
    compileExpr(part, checked),
  ) as [Step, Step, Step, Step, Step];
  const {item, second, accumulator} = checked.folds.get(expr)!;
  return frame => {
    const {slots, meter} = frame;
    const over = range(frame);
    slots[accumulator.slot] = attempt(init, frame);
    const list = isList(over);
    if (!list && !isMap(over)) throw new Failure(`got '${typeName(over)}', expected iterable type`);
    const items = list ? over : mapKeys(over);
    // Every round costs something of the meter's, even if its step is free.
    meter.work(items.length);
    for (let i = 0; i < items.length; i++) {
      const each = lift(items[i]!);
      slots[item.slot] = list && second ? i : each;
      if (second) slots[second.slot] = list ? each : mapGet(over, each)!;
      if (condition(frame) !== true) break;
      slots[accumulator.slot] = attempt(next, frame);
    }
    return result(frame);
  };
}
