/** Writes: spec kubernetes-api 13.3. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {commitLimits} from '../../src/server/commit.ts';
import type {Answer} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets, namespaces, leases, secrets} = paths;
const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/t/roles';
const version = (answer: Answer) => answer.at('metadata', 'resourceVersion');
const uid = (answer: Answer) => answer.at('metadata', 'uid');
const data = (answer: Answer) => answer.at('data');
const warnings = (answer: Answer): string => [answer.headers['warning'] ?? []].flat().join('\n');
const made = async (path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
const lease = (name: string, metadata: object = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {name, ...metadata},
  spec: {holderIdentity: 'me', leaseDurationSeconds: 10},
});

test('51 a name that is taken', async () => {
  await made(configMaps, configMap('c51'));
  const answer = refused(await api.post(configMaps, configMap('c51')), 409, 'AlreadyExists: configmaps "c51" already exists');
  assert.deepEqual(answer.at('details'), {name: 'c51', kind: 'configmaps'});
  await made(widgets, widget('c51', {}, {finalizers: ['x.io/f']}));
  await api.del(`${widgets}/c51`);
  refused(
    await api.post(widgets, widget('c51')),
    409,
    /^AlreadyExists: object is being deleted: widgets\.example\.com "c51" already exists/,
  );
});

test('52 a namespace that is not there', async () => {
  const answer = refused(await api.post('/api/v1/namespaces/nowhere/configmaps', configMap('c52')), 404, 'namespaces "nowhere" not found');
  assert.equal(answer.at('details', 'name'), 'nowhere');
});

test('53 a namespace that is going', async () => {
  await made(namespaces, {metadata: {name: 'going'}});
  await made('/api/v1/namespaces/going/configmaps', configMap('held', {}, {finalizers: ['x.io/f']}));
  succeeded(await api.del(`${namespaces}/going`));
  const answer = refused(
    await api.post('/api/v1/namespaces/going/configmaps', configMap('late')),
    403,
    'unable to create new content in namespace going because it is being terminated',
    ['metadata.namespace'],
  );
  assert.deepEqual(answer.at('details', 'causes', 0), {
    reason: 'NamespaceTerminating',
    message: 'namespace going is being terminated',
    field: 'metadata.namespace',
  });
});

test('54 an update without a version', async () => {
  await made(configMaps, configMap('c54', {a: '1'}));
  assert.deepEqual(data(succeeded(await api.put(`${configMaps}/c54`, configMap('c54', {a: '2'})))), {a: '2'});
  await made(widgets, widget('c54'));
  refused(
    await api.put(`${widgets}/c54`, widget('c54')),
    422,
    'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ['metadata.resourceVersion'],
  );
});

test('55 an update of an old version', async () => {
  const resourceVersion = version(await made(configMaps, configMap('c55', {a: '1'})));
  succeeded(await api.put(`${configMaps}/c55`, configMap('c55', {a: '2'}, {resourceVersion})));
  const why =
    'Operation cannot be fulfilled on configmaps "c55": the object has been modified; please apply your changes to the latest version and try again';
  refused(await api.put(`${configMaps}/c55`, configMap('c55', {a: '3'}, {resourceVersion})), 409, `Conflict: ${why}`);
});

test('56 an update of what is not there', async () => {
  refused(await api.put(`${configMaps}/c56`, configMap('c56')), 404, 'configmaps "c56" not found');
  succeeded(await api.put(`${leases}/c56`, lease('c56')), 201);
  succeeded(await api.put(`${roles}/c56`, {metadata: {name: 'c56'}, rules: []}), 201);
  const event = {metadata: {name: 'c56', namespace: 't'}, involvedObject: {namespace: 't'}, reason: 'r', type: 'Normal'};
  succeeded(await api.put('/api/v1/namespaces/t/events/c56', event), 201);
});

test('57 a lease is never overwritten blindly', async () => {
  await made(leases, lease('c57'));
  refused(await api.put(`${leases}/c57`, lease('c57')), 422, 'must be specified for an update');
});

test('58 a write of the status changes the status alone', async () => {
  const before = await made(widgets, widget('c58', {}, {labels: {a: '1'}}));
  const body = {...widget('c58', {replicas: 7}, {labels: {a: '2'}, resourceVersion: version(before)}), status: {seen: 1}};
  const answer = succeeded(await api.put(`${widgets}/c58/status`, body));
  assert.deepEqual(answer.at('status'), {seen: 1});
  assert.deepEqual(answer.at('metadata', 'labels'), {a: '1'});
  assert.equal(answer.at('spec', 'replicas'), 1);
});

test('59 and other writes leave it alone', async () => {
  const before = await made(widgets, {...widget('c59'), status: {seen: 1}});
  assert.equal(before.at('status'), undefined);
  const body = {...widget('c59', {replicas: 7}, {resourceVersion: version(before)}), status: {seen: 2}};
  const answer = succeeded(await api.put(`${widgets}/c59`, body));
  assert.equal(answer.at('status'), undefined);
  assert.equal(answer.at('spec', 'replicas'), 7);
});

test('60 a merge patch takes away what is null', async () => {
  await made(configMaps, configMap('c60', {a: '1', b: '2'}));
  assert.deepEqual(data(succeeded(await api.patch(`${configMaps}/c60`, {data: {a: null}}))), {b: '2'});
});

test('61 a JSON patch whose test fails', async () => {
  await made(configMaps, configMap('c61', {a: '1'}));
  const steps = [
    {op: 'replace', path: '/data/a', value: '2'},
    {op: 'test', path: '/data/a', value: 'zzz'},
  ];
  refused(await api.patch(`${configMaps}/c61`, steps, jsonPatch), 422, 'Invalid: ');
  assert.deepEqual(data(await api.get(`${configMaps}/c61`)), {a: '1'});
});

test('62 a JSON patch of too many steps', async () => {
  await made(configMaps, configMap('c62', {a: '1'}));
  const step = {op: 'test', path: '/data/a', value: '1'};
  refused(await api.patch(`${configMaps}/c62`, Array(10_001).fill(step), jsonPatch), 413, 'RequestEntityTooLarge: ');
  succeeded(await api.patch(`${configMaps}/c62`, Array(10_000).fill(step), jsonPatch));
});

test('63 a strategic patch takes values off a list', async () => {
  await made(configMaps, configMap('c63', {}, {finalizers: ['x.io/a', 'x.io/b']}));
  const answer = await api.patch(`${configMaps}/c63`, {metadata: {'$deleteFromPrimitiveList/finalizers': ['x.io/a']}}, strategicPatch);
  assert.deepEqual(succeeded(answer).at('metadata', 'finalizers'), ['x.io/b']);
});

test('64 a strategic patch replaces a map', async () => {
  await made(configMaps, configMap('c64', {}, {labels: {a: '1', b: '2'}}));
  const answer = await api.patch(`${configMaps}/c64`, {metadata: {labels: {$patch: 'replace', c: '3'}}}, strategicPatch);
  assert.deepEqual(succeeded(answer).at('metadata', 'labels'), {c: '3'});
});

test('65 a patch that names a version, and a hundred that name none', async () => {
  const before = await made(configMaps, configMap('c65', {a: '0'}));
  succeeded(await api.patch(`${configMaps}/c65`, {data: {a: '1'}}));
  const stale = {metadata: {resourceVersion: version(before)}, data: {a: '2'}};
  refused(await api.patch(`${configMaps}/c65`, stale), 409, 'the object has been modified');
  const answers = await Promise.all(Array.from({length: 100}, (_, i) => api.patch(`${configMaps}/c65`, {data: {[`k${i}`]: String(i)}})));
  for (const answer of answers) succeeded(answer);
  assert.equal(Object.keys(data(await api.get(`${configMaps}/c65`)) as object).length, 101);
});

test('66 a patch of what is not there', async () => {
  refused(await api.patch(`${configMaps}/c66`, {data: {}}), 404, 'configmaps "c66" not found');
});

test('67 a patch that makes something else of it', async () => {
  const before = await made(configMaps, configMap('c67', {a: '1'}));
  const answer = await api.patch(`${configMaps}/c67`, {data: {a: 1}});
  assert.ok(answer.status === 422 || answer.status === 400, answer.text);
  assert.equal(answer.at('kind'), 'Status');
  assert.equal((await api.get(`${configMaps}/c67`)).text, before.text);
});

test('68 a dry run', async () => {
  const revision = await plane.revision();
  const answer = succeeded(await api.post(`${configMaps}?dryRun=All`, configMap('c68')), 201);
  assert.match(String(uid(answer)), /^[0-9a-f-]{36}$/);
  succeeded(await api.get(`${configMaps}/c68`), 404);
  refused(
    await api.post(`${configMaps}?dryRun=Foo`, configMap('c68')),
    422,
    'dryRun: Unsupported value: ["Foo"]: supported values: "All"',
    ['dryRun'],
  );
  assert.equal(await plane.revision(), revision);
});

test('68 a dry run of every other write', async () => {
  await made(configMaps, configMap('c68', {a: '1'}));
  const revision = await plane.revision();
  assert.deepEqual(data(succeeded(await api.put(`${configMaps}/c68?dryRun=All`, configMap('c68', {a: '2'})))), {a: '2'});
  assert.deepEqual(data(succeeded(await api.patch(`${configMaps}/c68?dryRun=All`, {data: {a: '3'}}))), {a: '3'});
  succeeded(await api.del(`${configMaps}/c68?dryRun=All`));
  succeeded(await api.del(`${configMaps}/c68`, {dryRun: ['All']}));
  succeeded(await api.del(`${configMaps}?dryRun=All`));
  succeeded(await api.del(`${namespaces}/t?dryRun=All`));
  assert.equal(await plane.revision(), revision);
});

test('69 unknown fields', async () => {
  const body = {...configMap('c69'), foo: 1};
  const why = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"';
  refused(await api.post(`${configMaps}?fieldValidation=Strict`, body), 400, `BadRequest: ${why}`);
  const warned = succeeded(await api.post(`${configMaps}?fieldValidation=Warn`, body), 201);
  assert.equal(warnings(warned), '299 - "unknown field \\"foo\\""');
  const silent = succeeded(await api.post(`${configMaps}?fieldValidation=Ignore`, {...body, ...configMap('c69-b')}), 201);
  assert.equal(warnings(silent), '');
  assert.equal(silent.at('foo'), undefined);
});

test('70 a key given twice', async () => {
  const body = '{"metadata":{"name":"c70"},"data":{"a":"1","a":"2"}}';
  refused(await api.post(`${configMaps}?fieldValidation=Strict`, body), 400, 'duplicate field "data.a"');
  const answer = succeeded(await api.post(configMaps, body), 201);
  assert.deepEqual(data(answer), {a: '2'});
  assert.match(warnings(answer), /duplicate field \\"data\.a\\"/);
});

test('71 unknown fields of a custom resource', async () => {
  const body = widget('c71', {zzz: 1});
  refused(await api.post(`${widgets}?fieldValidation=Strict`, body), 400, 'strict decoding error: unknown field "spec.zzz"');
  const answer = succeeded(await api.post(widgets, body), 201);
  assert.match(warnings(answer), /unknown field \\"spec\.zzz\\"/);
  assert.deepEqual(answer.at('spec'), {name: 'n', replicas: 1});
});

test('72 a field manager with a long name', async () => {
  refused(await api.post(`${configMaps}?fieldManager=${'m'.repeat(129)}`, configMap('c72')), 422, 'fieldManager: Too long', [
    'fieldManager',
  ]);
  succeeded(await api.post(`${configMaps}?fieldManager=${'m'.repeat(128)}`, configMap('c72')), 201);
});

test('73 what a deletion demands', async () => {
  const before = await made(configMaps, configMap('c73'));
  refused(
    await api.del(`${configMaps}/c73`, {preconditions: {uid: 'other'}}),
    409,
    'the UID in the precondition (other) does not match the UID in record',
  );
  refused(await api.del(`${configMaps}/c73`, {preconditions: {resourceVersion: '1'}}), 409, 'the ResourceVersion in the precondition (1)');
  const answer = succeeded(await api.del(`${configMaps}/c73`, {preconditions: {uid: uid(before)}}));
  assert.deepEqual(
    [answer.at('kind'), answer.at('status'), answer.at('details')],
    ['Status', 'Success', {name: 'c73', kind: 'configmaps', uid: uid(before)}],
  );
});

test('74 what a deletion answers', async () => {
  await made(namespaces, {metadata: {name: 'c74'}});
  assert.equal(succeeded(await api.del('/api/v1/namespaces/c74/serviceaccounts/default')).at('kind'), 'ServiceAccount');
  assert.equal(succeeded(await api.del(`${namespaces}/c74`)).at('kind'), 'Namespace');
  await made(configMaps, configMap('c74'));
  assert.equal(succeeded(await api.del(`${configMaps}/c74`)).at('kind'), 'Status');
});

test('75 options of a deletion that make no sense', async () => {
  await made(configMaps, configMap('c75'));
  refused(await api.del(`${configMaps}/c75`, {propagationPolicy: 'Foo'}), 422, 'propagationPolicy: Unsupported value', [
    'propagationPolicy',
  ]);
  const both = {propagationPolicy: 'Orphan', orphanDependents: true};
  refused(await api.del(`${configMaps}/c75`, both), 422, 'cannot be both set', ['propagationPolicy']);
});

test('76 options of a deletion under any version', async () => {
  for (const apiVersion of ['apps/v1', 'v1', 'meta.k8s.io/v1']) {
    await made(configMaps, configMap('c76'));
    succeeded(await api.del(`${configMaps}/c76`, {kind: 'DeleteOptions', apiVersion}));
  }
  const {uid: id} = (await made(widgets, widget('c76'))).at('metadata') as {uid: string};
  refused(
    await api.del(`${widgets}/c76`, deleteOptionsOf('other'), {'content-type': 'application/vnd.kubernetes.protobuf'}),
    409,
    'Conflict: ',
  );
  succeeded(await api.del(`${widgets}/c76`, deleteOptionsOf(id), {'content-type': 'application/vnd.kubernetes.protobuf'}));
});

test('77 the policy of the query counts where there is no body', async () => {
  const finalizers = async (name: string) => succeeded(await api.get(`${configMaps}/${name}`)).at('metadata', 'finalizers');
  // A dependent that is held keeps its owner from going.
  for (const name of ['c77', 'c77-body']) {
    const {uid} = (await made(configMaps, configMap(name))).at('metadata') as {uid: string};
    const owner = {apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true};
    await made(configMaps, configMap(`${name}-held`, {}, {ownerReferences: [owner], finalizers: ['x.io/f']}));
  }
  const waits = succeeded(await api.del(`${configMaps}/c77?propagationPolicy=Foreground`));
  assert.deepEqual([waits.at('kind'), waits.at('metadata', 'finalizers')], ['ConfigMap', ['foregroundDeletion']]);
  assert.deepEqual(await finalizers('c77'), ['foregroundDeletion']);
  const ignored = await api.del(`${configMaps}/c77-body?propagationPolicy=Foreground`, {kind: 'DeleteOptions', apiVersion: 'v1'});
  assert.equal(succeeded(ignored).at('kind'), 'Status');
  refused(await api.get(`${configMaps}/c77-body`), 404, 'NotFound: ');
});

/** DeleteOptions with a precondition, as protobuf in its envelope. */
function deleteOptionsOf(id: string): Uint8Array {
  const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const type = Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('DeleteOptions'))]);
  const options = field(2, field(1, Buffer.from(id)));
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, options)]);
}

test('78 a deletion of some of a collection', async () => {
  for (const name of ['a', 'b', 'c']) await made(secrets, {metadata: {name, labels: {a: name === 'c' ? 'c' : 'b'}}});
  const answer = succeeded(await api.del(`${secrets}?labelSelector=a%3Db`));
  assert.equal(answer.at('kind'), 'SecretList');
  const names = (list: Answer) => (list.at('items') as {metadata: {name: string}}[]).map(one => one.metadata.name);
  assert.deepEqual(names(answer), ['a', 'b']);
  assert.deepEqual(names(await api.get(secrets)), ['c']);
});

test('79 namespaces are not deleted together', async () => {
  refused(await api.del(namespaces), 405, 'MethodNotAllowed: ');
});

test('80 an immutable ConfigMap', async () => {
  await made(configMaps, {...configMap('c80', {a: '1'}), immutable: true});
  const why = 'field is immutable when `immutable` is set';
  refused(await api.patch(`${configMaps}/c80`, {data: {a: '2'}}), 422, why, ['data']);
  refused(await api.patch(`${configMaps}/c80`, {immutable: null}), 422, why, ['immutable']);
  succeeded(await api.patch(`${configMaps}/c80`, {metadata: {labels: {a: 'b'}}}));
});

test('a stranger may nothing', async () => {
  const stranger = api.as(users.user1);
  const why =
    'Forbidden: configmaps "one" is forbidden: User "user-1" cannot get resource "configmaps" in API group "" in the namespace "t": access denied';
  refused(await stranger.get(`${configMaps}/one`), 403, why);
  refused(await api.as('').get(configMaps), 403, 'User "system:anonymous" cannot list resource');
  refused(await api.as('unknown').get(configMaps), 401, 'Unauthorized: Unauthorized');
});

test('an object that no storage would take is refused; one that is too large for its owners of fields goes without them', async () => {
  const large = 'x'.repeat(commitLimits.storedBytesMax);
  await made(widgets, widget('large'));
  const status = (text: string) => api.patch(`${widgets}/large/status`, {status: {text}}, {'content-type': 'application/merge-patch+json'});
  const before = version(await api.get(`${widgets}/large`));
  refused(await status(large), 413, /the object would take \d+ bytes in storage, where the limit is 1572864/);
  assert.equal(version(await api.get(`${widgets}/large`)), before);
  assert.notEqual(succeeded(await status(large.slice(1_000))).at('metadata', 'managedFields'), undefined);

  const many = Object.fromEntries(Array.from({length: 33_000}, (_, i) => [`key-of-many-${i}`.padEnd(18, '-'), '']));
  const stored = await made(configMaps, configMap('many', many));
  assert.deepEqual([stored.at('metadata', 'managedFields'), Object.keys(data(stored) as object).length], [undefined, 33_000]);
  const applied = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'applied'}, data: many};
  refused(
    await api.patch(`${configMaps}/applied?fieldManager=m`, applied, {'content-type': 'application/apply-patch+yaml'}),
    413,
    'RequestEntityTooLarge',
  );
  refused(await api.get(`${configMaps}/applied`), 404, 'NotFound');
});
