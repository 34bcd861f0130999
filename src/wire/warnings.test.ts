import assert from 'node:assert/strict';
import {test} from 'node:test';
import {warningHeaders, warningLimits} from './warnings.ts';

test('texts become header values', () => {
  assert.deepEqual(warningHeaders([]), []);
  assert.deepEqual(warningHeaders(['unknown field "spec.foo"', 'a\\b', 'unknown field "spec.foo"']), [
    '299 - "unknown field \\"spec.foo\\""',
    '299 - "a\\\\b"',
  ]);
});

test('what no header can carry is left out', () => {
  assert.deepEqual(warningHeaders(['a\nb', 'a\rb', '\u0000', '\ud800', '', 'fine']), ['299 - "fine"']);
  assert.deepEqual(warningHeaders(['ü']), [`299 - "${Buffer.from('ü').toString('latin1')}"`], 'UTF-8 bytes');
});

test('too much text is cut', () => {
  const {totalCharsMax, cutCharsMax} = warningLimits;
  const whole = 'x'.repeat(totalCharsMax);
  assert.deepEqual(warningHeaders([whole]), [`299 - "${whole}"`]);
  assert.deepEqual(warningHeaders([`${whole}x`]), [`299 - "${'x'.repeat(cutCharsMax)}"`]);
  const many = Array.from({length: 100}, (_, i) => `${i} ${'y'.repeat(300)}`);
  const sent = warningHeaders(many);
  assert.equal(sent.length, totalCharsMax / cutCharsMax);
  assert.equal(warningHeaders(['😀'.repeat(300), whole])[0], `299 - "${Buffer.from('😀'.repeat(cutCharsMax)).toString('latin1')}"`);
});
