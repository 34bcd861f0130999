import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Precision} from './go-time.ts';
import {goTime, timeError} from './go-time.ts';

test('what Go says of texts that are no times', () => {
  const cases: readonly [string, Precision, string | undefined][] = [
    ['2026-01-01T00:00:00Z', 'seconds', undefined],
    ['2026-01-01T00:00:00.5+02:00', 'seconds', undefined],
    ['2024-02-29T00:00:00Z', 'seconds', undefined],
    ['2026-01-01T00:00:00.123456Z', 'micros', undefined],
    ['noon', 'seconds', 'parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"'],
    ['2026-01-01', 'seconds', 'parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2026-01-01T00:00:00', 'seconds', 'parsing time "2026-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"'],
    ['2026-01-01T00:00:00Zx', 'seconds', 'parsing time "2026-01-01T00:00:00Zx": extra text: "x"'],
    ['2026-13-01T00:00:00Z', 'seconds', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ['2026-02-29T00:00:00Z', 'seconds', 'parsing time "2026-02-29T00:00:00Z": day out of range'],
    ['2026-01-01T24:00:00Z', 'seconds', 'parsing time "2026-01-01T24:00:00Z": hour out of range'],
    ['2026-01-01T00:00:60Z', 'seconds', 'parsing time "2026-01-01T00:00:60Z": second out of range'],
    [
      '2026-01-01T00:00:00Z',
      'micros',
      'parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [
      '2026-01-01T00:00:00.5Z',
      'micros',
      'parsing time "2026-01-01T00:00:00.5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000"',
    ],
    [
      '2026-01-01T00:00:00.1234567Z',
      'micros',
      'parsing time "2026-01-01T00:00:00.1234567Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "7Z" as "Z07:00"',
    ],
  ];
  for (const [text, precision, error] of cases) assert.equal(timeError(text, precision), error);
});

test('Go writes times in UTC, as precise as their type', () => {
  assert.equal(goTime('2026-01-01T01:00:00.9+01:00', 'seconds'), '2026-01-01T00:00:00Z');
  assert.equal(goTime('2025-12-31T22:30:00.123456-01:30', 'micros'), '2026-01-01T00:00:00.123456Z');
});

test('a time that Go has written it writes again', () => {
  fc.assert(
    fc.property(
      fc.date({min: new Date(0), max: new Date(4e12), noInvalidDate: true}),
      fc.constantFrom<Precision>('seconds', 'micros'),
      (date, precision) => {
        const text = date.toISOString().replace('Z', '000Z');
        assert.equal(timeError(text, precision), undefined);
        const written = goTime(text, precision);
        assert.equal(goTime(written, precision), written);
        assert.equal(Date.parse(written), precision === 'micros' ? date.getTime() : Math.floor(date.getTime() / 1000) * 1000);
      },
    ),
  );
});
