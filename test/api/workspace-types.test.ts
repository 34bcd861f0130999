/** Types of workspaces, their initializers, and shards that will or will not have a workspace (spec kcp 4.1, 4.2, 4.4). */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api} from '../support/api-client.ts';
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
    'workspace type root:team only allows [root:organization root:team] parent workspaces, but parent type root:picky only implements [root:picky root:universal]',
  );
  await refuse('root:none', 'x', 'root:universal', 'workspace type root:picky cannot have any child');
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
    'workspace type root:parent-only only allows [root:base] parent workspaces, but parent type root:root only implements [root:root root:universal]',
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
  refused(answer, 403, 'circular dependency detected in workspace type root:ring-a: root:ring-a -> root:ring-b');
  refused(
    await api.post(workspacesIn('root'), workspaceObject('x', 'root:hanging')),
    403,
    'unable to find inherited workspace type missing',
  );
});

test('what a type extends is looked for from its own workspace upwards', async () => {
  await createWorkspace(api, 'root', 'bases', 'root:universal');
  await type('root:bases', 'own-base', {additionalWorkspaceLabels: {of: 'base'}});
  await type('root:bases', 'near', {extend: {with: [{name: 'own-base'}, {name: 'universal'}]}});
  assert.deepEqual(typeOf(await createWorkspace(api, 'root', 'near', 'root:bases:near')), {name: 'near', path: 'root:bases'});
  succeeded(await api.get(`/clusters/root:near${paths.namespaces}/default`));
});

test('each type comes before what it extends, but for the one itself, and comes once', async () => {
  await createWorkspace(api, 'root', 'order', 'root:universal');
  const at = (name: string) => ({name, path: 'root:order'});
  const end = {initializer: true, terminator: true};
  await type('root:order', 'base', end);
  await type('root:order', 'left', {...end, extend: {with: [at('base')]}});
  await type('root:order', 'right', {...end, extend: {with: [at('base'), {name: 'universal', path: 'root'}]}});
  await type('root:order', 'leaf', {...end, extend: {with: [at('left'), at('right')]}});
  const made = await createWorkspace(api, 'root:order', 'w', 'root:order:leaf');
  const id = succeeded(await api.get(`${workspacesIn('root')}/order`)).at('spec', 'cluster');
  const own = ['left', 'base', 'right', 'leaf'].map(name => `${id}:${name}`);
  assert.deepEqual([made.at('status', 'initializers'), made.at('status', 'terminators')], [own, own]);
  const inside = succeeded(await api.get(logicalCluster('root:order:w')));
  assert.deepEqual(inside.at('spec', 'initializers'), [...own.slice(0, 3), 'root:universal', own[3], 'system:apibindings']);
});

test('a path is kept as it was written, be it an id, and limits know the types by their paths', async () => {
  const id = String((await createWorkspace(api, 'root', 'by-id', 'root:universal')).at('spec', 'cluster'));
  await type('root:by-id', 'plain');
  assert.deepEqual(typeOf(await createWorkspace(api, 'root', 'from-id', `${id}:plain`)), {name: 'plain', path: id});
  const inside = await api.get(logicalCluster('root:from-id'));
  assert.equal(inside.at('metadata', 'annotations', 'internal.tenancy.kcp.io/type'), `${id}:plain`);
  const none = {name: 'nowhere', path: 'root'};
  await type('root:by-id', 'picky', {
    extend: {with: [{name: 'plain', path: id}]},
    limitAllowedParents: {types: [none, {name: 'aa', path: id}]},
  });
  await refuse(
    'root',
    'x',
    `${id}:picky`,
    `workspace type ${id}:picky extends root:by-id:picky, which only allows [${id}:aa root:nowhere] parent workspaces, but parent type root:root only implements [root:root root:universal]`,
  );
  await type('root:by-id', 'hopeless', {extend: {with: [{name: 'picky', path: id}]}, limitAllowedParents: {none: true}});
  await refuse(
    'root',
    'x',
    'root:by-id:hopeless',
    `[workspace type root:by-id:hopeless extends root:by-id:picky, which only allows [${id}:aa root:nowhere] parent workspaces, but parent type root:root only implements [root:root root:universal], workspace type root:by-id:hopeless cannot have any parent]`,
  );
});

test('limits that are none', async () => {
  await type('root', 'open', {limitAllowedParents: {none: false}, limitAllowedChildren: {none: false}});
  await createWorkspace(api, 'root', 'open', 'root:open');
  await createWorkspace(api, 'root:open', 'below', 'root:universal');
});

test('a workspace whose type is gone gets no children', async () => {
  await type('root', 'passing');
  await createWorkspace(api, 'root', 'left-over', 'root:passing');
  succeeded(await api.del(`${typesIn('root')}/passing`));
  const gone = 'type cannot be resolved: workspacetypes.tenancy.kcp.io "root:passing" not found';
  await refuse('root:left-over', 'x', undefined, `parent ${gone}`);
  await refuse('root:left-over', 'x', 'root:universal', `workspace ${gone}`);
});

test('a type that extends more than anybody needs is refused in time', async () => {
  for (let i = 0; i < 101; i++) await type('root', `long-${i}`, {extend: {with: [{name: `long-${i + 1}`, path: 'root'}]}});
  await type('root', 'long-101');
  await refuse('root', 'x', 'root:long-0', 'workspace type root:long-0 extends too many types');
  await createWorkspace(api, 'root', 'long', 'root:long-1');
  await type('root', 'wide', {extend: {with: Array.from({length: 1_001}, () => ({name: 'long-101', path: 'root'}))}});
  await refuse('root', 'x', 'root:wide', 'workspace type root:wide extends too many types');
});

test('who adds a default binding to a type must be able to bind to it themselves', async () => {
  const inside = await plane.workspace('binder');
  await plane.workspace('exporter');
  const grant = async (at: Api, name: string, rules: readonly object[]): Promise<void> => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    succeeded(await at.post(`${rbac}/clusterroles`, {metadata: {name}, rules}), 201);
    const subjects = [{kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'user-1'}];
    const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name};
    succeeded(await at.post(`${rbac}/clusterrolebindings`, {metadata: {name}, subjects, roleRef}), 201);
  };
  await grant(inside, 'types', [
    {apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['create', 'update', 'patch', 'get']},
    {nonResourceURLs: ['/'], verbs: ['access']},
  ]);
  const user = inside.as(users.user1);
  const at = '/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
  const send = (by: Api, name: string, ...defaultAPIBindings: readonly object[]) =>
    by.post(at, {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name}, spec: {defaultAPIBindings}});
  const no = (name: string, what: string) =>
    `Forbidden: workspacetypes.tenancy.kcp.io "${name}" is forbidden: unable to create or update WorkspaceType: no permission to bind to export ${what}`;
  const tenancy = {path: 'root', export: 'tenancy.kcp.io'};

  succeeded(await send(user, 'a', tenancy), 201);
  refused(await send(user, 'b', tenancy, {export: 'mine'}), 403, no('b', 'mine'));
  refused(await send(user, 'b', {path: 'root', export: 'shards.core.kcp.io'}), 403, no('b', 'root:shards.core.kcp.io'));
  for (const who of [user, inside]) refused(await send(who, 'b', {path: 'root:nowhere', export: 'x'}), 403, no('b', 'root:nowhere:x'));
  for (const who of [user, inside]) refused(await send(who, 'b', {path: 'system:admin', export: 'x'}), 403, no('b', 'system:admin:x'));

  // Who may not even enter its workspace may still have been given the right, and the export need not be there.
  refused(await send(user, 'b', {path: 'root:exporter', export: 'wares'}), 403, no('b', 'root:exporter:wares'));
  const bind = {apiGroups: ['apis.kcp.io'], resources: ['apiexports'], verbs: ['bind'], resourceNames: ['wares']};
  await grant(api.in('/clusters/root:exporter'), 'bind', [bind]);
  succeeded(await send(user, 'b', {path: 'root:exporter', export: 'wares'}), 201);

  // What is there already is nobody's fault; what is new is judged.
  const grown = (more: readonly object[]) => ({spec: {defaultAPIBindings: [{export: 'mine'}, ...more]}});
  succeeded(await send(inside, 'c', {export: 'mine'}), 201);
  succeeded(await user.patch(`${at}/c`, {metadata: {labels: {seen: 'yes'}}}));
  succeeded(await user.patch(`${at}/c`, grown([tenancy])));
  refused(await user.patch(`${at}/c`, grown([tenancy, {export: 'other'}])), 403, no('c', 'other'));
});

test('types are judged when they are written', async () => {
  const send = (spec: object, name = 'bad') =>
    api.post(typesIn('root'), {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: {name}, spec});
  refused(await send({defaultChildWorkspaceType: {name: 'x'}}), 403, '.spec.defaultChildWorkspaceType.path must be set');
  for (const field of ['limitAllowedChildren', 'limitAllowedParents'])
    refused(await send({[field]: {types: [{name: 'x', path: 'root'}, {name: 'y'}]}}), 403, `.spec.${field}.types[1].path must be set`);
  for (const name of ['any', 'system']) refused(await send({}, name), 403, `metadata.name: Invalid value: "${name}": name is reserved`);
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
