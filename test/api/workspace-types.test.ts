/** Types of workspaces, their initializers, and shards that will or will not have a workspace (spec kcp 4.1, 4.2, 4.4). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {configMap, paths, refused, succeeded} from '../support/place.ts';
import {createWorkspace, inProcess, startPlane, users, workspaceObject, workspacesIn} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {api} = plane;
const typesIn = (path: string) => `/clusters/${path}/apis/tenancy.kcp.io/v1alpha1/workspacetypes`;
const logicalCluster = (path: string) => `/clusters/${path}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
const shard = '/clusters/root/apis/core.kcp.io/v1alpha1/shards/root';
const typeOf = (answer: Answer) => answer.at('spec', 'type');
const phase = (answer: Answer) => answer.at('status', 'phase');

/** A type below the path `parent`; `spec` as it is sent. */
const type = async (parent: string, name: string, spec: object = {}): Promise<Answer> =>
  succeeded(await api.post(typesIn(parent), {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name}, spec}), 201);

const refuse = async (parent: string, name: string, of: string | undefined, why: string): Promise<void> => {
  refused(
    await api.post(workspacesIn(parent), workspaceObject(name, of)),
    403,
    `Forbidden: workspaces.tenancy.kcp.io "${name}" is forbidden: ${why}`,
  );
};

test('the type of those who name none is their parent’s wish', async () => {
  assert.deepEqual(typeOf(await createWorkspace(api, 'root', 'org')), {name: 'organization', path: 'root'});
  assert.deepEqual(typeOf(await createWorkspace(api, 'root:org', 'child')), {name: 'universal', path: 'root'});
  await type('root', 'picky', {
    extend: {with: [{name: 'universal', path: 'root'}]},
    defaultChildWorkspaceType: {name: 'team', path: 'root'},
    limitAllowedChildren: {none: true},
  });
  await createWorkspace(api, 'root', 'none', 'root:picky');
  await refuse(
    'root:none',
    'x',
    undefined,
    'workspace type root:team only allows [root:organization root:team] parent workspaces, but parent type root:picky only implements [root:universal root:picky]',
  );
  await refuse('root:none', 'x', 'root:universal', 'workspace type root:picky cannot have any children');
});

test('a type is looked for from here upwards, or where it is said to be', async () => {
  await createWorkspace(api, 'root', 'up', 'root:universal');
  await createWorkspace(api, 'root:up', 'mid', 'root:universal');
  await type('root:up', 'local');
  assert.deepEqual(typeOf(await createWorkspace(api, 'root:up:mid', 'a', 'local')), {name: 'local', path: 'root:up'});
  assert.deepEqual(typeOf(await createWorkspace(api, 'root', 'b', 'root:up:local')), {name: 'local', path: 'root:up'});
  await refuse('root', 'c', 'local', 'workspace type "local" cannot be resolved');
  await refuse('root', 'c', 'root:nowhere:local', 'workspace type root:nowhere:local cannot be resolved');
  await refuse('root', 'c', 'root:up:mid:local', 'workspace type root:up:mid:local cannot be resolved');
});

test('limits of parents and children, and what a type extends counts for it', async () => {
  await type('root', 'parent-only', {limitAllowedParents: {types: [{name: 'base', path: 'root'}]}});
  await type('root', 'base', {limitAllowedChildren: {types: [{name: 'parent-only', path: 'root'}]}});
  await type('root', 'derived', {extend: {with: [{name: 'base', path: 'root'}]}});
  await type('root', 'orphan', {limitAllowedParents: {none: true}});
  await refuse(
    'root',
    'x',
    'root:parent-only',
    'workspace type root:parent-only only allows [root:base] parent workspaces, but parent type root:root only implements [root:universal root:root]',
  );
  await refuse('root', 'x', 'root:orphan', 'workspace type root:orphan cannot have any parent');
  await createWorkspace(api, 'root', 'derived', 'root:derived');
  await createWorkspace(api, 'root:derived', 'fits', 'root:parent-only');
  await refuse(
    'root:derived',
    'x',
    'root:universal',
    'workspace type root:derived extends root:base, which only allows [root:parent-only] child workspaces, but child type root:universal only implements [root:universal]',
  );
});

test('types that extend themselves or what is not there', async () => {
  await type('root', 'ring-a', {extend: {with: [{name: 'ring-b', path: 'root'}]}});
  await type('root', 'ring-b', {extend: {with: [{name: 'ring-a', path: 'root'}]}});
  await type('root', 'hanging', {extend: {with: [{name: 'missing', path: 'root'}]}});
  const answer = await api.post(workspacesIn('root'), workspaceObject('x', 'root:ring-a'));
  refused(answer, 403, 'circular dependency detected in workspace type root:ring-a: root:ring-a -> root:ring-b -> root:ring-a');
  refused(
    await api.post(workspacesIn('root'), workspaceObject('x', 'root:hanging')),
    403,
    'unable to find inherited workspace type root:missing',
  );
});

test('types are judged when they are written', async () => {
  const send = (spec: object, name = 'bad') =>
    api.post(typesIn('root'), {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name}, spec});
  refused(await send({defaultChildWorkspaceType: {name: 'x'}}), 403, '.spec.defaultChildWorkspaceType.path must be set');
  for (const field of ['limitAllowedChildren', 'limitAllowedParents'])
    refused(await send({[field]: {types: [{name: 'x', path: 'root'}, {name: 'y'}]}}), 403, `.spec.${field}.types[1].path must be set`);
  for (const name of ['any', 'system']) refused(await send({}, name), 403, 'name is reserved');
  refused(
    await api.post(typesIn('root:org'), {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name: 'root'}, spec: {}}),
    403,
    'can only be created in root',
  );
});

test('labels that a type gives', async () => {
  await type('root', 'labelled', {additionalWorkspaceLabels: {tier: 'gold'}});
  const answer = await createWorkspace(api, 'root', 'labelled', 'root:labelled');
  assert.equal(answer.at('metadata', 'labels', 'tier'), 'gold');
  const selected = await api.get(`${workspacesIn('root')}?labelSelector=tier%3Dgold`);
  assert.equal((selected.at('items') as object[]).length, 1);
});

test('a workspace waits for the initializers of its type', async () => {
  await type('root', 'slow', {initializer: true, extend: {with: [{name: 'universal', path: 'root'}]}});
  const watching = await api.watch(`${workspacesIn('root')}?fieldSelector=metadata.name%3Dslow&resourceVersion=${await plane.revision()}`);
  const made = await createWorkspace(api, 'root', 'slow', 'root:slow');
  assert.deepEqual([phase(made), made.at('status', 'initializers')], ['Initializing', ['root:slow']]);
  const inside = succeeded(await api.get(logicalCluster('root:slow')));
  assert.deepEqual([phase(inside), inside.at('status', 'initializers')], ['Initializing', ['root:slow']]);
  assert.deepEqual(inside.at('spec', 'initializers'), ['root:universal', 'root:slow', 'system:apibindings']);
  succeeded(await api.post('/clusters/root:slow/api/v1/namespaces/default/configmaps', configMap('prepared')), 201);

  const status = `${logicalCluster('root:slow')}/status`;
  refused(await api.patch(status, {status: {initializers: ['root:slow', 'root:more']}}), 403, 'status.initializers must not grow');
  refused(await api.patch(logicalCluster('root:slow'), {spec: {initializers: []}}), 403, 'spec.initializers is immutable');
  const done = succeeded(await api.patch(status, {status: {initializers: []}}));
  assert.equal(phase(done), 'Ready');
  const after = succeeded(await api.get(`${workspacesIn('root')}/slow`));
  assert.deepEqual(
    [phase(after), after.at('metadata', 'labels', 'tenancy.kcp.io/phase'), after.at('status', 'initializers')],
    ['Ready', 'Ready', undefined],
  );
  await plane.eventually(() => watching.events.length === 2);
  assert.deepEqual(
    (watching.events as {type: string; object: {status: {phase: string}}}[]).map(event => `${event.type} ${event.object.status.phase}`),
    ['ADDED Initializing', 'MODIFIED Ready'],
  );
  watching.close();
  refused(await api.patch(status, {status: {initializers: ['root:slow']}}), 403, 'must not grow');
});

test('a phase does not go back', async () => {
  await createWorkspace(api, 'root', 'forward', 'root:universal');
  const status = `${logicalCluster('root:forward')}/status`;
  for (const wanted of ['Initializing', 'Scheduling', 'Unavailable', 'Deleting', 'Odd'])
    refused(await api.patch(status, {status: {phase: wanted}}), 403, `cannot transition from "Ready" to "${wanted}"`);
  refused(await api.patch(status, {status: {phase: null}}), 403, 'cannot transition from "Ready" to "Scheduling"');
  assert.equal(phase(await api.get(logicalCluster('root:forward'))), 'Ready');
  succeeded(await api.get(`/clusters/root:forward${paths.namespaces}`));
});

test('who is done may say Ready, who is not may not', async () => {
  await createWorkspace(api, 'root', 'done', 'root:slow');
  const status = `${logicalCluster('root:done')}/status`;
  refused(await api.patch(status, {status: {phase: 'Ready'}}), 403, 'status.initializers is not empty');
  succeeded(await api.patch(status, {status: {phase: 'Ready', initializers: []}}));
  assert.equal(phase(await api.get(`${workspacesIn('root')}/done`)), 'Ready');
});

test('a workspace that no shard will have waits for one', inProcess, async () => {
  const location = {location: {selector: {matchLabels: {zone: 'moon'}}}};
  const made = succeeded(await api.post(workspacesIn('root'), workspaceObject('moon', 'root:universal', location)), 201);
  assert.deepEqual([phase(made), made.at('spec', 'cluster')], ['Scheduling', undefined]);
  assert.match(
    String(made.at('metadata', 'annotations', 'experimental.tenancy.kcp.io/owner')),
    /^\{"username":"kcp-admin","uid":"uid-of-kcp-admin","groups":\[/,
  );
  const [condition] = made.at('status', 'conditions') as {type: string; status: string; reason: string; message: string}[];
  assert.deepEqual(
    [condition?.type, condition?.status, condition?.reason, condition?.message],
    ['WorkspaceScheduled', 'False', 'Unschedulable', 'No available shards to schedule the workspace'],
  );
  refused(await api.get(`/clusters/root:moon${paths.namespaces}`), 404, 'workspaces.tenancy.kcp.io "root:moon" not found');
  succeeded(await api.as(users.shardAdmin).patch(shard, {metadata: {labels: {zone: 'moon'}}}));
  await plane.eventually(async () => assert.equal(phase(await api.get(`${workspacesIn('root')}/moon`)), 'Ready'));
  succeeded(await api.get(`/clusters/root:moon${paths.namespaces}`));
  const creator = {username: 'kcp-admin', uid: 'uid-of-kcp-admin', groups: ['system:kcp:admin', 'system:authenticated']};
  assert.deepEqual((await api.get(logicalCluster('root:moon'))).at('spec', 'createdBy'), creator);
  const owner = (await api.get(`${workspacesIn('root')}/moon`)).at('metadata', 'annotations', 'experimental.tenancy.kcp.io/owner');
  assert.equal(owner, '{"username":"kcp-admin"}');
  assert.deepEqual((await plane.store.byTerm('unscheduled', {limit: 10})).entries, []);
});

test('objects that look like waiting workspaces do not keep the real ones waiting', async () => {
  const inside = await plane.workspace('looks');
  const labels = {'tenancy.kcp.io/phase': 'Scheduling'};
  const body = {...configMap('decoy', {}, {labels}), spec: {type: {name: 'universal', path: 'root'}}};
  succeeded(await inside.post('/api/v1/namespaces/default/configmaps', body), 201);
  const location = {location: {selector: {matchLabels: {zone: 'mars'}}}};
  succeeded(await api.post(workspacesIn('root'), workspaceObject('mars', 'root:universal', location)), 201);
  succeeded(await api.as(users.shardAdmin).patch(shard, {metadata: {labels: {zone: 'mars'}}}));
  await plane.eventually(async () => assert.equal(phase(await api.get(`${workspacesIn('root')}/mars`)), 'Ready'));
  assert.equal((await inside.get('/api/v1/namespaces/default/configmaps/decoy')).at('status'), undefined);
});

test('one type that is broken meanwhile does not keep the others waiting', async () => {
  await type('root', 'fleeting');
  const location = {location: {selector: {matchLabels: {zone: 'venus'}}}};
  for (const [name, of] of [
    ['venus-a', 'root:fleeting'],
    ['venus-b', 'root:universal'],
  ] as const)
    succeeded(await api.post(workspacesIn('root'), workspaceObject(name, of, location)), 201);
  succeeded(await api.del(`${typesIn('root')}/fleeting`));
  succeeded(await api.as(users.shardAdmin).patch(shard, {metadata: {labels: {zone: 'venus'}}}));
  await plane.eventually(async () => assert.equal(phase(await api.get(`${workspacesIn('root')}/venus-b`)), 'Ready'));
});

test('a waiting workspace can be deleted', async () => {
  const location = {location: {selector: {matchLabels: {zone: 'pluto'}}}};
  succeeded(await api.post(workspacesIn('root'), workspaceObject('pluto', 'root:universal', location)), 201);
  succeeded(await api.del(`${workspacesIn('root')}/pluto`));
  await plane.eventually(async () => assert.equal((await api.get(`${workspacesIn('root')}/pluto`)).status, 404));
});

test('a selector of shards that is none is refused', async () => {
  const location = {location: {selector: {matchExpressions: [{key: 'a', operator: 'Like', values: ['b']}]}}};
  refused(
    await api.post(workspacesIn('root'), workspaceObject('odd', 'root:universal', location)),
    400,
    'not a valid label selector operator',
  );
});
