import assert from 'node:assert/strict';
import {put} from './recorder.suite.ts';
import type {Rule} from './storage.suite.ts';
import {type Entry, type Op, Unexpected} from './storage.ts';

/** Commits that are held to a count (ST25). */
export function countSuite(rule: Rule): void {
  rule('ST25 a count lets a commit happen only while there are fewer', async (store, {reopen}) => {
    const full = (below: number, besides: readonly string[] = []): Op => ({count: 'red', besides, below});
    const found =
      (count: number, op = 1) =>
      (err: unknown) =>
        err instanceof Unexpected && err.op === op && err.actual === count;
    if (!store.can.terms) {
      await assert.rejects(store.commit([put('/a/1', 'x', 'absent', ['red']), full(1)]), err => !(err instanceof Unexpected));
      return;
    }
    const red = (name: string, below: number): Promise<unknown> => store.commit([put(name, 'x', 'absent', ['red', 'round']), full(below)]);
    const start = store.revision();
    await store.commit([full(1)]);
    assert.equal(store.revision(), start);
    // Together, and one after the other.
    const outcomes = await Promise.allSettled(Array.from({length: 64}, (_, i) => red(`/a/${i}`, 10)));
    assert.equal(outcomes.filter(one => one.status === 'fulfilled').length, 10);
    for (const one of outcomes) if (one.status === 'rejected') assert.ok(found(10)(one.reason));
    await assert.rejects(red('/b/1', 10), found(10));
    // What is deleted, and what loses the term, makes room; what fails takes none.
    const [first, second, third] = (await store.list('/a/', {limit: 3})).entries as [Entry, Entry, Entry];
    await store.commit([{delete: first.key, expect: first.revision}]);
    await store.commit([put(second.key, 'y', second.revision, ['round'])]);
    await store.commit([put(third.key, 'y', third.revision, ['red', 'large'])]);
    await assert.rejects(
      store.commit([put('/b/1', 'x', 'absent', ['red']), {check: third.key, expect: 'absent'}]),
      found(store.revision()),
    );
    await assert.rejects(store.commit([full(8)]), found(8, 0));
    await store.commit([full(9)]);
    // Some ranges are left out, and others count by themselves.
    for (let i = 0; i < 3; i++) await store.commit([put(`/b/x/${i}`, 'x', 'absent', ['red']), full(9, ['/b/x/'])]);
    await assert.rejects(store.commit([full(8, ['/b/x/'])]), found(8, 0));
    await assert.rejects(store.commit([full(10, ['/b/x/1'])]), found(10, 0));
    await assert.rejects(store.commit([full(11)]), found(11, 0));
    if (!reopen) return;
    await store.close();
    const again = await reopen();
    try {
      await assert.rejects(again.commit([full(8, ['/b/x/'])]), found(8, 0));
    } finally {
      await again.close();
    }
  });
}
