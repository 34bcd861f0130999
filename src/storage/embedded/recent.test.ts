import assert from 'node:assert/strict';
import {test} from 'node:test';
import {key} from '../recorder.suite.ts';
import {type Event, revisionOf} from '../storage.ts';
import {Recent} from './recent.ts';

const event = (revision: number, length = 10): Event => ({
  type: 'create',
  key: key(`/${revision}`),
  revision: revisionOf(revision),
  value: new Uint8Array(length),
});

test('the newest events are found by revision, as many as the limits allow', () => {
  for (const limits of [
    {countMax: 10, bytesMax: 1_000},
    {countMax: 1_000, bytesMax: 100},
  ]) {
    const recent = new Recent(limits);
    assert.equal(recent.reaches(0), false);
    for (let r = 5; r < 105; r++) recent.add(event(r));
    assert.deepEqual(
      [93, 94, 104].map(since => recent.reaches(since)),
      [false, true, true],
    );
    const all = recent.after(revisionOf(94), 100, () => true);
    assert.deepEqual([all.events.map(e => e.revision), all.upTo], [[95, 96, 97, 98, 99, 100, 101, 102, 103, 104], 104]);
    const some = recent.after(revisionOf(96), 4, e => e.revision % 2 === 0);
    assert.deepEqual([some.events.map(e => e.revision), some.upTo], [[98, 100], 100]);
    assert.deepEqual(
      recent.after(revisionOf(104), 4, () => true),
      {events: [], upTo: 104},
    );
  }
});

test('an event beyond the budget is not kept', () => {
  const recent = new Recent({countMax: 10, bytesMax: 100});
  recent.add(event(1));
  recent.add(event(2, 1_000));
  assert.equal(recent.reaches(1), false);
  recent.add(event(3));
  assert.equal(recent.reaches(2), true);
});
