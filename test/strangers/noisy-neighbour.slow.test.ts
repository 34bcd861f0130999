/** One tenant asks for as much as it can, and another one must not notice. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer} from '../support/process.ts';
import {flood} from './flood.ts';

const parallel = 200;
const floodMs = 10_000;
const [quietGets, objects] = [500, 2_000];
const configMaps = '/api/v1/namespaces/default/configmaps';

test('a flood in one workspace', {timeout: 180_000}, async t => {
  const root = folder(t);
  const tokens = join(root, 'tokens.csv');
  writeFileSync(tokens, 'token-of-noisy,noisy,1\ntoken-of-calm,calm,2\n');
  const server = await startServer(t, {
    root,
    args: ['--token-auth-file', tokens, ...(process.env['FLAGS']?.split(' ').filter(Boolean) ?? [])],
  });
  for (const tenant of ['noisy', 'calm']) await newTenant(server, tenant);
  await fill(server);
  const before = await gets(server, performance.now() + 60_000, quietGets);

  const {url, ca} = server;
  const path = `/clusters/root:noisy${configMaps}`;
  const flooding = flood({url, ca, token: 'token-of-noisy', path, connections: 8, parallel, ms: floodMs});
  const during = await gets(server, performance.now() + floodMs, Number.POSITIVE_INFINITY);
  const {statuses, retryAfter} = await flooding;
  const after = await gets(server, performance.now() + 60_000, quietGets);
  const figures = [before, during, after].map(ms => `${ms.length}: p50 ${at(ms, 0.5)} p99 ${at(ms, 0.99)} max ${at(ms, 1)}`);
  t.diagnostic(figures.join('; '));
  t.diagnostic(JSON.stringify(statuses));
  t.diagnostic(JSON.stringify([Math.min(...retryAfter), Math.max(...retryAfter)]));
  const metrics = await server.call('/metrics', {token: server.token('shard-admin')});
  t.diagnostic(
    metrics.body
      .split('\n')
      .filter(l => /inflight|inqueue|rejected_r|lag_/.test(l) && !l.startsWith('#'))
      .join('\n'),
  );
});

const at = (ms: readonly number[], share: number): string =>
  (ms.toSorted((a, b) => a - b)[Math.ceil(ms.length * share) - 1] ?? Number.NaN).toFixed(2);

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

/** How long each GET took, in ms, one after the other until a time or a number. */
async function gets(server: ServerProcess, until: number, max: number): Promise<readonly number[]> {
  const took: number[] = [];
  for (let start = performance.now(); start < until && took.length < max; start = performance.now()) {
    const {status} = await server.call(`/clusters/root:calm${configMaps}/kube-root-ca.crt`, {token: 'token-of-calm'});
    assert.equal(status, 200);
    took.push(performance.now() - start);
  }
  return took;
}
