/** What becomes of dependents when their owners go (spec kubernetes-api 11.1), and of owners that wait for them. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found} from '../support/api-client.ts';
import {jsonPatch} from '../support/api-client.ts';
import {finalizersAt, ownedBy, ownersAt} from '../support/owners.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, secrets, namespaces, widgets, definitions} = paths;
const blocking = {blockOwnerDeletion: true};
const foreground = {propagationPolicy: 'Foreground'};

type Made = {readonly answer: Answer; readonly path: string};

/** Makes a ConfigMap (or what else is given) with owners. */
async function make(
  api: Api,
  name: string,
  owners: readonly object[] = [],
  more: object = {},
  in_: string = configMaps,
  of = configMap,
): Promise<Made> {
  const metadata = {...(owners.length > 0 && {ownerReferences: owners}), ...more};
  const answer = succeeded(await api.post(in_, of === configMap ? configMap(name, {}, metadata) : of(name, {}, metadata)), 201);
  return {answer, path: `${in_}/${name}`};
}

const isThere = async (api: Api, path: string) => (await api.get(path)).status === 200;
const gone = (api: Api, ...all: readonly string[]) =>
  plane.eventually(async () => {
    for (const path of all) assert.equal((await api.get(path)).status, 404, path);
  });

test('214 a dependent goes with the last of its owners', async () => {
  const api = await newPlace(plane);
  const [a, b] = [await make(api, 'a'), await make(api, 'b')];
  const child = await make(api, 'child', [ownedBy(a.answer), ownedBy(b.answer)]);
  const other = await make(api, 'other');
  succeeded(await api.del(a.path));
  await plane.eventually(async () => assert.deepEqual(await ownersAt(api, child.path), ['b']));
  succeeded(await api.del(b.path));
  await gone(api, child.path);
  assert.ok(await isThere(api, other.path));
});

test('216 a dependent of an owner that never was, or of another one of its name, goes', async () => {
  const api = await newPlace(plane);
  const ghost = {apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: 'no-such-uid'};
  const child = await make(api, 'child', [ghost]);
  await gone(api, child.path);
  const a = await make(api, 'a');
  const wrong = await make(api, 'wrong', [ownedBy(a.answer, {uid: 'other'})]);
  await gone(api, wrong.path);
  // Also when it gets such an owner later.
  const late = await make(api, 'late');
  succeeded(await api.del(a.path));
  succeeded(await api.patch(late.path, {metadata: {ownerReferences: [ownedBy(a.answer)]}}));
  await gone(api, late.path);
});

test('214 orphans stay, without their owner', async () => {
  const api = await newPlace(plane);
  for (const [name, options, query] of [
    ['a', {propagationPolicy: 'Orphan'}, ''],
    ['b', {orphanDependents: true}, ''],
    ['c', undefined, '?propagationPolicy=Orphan'],
  ] as const) {
    const owner = await make(api, name);
    const other = await make(api, `${name}-other`);
    const children = [
      await make(api, `${name}-1`, [ownedBy(owner.answer)]),
      await make(api, `${name}-2`, [ownedBy(owner.answer), ownedBy(other.answer)]),
    ];
    const answer = succeeded(await api.del(owner.path + query, options));
    assert.deepEqual(answer.at('metadata', 'finalizers'), ['orphan']);
    await gone(api, owner.path);
    await plane.settle();
    assert.deepEqual(await ownersAt(api, children[0]!.path), []);
    assert.deepEqual(await ownersAt(api, children[1]!.path), [`${name}-other`]);
  }
});

test('the finalizers of an object say what a deletion without a policy does', async () => {
  const api = await newPlace(plane);
  for (const [name, options, stays] of [
    ['a', undefined, true],
    ['b', {propagationPolicy: 'Background'}, false],
    ['c', {orphanDependents: false}, false],
  ] as const) {
    const owner = await make(api, name, [], {finalizers: ['orphan']});
    const child = await make(api, `${name}-child`, [ownedBy(owner.answer)]);
    succeeded(await api.del(owner.path, options));
    await gone(api, owner.path);
    if (!stays) await gone(api, child.path);
    await plane.settle();
    assert.equal(await isThere(api, child.path), stays, name);
  }
});

test('an owner that waits gives way to a solid one', async () => {
  const api = await newPlace(plane);
  const [waiting, solid] = [await make(api, 'waiting'), await make(api, 'solid')];
  const child = await make(api, 'child', [ownedBy(waiting.answer, blocking), ownedBy(solid.answer)]);
  succeeded(await api.del(waiting.path, foreground));
  await gone(api, waiting.path);
  assert.deepEqual(await ownersAt(api, child.path), ['solid']);
});

test('215 a reference that does not block does not hold its owner', async () => {
  const api = await newPlace(plane);
  const owner = await make(api, 'owner');
  const child = await make(api, 'child', [ownedBy(owner.answer)], {finalizers: ['x.io/f']});
  const not = await make(api, 'not', [ownedBy(owner.answer, {blockOwnerDeletion: false})], {finalizers: ['x.io/f']});
  succeeded(await api.del(owner.path, foreground));
  await gone(api, owner.path);
  for (const {path} of [child, not]) {
    await plane.eventually(async () => assert.notEqual((await api.get(path)).at('metadata', 'deletionTimestamp'), undefined));
    succeeded(await api.patch(path, {metadata: {finalizers: null}}));
  }
  await gone(api, child.path, not.path);
});

test('214 a reference that blocks holds its owner until it is gone, taken off or blocks no more', async () => {
  const free: readonly (readonly [string, (api: Api, path: string) => Promise<Answer>])[] = [
    ['gone', (api, path) => api.patch(path, [{op: 'remove', path: '/metadata/finalizers'}], jsonPatch)],
    ['off', (api, path) => api.patch(path, {metadata: {ownerReferences: null}})],
    [
      'no more',
      (api, path) => api.patch(path, [{op: 'replace', path: '/metadata/ownerReferences/0/blockOwnerDeletion', value: false}], jsonPatch),
    ],
  ];
  const api = await newPlace(plane);
  for (const [i, [how, release]] of free.entries()) {
    const owner = await make(api, `owner-${i}`);
    const child = await make(api, `child-${i}`, [ownedBy(owner.answer, blocking)], {finalizers: ['x.io/f']});
    succeeded(await api.del(owner.path, foreground));
    await plane.settle();
    assert.deepEqual(await finalizersAt(api, owner.path), ['foregroundDeletion'], how);
    assert.ok(await isThere(api, child.path));
    succeeded(await release(api, child.path));
    await gone(api, owner.path);
  }
});

test('a second deletion does not hold what has nothing to wait for', async () => {
  const api = await newPlace(plane);
  const {path} = await make(api, 'a', [], {finalizers: ['x.io/f']});
  for (let i = 0; i < 2; i++) {
    succeeded(await api.del(path, foreground));
    await plane.eventually(async () => assert.deepEqual(await finalizersAt(api, path), ['x.io/f']));
  }
  const before = await plane.revision();
  succeeded(await api.del(path));
  assert.equal(await plane.revision(), before);
  // The policy may change while it waits.
  const owner = await make(api, 'owner');
  const child = await make(api, 'child', [ownedBy(owner.answer, blocking)], {finalizers: ['x.io/f']});
  succeeded(await api.del(owner.path, foreground));
  await plane.settle();
  assert.equal(succeeded(await api.del(owner.path, {propagationPolicy: 'Background'})).at('kind'), 'Status');
  await gone(api, owner.path);
  assert.ok(await isThere(api, child.path));
});

test('217 owners and dependents of built-in and of custom kinds', async () => {
  const api = await newPlace(plane);
  const custom = await make(api, 'w', [], {}, widgets, widget);
  const below = await make(api, 'c', [ownedBy(custom.answer)]);
  const deeper = await make(api, 'w2', [ownedBy(below.answer)], {}, widgets, widget);
  const secret = succeeded(await api.post(secrets, {metadata: {name: 's', ownerReferences: [ownedBy(deeper.answer, blocking)]}}), 201);
  assert.equal(secret.at('kind'), 'Secret');
  succeeded(await api.del(custom.path, foreground));
  await gone(api, custom.path, below.path, deeper.path, `${secrets}/s`);
});

test('an owner in another namespace is not there, and an Event says so', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(namespaces, {metadata: {name: 'other'}}), 201);
  const parent = await make(api, 'parent');
  const valid = await make(api, 'valid', [ownedBy(parent.answer)]);
  const foreign = '/api/v1/namespaces/other/secrets';
  const uid = parent.answer.at('metadata', 'uid');
  const owners = [{apiVersion: 'v1', kind: 'Secret', name: 'invalid', uid}];
  succeeded(await api.post(foreign, {metadata: {name: 'child', ownerReferences: owners}}), 201);
  await gone(api, `${foreign}/child`);
  const events = await api.get('/api/v1/namespaces/other/events?fieldSelector=reason%3DOwnerRefInvalidNamespace');
  const [event, ...more] = events.at('items') as {[key: string]: Found}[];
  assert.deepEqual(more, []);
  assert.equal(
    event?.['message'],
    `ownerRef [v1/Secret, namespace: other, name: invalid, uid: ${uid}] does not exist in namespace "other"`,
  );
  assert.deepEqual([event['type'], event['source']], ['Warning', {component: 'garbage-collector-controller'}]);
  const {kind, namespace, name, apiVersion} = event['involvedObject'] as {[key: string]: Found};
  assert.deepEqual([kind, namespace, name, apiVersion], ['Secret', 'other', 'child', 'v1']);
  // What has no namespace cannot be owned by what has one, and stays.
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  succeeded(await api.post(role, {metadata: {name: 'r', ownerReferences: [ownedBy(parent.answer)]}, rules: []}), 201);
  succeeded(await api.del(valid.path));
  await plane.settle();
  assert.ok(await isThere(api, `${role}/r`));
  assert.equal(((await api.get('/api/v1/namespaces/default/events')).at('items') as Found[]).length, 1);
});

test('T8 an owner in another workspace is not there', async () => {
  const [one, two] = [await newPlace(plane), await newPlace(plane)];
  const owner = await make(one, 'owner');
  await make(two, 'owner');
  const child = await make(two, 'child', [ownedBy(owner.answer)]);
  await gone(two, child.path);
});

test('a definition takes its objects along, and they their dependents', async () => {
  const api = await newPlace(plane);
  const owners = await Promise.all([0, 1].map(i => make(api, `w${i}`, [], {}, widgets, widget)));
  const child = await make(
    api,
    'child',
    owners.map(owner => ownedBy(owner.answer)),
  );
  const single = await make(api, 'single', [ownedBy(owners[0]!.answer)]);
  succeeded(await api.del(`${definitions}/widgets.example.com`));
  await gone(api, `${definitions}/widgets.example.com`, child.path, single.path);
});

test('js-stack a chain of three hundred', inProcess, async () => {
  const api = await newPlace(plane);
  for (const [name, options] of [
    ['b', undefined],
    ['f', foreground],
  ] as const) {
    const all = [await make(api, `${name}-0`)];
    for (let i = 1; i < 300; i++) all.push(await make(api, `${name}-${i}`, [ownedBy((all.at(-1) as Made).answer, blocking)]));
    succeeded(await api.del((all[0] as Made).path, options));
    const paths = all.map(one => one.path);
    // In the foreground the last goes first.
    if (options) paths.reverse();
    for (let i = 0; i < paths.length; i += 50) await gone(api, paths[i] as string);
    await gone(api, paths.at(-1) as string);
    const left = (await api.get(configMaps)).at('items') as {metadata: {name: string}}[];
    assert.deepEqual(
      left.filter(one => one.metadata.name.startsWith(`${name}-`)),
      [],
    );
  }
});

test('a fan of more than two pages', inProcess, async () => {
  const api = await newPlace(plane);
  for (const [name, options] of [
    ['b', undefined],
    ['f', foreground],
    ['o', {propagationPolicy: 'Orphan'}],
  ] as const) {
    const owner = await make(api, name);
    await Promise.all(Array.from({length: 1_200}, (_, i) => make(api, `${name}-${i}`, [ownedBy(owner.answer, blocking)])));
    const {uid, annotations} = owner.answer.at('metadata') as {uid: string; annotations: {[key: string]: string}};
    succeeded(await api.del(owner.path, options));
    const term = `owner/${annotations['kcp.io/cluster']}/${uid}`;
    await plane.eventually(async () => (await plane.store.byTerm(term, {limit: 1})).entries.length === 0);
    await gone(api, owner.path);
  }
  const items = (await api.get(configMaps)).at('items') as {metadata: {name: string}}[];
  assert.equal(items.filter(one => one.metadata.name.startsWith('o-')).length, 1_200);
});

test('an orphaning object in the middle of a chain', async () => {
  const api = await newPlace(plane);
  const a = await make(api, 'a');
  const b = await make(api, 'b', [ownedBy(a.answer)], {finalizers: ['orphan']});
  const c = await make(api, 'c', [ownedBy(b.answer)]);
  succeeded(await api.del(a.path));
  await gone(api, a.path, b.path);
  await plane.settle();
  assert.deepEqual(await ownersAt(api, c.path), []);
});

test('an owner of a kind that nobody serves keeps its dependents, until it is served', async () => {
  const api = await newPlace(plane);
  const ghost = {name: 'ghost', uid: 'no-such-uid'};
  const unknown = await make(api, 'unknown', [{apiVersion: 'example.com/v1', kind: 'Gadget', ...ghost}]);
  const version = await make(api, 'version', [{apiVersion: 'example.com/v7', kind: 'Widget', ...ghost}]);
  const known = await make(api, 'known', [{apiVersion: 'example.com/v1', kind: 'Widget', ...ghost}]);
  await gone(api, known.path);
  await plane.settle();
  for (const {path} of [unknown, version]) assert.ok(await isThere(api, path));
  succeeded(await api.post(definitions, definition('gadgets', 'Gadget')), 201);
  await gone(api, unknown.path);
  // A plural that does not follow from the kind is found as well.
  const odd = await make(api, 'odd', [{apiVersion: 'example.com/v1', kind: 'Mouse', ...ghost}]);
  await plane.settle();
  assert.ok(await isThere(api, odd.path));
  succeeded(await api.post(definitions, definition('mice', 'Mouse')), 201);
  await gone(api, odd.path);
});

test('owners and dependents in several versions of a kind', async () => {
  const api = await newPlace(plane);
  const versions = [widgetVersion('v1'), widgetVersion('v2', {storage: false})];
  succeeded(await api.post(definitions, definition('sheriffs', 'Sheriff', {versions})), 201);
  const at = (version: string) => `/apis/example.com/${version}/namespaces/t/sheriffs`;
  const sheriff = (version: string) => (name: string, _: object, metadata: object) => ({
    apiVersion: `example.com/${version}`,
    kind: 'Sheriff',
    metadata: {name, ...metadata},
    spec: {name: 'n'},
  });
  for (const [owner, dependent] of [
    ['v1', 'v2'],
    ['v2', 'v1'],
  ] as const) {
    const above = await make(api, `above-${owner}`, [], {}, at(owner), sheriff(owner) as never);
    const below = await make(api, `below-${owner}`, [ownedBy(above.answer)], {}, at(dependent), sheriff(dependent) as never);
    await plane.settle();
    assert.ok(await isThere(api, below.path));
    succeeded(await api.del(above.path));
    await gone(api, below.path);
  }
});

test('owners without a namespace', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(definitions, definition('sheriffs', 'Sheriff', {scope: 'Cluster'})), 201);
  const at = '/apis/example.com/v1/sheriffs';
  const sheriff = (name: string, metadata: object = {}) => ({
    apiVersion: 'example.com/v1',
    kind: 'Sheriff',
    metadata: {name, ...metadata},
    spec: {name: 'n'},
  });
  const owner = succeeded(await api.post(at, sheriff('owner')), 201);
  succeeded(await api.post(at, sheriff('owned', {ownerReferences: [ownedBy(owner)]})), 201);
  const child = await make(api, 'child', [ownedBy(owner)]);
  const space = succeeded(await api.post(namespaces, {metadata: {name: 'owned', ownerReferences: [ownedBy(owner)]}}), 201);
  assert.equal(space.at('kind'), 'Namespace');
  const workspaces = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const workspace = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name: 'owned', ownerReferences: [ownedBy(owner)]},
  };
  succeeded(await api.post(workspaces, workspace), 201);
  await plane.settle();
  assert.ok(await isThere(api, child.path));
  succeeded(await api.del(`${at}/owner`));
  await gone(api, `${at}/owned`, child.path, `${namespaces}/owned`, `${workspaces}/owned`);
  // What has a deletion of its own waits for both.
  succeeded(await api.post(namespaces, {metadata: {name: 'waits'}}), 201);
  succeeded(await api.del(`${namespaces}/waits`, foreground));
  succeeded(await api.del(`${definitions}/sheriffs.example.com`, {propagationPolicy: 'Orphan'}));
  await gone(api, `${namespaces}/waits`, `${definitions}/sheriffs.example.com`);
  succeeded(await api.post(definitions, definition('sheriffs', 'Sheriff', {scope: 'Cluster'})), 201);
  // A workspace owns like everything else.
  const other = succeeded(await api.post(workspaces, {...workspace, metadata: {name: 'owner'}}), 201);
  succeeded(await api.post(at, sheriff('of-workspace', {ownerReferences: [ownedBy(other, blocking)]})), 201);
  succeeded(await api.del(`${workspaces}/owner`, foreground));
  await gone(api, `${workspaces}/owner`, `${at}/of-workspace`);
});

test('js-stack circles do not hang', async () => {
  const api = await newPlace(plane);
  /** Objects each of which is owned by the one before it, the first by the last. */
  const circle = async (name: string, size: number) => {
    const all: Made[] = [];
    for (let i = 0; i < size; i++) all.push(await make(api, `${name}-${i}`));
    for (const [i, {path}] of all.entries())
      succeeded(await api.patch(path, {metadata: {ownerReferences: [ownedBy(all.at(i - 1)!.answer, blocking)]}}));
    await plane.settle();
    return all.map(one => one.path);
  };
  for (const size of [1, 2, 3]) {
    for (const [name, options] of [
      ['b', undefined],
      ['f', foreground],
    ] as const) {
      const all = await circle(`${name}-${size}`, size);
      succeeded(await api.del(all[0] as string, options));
      await gone(api, ...all);
    }
    // All of them at once. One whose deletion comes late is gone by then.
    const all = await circle(`all-${size}`, size);
    const answers = await Promise.all(all.map(path => api.del(path, foreground)));
    for (const answer of answers) if (answer.status !== 404) succeeded(answer);
    assert.ok(answers.some(({status}) => status !== 404));
    await gone(api, ...all);
  }
});

test('an owner that waits in a namespace or a workspace that goes', async () => {
  const api = await newPlace(plane);
  const owner = await make(api, 'owner');
  const child = await make(api, 'child', [ownedBy(owner.answer, blocking)], {finalizers: ['x.io/f']});
  const orphaning = await make(api, 'orphaning', [], {finalizers: ['orphan']});
  await make(api, 'orphan', [ownedBy(orphaning.answer)]);
  succeeded(await api.del(owner.path, foreground));
  succeeded(await api.del(`${namespaces}/t`));
  await plane.settle();
  assert.deepEqual(await finalizersAt(api, owner.path), ['foregroundDeletion']);
  succeeded(await api.patch(child.path, {metadata: {finalizers: null}}));
  await gone(api, owner.path, `${namespaces}/t`);
});

test('what rules protect is left alone', async () => {
  const api = await newPlace(plane);
  const owner = succeeded(await api.post(definitions, definition('gadgets', 'Gadget')), 201);
  succeeded(await api.patch(`${namespaces}/default`, {metadata: {ownerReferences: [ownedBy(owner)]}}));
  succeeded(await api.del(`${definitions}/gadgets.example.com`));
  await gone(api, `${definitions}/gadgets.example.com`);
  await plane.settle();
  assert.ok(await isThere(api, `${namespaces}/default`));
  refused(await api.del(`${namespaces}/default`), 403, 'may not be deleted');
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
