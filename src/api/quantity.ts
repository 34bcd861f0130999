/** Amounts of resources: a decimal number with a suffix such as `m`, `k`, `Mi` or `e3`. */

export const quantityForm = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';
export const quantityText = `quantities must match the regular expression '${quantityForm}'`;

const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:(n|u|m|k|M|G|T|P|E)|([KMGTPE])i|[eE]([+-]?\d{1,3}))?$/;
const decimal: {readonly [suffix: string]: number} = {n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18};
const binary = ['K', 'M', 'G', 'T', 'P', 'E'];

/** Longer ones are refused: no resource needs them. */
const quantityCharsMax = 64;

export type Quantity = {
  /** As a fraction, exactly. */
  readonly numerator: bigint;
  readonly denominator: bigint;
};

/** The amount that `text` stands for; undefined when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = text.length <= quantityCharsMax ? parts.exec(text) : null;
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', suffix, power, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const tens = Number(exponent ?? 0) + (suffix === undefined ? 0 : decimal[suffix]!) - fraction.length;
  const twos = power === undefined ? 0 : 10 * (binary.indexOf(power) + 1);
  const numerator = digits * 2n ** BigInt(twos) * (tens > 0 ? 10n ** BigInt(tens) : 1n);
  return {numerator, denominator: tens < 0 ? 10n ** BigInt(-tens) : 1n};
}

export const isWhole = (quantity: Quantity): boolean => quantity.numerator % quantity.denominator === 0n;

const thousands = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** How Kubernetes writes a whole amount: 1000 is `1k`. */
export function printWhole(amount: bigint): string {
  let rest = amount;
  let power = 0;
  for (; rest !== 0n && rest % 1000n === 0n && power < thousands.length - 1; power++) rest /= 1000n;
  return `${rest}${thousands[power]}`;
}
