/** Amounts of resources: a decimal number with a suffix such as `m`, `k`, `Mi` or `e3`. */

export const quantityForm = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$';
export const quantityText = `quantities must match the regular expression '${quantityForm}'`;

const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:(n|u|m|k|M|G|T|P|E)|([KMGTPE])i|([eE])([+-]?\d{1,3}))?$/;
const decimal: {readonly [suffix: string]: number} = {n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18};
const binary = ['K', 'M', 'G', 'T', 'P', 'E'];

/** Longer ones are refused: no resource needs them. */
const quantityCharsMax = 64;

export type Quantity = {
  /** As a fraction, exactly. */
  readonly numerator: bigint;
  readonly denominator: bigint;
};

/** An amount as it was written. */
type Written = Quantity & {
  readonly form: 'decimal' | 'binary' | 'exponent';
  /** All digits, without zeros in front but for the one before a point. */
  readonly digits: string;
  /** Powers of ten and of two by which the digits are multiplied. */
  readonly tens: number;
  readonly twos: number;
  readonly hasFraction: boolean;
};

/** The amount that `text` stands for; undefined when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const written = parse(text);
  return written && {numerator: written.numerator, denominator: written.denominator};
}

/** Why `text` is no amount, as Kubernetes says it; undefined when it is one. */
export function quantityError(text: string): string | undefined {
  if (parse(text)) return undefined;
  return /^[+-]?\d+(\.\d*)?[eEinumkKMGTP]+$/.test(text) ? "unable to parse quantity's suffix" : quantityText;
}

function parse(text: string): Written | undefined {
  const match = text.length <= quantityCharsMax ? parts.exec(text) : null;
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', suffix, power, mark, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const amount = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const tens = Number(exponent ?? 0) + (suffix === undefined ? 0 : decimal[suffix]!) - fraction.length;
  const twos = power === undefined ? 0 : 10 * (binary.indexOf(power) + 1);
  return {
    numerator: amount * 2n ** BigInt(twos) * (tens > 0 ? 10n ** BigInt(tens) : 1n),
    denominator: tens < 0 ? 10n ** BigInt(-tens) : 1n,
    form: mark ? 'exponent' : power ? 'binary' : 'decimal',
    digits: (whole.replace(/^0+/, '') || '0') + fraction,
    tens,
    twos,
    hasFraction: fraction !== '',
  };
}

export const isWhole = (quantity: Quantity): boolean => quantity.numerator % quantity.denominator === 0n;

/** Texts of this many digits at most are left as they are, when they are in order. */
const keptDigitsMax = 18;
const binaryMax = 2n ** 63n - 1n;
const nano = 10n ** 9n;

/**
 * How Kubernetes writes back an amount that was sent: `1000` is `1k`, `1024Ki` is `1Mi`, `1.5Gi` is `1536Mi`, and less than a
 * billionth is a billionth. Undefined when `text` is no amount.
 */
export function canonicalQuantity(text: string): string | undefined {
  const written = parse(text);
  if (!written) return undefined;
  if (isKept(written)) return text;
  const {form, numerator} = written;
  if (numerator === 0n) return '0';
  if (form === 'binary') {
    const amount = isWhole(written) ? numerator / written.denominator : undefined;
    if (amount !== undefined && magnitude(amount) >= 1024n) return printBinary(amount);
  }
  return printDecimal(inNano(written), form === 'exponent');
}

/** Whether Kubernetes gives the text back as it came. */
function isKept({form, digits, tens, twos, hasFraction}: Written): boolean {
  if (form === 'binary') {
    const precision = 15 - digits.length - Math.trunc((twos * 3) / 10) - 1;
    return !hasFraction && precision >= 0 && (BigInt(digits) & 7n) !== 0n;
  }
  return digits.length <= keptDigitsMax && tens >= -9 && tens % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

const magnitude = (amount: bigint): bigint => (amount < 0n ? -amount : amount);

/** Billionths, rounded away from zero. */
function inNano({numerator, denominator}: Quantity): bigint {
  const scaled = magnitude(numerator) * nano;
  const rounded = (scaled + denominator - 1n) / denominator;
  return numerator < 0n ? -rounded : rounded;
}

function printBinary(amount: bigint): string {
  let rest = amount < binaryMax ? amount : binaryMax;
  let power = 0;
  for (; magnitude(rest) >= 1024n && rest % 1024n === 0n; power++) rest /= 1024n;
  return `${rest}${power === 0 ? '' : `${binary[power - 1]}i`}`;
}

const thousands: {readonly [exponent: number]: string} = {
  '-9': 'n',
  '-6': 'u',
  '-3': 'm',
  0: '',
  3: 'k',
  6: 'M',
  9: 'G',
  12: 'T',
  15: 'P',
  18: 'E',
};

/** `amount` in billionths, and not zero. */
function printDecimal(amount: bigint, asExponent: boolean): string {
  let rest = amount;
  let exponent = -9;
  const exponentMax = asExponent ? Number.POSITIVE_INFINITY : 18;
  for (; rest % 1000n === 0n && exponent < exponentMax; exponent += 3) rest /= 1000n;
  if (exponent === 0) return String(rest);
  return `${rest}${asExponent ? `e${exponent}` : thousands[exponent]}`;
}

/** How Kubernetes writes a whole amount: 1000 is `1k`. */
export const printWhole = (amount: bigint): string => (amount === 0n ? '0' : printDecimal(amount * nano, false));
