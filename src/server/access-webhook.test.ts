import assert from 'node:assert/strict';
import {test} from 'node:test';
import {virtualWorld} from '../../test/support/virtual-world.ts';
import {fakeWebhooks, type Says} from '../../test/support/webhooks.ts';
import {root, workspaceIdOf} from '../api/cluster.ts';
import type {Json, JsonObject} from '../api/json.ts';
import type {WebhookAnswer, Webhooks} from '../api/webhooks.ts';
import type {AccessQuestion} from '../auth/access-review.ts';
import {accessQuestion} from '../auth/access-review.ts';
import {accessWebhook, accessWebhookLimits} from './access-webhook.ts';

const url = 'https://decider.test';
const about = (verb: string, name = 'x', workspace = root): AccessQuestion =>
  accessQuestion(
    {name: 'bob', groups: []},
    {verb, workspace, resource: {group: '', plural: 'secrets', subresource: undefined, namespace: 'n', name}},
  );
const answer = (status: JsonObject): Json => ({kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', status});
const verbOf = (review: JsonObject): string => ((review['spec'] as JsonObject)['resourceAttributes'] as {readonly verb: string}).verb;
/** `get` is allowed, `delete` denied, of the rest it has no opinion. */
const byVerb: Says = review => answer({allowed: verbOf(review) === 'get', denied: verbOf(review) === 'delete', reason: 'r'});

function setUp(webhooks: Webhooks, more: {readonly allowedMs?: number; readonly otherMs?: number} = {}) {
  const world = virtualWorld('access');
  const errors: string[] = [];
  const log = {
    info: () => {},
    warn: () => {},
    error: (message: string, fields?: object) => errors.push(`${message} ${JSON.stringify(fields)}`),
  };
  const {ask} = accessWebhook({webhooks, url, version: 'v1', allowedMs: 60_000, otherMs: 5_000, world, log, ...more});
  return {world, ask, errors};
}
function talking(says: Says = byVerb, more = {}) {
  const network = fakeWebhooks();
  network.at(url, says);
  return {...setUp(network, more), calls: network.calls};
}
/** A network that gives these answers, one after the other, and the last for ever. */
function answering(...answers: readonly WebhookAnswer[]) {
  let calls = 0;
  const timeouts: number[] = [];
  const post: Webhooks['post'] = async ({timeoutMs}) => {
    timeouts.push(timeoutMs);
    return answers[Math.min(calls++, answers.length - 1)] as WebhookAnswer;
  };
  return {...setUp({post}), timeouts, calls: () => calls};
}
const good: WebhookAnswer = {bytes: Buffer.from(JSON.stringify(answer({allowed: true})))};

test('answers are kept by what was asked, and for as long as they are worth', async () => {
  const {ask, world, calls} = talking();
  for (const [verb, keptMs] of [
    ['get', 60_000],
    ['delete', 5_000],
    ['list', 5_000],
  ] as const) {
    const before = calls.length;
    await ask(about(verb));
    await ask(about(verb));
    assert.equal(calls.length, before + 1, verb);
    await world.advance(keptMs - 1);
    await ask(about(verb));
    assert.equal(calls.length, before + 1, verb);
    await world.advance(1);
    await ask(about(verb));
    assert.equal(calls.length, before + 2, verb);
  }
  const before = calls.length;
  // Another name, another workspace: another question.
  await ask(about('get', 'y'));
  await ask(about('get', 'x', workspaceIdOf('elsewhere')));
  assert.equal(calls.length, before + 2);
});

test('nothing is kept where no time is given, or of what is too long', async () => {
  const none = talking(byVerb, {allowedMs: 0, otherMs: 0});
  for (const verb of ['get', 'get', 'delete', 'delete']) await none.ask(about(verb));
  assert.equal(none.calls.length, 4);
  const {ask, calls} = talking();
  const long = 'x'.repeat(accessWebhookLimits.chosenCharsMax);
  for (let i = 0; i < 2; i++) await ask(about('get', long));
  assert.equal(calls.length, 2);
});

test('what is kept has a bound', async () => {
  const {ask, calls} = talking();
  const name = (i: number): string => `${'x'.repeat(9_000)}${i}`;
  const many = Math.ceil(accessWebhookLimits.keptCharsMax / 9_000) + 10;
  for (let i = 0; i < many; i++) await ask(about('get', name(i)));
  await ask(about('get', name(many - 1)));
  assert.equal(calls.length, many);
  await ask(about('get', name(0)));
  assert.equal(calls.length, many + 1);
});

test('the same question at the same time is asked once', async () => {
  const {ask, calls} = talking();
  const found = await Promise.all(Array.from({length: 20}, () => ask(about('get'))));
  assert.equal(calls.length, 1);
  assert.ok(found.every(({allowed}) => allowed));
});

test('what may pass is asked again, with growing pauses', async () => {
  const passing: WebhookAnswer = {problem: 'EOF', transient: true};
  const {ask, world, calls} = answering(passing, passing, passing, good);
  const asked = ask(about('get'));
  const at: number[] = [];
  const startMs = world.now();
  for (let seen = 0, i = 0; calls() < 4 && i < 100; i++) {
    await world.advance(50);
    if (calls() > seen) at.push(world.now() - startMs);
    seen = calls();
  }
  assert.ok((await asked).allowed);
  const [, ...pauses] = at.map((ms, i) => ms - (at[i - 1] ?? 0));
  for (const [i, least] of [500, 750, 1125].entries())
    assert.ok((pauses[i] as number) >= least - 50 && (pauses[i] as number) <= least * 1.2 + 50, `${pauses}`);
});

test('but not more often than five times, and nothing else is', async () => {
  const passing = answering({problem: 'EOF', transient: true});
  const asked = passing.ask(about('get'));
  await passing.world.advance(60_000);
  assert.deepEqual(await asked, {allowed: false, denied: false, reason: '', error: 'EOF'});
  assert.equal(passing.calls(), 5);
  const lasting = answering({problem: 'x509'}, good);
  assert.equal((await lasting.ask(about('get'))).error, 'x509');
  assert.equal(lasting.calls(), 1);
  // A failure is not kept.
  assert.ok((await lasting.ask(about('get'))).allowed);
});

test('one question has its time, however slow the answers are', async () => {
  let calls = 0;
  const world = virtualWorld('slow');
  const log = {info: () => {}, warn: () => {}, error: () => {}};
  const timeouts: number[] = [];
  const post: Webhooks['post'] = ({timeoutMs}) => {
    calls++;
    timeouts.push(timeoutMs);
    return new Promise(resolve => world.after(timeoutMs, () => resolve({problem: 'an error on the server', transient: true})));
  };
  const {ask} = accessWebhook({webhooks: {post}, url, version: 'v1', allowedMs: 1, otherMs: 1, world, log});
  const startMs = world.now();
  let endMs = 0;
  const asked = ask(about('get')).then(verdict => {
    endMs = world.now();
    return verdict;
  });
  await world.advance(120_000);
  assert.equal((await asked).allowed, false);
  assert.ok(endMs - startMs <= accessWebhookLimits.questionMsMax, `${endMs - startMs}`);
  assert.deepEqual([calls, timeouts[0]], [2, 30_000]);
});

test('what is no answer allows nothing, and the log is told, but not in every line', async () => {
  for (const said of ['', '{', '[]', '{"kind":"SubjectAccessReview"}', '{"kind":"Status","apiVersion":"v1","status":"Failure"}']) {
    const {ask, errors} = answering({bytes: Buffer.from(said)});
    const verdict = await ask(about('get'));
    assert.deepEqual([verdict.allowed, typeof verdict.error], [false, 'string'], said);
    assert.match(errors[0] ?? '', /^the authorization webhook failed {"why":".+","failures":1}$/);
  }
  const {ask, errors, world} = answering({problem: 'connect: connection refused'});
  for (let i = 0; i < 50; i++) await ask(about('get', `x${i}`));
  assert.equal(errors.length, 1);
  await world.advance(accessWebhookLimits.logPauseMs);
  await ask(about('get'));
  assert.match(errors[1] ?? '', /"failures":50}$/);
});

test('a long reason is cut short', async () => {
  const {ask} = talking(() => answer({allowed: true, reason: 'r'.repeat(100_000)}));
  assert.equal((await ask(about('get'))).reason.length, accessWebhookLimits.reasonCharsMax);
});
