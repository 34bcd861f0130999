/** One tenant asks for as much as it can, and another one must not notice. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import {waitLimits} from '../../src/fairness/limits.ts';
import {kubectl, noTools} from '../support/kubectl.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, sleep, startServer, until} from '../support/process.ts';
import {http2To, openStream, statusOf} from '../support/raw.ts';
import {flood} from './flood.ts';
import {openWatch} from './watch.ts';

const flooding = {connections: 8, parallel: 200, ms: 10_000} as const;
const objects = 2_000;
/** Without limits it was 350 to 550 ms on the machine where this was first measured, and with them 40 to 90, busy as it was with other things. */
const p99Max = {ms: 200, ofQuiet: 50} as const;
const configMaps = '/api/v1/namespaces/default/configmaps';
const tokens = {noisy: 'token-of-noisy', calm: 'token-of-calm'};

test('T12 a flood in one workspace is hardly felt in another', {timeout: 240_000}, async t => {
  const server = await started(t);
  for (const tenant of ['noisy', 'calm']) await newTenant(server, tenant);
  await fill(server);
  const quiet = await gets(server, {count: 500});
  const {url, ca} = server;
  const flooded = flood({...flooding, url, ca, token: tokens.noisy, path: `/clusters/root:noisy${configMaps}`});
  const during = await gets(server, {ms: flooding.ms});
  const {statuses, retryAfter} = await flooded;
  t.diagnostic(`quiet ${shown(quiet)}; flooded ${shown(during)}; the flood: ${JSON.stringify(statuses)}`);
  assert.ok(p99(during) < Math.max(p99Max.ms, p99Max.ofQuiet * p99(quiet)), `${shown(during)}, and when it was quiet ${shown(quiet)}`);
  assert.ok(retryAfter.length > 0, 'whoever floods is told to come again');
  for (const seconds of retryAfter) assert.ok(seconds >= 1 && Number.isInteger(seconds), `${seconds} seconds`);
  assert.ok(
    Object.keys(statuses).every(status => ['200', '201', '429'].includes(status)),
    JSON.stringify(statuses),
  );
  const {body} = await server.call('/metrics', {token: server.token('shard-admin')});
  const rejected = [...body.matchAll(/^apiserver_flowcontrol_rejected_requests_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  assert.equal(
    rejected.reduce((sum, count) => sum + count, 0),
    retryAfter.length,
  );
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
});

test('kubectl comes again when it is told to', {timeout: 60_000, skip: noTools}, async t => {
  const server = await started(t, '--max-mutating-requests-inflight=1');
  const {kubeconfig} = server;
  const session = await http2To(server);
  const path = `/clusters/root${configMaps}`;
  const holding = openStream(server, session, {':path': path, ':method': 'POST', 'content-type': 'application/json'});
  const held = statusOf(holding);
  // The headers are there, the body is not: the only place is taken.
  await until(async () => (await mutating(server)) === 1, 'the first write');
  const args = ['create', 'configmap', 'patient', '--context', 'root', '--user', 'kcp-admin', '-v=8'];
  const running = kubectl('1.35', args, {home: server.root, kubeconfig, timeoutMs: 40_000});
  await sleep(waitLimits.waitMsMax + 500);
  holding.end(JSON.stringify({metadata: {name: 'held'}}));
  assert.equal(await held, 201);
  const {code, stdout, stderr} = await running;
  assert.deepEqual([code, stdout], [0, 'configmap/patient created\n'], stderr);
  assert.match(stderr, /429/);
  session.destroy();
});

test('limits are set by flags, and the time of the other thread is paid for as well', {timeout: 60_000}, async t => {
  const server = await started(
    t,
    '--max-mutating-requests-inflight=1',
    '--loop-time-per-user=10ms',
    '--loop-time-burst=100ms',
    '--max-watches-per-user=1',
  );
  for (const tenant of ['noisy', 'calm']) await newTenant(server, tenant);
  const write = (tenant: 'noisy' | 'calm', keys: number) => {
    const data = Object.fromEntries(Array.from({length: keys}, (_, i) => [`key-${i}`, `${i}`]));
    const options = {method: 'POST', token: tokens[tenant], body: {metadata: {generateName: 'c-'}, data}};
    return server.call(`/clusters/root:${tenant}${configMaps}?dryRun=All`, options);
  };
  for (let i = 0; i < 8; i++) assert.equal((await write('noisy', 20_000)).status, 201);
  const session = await http2To(server);
  const holding = openStream(server, session, {
    ':path': `/clusters/root${configMaps}`,
    ':method': 'POST',
    'content-type': 'application/json',
  });
  await until(async () => (await mutating(server)) === 1, 'the first write');
  const [noisy, calm] = await Promise.all([write('noisy', 1), write('calm', 1)]);
  assert.deepEqual([noisy.status, calm.status], [429, 429]);
  const seconds = [noisy, calm].map(({json}) => json.details.retryAfterSeconds);
  assert.ok(seconds[0] > 1 && seconds[1] === 1, `${seconds} seconds`);
  holding.destroy();
  const watch = await openWatch(server, `/clusters/root${configMaps}`, '');
  const second = await server.call(`/clusters/root${configMaps}?watch=true`);
  assert.deepEqual([second.status, second.json.reason], [429, 'TooManyRequests']);
  watch.end();
  session.destroy();
  await until(async () => (await mutating(server)) === 0, 'the place that a client left');
});

const mutating = async (server: ServerProcess): Promise<number> => {
  const {body} = await server.call('/metrics', {token: server.token('shard-admin')});
  return Number(/inflight_requests\{request_kind="mutating"\} (\d+)/.exec(body)?.[1]);
};

function started(t: TestContext, ...args: readonly string[]): Promise<ServerProcess> {
  const root = folder(t);
  const file = join(root, 'tokens.csv');
  writeFileSync(file, `${tokens.noisy},noisy,1\n${tokens.calm},calm,2\n`);
  return startServer(t, {root, args: ['--token-auth-file', file, ...args]});
}

const quantile = (ms: readonly number[], q: number): number => ms.toSorted((a, b) => a - b)[Math.ceil(ms.length * q) - 1] ?? Number.NaN;
const p99 = (ms: readonly number[]): number => quantile(ms, 0.99);
const shown = (ms: readonly number[]): string =>
  `${ms.length} requests, ${[0.5, 0.9, 0.99, 1].map(q => quantile(ms, q).toFixed(1)).join(' / ')} ms (p50, p90, p99, max)`;

async function newTenant(server: ServerProcess, name: string): Promise<void> {
  const workspaces = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const body = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: {name}};
  assert.equal((await server.call(workspaces, {method: 'POST', body})).status, 201);
  const binding = {
    metadata: {name},
    subjects: [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name}],
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin'},
  };
  const bindings = `/clusters/root:${name}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`;
  assert.equal((await server.call(bindings, {method: 'POST', body: binding})).status, 201);
}

async function fill(server: ServerProcess): Promise<void> {
  const make = async (i: number): Promise<void> => {
    const body = {
      metadata: {name: `object-${i}`},
      data: Object.fromEntries(Array.from({length: 20}, (_, k) => [`key-${k}`, 'x'.repeat(80)])),
    };
    const made = await server.call(`/clusters/root:noisy${configMaps}`, {method: 'POST', body, token: server.token('shard-admin')});
    assert.equal(made.status, 201, made.body);
  };
  for (let i = 0; i < objects; i += 100) await Promise.all(Array.from({length: 100}, (_, k) => make(i + k)));
}

/** How long each GET of the calm tenant took, in ms, one after the other. */
async function gets(server: ServerProcess, {ms = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY}): Promise<readonly number[]> {
  const took: number[] = [];
  const endsAt = performance.now() + ms;
  for (let start = performance.now(); start < endsAt && took.length < count; start = performance.now()) {
    const {status, body} = await server.call(`/clusters/root:calm${configMaps}/kube-root-ca.crt`, {token: tokens.calm});
    assert.equal(status, 200, body);
    took.push(performance.now() - start);
  }
  return took;
}
