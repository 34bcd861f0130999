import type {Meter} from './meter.ts';
import type {Type} from './types.ts';
import {optionalName} from './types.ts';
import type {AnyMap, Double, Duration, Int, Opaque, Optional, Timestamp, TypeValue, Uint, Value} from './values.ts';
import {
  Double as DoubleClass,
  Duration as DurationClass,
  isInt,
  isList,
  isMap,
  Opaque as OpaqueClass,
  Optional as OptionalClass,
  Timestamp as TimestampClass,
  TypeValue as TypeValueClass,
  Uint as UintClass,
} from './values.ts';

type Simple = {
  bool: boolean;
  int: Int;
  uint: Uint;
  double: Double;
  string: string;
  bytes: Uint8Array;
  timestamp: Timestamp;
  duration: Duration;
  list: readonly Value[];
  map: AnyMap;
  null: null;
  type: TypeValue;
};
/** The values of a type. */
type ValueOf<T extends Type> = T['kind'] extends keyof Simple
  ? Simple[T['kind']]
  : T extends {kind: 'opaque'; name: typeof optionalName}
    ? Optional
    : T extends {kind: 'opaque'}
      ? Opaque
      : Value;
type ValuesOf<P extends readonly Type[]> = {-readonly [K in keyof P]: ValueOf<P[K]>};

/** One way to call a function. */
export type Overload = {
  /** Called as `target.name(…)`; the target is the first parameter. */
  readonly member: boolean;
  readonly params: readonly Type[];
  readonly result: Type;
  /** Whether values fit the parameters, which matters where the checker saw only `dyn`. */
  readonly accepts: readonly ((value: Value) => boolean)[];
  /** What a call costs, by Kubernetes' numbers. */
  readonly cost: (...args: Value[]) => number;
  /** Called with values that fit, and the meter last. Throws a Failure. */
  readonly run: (...args: [...Value[], Meter]) => Value;
};
/** Functions by name. Operators are functions too: `_+_`, `!_`. */
export type Functions = ReadonlyMap<string, readonly Overload[]>;
/** What libraries are written as. */
export type Declaration = readonly [name: string, overload: Overload];

type Run<P extends readonly Type[]> = (...args: [...ValuesOf<P>, Meter]) => Value;
type Cost<P extends readonly Type[]> = (...args: ValuesOf<P>) => number;

const constant = (): number => 1;

function overload<P extends readonly Type[]>(member: boolean, params: P, result: Type, run: Run<P>, cost?: Cost<P>): Overload {
  return {
    member,
    params,
    result,
    accepts: params.map(accepting),
    cost: (cost ?? constant) as Overload['cost'],
    run: run as unknown as Overload['run'],
  };
}

/** Declares `name(…)`. */
export const define = <const P extends readonly Type[]>(
  name: string,
  params: P,
  result: Type,
  run: Run<P>,
  cost?: Cost<P>,
): Declaration => [name, overload(false, params, result, run, cost)];

/** Declares `target.name(…)`, the target being the first parameter. */
export const method = <const P extends readonly Type[]>(
  name: string,
  params: P,
  result: Type,
  run: Run<P>,
  cost?: Cost<P>,
): Declaration => [name, overload(true, params, result, run, cost)];

/** Gathers the declarations of libraries. */
export function functionsOf(...libraries: readonly (readonly Declaration[])[]): Functions {
  const functions = new Map<string, Overload[]>();
  for (const [name, each] of libraries.flat()) {
    const known = functions.get(name);
    if (known) known.push(each);
    else functions.set(name, [each]);
  }
  return functions;
}

const anything = (): boolean => true;
const checks: {readonly [kind in Type['kind']]?: (value: Value) => boolean} = {
  null: value => value === null,
  bool: value => typeof value === 'boolean',
  int: isInt,
  uint: value => value instanceof UintClass,
  double: value => value instanceof DoubleClass,
  string: value => typeof value === 'string',
  bytes: value => value instanceof Uint8Array,
  timestamp: value => value instanceof TimestampClass,
  duration: value => value instanceof DurationClass,
  list: isList,
  map: isMap,
  type: value => value instanceof TypeValueClass,
};

function accepting(type: Type): (value: Value) => boolean {
  if (type.kind !== 'opaque') return checks[type.kind] ?? anything;
  const {name} = type;
  if (name === optionalName) return value => value instanceof OptionalClass;
  return value => value instanceof OpaqueClass && value.typeName === name;
}
