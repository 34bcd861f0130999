import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MessageChannel} from 'node:worker_threads';
import type {WorkspaceId} from '../api/cluster.ts';
import {ApiError} from '../api/errors.ts';
import type {HttpReply, HttpRequest} from '../server/http.ts';
import {Peer} from '../threads/peer.ts';
import {type HeavyThread, heavyThread, heavyThreadLimits as limits, type Thread, type Travelling} from './heavy-thread.ts';

type Answer = (request: Travelling) => Promise<HttpReply>;

/** A line over threads that are none: each answers what `answers` says, the next one what the next says. Time passes by hand. */
function setUp(...answers: readonly Answer[]) {
  const found = {started: 0, killed: 0, offered: 0, errors: [] as string[]};
  const ends: ((why: string) => void)[] = [];
  let timers: {readonly at: number; readonly callback: () => void}[] = [];
  let now = 0;
  const start = (): Thread => {
    const {port1, port2} = new MessageChannel();
    const peer = new Peer({post: message => port2.postMessage(message), hear: listener => port2.on('message', listener)});
    const answer = answers[found.started++] as Answer;
    // One that hangs says nothing at all.
    peer.serve({answer, beat: () => (answer === hangs ? new Promise(() => {}) : undefined)});
    return {
      channel: {post: message => port1.postMessage(message), hear: listener => port1.on('message', listener)},
      onEnd: told => ends.push(told),
      kill: async () => {
        found.killed++;
        port1.close();
      },
    };
  };
  const line = heavyThread({
    start,
    serve: () => {
      found.offered++;
      return {mark: () => 'mark', stop: () => found.offered--};
    },
    timers: {
      after(ms, callback) {
        const timer = {at: now + ms, callback};
        timers.push(timer);
        return () => {
          timers = timers.filter(each => each !== timer);
        };
      },
      turn: () => new Promise(resolve => setImmediate(resolve)),
    },
    log: {debug: () => {}, info: () => {}, warn: () => {}, error: message => found.errors.push(message)},
  });
  const pass = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end; ) {
      now += limits.beatMs;
      const due = timers.filter(({at}) => at <= now);
      timers = timers.filter(({at}) => at > now);
      for (const {callback} of due) callback();
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  };
  return {line, found, pass, crash: (why: string) => ends.at(-1)?.(why)};
}

const echoes: Answer = async ({body}) => ({status: 200, headers: {}, body});
const hangs: Answer = () => new Promise(() => {});

const ask = (line: HeavyThread, size = 1, workspace = 'a'): Promise<HttpReply> => {
  const request: HttpRequest = {
    method: 'POST',
    target: '/api',
    headers: [],
    remoteAddress: '',
    // A part of more memory than is meant.
    body: async () => new Uint8Array(2 * size).subarray(size).fill(7),
    signal: new AbortController().signal,
  };
  return line.answer(request, workspace as WorkspaceId);
};
const refused = (reason: string) => (err: unknown) => err instanceof ApiError && err.reason === reason;

test('a thread answers, and is let go when it is idle', async () => {
  const {line, found, pass} = setUp(echoes, echoes);
  assert.equal(found.started, 0);
  const replies = await Promise.all([1, 2, 3, 4, 5, 6].map(size => ask(line, size)));
  assert.deepEqual(
    replies.map(({body}) => (body as Uint8Array).length),
    [1, 2, 3, 4, 5, 6],
  );
  assert.equal(found.started, 1);
  await pass(limits.idleMsMax - 2 * limits.beatMs);
  assert.equal(found.killed, 0);
  await pass(3 * limits.beatMs);
  assert.deepEqual([found.killed, found.offered], [1, 0]);
  assert.equal((await ask(line)).status, 200);
  assert.equal(found.started, 2);
  await line.close();
  await assert.rejects(ask(line), refused('ServiceUnavailable'));
  assert.deepEqual([found.killed, found.offered, found.errors.length], [2, 0, 0]);
});

test('a thread that hangs is ended, and who waited gets another one', async () => {
  const {line, found, pass} = setUp(hangs, echoes);
  const inside = Array.from({length: limits.insideMax}, () => ask(line).catch((err: ApiError) => err.reason));
  const behind = ask(line);
  await pass(limits.silentMsMax + 2 * limits.beatMs);
  assert.deepEqual(new Set(await Promise.all(inside)), new Set(['ServiceUnavailable']));
  assert.equal((await behind).status, 200);
  assert.deepEqual([found.started, found.killed, found.errors.length], [2, 1, 1]);
  await line.close();
});

test('a thread that works for long lives on', async () => {
  const {promise, resolve: finish} = Promise.withResolvers<HttpReply>();
  const slow: Answer = () => promise;
  const {line, found, pass} = setUp(slow);
  const reply = ask(line);
  await pass(3 * limits.silentMsMax);
  assert.equal(found.killed, 0);
  finish({status: 200, headers: {}});
  assert.equal((await reply).status, 200);
  await line.close();
});

test('a thread that dies takes only what it had', async () => {
  const {line, found, crash} = setUp(hangs, echoes);
  const inside = Array.from({length: limits.insideMax}, () => ask(line).catch((err: ApiError) => err.reason));
  const behind = ask(line);
  await new Promise(resolve => setImmediate(resolve));
  crash('out of memory');
  assert.deepEqual(new Set(await Promise.all(inside)), new Set(['ServiceUnavailable']));
  assert.equal((await behind).status, 200);
  assert.equal(found.started, 2);
  await line.close();
});

test('workspaces take turns', async () => {
  const finish: (() => void)[] = [];
  const slow: Answer = () => new Promise(resolve => void finish.push(() => resolve({status: 200, headers: {}})));
  const {line} = setUp(slow);
  const answered: string[] = [];
  const asked = [...Array<string>(20).fill('a'), 'b', 'c'].map(name => ask(line, 1, name).then(() => answered.push(name)));
  while (answered.length < asked.length) {
    finish.shift()?.();
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  assert.ok(answered.lastIndexOf('b') < limits.insideMax + 3 && answered.lastIndexOf('c') < limits.insideMax + 3, answered.join(''));
  await line.close();
});

test('nobody fills the line', async () => {
  const {line} = setUp(hangs);
  const asked = Array.from({length: limits.perWorkspaceMax}, () => ask(line).catch((err: ApiError) => err.reason));
  await new Promise(resolve => setImmediate(resolve));
  await assert.rejects(ask(line), refused('TooManyRequests'));
  const large = Array.from({length: 30}, (_, i) => ask(line, 3 * 1024 * 1024, `b${i}`).catch((err: ApiError) => err.reason));
  await new Promise(resolve => setImmediate(resolve));
  await line.close();
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['ServiceUnavailable']));
  const reasons = await Promise.all(large);
  const room = Math.floor(limits.waitingBytesMax / (3 * 1024 * 1024));
  assert.deepEqual([reasons.filter(each => each === 'TooManyRequests').length, reasons.length], [30 - room, 30]);
});
