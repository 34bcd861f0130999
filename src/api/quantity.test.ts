import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {parseQuantity, printWhole} from './quantity.ts';

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
