/** What happens when somebody asks for too much at once: they are told to come again, and nobody else is. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../../src/api/errors.ts';
import {groups} from '../../src/auth/user.ts';
import type {FairnessLimits} from '../../src/fairness/limits.ts';
import type {HttpReply, HttpRequest} from '../../src/server/http.ts';
import {headerList} from '../../src/server/http.ts';
import type {Answer, Api} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import type {TestPlane} from '../support/plane.ts';
import {fairnessIn, inProcess, startPlane, users} from '../support/plane.ts';
import {realTurn, virtualWorld} from '../support/virtual-world.ts';

const {configMaps} = paths;
const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'};
const text = 'TooManyRequests: Too many requests, please try again later. (';

/** A plane with limits as a server has them, and a way to write slowly there. */
async function limited(limits: Partial<FairnessLimits> = {}): Promise<{readonly plane: TestPlane; readonly slow: Slow}> {
  const world = virtualWorld('fairness');
  const fairness = fairnessIn(world, {readOnlyMax: 400, mutatingMax: 200, ...limits});
  const plane = await startPlane('fairness', {fairness}, world);
  return {plane, slow: slowWrites(plane)};
}

type Slow = {
  /** Begins to write, and sends the body when all are let go. */
  begin(api: string, body: object, token?: string): Promise<HttpReply>;
  letGo(): void;
};

function slowWrites(plane: TestPlane): Slow {
  let letGo = (): void => undefined;
  const gate = new Promise<void>(resolve => {
    letGo = resolve;
  });
  return {
    begin: async (target, body, token = users.kcpAdmin) =>
      plane.handler({
        method: 'POST',
        target,
        headers: headerList({authorization: `Bearer ${token}`}),
        remoteAddress: '',
        body: () => gate.then(() => Buffer.from(JSON.stringify(body))),
        signal: new AbortController().signal,
      }),
    letGo: () => letGo(),
  };
}

/** Asks again as often as the answer says when, as clients of Kubernetes do. */
async function patiently(plane: TestPlane, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    const seconds = Number(answer.headers['retry-after']);
    if (answer.status !== 429 || tries === 10) return answer;
    assert.ok(seconds >= 1, 'a time to come again');
    await plane.world.advance(seconds * 1000);
  }
}

/** Until all who were begun are in, or wait. No time passes. */
const begun = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await realTurn();
};

const count = (replies: readonly HttpReply[], status: number): number => replies.filter(reply => reply.status === status).length;

test('212 500 concurrent slow writes: some are told to come again, others wait, and all get through in the end', inProcess, async () => {
  const {plane, slow} = await limited();
  const api = await newPlace(plane);
  const target = `/clusters/root:place-1${configMaps}`;
  const writing = Array.from({length: 500}, (_, i) => slow.begin(target, configMap(`c${i}`)));
  await plane.settle();
  await plane.world.advance(6_000);
  slow.letGo();
  const replies = await Promise.all(writing);
  // A third of the places for the only one; the others waited in vain, as nobody left.
  assert.deepEqual([count(replies, 201), count(replies, 429)], [67, 433]);
  for (const {status, headers} of replies) assert.equal(headers['retry-after'], status === 429 ? '1' : undefined);
  const again = replies.flatMap(({status}, i) => (status === 429 ? [i] : []));
  const answers = await Promise.all(again.map(i => patiently(plane, () => api.post(configMaps, configMap(`c${i}`)))));
  for (const answer of answers) succeeded(answer, 201);
  assert.equal((succeeded(await api.get(configMaps)).at('items') as unknown[]).length, 501);
  await plane.stop();
});

test('213 watches are not counted among the requests in flight, and are opened whatever these are', inProcess, async () => {
  const {plane, slow} = await limited({readOnlyMax: 2, mutatingMax: 2});
  const api = await newPlace(plane);
  const open = await Promise.all(Array.from({length: 50}, () => api.watch(configMaps)));
  succeeded(await api.get(configMaps));
  const writing = [slow.begin(`/clusters/root:place-1${configMaps}`, configMap('slow'))];
  await begun();
  const more = await api.watch(configMaps);
  assert.equal(more.status, 200);
  slow.letGo();
  await Promise.all(writing);
  await plane.eventually(() => [...open, more].every(watching => watching.seen().includes('ADDED slow')));
  await plane.stop();
});

test('writers that wait hold up nobody who reads, nor anybody else in their workspace or in another', inProcess, async () => {
  const {plane, slow} = await limited();
  const [api, other] = [await newPlace(plane), await newPlace(plane)];
  const subjects = [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user-1'}];
  for (const place of [api, other]) succeeded(await place.post(bindings, {metadata: {name: 'user-1'}, subjects, roleRef}), 201);
  const target = `/clusters/root:place-1${configMaps}`;
  const writing = Array.from({length: 367}, (_, i) => slow.begin(target, configMap(`c${i}`), users.user1));
  await begun();
  const tooMuch = await api.as(users.user1).post(configMaps, configMap('one-more'));
  refused(tooMuch, 429, `${text}too many requests of this user wait for their turn)`);
  succeeded(await api.as(users.user1).get(configMaps));
  for (const place of [api, other]) succeeded(await place.post(configMaps, configMap('by-another')), 201);
  succeeded(await other.as(users.user1).post(configMaps, configMap('by-the-same')), 201);
  slow.letGo();
  assert.equal(count(await Promise.all(writing), 201), 367);
  await plane.stop();
});

test('system:masters and probes are let in whatever happens', inProcess, async () => {
  const {plane, slow} = await limited({readOnlyMax: 1, mutatingMax: 1});
  const api = await newPlace(plane);
  const target = `/clusters/root:place-1${configMaps}`;
  const writing = [slow.begin(target, configMap('slow'))];
  await begun();
  const masters = api.as(users.shardAdmin);
  succeeded(await masters.post(configMaps, configMap('c')), 201);
  const none = plane.api.as('');
  for (const probe of ['/healthz', '/livez', '/readyz', '/livez/ping']) assert.notEqual((await none.get(probe)).status, 429);
  succeeded(await api.get(configMaps));
  slow.letGo();
  await Promise.all(writing);
  await plane.stop();
});

test('watches have a limit of their own, and a place is free again when one ends', inProcess, async () => {
  const {plane} = await limited({watchesPerUserMax: 3});
  const api = await newPlace(plane);
  const open = await Promise.all(Array.from({length: 3}, () => api.watch(configMaps)));
  const watch = (): Promise<Answer> => api.get(`${configMaps}?watch=true`);
  const no = refused(await watch(), 429, `${text}a user may have 3 watches open)`);
  assert.deepEqual([no.headers['retry-after'], no.at('details', 'retryAfterSeconds')], ['1', 1]);
  open[0]!.close();
  (await api.watch(configMaps)).close();
  await plane.stop();
});

test('a place is given back however a request ends', inProcess, async () => {
  const {plane} = await limited({readOnlyMax: 1, mutatingMax: 1, watchesPerUserMax: 1});
  const api = await newPlace(plane);
  const bad: readonly ((api: Api) => Promise<Answer>)[] = [
    to => to.get(`${configMaps}/absent`),
    to => to.get('/apis/none.example.com/v1/nothings'),
    to => to.get(`${configMaps}?watch=true&resourceVersion=zork`),
    to => to.get(`${configMaps}?limit=zork`),
    to => to.post(configMaps, 'no JSON'),
    to => to.del(`${configMaps}/absent`),
    to => to.as(users.user1).get(configMaps),
    to => to.send('HEAD', configMaps),
    to => to.get('/openapi/v3'),
    to => to.get('/nowhere'),
  ];
  for (let round = 0; round < 3; round++) for (const ask of bad) assert.notEqual((await ask(api)).status, 429);
  const ask = async (method: string, more: Partial<HttpRequest>): Promise<number> => {
    const headers = headerList({authorization: `Bearer ${users.kcpAdmin}`});
    const target = `/clusters/root:place-1${configMaps}?watch=true`;
    const {signal} = new AbortController();
    return (await plane.handler({method, target, headers, remoteAddress: '', body: async () => new Uint8Array(), signal, ...more})).status;
  };
  const broken = (): Promise<Uint8Array> => Promise.reject(new ApiError('BadRequest', 'the request body was cut off'));
  assert.equal(await ask('POST', {body: broken}), 400);
  // Bodies that nobody takes: of HEAD, and of a client that went away.
  assert.equal(await ask('HEAD', {}), 200);
  assert.equal(await ask('GET', {signal: AbortSignal.abort()}), 200);
  const gone = new AbortController();
  assert.equal(await ask('GET', {signal: gone.signal}), 200);
  assert.equal((await api.get(`${configMaps}?watch=true`)).status, 429);
  gone.abort();
  (await api.watch(configMaps)).close();
  succeeded(await api.post(configMaps, configMap('c')), 201);
  succeeded(await api.get(configMaps));
  await plane.stop();
});

test('who watches pays for what is told, not who writes; and who has another thread work pays for that', inProcess, async () => {
  const world = virtualWorld('time');
  let active = 0;
  // Each look at the clock finds that something was done since the last.
  const clock = () => {
    active += 0.01;
    return {active, idle: 0};
  };
  const fairness = fairnessIn(world, {loopPerUser: {msPerSecond: 1, burstMs: 1}}, clock);
  const elsewhere = {answer: async () => ({status: 201, headers: {}, tookMs: 50})};
  const plane = await startPlane('time', {fairness, elsewhere}, world);
  const masters = plane.api.as(users.shardAdmin).in('/clusters/root');
  succeeded(await masters.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  const subjects = ['user-1', 'user-2'].map(name => ({apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name}));
  succeeded(await masters.post(bindings, {metadata: {name: 'users'}, subjects, roleRef}), 201);
  const isBehind = (name: string): boolean => {
    const user = {name, groups: [groups.authenticated]};
    const entered = fairness.enter({user, workspace: 'none', sort: 'readOnly', isList: false, gone: () => new AbortController().signal});
    if (!(entered instanceof Promise)) entered.leave();
    else void entered.then(visit => visit.leave());
    return entered instanceof Promise;
  };
  const watching = await masters.as(users.user1).watch(configMaps);
  assert.deepEqual([isBehind('user-1'), isBehind('user-2')], [false, false]);
  for (let i = 0; i < 300; i++) succeeded(await masters.post(configMaps, configMap(`c${i}`)), 201);
  assert.equal(watching.events.length, 301);
  assert.deepEqual([isBehind('user-1'), isBehind('user-2')], [true, false]);
  const data = Object.fromEntries(Array.from({length: 5_000}, (_, i) => [`k${i}`, '']));
  succeeded(await masters.as(users.user2).post(configMaps, configMap('heavy', data)), 201);
  assert.equal(isBehind('user-2'), true);
  await plane.stop();
});
