import assert from 'node:assert/strict';
import {commit, key, put, Recorder, settle} from './recorder.suite.ts';
import type {Rule} from './storage.suite.ts';
import {Compacted, type Op, type Revision, revisionOf} from './storage.ts';

/** The rules of watches, ST13 to ST16 and ST18. */
export function watchSuite(rule: Rule): void {
  rule('ST13 a watch that starts anywhere hears everything after it once', async store => {
    const start = store.revision();
    const revisions: Revision[] = [start];
    for (let i = 0; i < 40; i++) revisions.push(await commit(store, put(`/a/${i % 2 ? 'odd' : 'even'}/${i}`, `${i}`)));
    const watches = revisions.map(since => new Recorder(store, '/a/odd/', since));
    const extra = Promise.all(Array.from({length: 20}, (_, i) => store.commit([put(`/a/odd/x${i}`, 'x'), put(`/a/even/x${i}`, 'x')])));
    await extra;
    const whole = (await watches[0]!.until(40)).map(e => e.revision);
    assert.equal(whole.length, 40);
    assert.deepEqual(
      whole,
      [...new Set(whole)].sort((a, b) => a - b),
    );
    for (const [i, watch] of watches.entries()) {
      const due = whole.filter(r => r > revisions[i]!);
      await watch.until(due.length);
      assert.deepEqual(
        watch.events.map(e => e.revision),
        due,
      );
    }
  });

  rule('ST13 a watch catches up while the store is written to', async store => {
    const start = store.revision();
    const round = async (name: string): Promise<void> => {
      const ops = Array.from({length: 100}, (_, i) => put(`/a/${name}-${i}`, 'x'));
      await store.commit(ops as unknown as [Op]);
    };
    for (let i = 0; i < 15; i++) await round(`before-${i}`);
    const watches: Recorder[] = [];
    for (let i = 0; i < 15; i++) {
      watches.push(new Recorder(store, '/a/', start));
      await round(`during-${i}`);
    }
    for (const watch of watches) {
      const events = await watch.until(3000);
      assert.equal(new Set(events.map(e => e.key)).size, 3000);
      assert.ok(events.every((e, i) => i === 0 || e.revision >= events[i - 1]!.revision));
    }
  });

  rule('ST13 ranges are kept: prefixes at every depth, one key, everything', async store => {
    const since = store.revision();
    const all = ['/a', '/a/b', '/a/b/c', '/a/bb', '/a/b/c/d', '/b/b'];
    const due: {readonly [range: string]: readonly string[]} = {
      '/': all,
      '/a': ['/a'],
      '/a/': ['/a/b', '/a/b/c', '/a/bb', '/a/b/c/d'],
      '/a/b': ['/a/b'],
      '/a/b/': ['/a/b/c', '/a/b/c/d'],
      '/a/b/c/': ['/a/b/c/d'],
      '/c/': [],
    };
    const watches = Object.keys(due).map(range => [range, new Recorder(store, range, since)] as const);
    for (const name of all) await commit(store, put(name, 'x'));
    for (const [range, live] of watches) {
      const late = new Recorder(store, range, since);
      for (const watch of [live, late]) {
        await watch.until(due[range]!.length);
        assert.deepEqual(
          watch.events.map(e => e.key),
          due[range],
          range,
        );
      }
    }
  });

  rule('ST13 a watch from the future waits for it', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const watch = new Recorder(store, '/', revisionOf(a + 2));
    let last = a;
    for (let i = 0; i < 4; i++) last = await commit(store, put('/a/1', `${i}`, last));
    assert.deepEqual(
      (await watch.until(2)).map(e => e.revision),
      [a + 3, a + 4],
    );
  });

  rule('ST14 events tell create, update and delete, with what was before', async store => {
    const since = store.revision();
    const live = new Recorder(store, '/', since);
    const a = await commit(store, put('/a/1', 'one'));
    const b = await commit(store, put('/a/1', 'two', a));
    const c = await commit(store, {delete: key('/a/1'), expect: b});
    const d = await commit(store, put('/a/1', 'three'));
    const e = await commit(store, {delete: key('/a/1'), expect: d});
    const due = [
      {type: 'create', key: '/a/1', revision: a, value: 'one'},
      {type: 'update', key: '/a/1', revision: b, value: 'two', before: a},
      {type: 'delete', key: '/a/1', revision: c, value: 'two', before: b},
      {type: 'create', key: '/a/1', revision: d, value: 'three'},
      {type: 'delete', key: '/a/1', revision: e, value: 'three', before: d},
    ];
    const late = new Recorder(store, '/', since);
    for (const watch of [live, late]) {
      await watch.until(due.length);
      assert.deepEqual(watch.told(), due);
    }
  });

  rule('ST15 events come before the commit resolves, and can be read by then', async store => {
    const seen: string[] = [];
    const watch = store.watch('/', store.revision(), {
      events: batch => {
        for (const e of batch) seen.push(`told ${store.revision() >= e.revision}`);
      },
      ended: () => {},
    });
    await settle();
    for (let i = 0; i < 3; i++) {
      await store.commit([put(`/a/${i}`, 'x')]);
      seen.push('resolved');
    }
    watch.close();
    assert.deepEqual(seen, ['told true', 'resolved', 'told true', 'resolved', 'told true', 'resolved']);
  });

  rule('ST15 batches are never empty', async store => {
    const since = store.revision();
    const watch = new Recorder(store, '/a/', since);
    for (let i = 0; i < 5; i++) await commit(store, put(`/b/${i}`, 'x'));
    await commit(store, put('/a/1', 'x'));
    const late = new Recorder(store, '/a/', since);
    await Promise.all([watch.until(1), late.until(1)]);
    assert.deepEqual([watch.batches, late.batches], [[1], [1]]);
  });

  rule('ST16 a closed watch hears nothing more', async store => {
    const since = store.revision();
    const closed = new Recorder(store, '/', since);
    await commit(store, put('/a/1', 'x'));
    await closed.until(1);
    closed.watch.close();
    const never = new Recorder(store, '/', since);
    never.watch.close();
    never.watch.close();
    await commit(store, put('/a/2', 'x'));
    await settle();
    await store.close();
    await settle();
    assert.deepEqual([closed.events.length, closed.ends.length], [1, 0]);
    assert.deepEqual([never.events.length, never.ends.length], [0, 0]);
  });

  rule('ST18 a watch from before the compaction ends, one from its moment misses nothing', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const live = new Recorder(store, '/', a);
    const b = await commit(store, put('/a/1', 'two', a));
    const gone = await commit(store, put('/a/2', 'gone'));
    const c = await commit(store, {delete: key('/a/2'), expect: gone});
    await live.until(3);
    await store.compact(gone);
    const end = await new Recorder(store, '/', b).end();
    assert.ok(end instanceof Compacted && end.oldest === gone);
    const late = new Recorder(store, '/', gone);
    const d = await commit(store, put('/a/1', 'three', b));
    assert.deepEqual(
      (await late.until(2)).map(e => [e.type, e.revision]),
      [
        ['delete', c],
        ['update', d],
      ],
    );
    assert.deepEqual(
      (await live.until(4)).map(e => e.revision),
      [b, gone, c, d],
    );
    assert.deepEqual([live.ends, late.ends], [[], []]);
  });
}
