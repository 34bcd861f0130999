import assert from 'node:assert/strict';
import {test} from 'node:test';
import {age, shortDuration} from './age.ts';

const minute = 60;
const hour = 3600;
const day = 86_400;
const cases: readonly [seconds: number, text: string][] = [
  [-5, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119, '119s'],
  [2 * minute, '2m'],
  [3 * minute + 12, '3m12s'],
  [10 * minute + 30, '10m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [7 * hour + 59 * minute, '7h59m'],
  [8 * hour + 59 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [4 * day + 2 * hour, '4d2h'],
  [8 * day + 23 * hour, '8d'],
  [729 * day, '729d'],
  [730 * day, '2y'],
  [731 * day, '2y1d'],
  [8 * 365 * day + 9 * day, '8y'],
];

test('durations are short, and shorter the longer they are', () => {
  for (const [seconds, text] of cases) assert.equal(shortDuration(seconds * 1000), text);
});

test('an age needs a time', () => {
  assert.equal(age('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:05:00Z')), '5m');
  assert.equal(age(undefined, 0), '<unknown>');
  assert.equal(age('yesterday', 0), '<invalid>');
});
