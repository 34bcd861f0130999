import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {WorkspaceId} from '../api/cluster.ts';
import {root, systemAdmin, workspaceIdOf} from '../api/cluster.ts';
import {asObject} from '../api/object.ts';
import type {KeySpace} from '../registry/keys.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {putOp} from '../registry/ops.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Storage, WatchSink} from '../storage/storage.ts';
import {Compacted, revisionOf} from '../storage/storage.ts';
import type {Asked, OpenWatch} from './open-watches.ts';
import {OpenWatches, openWatchLimits} from './open-watches.ts';

const [here, there] = ['here', 'there'].map(workspaceIdOf) as [WorkspaceId, WorkspaceId];
const roles: KeySpace = {group: 'rbac.authorization.k8s.io', resource: 'roles', section: builtInSection};
const secrets: KeySpace = {group: '', resource: 'secrets', section: builtInSection};

/** A store, what is open over it, and a clock that rings when it is told. */
function setUp() {
  const inner = memoryStorage();
  const sinks: WatchSink[] = [];
  const watch: Storage['watch'] = (range, since, sink) => {
    sinks.push(sink);
    return inner.watch(range, since, sink);
  };
  const store: Storage = new Proxy(inner, {
    get(_, name) {
      if (name === 'watch') return watch;
      const found: unknown = Reflect.get(inner, name);
      return typeof found === 'function' ? found.bind(inner) : found;
    },
  });
  const timers: (() => void)[] = [];
  const rests: number[] = [];
  let turns = 0;
  let nowMs = 0;
  const world = {
    now: () => nowMs,
    after(ms: number, ring: () => void) {
      rests.push(ms);
      timers.push(ring);
      return () => undefined;
    },
    async turn() {
      turns++;
      await rest();
    },
  };
  const open = new OpenWatches(store, world);
  const round = async (): Promise<void> => {
    for (const ring of timers.splice(0)) ring();
    await rest();
  };
  return {
    open,
    sinks,
    timers,
    rests,
    turns: () => turns,
    pass(ms: number): void {
      nowMs += ms;
    },
    round,
    /** It follows from the first watch on. */
    async begin() {
      const {watch} = aWatch(open, here);
      open.add(watch);
      await round();
      open.remove(watch);
    },
    async change(workspace: WorkspaceId, space = roles) {
      const key = keyOf(space, workspace, 'n', 'x');
      const before = await store.get(key);
      await store.commit([putOp(key, asObject({apiVersion: 'v1', kind: 'X', metadata: {name: 'x'}}), before?.revision ?? 'absent')]);
    },
  };
}

const rest = () => new Promise<void>(resolve => setImmediate(resolve));

/** A watch that notes how it was asked. */
function aWatch(open: OpenWatches, workspace: WorkspaceId | '*', more: Partial<Asked> = {}) {
  const asked: boolean[] = [];
  const state = {allowed: true, ended: 0, asked};
  const again = async (who: boolean): Promise<void> => {
    asked.push(who);
    if (!state.allowed) throw new Error('no');
  };
  const watch: OpenWatch = {workspace, asked: {home: undefined, asOf: open.mark(), again, ...more}, end: () => void state.ended++};
  return {watch, state};
}

test('the very first is asked again, as nobody knows what has changed since it was asked', async () => {
  const {open, round, timers} = setUp();
  const first = aWatch(open, here);
  open.add(first.watch);
  await round();
  const next = aWatch(open, here);
  open.add(next.watch);
  assert.deepEqual([first.state.asked, next.state.asked, timers.length], [[false], [], 0]);
});

test('only those are asked whom a change concerns, and while nothing changes no timer waits', async () => {
  const {open, change, round, timers, begin} = setUp();
  await begin();
  const [one, two] = [aWatch(open, here), aWatch(open, there)];
  for (const {watch} of [one, two]) open.add(watch);
  assert.deepEqual([one.state.asked, two.state.asked, timers.length], [[], [], 0]);
  await change(here);
  await change(here);
  assert.equal(timers.length, 1);
  await round();
  assert.deepEqual([one.state.asked.length, two.state.asked.length, timers.length], [1, 0, 0]);
  for (const workspace of [systemAdmin, root]) await change(workspace);
  await round();
  assert.deepEqual([one.state.asked.length, two.state.asked.length], [2, 1]);
});

test('who may not any more is ended once, and who has left is not asked', async () => {
  const {open, change, round, timers, begin} = setUp();
  await begin();
  const [bad, gone] = [aWatch(open, here), aWatch(open, here)];
  open.add(bad.watch);
  open.add(gone.watch);
  await round();
  bad.state.allowed = false;
  open.remove(gone.watch);
  await change(here);
  await round();
  await change(here);
  assert.equal(timers.length, 0);
  assert.deepEqual([bad.state.ended, gone.state.ended, gone.state.asked.length], [1, 0, 0]);
});

test('what changed between the question and the watch is asked about', async () => {
  const {open, change, round, timers, begin} = setUp();
  await begin();
  open.add(aWatch(open, there).watch);
  await round();
  const asOf = open.mark();
  await change(here);
  await round();
  const late = aWatch(open, here, {asOf});
  open.add(late.watch);
  await round();
  assert.deepEqual(late.state.asked, [false]);
  const account = aWatch(open, here, {asOf, home: there});
  open.add(account.watch);
  await round();
  assert.deepEqual(account.state.asked, [true]);
  const timely = aWatch(open, here);
  open.add(timely.watch);
  assert.deepEqual([timely.state.asked, timers.length], [[], 0]);
});

test('of service accounts of a workspace it is asked who they are when one of its Secrets changes, wherever they watch', async () => {
  const {open, change, round, begin} = setUp();
  await begin();
  const [account, other, user] = [aWatch(open, here, {home: there}), aWatch(open, there, {home: here}), aWatch(open, there)];
  for (const {watch} of [account, other, user]) open.add(watch);
  await round();
  await change(there, secrets);
  await round();
  // A new one ends no token.
  assert.deepEqual(account.state.asked.includes(true), false);
  await change(there, secrets);
  await round();
  assert.deepEqual([account.state.asked.at(-1), other.state.asked, user.state.asked], [true, [], []]);
});

test('what comes during a round is for the next, and it goes on after a change that was not seen', async () => {
  const {open, change, round, sinks, timers, begin} = setUp();
  await begin();
  const waiting: (() => void)[] = [];
  const letIn = async (): Promise<void> => {
    for (const answer of waiting.splice(0)) answer();
    await rest();
  };
  const slow = aWatch(open, here, {again: () => new Promise<void>(resolve => void waiting.push(resolve))});
  const quick = aWatch(open, there);
  open.add(slow.watch);
  open.add(quick.watch);
  await change(here);
  await round();
  await change(there);
  assert.equal(timers.length, 0);
  await letIn();
  assert.equal(timers.length, 1);
  await round();
  assert.deepEqual([quick.state.asked.length, slow.state.ended], [1, 0]);
  const before = sinks.length;
  sinks[0]?.ended(new Compacted('gone', revisionOf(1)));
  await round();
  assert.deepEqual([quick.state.asked.length, sinks.length], [2, 2 * before]);
  await letIn();
  await change(there);
  await round();
  assert.equal(quick.state.asked.length, 3);
});

test('thousands are asked in pieces, and many changed workspaces count as all', async () => {
  const {open, change, round, turns, begin} = setUp();
  await begin();
  const watches = Array.from({length: 1_000}, () => aWatch(open, here));
  for (const {watch} of watches) open.add(watch);
  await change(here);
  await round();
  for (let i = 0; i < 100; i++) await rest();
  assert.ok(turns() >= Math.floor(1_000 / openWatchLimits.askedPerTurnMax), String(turns()));
  assert.ok(watches.every(({state}) => state.asked.length >= 1));
  const far = aWatch(open, there);
  open.add(far.watch);
  for (let i = 0; i <= openWatchLimits.workspacesMax; i++) await change(workspaceIdOf(`w${i}`));
  await round();
  for (let i = 0; i < 100; i++) await rest();
  assert.equal(far.state.asked.length, 1);
});

test('the longer a round took, the longer it is until the next, within a second in any case', async () => {
  const {open, change, round, begin, pass, rests} = setUp();
  await begin();
  let tookMs = 0;
  const again = async (): Promise<void> => {
    // Somebody is never done.
    await change(here);
    pass(tookMs);
  };
  open.add(aWatch(open, here, {again}).watch);
  await change(here);
  rests.splice(0);
  for (tookMs of [0, 100, 10_000]) await round();
  assert.deepEqual(rests, [100, 300, 500]);
});
