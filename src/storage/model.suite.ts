import assert from 'node:assert/strict';
import fc from 'fast-check';
import {bytes, plain, Recorder, text, zero} from './recorder.suite.ts';
import type {Rule} from './storage.suite.ts';
import {Compacted, type Count, type Expect, type Key, type Op, type Revision, revisionOf, type Storage, Unexpected} from './storage.ts';

/** What the model remembers: the whole log, from which every answer is computed anew. */
type Line = {
  readonly type: 'create' | 'update' | 'delete';
  readonly key: Key;
  readonly revision: Revision;
  readonly value: string;
  readonly before?: Revision;
  readonly terms: readonly string[];
};
type Intent = {
  readonly do: 'put' | 'delete' | 'check';
  readonly key: Key;
  /** Ask for what is not there. */
  readonly wrong: boolean;
  readonly terms: readonly string[];
};
/** A `when` between 0 and 1 is a moment between the oldest and the newest. */
type Step =
  | {readonly step: 'commit'; readonly intents: readonly Intent[]}
  | {readonly step: 'list'; readonly range: string; readonly limit: number; readonly after?: Key; readonly when: number}
  | {readonly step: 'get'; readonly key: Key; readonly when: number}
  | {readonly step: 'terms'; readonly term: string; readonly limit: number}
  | {readonly step: 'watch'; readonly range: string; readonly when: number}
  | {readonly step: 'compact'; readonly when: number};

const keys = ['/a/x/1', '/a/x/2', '/a/y/1', '/a/y', '/b/x/1', '/b/x/2', '/b/x-y/1', '/c'] as Key[];
const ranges = ['/', '/a/', '/a/x/', '/a/y', '/a/y/', '/b/x/', '/c', '/d/'];
const words = ['red', 'green', 'blue'];

const intent: fc.Arbitrary<Intent> = fc.record({
  do: fc.constantFrom('put', 'put', 'put', 'delete', 'check'),
  key: fc.constantFrom(...keys),
  wrong: fc.integer({min: 0, max: 9}).map(n => n === 0),
  terms: fc.subarray(words),
});
const when = fc.oneof(fc.constant(1), fc.double({min: 0, max: 1, noNaN: true}));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('commit' as const),
      intents: fc.uniqueArray(intent, {minLength: 1, maxLength: 4, selector: i => i.key}),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {step: fc.constant('list' as const), range: fc.constantFrom(...ranges), limit: fc.nat(5), after: fc.constantFrom(...keys), when},
      {requiredKeys: ['step', 'range', 'limit', 'when']},
    ),
  },
  {weight: 2, arbitrary: fc.record({step: fc.constant('get' as const), key: fc.constantFrom(...keys), when})},
  {weight: 2, arbitrary: fc.record({step: fc.constant('terms' as const), term: fc.constantFrom(...words), limit: fc.nat(5)})},
  {weight: 2, arbitrary: fc.record({step: fc.constant('watch' as const), range: fc.constantFrom(...ranges), when})},
  {weight: 1, arbitrary: fc.record({step: fc.constant('compact' as const), when: fc.double({min: 0, max: 0.7, noNaN: true})})},
);

/** Random histories against a naive model (ST1 to ST18 at once). */
export function modelSuite(rule: Rule): void {
  rule('ST1-ST18 random histories agree with a naive model', async store => {
    const run = fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 40}), async steps => {
      const model = new Model(store);
      await model.clear();
      for (const s of steps) await model.take(s);
      await model.finish();
    });
    await fc.assert(run, {numRuns: 60});
  });
}

/** One history: takes steps in the store and in the model, and compares. Runs share a store, each starts from an empty one. */
class Model {
  readonly #store: Storage;
  readonly #log: Line[] = [];
  readonly #watches: {readonly told: Recorder; readonly range: string; readonly since: Revision; readonly compacted: boolean}[] = [];
  #values = 0;

  constructor(store: Storage) {
    this.#store = store;
  }

  async clear(): Promise<void> {
    for (const entry of (await this.#store.list('/', {limit: 100})).entries)
      await this.#store.commit([{delete: entry.key, expect: entry.revision}]);
    await this.#store.compact(this.#store.revision());
  }

  async take(s: Step): Promise<void> {
    if (s.step === 'commit') await this.#commit(s.intents);
    else if (s.step === 'list') await this.#list(s);
    else if (s.step === 'get') {
      const at = this.#moment(s.when);
      const found = await this.#store.get(s.key, {at});
      assert.deepEqual(plain(found), this.#entry(this.#state(at).get(s.key)));
      if (s.when === 1) {
        const hot = this.#store.hot(s.key);
        if (hot !== 'wait') assert.deepEqual(plain(hot), plain(found));
      }
    } else if (s.step === 'terms') await this.#terms(s.term, s.limit);
    else if (s.step === 'watch') {
      const since = s.when < 0.1 ? zero : this.#moment(s.when);
      const compacted = since < this.#store.compacted();
      this.#watches.push({told: new Recorder(this.#store, s.range, since), range: s.range, since, compacted});
    } else {
      // A watch that still catches up may be overtaken by a compaction; that is allowed, but not what is tested here.
      for (const watch of this.#watches) await watch.told.until(this.#due(watch).length);
      await this.#store.compact(this.#moment(s.when));
    }
  }

  async finish(): Promise<void> {
    for (const watch of this.#watches) {
      if (watch.compacted) assert.ok((await watch.told.end()) instanceof Compacted);
      else {
        const due = this.#due(watch);
        await watch.told.until(due.length);
        assert.deepEqual(
          watch.told.told(),
          due.map(({terms: _, ...event}) => event),
        );
      }
      watch.told.watch.close();
    }
  }

  async #commit(intents: readonly Intent[]): Promise<void> {
    const state = this.#state(this.#store.revision());
    const ops = intents.map(i => this.#op(i, state.get(i.key)?.revision ?? 'absent'));
    const bad = ops.findIndex(op => op.expect !== (state.get(keyOf(op))?.revision ?? 'absent'));
    const start = this.#store.revision();
    const {revisionPerObject} = this.#store.can;
    const outcome = this.#store.commit(ops as [Op, ...Op[]]);
    if (bad >= 0) {
      const actual: Expect = state.get(keyOf(ops[bad]!))?.revision ?? 'absent';
      await assert.rejects(outcome, (err: unknown) => err instanceof Unexpected && err.op === bad && err.actual === actual);
      assert.equal(this.#store.revision(), start);
      return;
    }
    let last = start;
    const revisions = ops.map((op, i) => {
      if ('check' in op) return last;
      last = revisionOf(revisionPerObject ? last + 1 : start + 1);
      const old = state.get(keyOf(op));
      const before = old && {before: old.revision};
      if ('delete' in op) this.#log.push({type: 'delete', key: op.delete, revision: last, value: old!.value, terms: [], ...before});
      else {
        const terms = intents[i]!.terms;
        this.#log.push({type: old ? 'update' : 'create', key: op.put, revision: last, value: text(op.value), terms, ...before});
      }
      return last;
    });
    assert.deepEqual((await outcome).revisions, revisions);
    assert.equal(this.#store.revision(), last);
  }

  #op(i: Intent, actual: Expect): Exclude<Op, Count> {
    const expect = i.wrong ? (actual === 'absent' ? revisionOf(1) : 'absent') : actual;
    if (i.do === 'put') return {put: i.key, value: bytes(`${this.#values++}`), expect, terms: i.terms};
    if (i.do === 'check') return {check: i.key, expect};
    return {delete: i.key, expect: expect === 'absent' ? revisionOf(1) : expect};
  }

  async #list(s: Step & {readonly step: 'list'}): Promise<void> {
    const at = this.#moment(s.when);
    const page = {limit: s.limit, ...(s.when !== 1 && {at}), ...(s.after && {after: s.after})};
    const due = [...this.#state(at).values()].filter(line => inRange(s.range, line.key)).sort((a, b) => (a.key < b.key ? -1 : 1));
    const rest = due.filter(line => s.after === undefined || line.key > s.after);
    const listed = await this.#store.list(s.range, page);
    assert.deepEqual(
      listed.entries.map(plain),
      rest.slice(0, s.limit).map(line => this.#entry(line)),
    );
    assert.deepEqual([listed.more, listed.at], [rest.length > s.limit, at]);
    if (s.when === 1) assert.equal(await this.#store.count(s.range, s.limit), Math.min(due.length, s.limit));
  }

  async #terms(term: string, limit: number): Promise<void> {
    if (!this.#store.can.terms) return;
    const state = [...this.#state(this.#store.revision()).values()];
    const due = state.filter(line => line.terms.includes(term)).sort((a, b) => (a.key < b.key ? -1 : 1));
    const found = await this.#store.byTerm(term, {limit});
    assert.deepEqual(
      found.entries.map(plain),
      due.slice(0, limit).map(line => this.#entry(line)),
    );
    assert.equal(found.more, due.length > limit);
    const after = state.flatMap(line => line.terms).filter(other => other > term);
    assert.equal(await this.#store.termAfter(term), after.sort()[0]);
    const besides = ranges.slice(limit, limit + 1).filter(range => range !== '/');
    const count = due.filter(line => !besides.some(range => inRange(range, line.key))).length;
    await this.#store.commit([{count: term, besides, below: count + 1}]);
    const full = this.#store.commit([{count: term, besides, below: count}]);
    await assert.rejects(full, (err: unknown) => err instanceof Unexpected && err.op === 0 && err.actual === count);
  }

  #moment(fraction: number): Revision {
    const oldest = this.#store.compacted();
    return revisionOf(Math.round(oldest + fraction * (this.#store.revision() - oldest)));
  }

  #state(at: Revision): Map<Key, Line> {
    const state = new Map<Key, Line>();
    for (const line of this.#log) if (line.revision <= at) line.type === 'delete' ? state.delete(line.key) : state.set(line.key, line);
    return state;
  }

  #entry(line: Line | undefined): unknown {
    return line && {key: line.key, revision: line.revision, value: line.value};
  }

  #due(watch: {readonly range: string; readonly since: Revision}): readonly Line[] {
    return this.#log.filter(line => line.revision > watch.since && inRange(watch.range, line.key));
  }
}

const keyOf = (op: Exclude<Op, Count>): Key => ('put' in op ? op.put : 'delete' in op ? op.delete : op.check);
const inRange = (range: string, key: Key): boolean => (range.endsWith('/') ? key.startsWith(range) : key === range);
