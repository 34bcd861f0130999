/** Metadata: spec kubernetes-api 13.2. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetSchema, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets, namespaces} = paths;
const subdomain = 'a lowercase RFC 1123 subdomain must consist of';
const label = 'a lowercase RFC 1123 label must consist of';
const version = (answer: Answer) => answer.at('metadata', 'resourceVersion');
const generation = (answer: Answer) => answer.at('metadata', 'generation');
const warnings = (answer: Answer): string => [answer.headers['warning'] ?? []].flat().join('\n');

test('31 a name or a base for one', async () => {
  const why = 'metadata.name: Required value: name or generateName is required';
  refused(await api.post(configMaps, {metadata: {}}), 422, why, ['metadata.name']);
});

test('32 a generated name', async () => {
  const answer = succeeded(await api.post(configMaps, {metadata: {generateName: 'a-'}}), 201);
  assert.match(String(answer.at('metadata', 'name')), /^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(answer.at('metadata', 'generateName'), 'a-');
});

test('33 a long base is cut', async () => {
  const answer = succeeded(await api.post(configMaps, {metadata: {generateName: 'b'.repeat(60)}}), 201);
  assert.match(String(answer.at('metadata', 'name')), /^b{58}.{5}$/);
});

test("34 the system's fields are the system's", inProcess, async () => {
  const answer = succeeded(
    await api.post(
      configMaps,
      configMap(
        'c34',
        {},
        {
          uid: 'mine',
          creationTimestamp: '2001-01-01T00:00:00Z',
          selfLink: '/x',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
        },
      ),
    ),
    201,
  );
  const {uid, creationTimestamp, selfLink, deletionTimestamp} = answer.at('metadata') as {[key: string]: string};
  assert.match(String(uid), /^[0-9a-f]{8}-/);
  assert.equal(creationTimestamp, new Date(plane.world.now()).toISOString().replace('.000Z', 'Z'));
  assert.deepEqual([selfLink, deletionTimestamp, generation(answer)], [undefined, undefined, undefined]);
});

test('35 a new object has no resourceVersion', async () => {
  const answer = refused(
    await api.post(configMaps, configMap('c35', {}, {resourceVersion: '5'})),
    500,
    'resourceVersion should not be set on objects to be created',
  );
  assert.equal(answer.at('reason'), undefined);
});

test('36 names by kind', async () => {
  refused(await api.post(configMaps, configMap('Foo_Bar')), 422, subdomain, ['metadata.name']);
  refused(await api.post(namespaces, {metadata: {name: 'a.b'}}), 422, label, ['metadata.name']);
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  succeeded(await api.post(roles, {metadata: {name: 'a:b'}, rules: []}), 201);
  for (const name of ['.', '..', 'a/b', 'a%b']) refused(await api.post(roles, {metadata: {name}, rules: []}), 422, 'metadata.name');
});

test('37 another namespace than the one of the URL', async () => {
  const why = 'the namespace of the provided object does not match the namespace sent on the request';
  refused(await api.post(configMaps, configMap('c37', {}, {namespace: 'other'})), 400, why);
});

test('38 another name than the one of the URL', async () => {
  succeeded(await api.post(configMaps, configMap('c38')), 201);
  refused(
    await api.put(`${configMaps}/c38`, configMap('other')),
    400,
    'the name of the object (other) does not match the name on the URL (c38)',
  );
});

test('39 too many annotations', async () => {
  const annotations = (bytes: number) => ({annotations: {a: 'x'.repeat(bytes - 1)}});
  const clusterBytes = 'kcp.io/cluster'.length + 16;
  refused(await api.post(configMaps, configMap('c39', {}, annotations(262_145))), 422, 'metadata.annotations: Too long', [
    'metadata.annotations',
  ]);
  succeeded(await api.post(configMaps, configMap('c39', {}, annotations(262_144 - clusterBytes))), 201);
});

test('40 labels out of grammar', async () => {
  for (const labels of [{a: 'x'.repeat(64)}, {'a/b/c': ''}, {'-': 'x'}, {a: '-'}])
    refused(await api.post(configMaps, configMap('c40', {}, {labels})), 422, 'Invalid: ', ['metadata.labels']);
  succeeded(await api.post(configMaps, configMap('c40', {}, {labels: {'x.y/a': 'x'.repeat(63), b: ''}})), 201);
});

test('41 owners', async () => {
  const owner = {apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u1'};
  const owned = (...ownerReferences: object[]) => configMap('c41', {}, {ownerReferences});
  refused(await api.post(configMaps, owned({...owner, uid: ''})), 422, 'uid', ['metadata.ownerReferences.uid']);
  const two = [
    {...owner, controller: true},
    {...owner, uid: 'u2', controller: true},
  ];
  refused(await api.post(configMaps, owned(...two)), 422, 'Only one reference can have Controller set to true', [
    'metadata.ownerReferences',
  ]);
  const answer = succeeded(await api.post(configMaps, owned(owner, owner)), 201);
  assert.deepEqual(answer.at('metadata', 'ownerReferences'), [owner]);
  assert.match(warnings(answer), /\.metadata\.ownerReferences contains duplicate entries/);
});

test('42 an update that changes nothing is none', async () => {
  const made = succeeded(await api.post(configMaps, configMap('c42', {a: '1'})), 201);
  const watching = await api.watch(`${configMaps}?fieldSelector=metadata.name=c42&resourceVersion=${version(made)}`);
  for (const body of [configMap('c42', {a: '1'}), JSON.parse(made.text) as object]) {
    assert.equal(version(succeeded(await api.put(`${configMaps}/c42`, body))), version(made));
  }
  assert.equal(version(succeeded(await api.patch(`${configMaps}/c42`, {data: {a: '1'}}))), version(made));
  succeeded(await api.patch(`${configMaps}/c42`, {data: {a: '2'}}));
  await plane.eventually(() => watching.events.length > 0);
  assert.deepEqual(watching.seen(), ['MODIFIED c42']);
  watching.close();
});

test('43 another uid is another object', async () => {
  succeeded(await api.post(configMaps, configMap('c43')), 201);
  refused(await api.put(`${configMaps}/c43`, configMap('c43', {}, {uid: 'other'})), 409, 'Conflict: ');
});

test('44 the generation counts changes of the spec', async () => {
  assert.equal(generation(succeeded(await api.post(widgets, widget('c44')), 201)), 1);
  assert.equal(generation(await api.patch(`${widgets}/c44`, {spec: {replicas: 2}})), 2);
  assert.equal(generation(await api.patch(`${widgets}/c44/status`, {status: {seen: 2}})), 2);
  assert.equal(generation(await api.patch(`${widgets}/c44`, {metadata: {labels: {a: 'b'}}})), 2);
  assert.equal(generation(await api.patch(`${widgets}/c44`, {metadata: {generation: 9}, spec: {replicas: 3}})), 3);
});

test('45 and of the status, where it has no endpoint of its own', async () => {
  const versions = [widgetVersion('v1', {subresources: {}, schema: {openAPIV3Schema: widgetSchema()}})];
  succeeded(await api.post(paths.definitions, definition('plains', 'Plain', {versions})), 201);
  const plains = '/apis/example.com/v1/namespaces/t/plains';
  const made = succeeded(await api.post(plains, {...widget('c45'), kind: 'Plain', status: {a: 1}}), 201);
  assert.deepEqual([generation(made), made.at('status', 'a')], [1, 1]);
  const edited = {...(JSON.parse(made.text) as object), status: {a: 2}};
  assert.equal(generation(succeeded(await api.put(`${plains}/c45`, edited))), 2);
});

test('46 a deletion that has to wait', async () => {
  succeeded(await api.post(widgets, widget('c46', {}, {finalizers: ['x.io/f']})), 201);
  const answer = succeeded(await api.del(`${widgets}/c46`));
  assert.equal(answer.at('kind'), 'Widget');
  assert.match(String(answer.at('metadata', 'deletionTimestamp')), /^2026-/);
  assert.equal(answer.at('metadata', 'deletionGracePeriodSeconds'), 0);
  assert.equal(generation(answer), 2);
});

test('47 no new finalizers on what is deleted', async () => {
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.io/g"}';
  refused(await api.patch(`${widgets}/c46`, {metadata: {finalizers: ['x.io/f', 'x.io/g']}}), 422, why, ['metadata.finalizers']);
  const revived = await api.patch(`${widgets}/c46`, {metadata: {deletionTimestamp: null}});
  assert.notEqual(revived.at('metadata', 'deletionTimestamp'), undefined);
});

test('48 the last finalizer lets it go', async () => {
  const now = succeeded(await api.get(`${widgets}/c46`));
  const watching = await api.watch(`${widgets}?fieldSelector=metadata.name=c46&resourceVersion=${version(now)}`);
  const body = JSON.parse(now.text) as {metadata: object};
  const answer = succeeded(await api.put(`${widgets}/c46`, {...body, metadata: {...body.metadata, finalizers: []}}));
  assert.equal(answer.at('metadata', 'finalizers', 0), undefined);
  succeeded(await api.get(`${widgets}/c46`), 404);
  await plane.eventually(() => watching.events.length > 0);
  assert.deepEqual(watching.seen(), ['DELETED c46']);
  watching.close();
});

test('49 names of finalizers', async () => {
  const answer = succeeded(await api.post(widgets, widget('c49', {}, {finalizers: ['foo']})), 201);
  assert.match(warnings(answer), /prefer a domain-qualified finalizer name/);
  const why = 'name is neither a standard finalizer name nor is it fully qualified';
  refused(await api.post(configMaps, configMap('c49', {}, {finalizers: ['foo']})), 422, why);
});

test('50 a deletion asked for twice', async () => {
  succeeded(await api.post(widgets, widget('c50', {}, {finalizers: ['x.io/f']})), 201);
  const first = succeeded(await api.del(`${widgets}/c50`));
  assert.equal(succeeded(await api.del(`${widgets}/c50`)).text, first.text);
});
