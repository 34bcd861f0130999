/** What workspace types say of themselves: that they can be used, and where those find their workspaces who initialize and clean up (spec kcp 1.2). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
import {refused, succeeded} from '../support/place.ts';
import {createWorkspace, startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;
const admin = api.as(users.shardAdmin);

const typesIn = (path: string) => `/clusters/${path}/apis/tenancy.kcp.io/v1alpha1/workspacetypes`;
const shards = '/clusters/root/apis/core.kcp.io/v1alpha1/shards';
const typeObject = (name: string, spec: object = {}) => ({
  apiVersion: 'tenancy.kcp.io/v1alpha1',
  kind: 'WorkspaceType',
  metadata: {name},
  spec,
});
const shardObject = (name: string, spec: object) => ({apiVersion: 'core.kcp.io/v1alpha1', kind: 'Shard', metadata: {name}, spec});

const own = String((await admin.get(`${shards}/root`)).at('spec', 'virtualWorkspaceURL'));
const endpoints = (bases: readonly string[], id: string) =>
  bases.flatMap(base => [
    {type: 'initializing', url: `${base}/services/initializingworkspaces/${id}`},
    {type: 'terminating', url: `${base}/services/terminatingworkspaces/${id}`},
  ]);

/** Waits until a type tells of these shards. */
const tells = (at: string, bases: readonly string[], id: string): Promise<Answer> =>
  plane.eventually(async () => {
    const found = succeeded(await api.get(at));
    assert.deepEqual(found.at('status', 'virtualWorkspaces'), endpoints(bases, id));
    return found;
  });

/** A workspace below root: its id, and a client from the top. */
async function make(name: string): Promise<string> {
  return String((await createWorkspace(api, 'root', name, 'root:universal')).at('spec', 'cluster'));
}

test('the types that are there from the start are ready', async () => {
  for (const name of ['home', 'organization', 'root', 'team', 'universal']) {
    const found = await tells(`${typesIn('root')}/${name}`, [own], `root:${name}`);
    assert.deepEqual(
      (found.at('status', 'conditions') as {type: string; status: string}[]).map(({type, status}) => `${type}=${status}`),
      ['Ready=True', 'VirtualWorkspaceURLsReady=True'],
    );
  }
});

test('a type goes by the id of its workspace, and tells of both ends whatever it has', async () => {
  const id = await make('told');
  for (const spec of [{}, {initializer: true}, {terminator: true}]) {
    const name = `of-${Object.keys(spec)[0] ?? 'neither'}`;
    succeeded(await api.post(typesIn('root:told'), typeObject(name, spec)), 201);
    await tells(`${typesIn('root:told')}/${name}`, [own], `${id}:${name}`);
  }
});

test('the status is the server’s: users cannot write it, and what the shard writes is put right', async () => {
  const id = await make('written');
  const at = `${typesIn('root:written')}/t`;
  const status = {conditions: [], virtualWorkspaces: [{url: 'https://elsewhere.example', type: 'initializing'}]};
  const made = succeeded(await api.post(typesIn('root:written'), {...typeObject('t'), status}), 201);
  assert.deepEqual(made.at('status', 'virtualWorkspaces'), endpoints([own], `${id}:t`));
  await plane.settle();
  const first = succeeded(await api.get(at)).at('metadata', 'resourceVersion');
  assert.equal(first, made.at('metadata', 'resourceVersion'), 'nobody has to write it again');
  await tells(at, [own], `${id}:t`);
  const user = api.as(users.user1);
  const role = (rules: object[]) => ({apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: {name: 'all'}, rules});
  const rbac = '/clusters/root:written/apis/rbac.authorization.k8s.io/v1';
  succeeded(
    await api.post(
      `${rbac}/clusterroles`,
      role([
        {apiGroups: ['*'], resources: ['*'], verbs: ['*']},
        {nonResourceURLs: ['*'], verbs: ['*']},
      ]),
    ),
    201,
  );
  succeeded(
    await api.post(`${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: {name: 'all'},
      subjects: [{kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'user-1'}],
      roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'all'},
    }),
    201,
  );
  succeeded(await user.patch(at, {metadata: {labels: {mine: 'yes'}}}));
  refused(await user.patch(`${at}/status`, {status}), 403, 'access denied');
  const forged = succeeded(await admin.patch(`${at}/status`, {status}));
  assert.deepEqual(forged.at('status', 'virtualWorkspaces'), endpoints([own], `${id}:t`));
  await tells(at, [own], `${id}:t`);
  const kept = await tells(at, [own], `${id}:t`);
  assert.equal(kept.at('metadata', 'labels', 'mine'), 'yes');
  assert.equal((kept.at('status', 'conditions') as object[]).length, 2);
});

test('types follow the shards, in the order of their names', async () => {
  const id = await make('followed');
  succeeded(await api.post(typesIn('root:followed'), typeObject('t')), 201);
  const at = `${typesIn('root:followed')}/t`;
  const spec = {baseURL: 'https://b.example', virtualWorkspaceURL: 'https://vw.example:9443/base/'};
  succeeded(await admin.post(shards, shardObject('another', spec)), 201);
  await tells(at, ['https://vw.example:9443/base', own], `${id}:t`);
  succeeded(await admin.post(shards, shardObject('z-last', {baseURL: 'https://z.example'})), 201);
  await tells(at, ['https://vw.example:9443/base', own, 'https://z.example'], `${id}:t`);
  succeeded(await admin.patch(`${shards}/another`, {spec: {virtualWorkspaceURL: 'https://moved.example'}}));
  await tells(at, ['https://moved.example', own, 'https://z.example'], `${id}:t`);
  await tells(`${typesIn('root')}/team`, ['https://moved.example', own, 'https://z.example'], 'root:team');
  for (const name of ['another', 'z-last']) succeeded(await admin.del(`${shards}/${name}`));
  await tells(at, [own], `${id}:t`);
});

test('a change of shards reaches every type, and writes none that knows', async () => {
  const inside: Api = api.in(typesIn('root:followed'));
  const names = Array.from({length: 230}, (_, i) => `many-${i}`);
  for (const name of names) succeeded(await inside.post('', typeObject(name)), 201);
  const urls = async (): Promise<ReadonlySet<string>> =>
    new Set(
      ((await inside.get('')).at('items') as {status?: {virtualWorkspaces?: {url: string}[]}}[]).map(
        item => `${item.status?.virtualWorkspaces?.length} ${item.status?.virtualWorkspaces?.[0]?.url.split('/services')[0]}`,
      ),
    );
  await plane.eventually(async () => assert.deepEqual([...(await urls())], [`2 ${own}`]));
  succeeded(await admin.post(shards, shardObject('extra', {baseURL: 'https://extra.example'})), 201);
  await plane.eventually(async () => assert.deepEqual([...(await urls())], ['4 https://extra.example']));
  const before = await plane.revision();
  succeeded(await admin.patch(`${shards}/extra`, {metadata: {labels: {zone: 'moon'}}}));
  await plane.settle();
  assert.equal((await plane.revision()) - before, 1);
  succeeded(await admin.del(`${shards}/extra`));
  await plane.eventually(async () => assert.deepEqual([...(await urls())], [`2 ${own}`]));
});
