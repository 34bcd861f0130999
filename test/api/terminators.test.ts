/** Those who have to clean up before a workspace is deleted (spec kcp 4.4, 4.5, 13.1). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {configMap, refused, succeeded} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {api} = plane;
const logicalCluster = (path: string) => `/clusters/${path}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
const status = (answer: Answer, field: string) => answer.at('status', field);
const held = (answer: Answer) => answer.at('metadata', 'finalizers');

const root = String((await createWorkspace(api, 'root', 't', 'root:universal')).at('spec', 'cluster'));
const type = async (name: string, spec: object, ...bases: string[]): Promise<void> => {
  const withBases = {...spec, extend: {with: bases.map(base => ({path: base === 'universal' ? 'root' : 'root:t', name: base}))}};
  const body = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name}, spec: withBases};
  succeeded(await api.post('/clusters/root:t/apis/tenancy.kcp.io/v1alpha1/workspacetypes', body), 201);
};
await type('first', {terminator: true}, 'universal');
await type('second', {terminator: true}, 'first');
await type('both', {terminator: true, initializer: true}, 'universal');
const [first, second] = [`${root}:first`, `${root}:second`];

const workspace = (name: string) => api.get(`${workspacesIn('root:t')}/${name}`);
const gone = (name: string) => plane.eventually(async () => assert.equal((await workspace(name)).status, 404));
/** A workspace with two terminators: its id. */
const make = async (name: string): Promise<string> =>
  String((await createWorkspace(api, 'root:t', name, 'root:t:second')).at('spec', 'cluster'));
const leave = async (id: string, ...terminators: string[]): Promise<Answer> =>
  succeeded(await api.patch(`${logicalCluster(id)}/status`, {status: {terminators}}));

test('a deleted workspace waits for its terminators, with all it holds', async () => {
  const id = await make('a');
  const made = succeeded(await api.get(logicalCluster(id)));
  assert.deepEqual(status(made, 'terminators'), [first, second]);
  assert.deepEqual(held(made), ['core.kcp.io/logicalcluster-deletion', 'kcp.io/has-terminators']);
  const maps = `/clusters/${id}/api/v1/namespaces/default/configmaps`;
  succeeded(await api.post(maps, configMap('kept')), 201);

  const deleted = succeeded(await api.del(`${workspacesIn('root:t')}/a`));
  assert.equal(status(deleted, 'phase'), 'Terminating');
  await plane.eventually(async () => assert.equal(status(await api.get(logicalCluster(id)), 'phase'), 'Terminating'));
  await plane.settle();
  const leaving = succeeded(await api.get(logicalCluster('root:t:a')));
  assert.ok(leaving.at('metadata', 'deletionTimestamp'));
  assert.equal(leaving.at('metadata', 'labels', 'tenancy.kcp.io/phase'), 'Terminating');
  succeeded(await api.get(`${maps}/kept`));

  assert.equal(status(await leave(id, second), 'phase'), 'Terminating');
  await plane.settle();
  const waiting = succeeded(await workspace('a'));
  assert.deepEqual([status(waiting, 'phase'), status(waiting, 'terminators')], ['Terminating', [second]]);
  succeeded(await api.get(`${maps}/kept`));

  const last = await leave(id);
  assert.deepEqual([status(last, 'phase'), held(last)], ['Deleting', ['core.kcp.io/logicalcluster-deletion']]);
  await gone('a');
  refused(await api.get(logicalCluster(id)), 403, 'access denied');
});

test('terminators that left before hold nobody up', async () => {
  const id = await make('b');
  const done = await leave(id);
  assert.deepEqual([status(done, 'phase'), held(done)], ['Ready', ['core.kcp.io/logicalcluster-deletion']]);
  assert.deepEqual([status(await workspace('b'), 'phase'), status(await workspace('b'), 'terminators')], ['Ready', undefined]);
  succeeded(await api.del(`${workspacesIn('root:t')}/b`));
  await gone('b');
});

test('terminators are not added, and their finalizer stays as long as they do', async () => {
  const id = await make('c');
  await leave(id, second);
  for (const more of [
    [first, second],
    [second, 'root:other'],
  ])
    refused(await api.patch(`${logicalCluster(id)}/status`, {status: {terminators: more}}), 403, 'status.terminators must not grow');
  refused(await api.patch(logicalCluster(id), {spec: {terminators: []}}), 403, 'spec.terminators is immutable');
  const finalizers = ['core.kcp.io/logicalcluster-deletion'];
  const without = succeeded(await api.patch(logicalCluster(id), {metadata: {finalizers}}));
  assert.deepEqual(held(without), [...finalizers, 'kcp.io/has-terminators']);
  succeeded(await api.del(`${workspacesIn('root:t')}/c`));
  await plane.eventually(async () => assert.equal(status(await api.get(logicalCluster(id)), 'phase'), 'Terminating'));
  assert.deepEqual(held(succeeded(await api.patch(logicalCluster(id), {metadata: {finalizers}}))), [
    ...finalizers,
    'kcp.io/has-terminators',
  ]);
  refused(
    await api.patch(`${logicalCluster(id)}/status`, {status: {phase: 'Deleting'}}),
    403,
    'cannot transition from "Terminating" to "Deleting"',
  );
  await plane.settle();
  succeeded(await api.get(logicalCluster(id)));
  await leave(id);
  await gone('c');
});

test('what is deleted before it was initialized has its terminators too', async () => {
  const id = String((await createWorkspace(api, 'root:t', 'd', 'root:t:both')).at('spec', 'cluster'));
  succeeded(await api.del(`${workspacesIn('root:t')}/d`));
  await plane.eventually(async () => assert.equal(status(await api.get(logicalCluster(id)), 'phase'), 'Terminating'));
  assert.equal(status(await workspace('d'), 'phase'), 'Terminating');
  await leave(id);
  await gone('d');
});

test('a parent waits for the terminators of what is below it', async () => {
  await createWorkspace(api, 'root:t', 'e', 'root:universal');
  const id = String((await createWorkspace(api, 'root:t:e', 'below', 'root:t:first')).at('spec', 'cluster'));
  succeeded(await api.del(`${workspacesIn('root:t')}/e`));
  await plane.eventually(async () => assert.equal(status(await api.get(logicalCluster(id)), 'phase'), 'Terminating'));
  await plane.settle();
  const below = succeeded(await api.get(`${workspacesIn('root:t:e')}/below`));
  assert.deepEqual([status(below, 'phase'), below.at('metadata', 'labels', 'tenancy.kcp.io/phase')], ['Terminating', 'Terminating']);
  assert.equal(status(await workspace('e'), 'phase'), 'Deleting');
  await leave(id);
  await gone('e');
});

test('a logical cluster whose workspace went by force still waits for them', async () => {
  const id = await make('f');
  succeeded(await api.patch(`${workspacesIn('root:t')}/f`, {metadata: {finalizers: null}}));
  succeeded(await api.del(`${workspacesIn('root:t')}/f`));
  await plane.eventually(async () => assert.equal(status(await api.get(logicalCluster(id)), 'phase'), 'Terminating'));
  await plane.settle();
  succeeded(await api.get(`/clusters/${id}/api/v1/namespaces/default`));
  await leave(id);
  await plane.eventually(async () => refused(await api.get(logicalCluster(id)), 403, 'access denied'));
});

test('a logical cluster that is deleted by the shard waits as well', async () => {
  const id = await make('g');
  assert.equal(status(succeeded(await api.as(users.shardAdmin).del(logicalCluster(id))), 'phase'), 'Terminating');
  await plane.settle();
  await leave(id);
  await plane.eventually(async () => refused(await api.get(logicalCluster(id)), 403, 'access denied'));
});

test('a restart changes nothing of it', inProcess, async () => {
  const alone = await startPlane('alone');
  const at = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const bases = {with: [{name: 'universal', path: 'root'}]};
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: {name: 'ending'},
    spec: {terminator: true, extend: bases},
  };
  succeeded(await alone.api.post(at, body), 201);
  const id = String((await createWorkspace(alone.api, 'root', 'w', 'root:ending')).at('spec', 'cluster'));
  succeeded(await alone.api.del(`${workspacesIn('root')}/w`));
  await alone.settle();
  const again = await alone.restart();
  await again.settle();
  assert.equal(status(await again.api.get(logicalCluster(id)), 'phase'), 'Terminating');
  succeeded(await again.api.patch(`${logicalCluster(id)}/status`, {status: {terminators: []}}));
  await again.eventually(async () => assert.equal((await again.api.get(`${workspacesIn('root')}/w`)).status, 404));
  await again.stop();
});
