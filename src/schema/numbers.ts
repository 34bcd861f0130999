import type {Json} from '../api/json.ts';

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const int32Min = -(2 ** 31);
const int32Max = 2 ** 31 - 1;
const float32Max = 3.4028234663852886e38;

/** Whether Go would keep `value` as an int64, or as a float that is one: `1.0` counts, `1e300` does not. */
export const isInteger = (value: Json): value is number | bigint =>
  typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'bigint' && value >= int64Min && value <= int64Max;

export const isNumber = (value: Json): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

/** Whether `value` is whole and within an int64, however it was written. */
export const fitsInt64 = (value: number | bigint): boolean =>
  (typeof value === 'bigint' || Number.isInteger(value)) && value >= int64Min && value <= int64Max;

export const fitsInt32 = (value: number | bigint): boolean => fitsInt64(value) && value >= int32Min && value <= int32Max;

export const fitsFloat32 = (value: number | bigint): boolean => value >= -float32Max && value <= float32Max;

/** Whether `value` is a multiple of `factor`, with the tolerance for fractions that clients are used to. */
export function isMultiple(value: number | bigint, factor: number): boolean {
  if (factor === 0) return false;
  if (typeof value === 'bigint') return Number.isInteger(factor) ? value % BigInt(factor) === 0n : isMultiple(Number(value), factor);
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

/** A number as Go's `%v` prints it: `1e+06` for a float, plain digits for whole bounds of whole numbers. */
export function printBound(bound: number, value: number | bigint): string {
  if (Number.isInteger(bound) && isInteger(value)) return String(bound);
  const exponent = bound === 0 ? 0 : Number(bound.toExponential().split('e')[1]);
  if (exponent >= -4 && exponent < 21) return String(bound);
  return bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
