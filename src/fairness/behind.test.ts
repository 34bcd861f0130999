/** Who takes how much time, and what comes of it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {waitLimits} from './limits.ts';
import {fill, late, Server, tooMany} from './server.suite.ts';
import type {Visit} from './visit.ts';

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
