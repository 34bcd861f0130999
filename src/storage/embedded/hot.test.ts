import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {key} from '../recorder.suite.ts';
import {type Entry, revisionOf} from '../storage.ts';
import {Hot} from './hot.ts';

const entry = (name: string, revision: number, length: number): Entry => ({
  key: key(name),
  revision: revisionOf(revision),
  value: new Uint8Array(length),
});

test('a hot entry stays the same object, and is never one that was replaced or deleted', () => {
  const name = fc.constantFrom('/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h');
  const step = fc.record({what: fc.constantFrom('set', 'set', 'get', 'peek', 'offer', 'delete'), name, length: fc.nat(300)});
  const run = fc.property(fc.array(step, {maxLength: 200}), steps => {
    const hot = new Hot(6_000);
    const newest = new Map<string, Entry>();
    for (const [i, {what, name, length}] of steps.entries()) {
      if (what === 'set') {
        newest.set(name, entry(name, i, length));
        hot.set(newest.get(name)!);
      } else if (what === 'delete') {
        newest.delete(name);
        hot.delete(key(name));
      } else if (what === 'offer') {
        const known = newest.get(name);
        if (known && !hot.peek(key(name))) hot.offer(known);
      } else {
        const found = what === 'get' ? hot.get(key(name)) : hot.peek(key(name));
        if (found) assert.equal(found, newest.get(name));
      }
    }
  });
  fc.assert(run);
});

test('what is used stays, what is not goes, and the budget holds', () => {
  const hot = new Hot(100_000);
  hot.set(entry('/used', 1, 1_000));
  hot.set(entry('/unused', 2, 1_000));
  for (let i = 0; i < 1_000; i++) {
    hot.set(entry(`/${i}`, i, 1_000));
    assert.ok(hot.get(key('/used')));
  }
  assert.equal(hot.peek(key('/unused')), undefined);
  const kept = Array.from({length: 1_000}, (_, i) => hot.peek(key(`/${i}`))).filter(e => e !== undefined).length;
  assert.ok(kept > 30 && kept <= 100, `${kept} kept`);
});

test('an entry that fills the cache is not kept, and what it replaces is forgotten', () => {
  const hot = new Hot(100_000);
  hot.set(entry('/a', 1, 10));
  hot.set(entry('/a', 2, 90_000));
  assert.equal(hot.peek(key('/a')), undefined);
});
