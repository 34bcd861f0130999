import {parseQuantity, quantityText} from '../../api/quantity.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {traversal} from '../meter.ts';
import {bool, double, int, opaque, string} from '../types.ts';
import type {Int, Value} from '../values.ts';
import {Double, Failure, Opaque, toInt} from '../values.ts';

const quantityType = opaque('kubernetes.Quantity');

/** An amount of a resource, exactly. */
class Quantity extends Opaque {
  readonly typeName = quantityType.name;
  readonly numerator: bigint;
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator: bigint) {
    super();
    this.numerator = numerator;
    this.denominator = denominator;
  }

  equals(other: Opaque): boolean {
    return other instanceof Quantity && order(this, other) === 0;
  }
}

function parse(text: string): Quantity | undefined {
  const parsed = parseQuantity(text);
  return parsed && new Quantity(parsed.numerator, parsed.denominator);
}

function quantity(text: string): Quantity {
  const parsed = parse(text);
  if (parsed) return parsed;
  throw new Failure(quantityText);
}

function order(a: Quantity, b: Quantity): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Denominators are powers of ten: the larger serves both. */
function add(a: Quantity, b: Quantity, sign: bigint): Quantity {
  const {denominator} = a.denominator < b.denominator ? b : a;
  const [left, right] = [a, b].map(each => each.numerator * (denominator / each.denominator)) as [bigint, bigint];
  return new Quantity(left + sign * right, denominator);
}

const isInteger = ({numerator, denominator}: Quantity): boolean =>
  numerator % denominator === 0n && BigInt.asIntN(64, numerator / denominator) === numerator / denominator;

function asInteger(value: Quantity): Int {
  if (!isInteger(value)) throw new Failure('cannot convert value to integer');
  return toInt(value.numerator / value.denominator);
}

const sign = ({numerator}: Quantity): number => (numerator < 0n ? -1 : numerator > 0n ? 1 : 0);
const one = (read: (value: Quantity) => Value) => (value: Opaque) => read(value as Quantity);
const two = (join: (a: Quantity, b: Quantity) => Value) => (a: Opaque, b: Opaque) => join(a as Quantity, b as Quantity);
const withInt = (factor: bigint) => (a: Opaque, b: Int) => add(a as Quantity, new Quantity(BigInt(b), 1n), factor);
const once = (text: string): number => traversal(text.length);

/** Amounts such as `1.5Gi` and `200m`. */
export const quantities: readonly Declaration[] = [
  define('quantity', [string], quantityType, quantity, once),
  define('isQuantity', [string], bool, text => parse(text) !== undefined, once),
  method('sign', [quantityType], int, one(sign)),
  method('isInteger', [quantityType], bool, one(isInteger)),
  method('asInteger', [quantityType], int, one(asInteger)),
  method(
    'asApproximateFloat',
    [quantityType],
    double,
    one(value => new Double(Number(value.numerator) / Number(value.denominator))),
  ),
  method(
    'isGreaterThan',
    [quantityType, quantityType],
    bool,
    two((a, b) => order(a, b) > 0),
  ),
  method(
    'isLessThan',
    [quantityType, quantityType],
    bool,
    two((a, b) => order(a, b) < 0),
  ),
  method('compareTo', [quantityType, quantityType], int, two(order)),
  method(
    'add',
    [quantityType, quantityType],
    quantityType,
    two((a, b) => add(a, b, 1n)),
  ),
  method('add', [quantityType, int], quantityType, withInt(1n)),
  method(
    'sub',
    [quantityType, quantityType],
    quantityType,
    two((a, b) => add(a, b, -1n)),
  ),
  method('sub', [quantityType, int], quantityType, withInt(-1n)),
];
