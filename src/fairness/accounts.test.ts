import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {Account, Accounts} from './accounts.ts';

const allowance = {msPerSecond: 100, burstMs: 300};

test('a burst can be spent at once, and comes back with time', () => {
  const account = new Account(allowance, 0);
  account.spend(300, 0);
  assert.equal(account.isBehind(0), false);
  account.spend(50, 0);
  assert.equal(account.isBehind(0), true);
  assert.equal(account.behindForMs(0), 500);
  assert.equal(account.isBehind(499), true);
  assert.equal(account.isBehind(501), false);
  assert.equal(account.isBlank(501), false);
  assert.equal(account.isBlank(3_501), true);
});

test('nobody is behind for longer than four bursts', () => {
  const account = new Account(allowance, 0);
  account.spend(1e9, 0);
  assert.equal(account.behindForMs(0), 12_000);
});

test('without limit nobody is ever behind', () => {
  const account = new Account({msPerSecond: 0, burstMs: 300}, 0);
  account.spend(1e9, 0);
  assert.deepEqual([account.isBehind(0), account.behindForMs(0), account.isBlank(0)], [false, 0, true]);
});

test('who spends no more than the rate is never behind, whoever spends more is', () => {
  const spending = fc.array(fc.record({afterMs: fc.nat({max: 2_000}), ms: fc.nat({max: 300})}), {maxLength: 100});
  fc.assert(
    fc.property(spending, pieces => {
      const account = new Account(allowance, 0);
      let [now, least] = [0, allowance.burstMs];
      for (const {afterMs, ms} of pieces) {
        now += afterMs;
        least = Math.min(least + (afterMs * allowance.msPerSecond) / 1000, allowance.burstMs) - ms;
        least = Math.max(least, -4 * allowance.burstMs);
        account.spend(ms, now);
        if (Math.abs(least) > 1e-6) assert.equal(account.isBehind(now), least < 0);
      }
    }),
  );
});

test('accounts are bounded, and those in use are kept', () => {
  const idleMax = 10;
  const accounts = new Accounts(allowance, idleMax);
  const busy = Array.from({length: 5}, (_, i) => accounts.of(`busy-${i}`, 0));
  for (const account of busy) account.readOnly = 1;
  const behind = accounts.of('behind', 0);
  for (let n = 0; n < 1_000; n++) {
    if (n % 5 === 0) behind.spend(1_000, n);
    accounts.of(`passing-${n}`, n);
    assert.ok(accounts.size <= 5 + 2 * idleMax + 2, `${accounts.size} accounts`);
  }
  for (const [i, account] of busy.entries()) assert.equal(accounts.of(`busy-${i}`, 1_000), account);
  assert.equal(accounts.of('behind', 1_000), behind);
});

test('of those that are idle and have spent, the oldest are forgotten', () => {
  const accounts = new Accounts(allowance, 10);
  for (let n = 0; n < 1_000; n++) {
    accounts.of(`spender-${n}`, 0).spend(1, 0);
    assert.ok(accounts.size <= 20, `${accounts.size} accounts`);
  }
});
