import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {canonicalQuantity, parseQuantity, printWhole, quantityError, quantityText} from './quantity.ts';

test('whole amounts are written as Kubernetes writes them', () => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '0'],
    [7n, '7'],
    [999n, '999'],
    [1000n, '1k'],
    [1001n, '1001'],
    [1_500_000n, '1500k'],
    [10n ** 18n, '1E'],
    [10n ** 21n, '1000E'],
  ];
  for (const [amount, text] of cases) assert.equal(printWhole(amount), text);
});

test('a printed amount is read as the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt({min: 0n, max: 10n ** 24n}), fc.nat(6), (amount, zeros) => {
      const whole = amount * 10n ** BigInt(zeros);
      assert.deepEqual(parseQuantity(printWhole(whole)), {numerator: whole, denominator: 1n});
    }),
  );
});

test('amounts come back as Kubernetes writes them', () => {
  const cases: {readonly [text: string]: string} = {
    '0': '0',
    '000': '0',
    '0Mi': '0',
    '05': '05',
    '+5': '+5',
    '2000': '2k',
    '1000m': '1',
    '0.5': '500m',
    '1.5': '1500m',
    '-1.5': '-1500m',
    '1234567': '1234567',
    '1e3': '1e3',
    '1E1': '10',
    '5e-1': '500e-3',
    '1Mi': '1Mi',
    '1024Ki': '1Mi',
    '1.5Gi': '1536Mi',
    '.5Gi': '512Mi',
    '8Ki': '8Ki',
    '512.5': '512500m',
    '0.5Ki': '512',
    '0.0000000001': '1n',
    '-0.0000000001': '-1n',
    '100Ei': '9223372036854775807',
  };
  for (const [text, canonical] of Object.entries(cases)) assert.equal(canonicalQuantity(text), canonical, text);
  assert.equal(canonicalQuantity('lots'), undefined);
});

test('what is no amount', () => {
  const suffix = "unable to parse quantity's suffix";
  const cases: {readonly [text: string]: string | undefined} = {
    '1': undefined,
    lots: quantityText,
    '': quantityText,
    '1ki': suffix,
    '1x': quantityText,
  };
  for (const [text, error] of Object.entries(cases)) assert.equal(quantityError(text), error, text);
});

test('an amount in canonical form is the same amount and stays as it is', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3', 'E2', 'u');
  fc.assert(
    fc.property(fc.nat(10 ** 9), fc.nat(999), suffix, (whole, fraction, unit) => {
      const text = `${whole}.${fraction}${unit}`;
      const canonical = canonicalQuantity(text) as string;
      const [before, after] = [parseQuantity(text)!, parseQuantity(canonical)!];
      // Nothing finer than a billionth is kept.
      const amount = (q: typeof before): bigint => (q.numerator * 10n ** 9n + q.denominator - 1n) / q.denominator;
      assert.equal(amount(after), amount(before), `${text} ${canonical}`);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
  );
});
