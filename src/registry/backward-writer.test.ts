import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {BackwardWriter} from './backward-writer.ts';

function check(pieces: readonly (number | string)[]): void {
  const out = new BackwardWriter();
  for (const one of pieces.toReversed()) typeof one === 'number' ? out.varint(one) : out.text(one);
  const forwards = Buffer.concat(pieces.map(one => (typeof one === 'number' ? base128(one) : Buffer.from(one))));
  assert.equal(out.length, forwards.length);
  assert.ok(forwards.equals(out.bytes()));
}

const base128 = (value: number): Buffer =>
  value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value % 128) + 128]), base128(Math.floor(value / 128))]);

test('numbers and texts written backwards read forwards', () => {
  const piece = fc.oneof(fc.nat(), fc.string({unit: 'grapheme', maxLength: 300}));
  fc.assert(fc.property(fc.array(piece, {maxLength: 20}), check), {numRuns: 50});
});

test('it grows at a text as well as at a number, by little or by much', () => {
  for (const size of [1, 127, 128, 5_000, 100_000]) {
    const word = 'ä'.repeat(size);
    check(Array.from({length: Math.ceil(200_000 / size)}, () => word));
  }
  check(Array.from({length: 40_000}, (_, n) => n * 1_000));
});
