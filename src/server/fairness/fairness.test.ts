import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {workspaceIdOf} from '../../api/cluster.ts';
import {ApiError} from '../../api/errors.ts';
import {accountUser} from '../../auth/service-account.ts';
import type {User} from '../../auth/user.ts';
import {anonymous, groups} from '../../auth/user.ts';
import {createMetrics} from '../metrics.ts';
import {Fairness} from './fairness.ts';
import type {FairnessLimits} from './limits.ts';
import {waitLimits} from './limits.ts';
import {LoopTime} from './loop-time.ts';
import {fairnessMetrics} from './metrics.ts';
import type {Sort, Visit} from './visit.ts';

const generous: FairnessLimits = {
  readOnlyMax: 8,
  mutatingMax: 4,
  perUserMax: 0,
  perWorkspaceMax: 0,
  loopPerUser: {msPerSecond: 100, burstMs: 100},
  loopPerWorkspace: {msPerSecond: 200, burstMs: 200},
  watchesPerUserMax: 3,
  watchesPerWorkspaceMax: 5,
};

/** A server whose time passes when the test says so; a round of the loop is a real one. */
class Server {
  nowMs = 0;
  readonly fairness: Fairness;
  #timers: {readonly atMs: number; readonly ring: () => void}[] = [];

  constructor(limits: Partial<FairnessLimits> = {}) {
    this.fairness = new Fairness({
      limits: {...generous, ...limits},
      time: new LoopTime(() => ({active: 0, idle: this.nowMs})),
      timers: {
        after: (ms, ring) => {
          const timer = {atMs: this.nowMs + ms, ring};
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter(other => other !== timer);
          };
        },
        turn: () => new Promise(resolve => setImmediate(resolve)),
      },
    });
  }

  get timers(): number {
    return this.#timers.length;
  }

  enter(
    user: string | User,
    workspace = 'w',
    sort: Sort = 'readOnly',
    signal = new AbortController().signal,
    isList = false,
  ): Visit | Promise<Visit> {
    const who = typeof user === 'string' ? {name: user, groups: [groups.authenticated]} : user;
    return this.fairness.enter({user: who, workspace, sort, isList, gone: () => signal});
  }

  /** Goes in at once, as is demanded. */
  inside(...asking: Parameters<Server['enter']>): Visit {
    const entered = this.enter(...asking);
    assert.ok(!(entered instanceof Promise), `${JSON.stringify(asking)} has to wait`);
    return entered;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const due of this.#timers.filter(({atMs}) => atMs <= this.nowMs)) {
      this.#timers = this.#timers.filter(other => other !== due);
      due.ring();
    }
  }

  async rounds(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
  }
}

const tooMany =
  (text: string, retryAfterSeconds = 1) =>
  (err: unknown) =>
    err instanceof ApiError &&
    err.reason === 'TooManyRequests' &&
    err.code === 429 &&
    err.message === `Too many requests, please try again later. (${text})` &&
    err.details?.retryAfterSeconds === retryAfterSeconds;
const late = 'it was not its turn in time';

/** Enters until it would have to wait. The last one goes on waiting, and leaves at once when it is let in. */
async function fill(server: Server, ...asking: Parameters<Server['enter']>): Promise<readonly Visit[]> {
  const visits: Visit[] = [];
  for (;;) {
    const entered = server.enter(...asking);
    if (!(entered instanceof Promise)) visits.push(entered);
    else {
      entered.then(
        visit => visit.leave(),
        () => undefined,
      );
      await server.rounds(2);
      return visits;
    }
  }
}

test('one user alone gets a third of the places, and of what is left others get a third again', async () => {
  const server = new Server();
  assert.equal((await fill(server, 'ann')).length, 3);
  assert.equal((await fill(server, 'bob', 'x')).length, 2);
  assert.equal((await fill(server, 'ann', 'y', 'mutating')).length, 2, 'writers have places of their own');
});

test('users of one workspace share what it gets, and what one has in another does not count', async () => {
  const server = new Server();
  await fill(server, 'ann');
  server.inside('bob');
  assert.ok(server.enter('bob') instanceof Promise);
  server.inside('bob', 'x');
  server.inside('ann', 'y');
});

test('limits of one user and of one workspace', () => {
  const server = new Server({perUserMax: 1, perWorkspaceMax: 2, readOnlyMax: 0});
  server.inside('ann');
  assert.ok(server.enter('ann') instanceof Promise);
  server.inside('bob');
  assert.ok(server.enter('cid') instanceof Promise);
  server.inside('cid', 'x');
});

test('without limits everybody goes in', () => {
  const server = new Server({readOnlyMax: 0, mutatingMax: 0, watchesPerUserMax: 0, watchesPerWorkspaceMax: 0});
  for (let i = 0; i < 1_000; i++) for (const sort of ['readOnly', 'mutating', 'watch'] as const) server.inside('ann', 'w', sort);
});

test('who waits for a place gets it when somebody leaves', async () => {
  const server = new Server();
  const visits = await fill(server, 'ann', 'w', 'mutating');
  const waiting = server.enter('ann', 'w', 'mutating');
  await server.rounds(3);
  assert.equal(server.fairness.executing('mutating'), 2);
  visits[0]!.leave();
  visits[0]!.leave();
  const visit = await waiting;
  assert.equal(server.fairness.executing('mutating'), 2);
  visit.leave();
  visits[1]!.leave();
  assert.equal(server.fairness.executing('mutating'), 0);
});

test('nobody waits for ever, and the last word says when to come again', async () => {
  const server = new Server();
  await fill(server, 'ann');
  const waiting = server.enter('ann');
  server.pass(waitLimits.waitMsMax - 1);
  const never = assert.rejects(async () => waiting, tooMany(late));
  server.pass(1);
  await never;
});

test('the line is bounded for each user, and full for one it is open to others', async () => {
  const server = new Server();
  const first = await fill(server, 'ann');
  const waiting = Array.from({length: waitLimits.perUserMax - 1}, () => server.enter('ann'));
  assert.throws(() => server.enter('ann'), tooMany('too many requests of this user wait for their turn'));
  assert.equal(server.fairness.waiting('global-default'), waitLimits.perUserMax);
  for (const visit of first) visit.leave();
  for (const each of waiting) (await each).leave();
  server.inside('bob', 'x');
});

test('who is gone waits no more', async () => {
  const server = new Server();
  const before = (await fill(server, 'ann')).length;
  const client = new AbortController();
  const waiting = assert.rejects(async () => server.enter('ann', 'w', 'readOnly', client.signal));
  client.abort();
  await waiting;
  await assert.rejects(async () => server.enter('ann', 'w', 'readOnly', AbortSignal.abort()));
  assert.deepEqual([before, server.timers, server.fairness.waiting('global-default')], [3, 1, 1]);
});

test('who spent too much of the loop waits behind all others, and comes through when there are none', async () => {
  const server = new Server();
  const visit = server.inside('ann');
  visit.spent(300, server.nowMs);
  visit.leave();
  const waiting = server.enter('ann');
  assert.ok(waiting instanceof Promise);
  server.inside('bob');
  (await waiting).leave();
  server.pass(2_001);
  server.inside('ann').leave();
});

test('what hangs elsewhere holds up nothing of a user who is behind, and long lists under way only other lists', async () => {
  const server = new Server({readOnlyMax: 1_000});
  const {fairness} = server;
  const hanging = Array.from({length: 50}, () => server.inside('ann'));
  hanging[0]!.spent(300, 0);
  let inside = 0;
  const enter = (isList: boolean): void => {
    const {signal} = new AbortController();
    void Promise.resolve(server.enter('ann', 'w', 'readOnly', signal, isList)).then(() => inside++);
  };
  enter(true);
  await server.rounds(3);
  assert.equal(inside, 1);
  let working = true;
  const work = hanging.slice(0, 2 * waitLimits.piecesBehindMax).map(visit =>
    fairness.time.run(visit, async () => {
      while (working) await fairness.turn();
    }),
  );
  enter(true);
  enter(false);
  await server.rounds(50);
  assert.equal(inside, 2);
  working = false;
  await Promise.all(work);
  await server.rounds(3);
  assert.equal(inside, 3);
});

test('strangers do not spend what is a workspace’s; those who may do something there do', () => {
  const server = new Server();
  const stranger = server.inside('ann');
  stranger.spent(1_000, 0);
  stranger.leave();
  server.inside('bob').leave();
  const visit = server.inside('bob');
  visit.allowed();
  visit.spent(250, 0);
  visit.leave();
  assert.ok(server.enter('cid') instanceof Promise);
  server.inside('cid', 'x');
});

test('a client that is behind is told for how long', async () => {
  const server = new Server();
  (await fill(server, 'ann'))[0]!.spent(450, 0);
  const waiting = assert.rejects(async () => server.enter('ann'), tooMany(late, 1));
  server.pass(waitLimits.waitMsMax);
  await waiting;
  const other = new Server({loopPerUser: {msPerSecond: 10, burstMs: 100}});
  (await fill(other, 'ann'))[0]!.spent(450, 0);
  const longer = assert.rejects(async () => other.enter('ann'), tooMany(late, waitLimits.retrySecondsMax));
  other.pass(waitLimits.waitMsMax);
  await longer;
});

test('watches take no places, and are bounded by themselves', async () => {
  const server = new Server();
  await fill(server, 'ann');
  const watches = Array.from({length: 3}, () => server.inside('ann', 'w', 'watch'));
  assert.throws(() => server.enter('ann', 'x', 'watch'), tooMany('a user may have 3 watches open'));
  server.inside('bob', 'w', 'watch');
  server.inside('bob', 'w', 'watch');
  assert.throws(() => server.enter('cid', 'w', 'watch'), tooMany('a workspace may have 5 watches open'));
  watches[0]!.leave();
  server.inside('cid', 'w', 'watch');
  assert.equal(server.fairness.executing('watch'), 5);
});

test('watches that had to wait do not exceed their limit either', async () => {
  const server = new Server({watchesPerUserMax: 2});
  server.inside('ann').spent(300, 0);
  const waiting = Array.from({length: 5}, () => server.enter('ann', 'w', 'watch'));
  const outcomes = Promise.allSettled(waiting);
  await server.rounds(10);
  assert.equal(server.fairness.executing('watch'), 2);
  server.pass(waitLimits.waitMsMax);
  assert.equal((await outcomes).filter(({status}) => status === 'rejected').length, 3);
});

test('nothing is kept of those who have nothing under way', () => {
  const server = new Server();
  for (let i = 0; i < 50_000; i++) server.inside(`user-${i}`, `workspace-${i}`).leave();
  assert.ok(server.fairness.accounts <= 4 * waitLimits.idleAccountsMax, `${server.fairness.accounts} accounts`);
});

test('all who are nobody are one, and take no workspace’s places', () => {
  const server = new Server();
  for (const workspace of ['a', 'b', 'c']) server.inside(anonymous, workspace);
  assert.ok(server.enter(anonymous, 'd') instanceof Promise);
  server.inside('ann', 'a');
});

test('accounts of one name in two workspaces are two', () => {
  const server = new Server({perUserMax: 1});
  for (const home of ['one', 'two'])
    server.inside(accountUser({workspace: workspaceIdOf(home), namespace: 'default', name: 'builder', uid: 'u'}, undefined), home);
});

test('an exempt request takes nobody’s place', async () => {
  const server = new Server();
  const visits = Array.from({length: 100}, () => server.fairness.exempt('readOnly'));
  assert.equal((await fill(server, 'ann')).length, 3);
  assert.equal(server.fairness.executing('readOnly'), 103);
  for (const visit of visits) visit.leave();
  assert.equal(server.fairness.executing('readOnly'), 3);
});

test('long work gives way to others in turns, whoever has how much of it', async () => {
  const server = new Server({readOnlyMax: 1_000});
  const {fairness} = server;
  const done: string[] = [];
  const work = (visit: Visit, name: string, pieces: number): Promise<void> =>
    fairness.time.run(visit, async () => {
      for (let i = 0; i < pieces; i++) await fairness.turn();
      done.push(name);
    });
  const flood = Array.from({length: 100}, (_, i) => work(server.inside('ann', 'flood'), `flood-${i}`, 3));
  const victim = work(server.inside('bob'), 'victim', 3);
  await Promise.all([...flood, victim]);
  assert.equal(done[0], 'victim');
  assert.equal(done.length, 101);
});

test('one piece of long work in a round of the loop', async () => {
  const server = new Server();
  let pieces = 0;
  const work = Array.from({length: 4}, (_, i) =>
    server.fairness.time.run(server.inside('ann', 'w', i < 3 ? 'watch' : 'readOnly'), async () => {
      for (let n = 0; n < 5; n++) {
        await server.fairness.turn();
        pieces++;
      }
    }),
  );
  for (let last = -1; pieces < 20; last = pieces) {
    await server.rounds(1);
    assert.ok(pieces - Math.max(last, 0) <= 1, `${last} and then ${pieces}`);
  }
  await Promise.all(work);
});

test('what operators see', async () => {
  const server = new Server({watchesPerUserMax: 1});
  const metrics = createMetrics();
  fairnessMetrics(metrics, server.fairness);
  await fill(server, 'ann');
  server.inside(anonymous, 'w', 'watch');
  assert.throws(() => server.enter(anonymous, 'w', 'watch'));
  for (const line of [
    'apiserver_current_inflight_requests{request_kind="readOnly"} 3',
    'apiserver_current_inflight_requests{request_kind="mutating"} 0',
    'apiserver_flowcontrol_current_inqueue_requests{flow_schema="global-default",priority_level="global-default"} 1',
    'apiserver_flowcontrol_rejected_requests_total{flow_schema="catch-all",priority_level="catch-all",reason="too-many-watches"} 1',
  ])
    assert.ok(metrics.text().includes(`${line}\n`), metrics.text());
});

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      workspace: fc.constantFrom('v', 'w'),
      sort: fc.constantFrom<Sort>('readOnly', 'mutating', 'watch'),
    }),
  },
  {weight: 4, arbitrary: fc.record({leave: fc.nat({max: 40})})},
  {weight: 1, arbitrary: fc.record({abort: fc.nat({max: 40})})},
  {weight: 2, arbitrary: fc.record({spend: fc.nat({max: 40}), ms: fc.nat({max: 100})})},
  {weight: 1, arbitrary: fc.record({pass: fc.nat({max: 3_000})})},
  {weight: 2, arbitrary: fc.record({rounds: fc.nat({max: 3})})},
);

test('never more than the limit, and every place comes back once, whatever happens', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 120}), async steps => {
      const server = new Server({watchesPerUserMax: 0, watchesPerWorkspaceMax: 0});
      const {fairness} = server;
      const visits: Visit[] = [];
      const clients: AbortController[] = [];
      const pending: Promise<unknown>[] = [];
      for (const each of steps) {
        if ('user' in each) {
          const client = new AbortController();
          clients.push(client);
          const entered = server.enter(each.user, each.workspace, each.sort, client.signal);
          if (entered instanceof Promise)
            pending.push(
              entered.then(
                visit => visits.push(visit),
                () => undefined,
              ),
            );
          else visits.push(entered);
        } else if ('leave' in each) visits[each.leave]?.leave();
        else if ('abort' in each) clients[each.abort]?.abort();
        else if ('spend' in each) visits[each.spend]?.spent(each.ms, server.nowMs);
        else if ('pass' in each) server.pass(each.pass);
        else await server.rounds(each.rounds);
        assert.ok(fairness.executing('readOnly') <= 8 && fairness.executing('mutating') <= 4);
      }
      // All leave, and who waits comes in, or is told no.
      for (let left = 0; left < visits.length || fairness.waiting('global-default') > 0; ) {
        for (; left < visits.length; left++) visits[left]!.leave();
        await server.rounds(2);
      }
      await Promise.all(pending);
      for (const visit of visits) visit.leave();
      for (const sort of ['readOnly', 'mutating', 'watch'] as const) assert.equal(fairness.executing(sort), 0);
      assert.deepEqual([fairness.waiting('global-default'), server.timers], [0, 0]);
      server.pass(60_000);
      assert.equal((await fill(server, 'new')).length, 3);
    }),
  ));

test('however many of one wait, another is let in within as many rounds as there are workspaces', async () => {
  const server = new Server();
  const ann = server.inside('ann', 'flood');
  ann.allowed();
  ann.spent(10_000, 0);
  const bob = server.inside('bob', 'calm');
  bob.spent(500, 0);
  const flood = Array.from({length: waitLimits.perUserMax}, () => server.enter('ann', 'flood'));
  let inAfter = -1;
  const waiting = server.enter('bob', 'calm');
  assert.ok(waiting instanceof Promise);
  let rounds = 0;
  void waiting.then(() => (inAfter = rounds));
  for (; rounds < 10 && inAfter < 0; rounds++) await server.rounds(1);
  assert.ok(inAfter >= 0 && inAfter <= 3, `after ${inAfter} rounds`);
  server.pass(waitLimits.waitMsMax);
  const outcomes = await Promise.allSettled(flood);
  assert.ok(outcomes.some(({status}) => status === 'rejected'));
});
