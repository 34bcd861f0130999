import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {test} from 'node:test';
import {joined, publish, publishLimits} from './publish.ts';

const noTurn = async (): Promise<void> => {};

test('a document has all of its texts and the tag of its bytes, and lets others in', async () => {
  for (const length of [0, 1, 100_000]) {
    const texts = Array.from({length}, (_, i) => `"ä${i}"`);
    let turns = 0;
    const found = await publish(joined(texts), async () => void turns++);
    const whole = Buffer.from(texts.join(','));
    assert.ok(Buffer.concat(found?.pieces ?? []).equals(whole));
    assert.equal(found?.etag, createHash('sha512').update(whole).digest('hex').toUpperCase());
    assert.equal(turns > 3, length > 1);
  }
});

test('a tag that is known is taken, and a document that is too long is not made', async () => {
  assert.deepEqual(await publish(['{}'], noTurn, 'TAG'), {pieces: [Buffer.from('{}')], etag: 'TAG'});
  const text = 'x'.repeat(1024 * 1024);
  const many = (count: number): Iterable<string> => Array.from({length: count}, () => text);
  assert.ok(await publish(many(64), noTurn, 'TAG'));
  let made = 0;
  function* endless() {
    for (;;) {
      made++;
      yield text;
    }
  }
  assert.equal(await publish(endless(), noTurn), undefined);
  assert.equal(made, publishLimits.bytesMax / text.length + 1);
});
