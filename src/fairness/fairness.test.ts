import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {workspaceIdOf} from '../api/cluster.ts';
import {accountUser} from '../auth/service-account.ts';
import {anonymous} from '../auth/user.ts';
import {waitLimits} from './limits.ts';
import {fill, late, Server, tooMany} from './server.suite.ts';
import type {Sort, Visit} from './visit.ts';

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
