import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Key, Unreadable} from '../storage/storage.ts';
import {packError, unpackError} from './errors.ts';

test('what cannot be read is told to another thread as what it is', () => {
  const there = unpackError(structuredClone(packError(new Unreadable('/core/secrets/a' as Key, 'it was damaged'))));
  assert.ok(there instanceof Unreadable);
  assert.deepEqual([there.key, there.why], ['/core/secrets/a', 'it was damaged']);
});
