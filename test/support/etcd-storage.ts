import {EventEmitter, once} from 'node:events';
import {bounds, checkOps, holds, keyOf} from '../../src/storage/ranges.ts';
import {
  type Committed,
  Compacted,
  type Count,
  type Entry,
  type Event,
  type Expect,
  type Key,
  type Listed,
  type Op,
  type Page,
  type Range,
  type Revision,
  revisionOf,
  type Storage,
  Unavailable,
  Unexpected,
  type Watch,
  type WatchSink,
} from '../../src/storage/storage.ts';

/**
 * The port over a real etcd, through its JSON gateway, for keys under a prefix: the truth that the suite itself is held to. It is thin and
 * slow, and for tests only. Its history begins where it is opened.
 */
export async function etcdStorage(url: string, prefix: string): Promise<Storage> {
  const call: Call = async (path, body, signal) =>
    fetch(`${url}/v3/${path}`, {method: 'POST', body: JSON.stringify(body), ...(signal && {signal})});
  const {header} = (await (await call('kv/range', {key: base64('/')})).json()) as Answer;
  const store = new EtcdStorage(call, prefix, revisionOf(Number(header.revision)));
  await store.compact(store.revision());
  return store;
}

type Call = (path: string, body: unknown, signal?: AbortSignal) => Promise<Response>;
/** Fields with their zero value are left out; numbers are strings. */
type KeyValue = {readonly key: string; readonly value?: string; readonly mod_revision: string; readonly create_revision: string};
type Answer = {
  readonly header: {readonly revision: string};
  readonly kvs?: readonly KeyValue[];
  readonly more?: boolean;
  readonly count?: string;
  readonly succeeded?: boolean;
  readonly responses?: readonly {readonly response_range?: {readonly kvs?: readonly KeyValue[]}}[];
  readonly error?: string;
};
type Told = {readonly type?: 'DELETE'; readonly kv: KeyValue; readonly prev_kv?: KeyValue};
type Watching = {readonly range: Range; readonly sink: WatchSink; readonly stream: AbortController; position: Revision};

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bytes = (text = ''): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const revisionIn = (kv: KeyValue): Revision => revisionOf(Number(kv.mod_revision));

class EtcdStorage implements Storage {
  readonly can = {revisionPerObject: false, terms: false};
  readonly #call: Call;
  readonly #prefix: string;
  #head: Revision;
  #compacted = revisionOf(0);
  #closed = false;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #watches = new Set<Watching>();
  readonly #told = new EventEmitter().setMaxListeners(0);

  constructor(call: Call, prefix: string, head: Revision) {
    this.#call = call;
    this.#prefix = prefix;
    this.#head = head;
  }

  revision = (): Revision => this.#head;
  compacted = (): Revision => this.#compacted;

  hot(_key: Key): 'wait' {
    this.#stillOpen();
    return 'wait';
  }

  async get(key: Key, options?: {readonly at?: Revision}): Promise<Entry | undefined> {
    return (await this.list(key, {limit: 1, ...options})).entries[0];
  }

  async list(range: Range, {limit, bytesMax = Number.POSITIVE_INFINITY, at, after}: Page): Promise<Listed> {
    // To etcd a limit of 0 is none.
    const answer = await this.#range(range, {limit: limit + 1, ...(at !== undefined && {revision: at})}, after);
    const entries = (answer.kvs ?? []).map(kv => this.#entry(kv));
    let taken = 0;
    for (let bytes = 0; taken < Math.min(limit, entries.length) && bytes < bytesMax; taken++) bytes += entries[taken]!.value.length;
    return {entries: entries.slice(0, taken), at: at ?? revisionOf(Number(answer.header.revision)), more: entries.length > taken};
  }

  async count(range: Range, max: number): Promise<number> {
    return Math.min(max, Number((await this.#range(range, {count_only: true})).count ?? 0));
  }

  async byTerm(): Promise<Listed> {
    throw new Error('etcd has no terms');
  }

  async termAfter(): Promise<string | undefined> {
    throw new Error('etcd has no terms');
  }

  commit(ops: readonly [Op, ...Op[]]): Promise<Committed> {
    const outcome = this.#commit(ops);
    this.#underWay.add(outcome);
    const done = (): void => void this.#underWay.delete(outcome);
    outcome.then(done, done);
    return outcome;
  }

  watch(range: Range, since: Revision, sink: WatchSink): Watch {
    const watch: Watching = {range, sink, stream: new AbortController(), position: since};
    this.#watches.add(watch);
    void this.#follow(watch);
    return {close: () => this.#drop(watch)};
  }

  async compact(upTo: Revision): Promise<void> {
    this.#stillOpen();
    const compacted = revisionOf(Math.min(upTo, this.#head));
    if (compacted <= this.#compacted) return;
    const answer = await this.#ask('kv/compaction', {revision: compacted, physical: true});
    // Another store over the same etcd may have compacted to here already.
    if (answer.error && !answer.error.includes('has been compacted')) throw new Error(answer.error);
    this.#compacted = compacted;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    for (const watch of this.#watches) this.#end(watch, new Unavailable('the store is closed'));
  }

  async #commit(all: readonly [Op, ...Op[]]): Promise<Committed> {
    checkOps(all);
    this.#stillOpen();
    const ops = all.map(op => {
      if ('count' in op) throw new Error('etcd has no terms');
      return op;
    });
    const before = this.#head;
    const keys = ops.map(op => this.#key(keyOf(op)));
    const answer = await this.#ask('kv/txn', {
      compare: ops.map(({expect}, i) => ({key: keys[i], target: 'MOD', result: 'EQUAL', mod_revision: expect === 'absent' ? 0 : expect})),
      success: ops.flatMap((op, i): readonly object[] => {
        if ('check' in op) return [];
        if ('delete' in op) return [{request_delete_range: {key: keys[i]}}];
        return [{request_put: {key: keys[i], value: Buffer.from(op.value).toString('base64')}}];
      }),
      failure: keys.map(key => ({request_range: {key}})),
    });
    if (answer.error) throw new Unavailable(answer.error);
    if (!answer.succeeded) throw unexpected(ops, answer);
    const revision = revisionOf(Number(answer.header.revision));
    await this.#deliveredTo(ops, revision);
    const firstWrite = ops.findIndex(op => !('check' in op));
    return {revisions: ops.map((_, i) => (firstWrite < 0 ? revision : i < firstWrite ? before : revision))};
  }

  /** Waits until every watch that a commit concerns was told. */
  async #deliveredTo(ops: readonly Exclude<Op, Count>[], revision: Revision): Promise<void> {
    const writes = ops.filter(op => !('check' in op)).map(keyOf);
    for (const watch of [...this.#watches])
      while (this.#watches.has(watch) && watch.position < revision && writes.some(key => holds(watch.range, key)))
        await once(this.#told, 'told');
  }

  async #follow(watch: Watching): Promise<void> {
    const late = this.#closed;
    await Promise.resolve();
    if (!this.#watches.has(watch)) return;
    if (late) return this.#end(watch, new Unavailable('the store is closed'));
    if (watch.position < this.#compacted) return this.#end(watch, new Compacted('compacted', this.#compacted));
    const {from, to} = bounds(watch.range);
    const request = {key: this.#key(from), range_end: this.#key(to), start_revision: watch.position + 1, prev_kv: true};
    try {
      const reply = await this.#call('watch', {create_request: request}, watch.stream.signal);
      for await (const line of lines(reply))
        this.#hear(watch, (JSON.parse(line) as {result: {events?: readonly Told[]}}).result.events ?? []);
    } catch (err) {
      if (this.#watches.has(watch)) this.#end(watch, new Unavailable((err as Error).message));
    }
  }

  #hear(watch: Watching, told: readonly Told[]): void {
    const batch = told.map(t => this.#event(t));
    const last = batch.at(-1);
    if (!last || !this.#watches.has(watch)) return;
    watch.position = last.revision;
    this.#see(last.revision);
    watch.sink.events(batch);
    this.#told.emit('told');
  }

  #event({type, kv, prev_kv: old}: Told): Event {
    const {key, revision, value} = this.#entry(kv);
    if (type === 'DELETE') return {type: 'delete', key, revision, value: bytes(old?.value), before: revisionIn(old!)};
    if (kv.create_revision === kv.mod_revision) return {type: 'create', key, revision, value};
    return {type: 'update', key, revision, value, before: revisionIn(old!)};
  }

  async #range(range: Range, options: object, after?: Key): Promise<Answer> {
    this.#stillOpen();
    const {from, to} = bounds(range, after);
    if (from >= to) return {header: {revision: String(this.#head)}};
    const answer = await this.#ask('kv/range', {key: this.#key(from), range_end: this.#key(to), ...options});
    if (answer.error?.includes('compacted')) throw new Compacted(answer.error, this.#compacted);
    if (answer.error?.includes('future')) throw new RangeError(answer.error);
    return answer;
  }

  async #ask(path: string, body: object): Promise<Answer> {
    const answer = (await (await this.#call(path, body)).json()) as Answer;
    if (!answer.error) this.#see(revisionOf(Number(answer.header.revision)));
    return answer;
  }

  #see(revision: Revision): void {
    if (revision > this.#head) this.#head = revision;
  }

  #key(key: string): string {
    return base64(this.#prefix + key);
  }

  #entry(kv: KeyValue): Entry {
    const key = Buffer.from(kv.key, 'base64').toString().slice(this.#prefix.length) as Key;
    return {key, revision: revisionIn(kv), value: bytes(kv.value)};
  }

  #stillOpen(): void {
    if (this.#closed) throw new Unavailable('the store is closed');
  }

  #end(watch: Watching, why: Compacted | Unavailable): void {
    this.#drop(watch);
    watch.sink.ended(why);
  }

  #drop(watch: Watching): void {
    this.#watches.delete(watch);
    watch.stream.abort();
    this.#told.emit('told');
  }
}

/** The first expectation that did not hold, by what etcd found instead. */
function unexpected(ops: readonly Exclude<Op, Count>[], {responses}: Answer): Unexpected {
  const found = responses!.map((r): Expect => (r.response_range?.kvs?.[0] ? revisionIn(r.response_range.kvs[0]) : 'absent'));
  const op = ops.findIndex(({expect}, i) => expect !== found[i]);
  return new Unexpected(op, found[op]!);
}

async function* lines(reply: Response): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
}
