const words: ReadonlyMap<string, null | boolean> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
]);

const integers: readonly {readonly pattern: RegExp; readonly prefix: string}[] = [
  {pattern: /^[-+]?(0|[1-9][0-9]*)$/, prefix: ''},
  {pattern: /^[-+]?0[xX][0-9a-fA-F]+$/, prefix: '0x'},
  {pattern: /^[-+]?0[bB][01]+$/, prefix: '0b'},
  {pattern: /^[-+]?0[oO]?[0-7]+$/, prefix: '0o'},
];
const floatPattern = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const notJsonPattern = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
/** No integer that fits 64 bits is longer, in whatever base. */
const integerCharsMax = 70;
const int64Max = 2n ** 63n - 1n;

/** What an unquoted scalar means, as YAML 1.1 has it; undefined for the numbers that JSON lacks. */
export function plainScalar(text: string): null | boolean | number | bigint | string | undefined {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (notJsonPattern.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  if (digits.length <= integerCharsMax) {
    for (const {pattern, prefix} of integers) if (pattern.test(digits)) return integer(digits, prefix);
  }
  if (!floatPattern.test(digits)) return text;
  const float = Number(digits);
  return Number.isFinite(float) ? float : undefined;
}

function integer(text: string, prefix: string): number | bigint {
  const digits = text.replace(/^[-+]/, '').replace(/^0[xXbBoO]?(?=.)/, '');
  const magnitude = BigInt(prefix + digits);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  const number = Number(value);
  return Number.isSafeInteger(number) || value > int64Max || value < -int64Max - 1n ? number : value;
}
