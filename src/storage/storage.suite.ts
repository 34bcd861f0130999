import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {countSuite} from './count.suite.ts';
import {modelSuite} from './model.suite.ts';
import {bytes, commit, key, type Open, type Opened, plain, put, Recorder, zero} from './recorder.suite.ts';
import {Compacted, type Op, type Revision, revisionOf, type Storage, Unavailable, Unexpected} from './storage.ts';
import {watchSuite} from './watch.suite.ts';

/** Holds an implementation to `SPEC.md`. Each test opens a store of its own; one that `lasts` can be opened again. */
export function storageSuite(name: string, open: Open, {lasts}: {readonly lasts: boolean}): void {
  /** A test of one rule. */
  const rule = (title: string, check: (store: Storage, opened: Opened) => Promise<void>): void => {
    test(title, {timeout: 20_000}, async () => {
      const opened = await open();
      try {
        await check(opened.store, opened);
      } finally {
        await opened.store.close();
      }
    });
  };
  describe(`storage: ${name}`, () => {
    writing(rule);
    countSuite(rule);
    reading(rule);
    watchSuite(rule);
    forgetting(rule);
    ending(rule);
    if (lasts) lasting(rule);
    modelSuite(rule);
  });
}

export type Rule = (title: string, check: (store: Storage, opened: Opened) => Promise<void>) => void;

const names = async (store: Storage, range: string): Promise<readonly string[]> =>
  (await store.list(range, {limit: 100})).entries.map(entry => entry.key);
const next = (revision: Revision, by = 1): Revision => revisionOf(revision + by);
const unexpected = (op: number, actual: Revision | 'absent') => (err: unknown) =>
  err instanceof Unexpected && err.op === op && err.actual === actual;

function writing(rule: Rule): void {
  rule('ST1 every object written takes the next revision', async store => {
    const start = store.revision();
    const a = await commit(store, put('/a/1', 'one'));
    assert.equal(a, next(start));
    const b = await commit(store, put('/a/1', 'two', a));
    const c = await commit(store, {delete: key('/a/1'), expect: b});
    assert.deepEqual([b, c, store.revision()], [next(a), next(a, 2), next(a, 2)]);
  });

  rule('ST1 the ops of a commit take consecutive revisions, or all one where the store says so', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const {revisions} = await store.commit([put('/a/3', 'x'), {delete: key('/a/1'), expect: a}, put('/a/2', 'y')]);
    const step = store.can.revisionPerObject ? 1 : 0;
    assert.deepEqual(revisions, [next(a), next(a, 1 + step), next(a, 1 + 2 * step)]);
    assert.equal(store.revision(), revisions[2]);
  });

  rule('ST1 commits at the same time do not interleave', async store => {
    const start = store.revision();
    const commits = await Promise.all(
      Array.from({length: 50}, (_, i) => store.commit([put(`/a/${i}`, 'x'), put(`/b/${i}`, 'y'), put(`/c/${i}`, 'z')])),
    );
    const step = store.can.revisionPerObject ? 1 : 0;
    for (const {revisions} of commits)
      assert.deepEqual(
        revisions.map(r => r - revisions[0]!),
        [0, step, 2 * step],
      );
    const firsts = commits.map(c => c.revisions[0]!).sort((a, b) => a - b);
    assert.deepEqual(
      firsts,
      Array.from({length: 50}, (_, i) => start + 1 + i * (1 + 2 * step)),
    );
  });

  rule('ST2 a check takes no revision and repeats the one before it', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const alone = await store.commit([{check: key('/a/1'), expect: a}]);
    assert.deepEqual([alone.revisions, store.revision()], [[a], a]);
    const {revisions} = await store.commit([{check: key('/a/1'), expect: a}, put('/a/2', 'two'), {check: key('/a/3'), expect: 'absent'}]);
    assert.deepEqual(revisions, [a, next(a), next(a)]);
  });

  rule('ST3 one failed expectation leaves no trace of the others', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const watch = new Recorder(store, '/', a);
    const refused: readonly [Op, ...Op[]] = [put('/a/2', 'two'), {delete: key('/a/1'), expect: a}, put('/a/3', 'three', a)];
    await assert.rejects(store.commit(refused), unexpected(2, 'absent'));
    assert.equal(store.revision(), a);
    assert.deepEqual(await names(store, '/'), ['/a/1']);
    assert.equal(await commit(store, put('/a/2', 'two')), next(a));
    assert.deepEqual(
      (await watch.until(1)).map(e => e.key),
      ['/a/2'],
    );
  });

  rule('ST3 commits that come together are judged one after the other', async store => {
    const outcomes = await Promise.allSettled([1, 2, 3].map(i => store.commit([put('/a/1', `${i}`), put(`/b/${i}`, 'x')])));
    assert.equal(outcomes.filter(o => o.status === 'fulfilled').length, 1);
    for (const o of outcomes) if (o.status === 'rejected') assert.ok(unexpected(0, (await store.get(key('/a/1')))!.revision)(o.reason));
    assert.equal((await names(store, '/b/')).length, 1);
  });

  rule('ST4 absent, a revision, and what is found instead', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const b = await commit(store, put('/a/1', 'two', a));
    const gone = await commit(store, put('/a/2', 'x'));
    await commit(store, {delete: key('/a/2'), expect: gone});
    const wrong: readonly [Op, Revision | 'absent'][] = [
      [put('/a/1', 'x'), b],
      [put('/a/1', 'x', a), b],
      [put('/a/1', 'x', next(b)), b],
      [put('/a/2', 'x', gone), 'absent'],
      [put('/a/3', 'x', b), 'absent'],
      [{delete: key('/a/1'), expect: a}, b],
      [{delete: key('/a/2'), expect: gone}, 'absent'],
      [{check: key('/a/1'), expect: 'absent'}, b],
      [{check: key('/a/2'), expect: gone}, 'absent'],
    ];
    for (const [op, actual] of wrong) await assert.rejects(store.commit([op]), unexpected(0, actual), JSON.stringify(op));
    await store.commit([{check: key('/a/1'), expect: b}, {check: key('/a/3'), expect: 'absent'}, put('/a/2', 'again')]);
  });

  rule('ST5 a commit without ops, with a key twice, or with a bad key is a mistake', async store => {
    const start = store.revision();
    const bad: readonly (readonly Op[])[] = [
      [],
      [put('/a/1', 'x'), {check: key('/a/1'), expect: 'absent'}],
      [put('a', 'x')],
      [put('/a/', 'x')],
      [put('/', 'x')],
      [put('', 'x')],
      [put('/a b', 'x')],
      [put('/a\n/b', 'x')],
      [put('/ä', 'x')],
    ];
    for (const ops of bad) await assert.rejects(store.commit(ops as [Op]), TypeError);
    assert.equal(store.revision(), start);
  });
}

function reading(rule: Rule): void {
  rule('ST6 get finds the newest value, and those before it', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const b = await commit(store, put('/a/1', 'two', a));
    const c = await commit(store, {delete: key('/a/1'), expect: b});
    const d = await commit(store, put('/a/1', 'three'));
    assert.deepEqual(plain(await store.get(key('/a/1'))), {key: '/a/1', revision: d, value: 'three'});
    assert.deepEqual(plain(await store.get(key('/a/1'), {at: a})), {key: '/a/1', revision: a, value: 'one'});
    assert.deepEqual(plain(await store.get(key('/a/1'), {at: b})), {key: '/a/1', revision: b, value: 'two'});
    assert.equal(await store.get(key('/a/1'), {at: c}), undefined);
    assert.equal(await store.get(key('/a/1'), {at: revisionOf(a - 1)}), undefined);
    assert.equal(await store.get(key('/a/2')), undefined);
  });

  rule('ST6 values are bytes: empty, any byte, large', async store => {
    const values = [new Uint8Array(0), Uint8Array.from({length: 256}, (_, i) => i), new Uint8Array(1_200_000).fill(7)];
    for (const [i, value] of values.entries()) {
      await store.commit([{put: key(`/a/${i}`), value, expect: 'absent'}]);
      assert.deepEqual(Buffer.from((await store.get(key(`/a/${i}`)))!.value), Buffer.from(value));
    }
    const listed = (await store.list('/a/', {limit: 10})).entries;
    assert.deepEqual(
      listed.map(e => e.value.length),
      [0, 256, 1_200_000],
    );
  });

  rule('ST7 a range is a prefix, or one key; lists come in key order', async store => {
    for (const name of ['/b/1', '/a/b', '/a/b/2', '/a/b/1', '/a/b-c/1', '/a/b.c/1', '/a/b0', '/a/bc']) await commit(store, put(name, 'x'));
    assert.deepEqual(await names(store, '/a/b/'), ['/a/b/1', '/a/b/2']);
    assert.deepEqual(await names(store, '/a/b'), ['/a/b']);
    assert.deepEqual(await names(store, '/a/'), ['/a/b', '/a/b-c/1', '/a/b.c/1', '/a/b/1', '/a/b/2', '/a/b0', '/a/bc']);
    assert.deepEqual(await names(store, '/c/'), []);
    assert.equal((await names(store, '/')).length, 8);
  });

  rule('ST8 pages hold at most their limit and tell whether there is more', async store => {
    for (let i = 0; i < 5; i++) await commit(store, put(`/a/${i}`, `${i}`));
    await commit(store, put('/b/0', 'x'));
    const first = await store.list('/a/', {limit: 2});
    assert.deepEqual([first.entries.map(e => e.key), first.more, first.at], [['/a/0', '/a/1'], true, store.revision()]);
    const last = await store.list('/a/', {limit: 3, after: key('/a/1'), at: first.at});
    assert.deepEqual([last.entries.map(e => e.key), last.more], [['/a/2', '/a/3', '/a/4'], false]);
    const behind = await store.list('/a/', {limit: 3, after: key('/a/4')});
    assert.deepEqual([behind.entries, behind.more], [[], false]);
  });

  rule('ST8 a page ends when its values come to as many bytes as were asked for', async store => {
    for (const name of ['a', 'b', 'c', 'd'])
      await store.commit([{put: key(`/bytes/${name}`), value: new Uint8Array(100), expect: 'absent'}]);
    const sizes = async (bytesMax: number, after?: ReturnType<typeof key>) => {
      const {entries, more} = await store.list('/bytes/', {limit: 10, bytesMax, ...(after && {after})});
      return [entries.length, more];
    };
    assert.deepEqual(await sizes(1), [1, true], 'one entry comes whatever its size');
    assert.deepEqual(await sizes(101), [2, true]);
    assert.deepEqual(await sizes(300), [3, true]);
    assert.deepEqual(await sizes(300, key('/bytes/a')), [3, false]);
    assert.deepEqual(await sizes(1_000), [4, false]);
  });

  rule('ST8 a page continued at its moment sees nothing of what happened since', async store => {
    const revisions = new Map<string, Revision>();
    for (const name of ['/a/1', '/a/3', '/a/5', '/a/7']) revisions.set(name, await commit(store, put(name, 'old')));
    const {at} = await store.list('/a/', {limit: 1});
    const updated = await commit(store, put('/a/3', 'new', revisions.get('/a/3')!));
    await commit(store, put('/a/3', 'newer', updated));
    await commit(store, {delete: key('/a/5'), expect: revisions.get('/a/5')!});
    await commit(store, {delete: key('/a/7'), expect: revisions.get('/a/7')!});
    await commit(store, put('/a/7', 'again'));
    await commit(store, put('/a/4', 'created'));
    const page = await store.list('/a/', {limit: 10, after: key('/a/1'), at});
    const old = ['/a/3', '/a/5', '/a/7'].map(name => ({key: name, revision: revisions.get(name), value: 'old'}));
    assert.deepEqual([page.entries.map(plain), page.more, page.at], [old, false, at]);
    const short = await store.list('/a/', {limit: 2, after: key('/a/1'), at});
    assert.deepEqual([short.entries.map(plain), short.more], [old.slice(0, 2), true]);
  });

  rule('ST8 long lists are whole', async store => {
    const count = 2_600;
    for (let i = 0; i < count; i += 100) {
      const ops = Array.from({length: 100}, (_, j) => put(`/a/${String(i + j).padStart(5, '0')}`, `${i + j}`));
      await store.commit(ops as unknown as [Op]);
    }
    const all = await store.list('/a/', {limit: 10_000});
    assert.deepEqual([all.entries.length, all.more], [count, false]);
    all.entries.forEach((e, i) => void assert.equal(Buffer.from(e.value).toString(), `${i}`));
    assert.equal(await store.count('/a/', 10_000), count);
  });

  rule('ST9 count counts the living, up to max', async store => {
    const a = await commit(store, put('/a/1', 'x'));
    for (const name of ['/a/2', '/a/3', '/b/1']) await commit(store, put(name, 'x'));
    await commit(store, {delete: key('/a/1'), expect: a});
    const counts = [store.count('/a/', 10), store.count('/a/', 1), store.count('/', 10), store.count('/b/1', 10), store.count('/c/', 10)];
    assert.deepEqual(await Promise.all(counts), [2, 1, 3, 1, 0]);
  });

  rule('ST10 entries are found by their terms, or the store says it cannot', async store => {
    if (!store.can.terms) return void (await assert.rejects(store.byTerm('x', {limit: 1}), /terms/));
    const found = async (term: string): Promise<readonly string[]> => (await store.byTerm(term, {limit: 10})).entries.map(e => e.key);
    const a = await commit(store, put('/a/1', 'x', 'absent', ['red', 'round', 'red']));
    await commit(store, put('/b/1', 'x', 'absent', ['red']));
    await commit(store, put('/a/2', 'x', 'absent', ['red', '__proto__']));
    assert.deepEqual(await found('red'), ['/a/1', '/a/2', '/b/1']);
    assert.deepEqual(await found('__proto__'), ['/a/2']);
    const b = await commit(store, put('/a/1', 'y', a, ['round', 'blue']));
    assert.deepEqual([await found('red'), await found('blue'), await found('round')], [['/a/2', '/b/1'], ['/a/1'], ['/a/1']]);
    assert.deepEqual(plain((await store.byTerm('blue', {limit: 1})).entries[0]), {key: '/a/1', revision: b, value: 'y'});
    const c = await commit(store, put('/a/1', 'z', b));
    assert.deepEqual([await found('blue'), await found('round')], [[], []]);
    const d = await commit(store, put('/a/1', 'z', c, ['round']));
    await commit(store, {delete: key('/a/1'), expect: d});
    assert.deepEqual(await found('round'), []);
  });

  rule('ST10 what is found by a term comes in pages', async store => {
    if (!store.can.terms) return void (await assert.rejects(store.byTerm('x', {limit: 1}), /terms/));
    for (let i = 0; i < 5; i++) await commit(store, put(`/a/${i}`, 'x', 'absent', ['t', `t${i}`]));
    const first = await store.byTerm('t', {limit: 3});
    const rest = await store.byTerm('t', {limit: 3, after: first.entries.at(-1)!.key});
    assert.deepEqual([first.entries.length, first.more, first.at], [3, true, store.revision()]);
    assert.deepEqual([rest.entries.map(e => e.key), rest.more], [['/a/3', '/a/4'], false]);
  });

  rule('ST24 terms are found in their order', async store => {
    if (!store.can.terms) return void (await assert.rejects(store.termAfter('x'), /terms/));
    assert.equal(await store.termAfter(''), undefined);
    const a = await commit(store, put('/a/1', 'x', 'absent', ['b/2', 'b/10']));
    await commit(store, put('/a/2', 'x', 'absent', ['a', 'b/2', 'c']));
    const after = (...terms: readonly string[]) => Promise.all(terms.map(term => store.termAfter(term)));
    assert.deepEqual(await after('', 'a', 'b/', 'b/10', 'b/2', 'c'), ['a', 'b/10', 'b/10', 'b/2', 'c', undefined]);
    const b = await commit(store, put('/a/1', 'y', a, ['d']));
    assert.deepEqual(await after('a', 'b/2', 'c', 'd'), ['b/2', 'c', 'd', undefined]);
    await commit(store, {delete: key('/a/1'), expect: b});
    assert.deepEqual(await after('c'), [undefined]);
  });

  rule('ST11 hot answers like get, or wait', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const hot = store.hot(key('/a/1'));
    if (hot !== 'wait') assert.deepEqual(plain(hot), {key: '/a/1', revision: a, value: 'one'});
    assert.ok(['wait', undefined].includes(store.hot(key('/a/2')) as undefined));
    await commit(store, {delete: key('/a/1'), expect: a});
    assert.ok(['wait', undefined].includes(store.hot(key('/a/1')) as undefined));
  });

  rule('ST12 what has not happened cannot be read', async store => {
    const at = next(await commit(store, put('/a/1', 'one')));
    await assert.rejects(store.get(key('/a/1'), {at}), RangeError);
    await assert.rejects(store.list('/a/', {limit: 1, at}), RangeError);
  });
}

function forgetting(rule: Rule): void {
  rule('ST17 compaction keeps the newest values and every later moment', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const still = await commit(store, put('/a/2', 'still'));
    const b = await commit(store, put('/a/1', 'two', a));
    const gone = await commit(store, put('/a/3', 'gone'));
    const d = await commit(store, {delete: key('/a/3'), expect: gone});
    const c = await commit(store, put('/a/1', 'three', b));
    await store.compact(d);
    assert.equal(store.compacted(), d);
    for (const at of [a, b, gone]) {
      const tooOld = (err: unknown): boolean => err instanceof Compacted && err.oldest === d;
      await assert.rejects(store.get(key('/a/1'), {at}), tooOld);
      await assert.rejects(store.list('/a/', {limit: 1, at}), tooOld);
    }
    const then = (await store.list('/a/', {limit: 9, at: d})).entries.map(plain);
    assert.deepEqual(then, [
      {key: '/a/1', revision: b, value: 'two'},
      {key: '/a/2', revision: still, value: 'still'},
    ]);
    assert.deepEqual(plain(await store.get(key('/a/1'))), {key: '/a/1', revision: c, value: 'three'});
    assert.equal(await commit(store, put('/a/3', 'back')), next(c));
  });

  rule('ST17 compaction reaches the newest revision at most, and never goes back', async store => {
    const a = await commit(store, put('/a/1', 'one'));
    const b = await commit(store, {delete: key('/a/1'), expect: a});
    await store.compact(next(b, 1000));
    assert.equal(store.compacted(), b);
    await store.compact(a);
    assert.equal(store.compacted(), b);
    assert.deepEqual((await store.list('/', {limit: 9})).entries, []);
    assert.equal(await commit(store, put('/a/1', 'two')), next(b));
  });
}

function ending(rule: Rule): void {
  rule('ST19 close finishes accepted commits, ends watches, and refuses what comes later', async store => {
    const watch = new Recorder(store, '/', store.revision());
    const accepted = Promise.all(Array.from({length: 20}, (_, i) => store.commit([put(`/a/${i}`, 'x')])));
    const closed = store.close();
    assert.equal((await accepted).length, 20);
    await closed;
    assert.ok((await watch.end()) instanceof Unavailable);
    assert.deepEqual([watch.events.length, watch.ends.length], [20, 1]);
    for (const late of [() => store.commit([put('/b/1', 'x')]), () => store.get(key('/a/1')), () => store.list('/', {limit: 1})])
      await assert.rejects(late(), Unavailable);
    await assert.rejects(store.count('/', 1), Unavailable);
    assert.throws(() => store.hot(key('/a/1')), Unavailable);
    assert.ok((await new Recorder(store, '/', store.revision()).end()) instanceof Unavailable);
    await store.close();
  });
}

function lasting(rule: Rule): void {
  rule('ST20 a store opened again is the same', async (store, {reopen}) => {
    const a = await commit(store, put('/a/1', 'one', 'absent', ['t']));
    const b = await commit(store, put('/a/1', 'two', a, ['t', 'u']));
    const gone = await commit(store, put('/a/2', 'gone', 'absent', ['t']));
    await store.compact(a);
    const head = await commit(store, {delete: key('/a/2'), expect: gone});
    await store.close();
    const again = await reopen!();
    try {
      assert.deepEqual([again.revision(), again.compacted()], [head, a]);
      assert.deepEqual((await again.list('/', {limit: 9})).entries.map(plain), [{key: '/a/1', revision: b, value: 'two'}]);
      assert.equal((await again.list('/', {limit: 9, at: gone})).entries.length, 2);
      if (again.can.terms)
        assert.deepEqual(
          (await again.byTerm('t', {limit: 9})).entries.map(e => e.key),
          ['/a/1'],
        );
      const watch = new Recorder(again, '/', b);
      assert.deepEqual(
        (await watch.until(2)).map(e => [e.type, e.revision]),
        [
          ['create', gone],
          ['delete', head],
        ],
      );
      assert.equal(await commit(again, put('/a/2', 'back')), next(head));
    } finally {
      await again.close();
    }
  });

  rule('ST20 a revision is never given twice, also when nothing is left', async (store, {reopen}) => {
    const a = await commit(store, put('/a/1', 'one'));
    const b = await commit(store, {delete: key('/a/1'), expect: a});
    await store.compact(b);
    await store.close();
    const again = await reopen!();
    try {
      assert.deepEqual([again.revision(), again.compacted()], [b, b]);
      assert.equal(await commit(again, {put: key('/a/1'), value: bytes('x'), expect: 'absent'}), next(b));
      assert.ok((await new Recorder(again, '/', zero).end()) instanceof Compacted);
    } finally {
      await again.close();
    }
  });
}
