/** Discovery, OpenAPI, health: spec kubernetes-api 13.7. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {gunzipSync} from 'node:zlib';
import type {Answer, Found} from '../support/api-client.ts';
import {definition, newPlace, paths, refused, succeeded, widgetDefinition, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {definitions} = paths;
const type = (answer: Answer) => answer.headers['content-type'];
const etag = (answer: Answer) => String(answer.headers['etag']);
const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const v2beta1 = v2.replace('v=v2', 'v=v2beta1');
const namesOf = (groups: Found) => (groups as {metadata?: {name?: string}; name?: string}[]).map(one => one.metadata?.name ?? one.name);

test('159 everything in two documents', async () => {
  for (const path of ['/api', '/apis']) {
    const answer = succeeded(await api.get(path, {accept: `${v2},${v2beta1},application/json`}));
    assert.equal(type(answer), v2);
    assert.deepEqual([answer.at('kind'), answer.at('apiVersion')], ['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2']);
    const again = succeeded(await api.get(path, {accept: v2, 'if-none-match': etag(answer)}), 304);
    assert.equal(again.bytes.length, 0);
  }
});

test('160 everything in many documents', async () => {
  const groups = succeeded(await api.get('/apis'));
  assert.deepEqual([groups.at('kind'), groups.at('apiVersion'), type(groups)], ['APIGroupList', 'v1', 'application/json']);
  for (const group of groups.at('groups') as {name: string; preferredVersion: {groupVersion: string}}[])
    assert.ok(group.preferredVersion.groupVersion, group.name);
  const core = succeeded(await api.get('/api/v1'));
  assert.deepEqual([core.at('kind'), core.at('groupVersion'), core.at('apiVersion')], ['APIResourceList', 'v1', undefined]);
  const configMaps = (core.at('resources') as {name: string; storageVersionHash: string}[]).find(one => one.name === 'configmaps');
  assert.equal(configMaps?.storageVersionHash, 'qFsyl6wFWjQ=');
  assert.equal((await api.get('/apis/')).text, groups.text);
});

test('161 the beta of aggregated discovery is gone', async () => {
  succeeded(await api.get('/apis', {accept: v2beta1}), 406);
  assert.equal(succeeded(await api.get('/apis', {accept: `${v2beta1},application/json`})).at('kind'), 'APIGroupList');
});

test('162 discovery follows definitions at once', async () => {
  const place = await plane.workspace('c162');
  const aggregated = () => place.get('/apis', {accept: v2});
  const before = await aggregated();
  assert.equal(namesOf(before.at('items')).includes('example.com'), false);
  succeeded(await place.post(definitions, widgetDefinition()), 201);
  const during = await aggregated();
  assert.ok(namesOf(during.at('items')).includes('example.com'));
  assert.ok(namesOf((await place.get('/apis')).at('groups')).includes('example.com'));
  assert.notEqual(etag(during), etag(before));
  succeeded(await place.patch(`${definitions}/widgets.example.com`, {spec: {versions: [widgetVersion('v1', {served: false})]}}));
  assert.equal(etag(await aggregated()), etag(before));
  succeeded(await place.get('/apis/example.com'), 404);
});

test('163 documents by their hash', async () => {
  const index = succeeded(await api.get('/openapi/v3'));
  const link = String(index.at('paths', 'apis/example.com/v1', 'serverRelativeURL'));
  assert.match(link, /^(\/clusters\/root:place-1)?\/openapi\/v3\/apis\/example\.com\/v1\?hash=[0-9A-F]{128}$/);
  const path = link.slice(link.indexOf('/openapi'));
  const found = succeeded(await api.get(path));
  assert.match(String(found.headers['cache-control']), /public.*immutable/);
  assert.ok(found.headers['expires']);
  const moved = succeeded(await api.get(path.replace(/hash=.*/, 'hash=0')), 301);
  assert.equal(moved.headers['location'], `/clusters/root:place-1${path}`);
  assert.equal(succeeded(await api.get(path.replace(/\?.*/, ''))).headers['cache-control'], undefined);
  succeeded(await api.get('/openapi/v3/apis/nope/v1'), 404);
});

test('165 the old document', async () => {
  const json = succeeded(await api.get('/openapi/v2'));
  const widget = json.at('definitions', 'com.example.v1.Widget');
  assert.deepEqual((widget as {[key: string]: Found})['x-kubernetes-group-version-kind'], [
    {group: 'example.com', kind: 'Widget', version: 'v1'},
  ]);
  const protobuf = succeeded(await api.get('/openapi/v2', {accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'}));
  assert.equal(type(protobuf), 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  assert.ok(protobuf.bytes.includes('com.example.v1.Widget'));
  assert.equal(etag(protobuf), etag(json));
  succeeded(await api.get('/openapi/v2', {'if-none-match': etag(json)}), 304);
});

test('the old document is the same to those who have it packed, and is sent once', async () => {
  for (const accept of ['application/json', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf']) {
    const plain = succeeded(await api.get('/openapi/v2', {accept}));
    const packed = succeeded(await api.get('/openapi/v2', {accept, 'accept-encoding': 'gzip'}));
    assert.equal(packed.headers['content-encoding'], 'gzip', accept);
    assert.ok(gunzipSync(packed.bytes).equals(plain.bytes), accept);
    const again = succeeded(await api.get('/openapi/v2', {accept, 'if-none-match': etag(plain)}), 304);
    assert.deepEqual([again.bytes.length, again.headers['vary']], [0, plain.headers['vary']]);
  }
  succeeded(await api.get('/openapi/v2', {accept: 'text/html'}), 406);
});

test('166 patches say that they take dryRun and fieldValidation', async () => {
  const cases = [
    ['api/v1', '/api/v1/namespaces/{namespace}/configmaps/{name}'],
    ['apis/example.com/v1', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}'],
  ] as const;
  for (const [document, path] of cases) {
    const {paths: all} = JSON.parse(succeeded(await api.get(`/openapi/v3/${document}`)).text) as {
      paths: {[path: string]: {patch: {parameters: {name: string}[]}}};
    };
    const parameters = all[path]?.patch.parameters.map(one => one.name) ?? [];
    for (const name of ['dryRun', 'fieldManager', 'fieldValidation', 'force']) assert.ok(parameters.includes(name), `${path} ${name}`);
  }
});

test('167 version and health', async () => {
  assert.match(String(succeeded(await api.get('/version')).at('gitVersion')), /^v1\.\d+\.\d+/);
  const verbose = succeeded(await api.get('/readyz?verbose'));
  assert.match(verbose.text, /^\[\+\]ping ok$/m);
  assert.match(verbose.text, /readyz check passed\n$/);
  assert.match((await api.get('/readyz?verbose&exclude=etcd')).text, /^\[\+\]etcd excluded: ok$/m);
  assert.equal(succeeded(await api.get('/livez/ping')).text, 'ok');
  succeeded(await api.as('').get('/livez'));
  succeeded(await api.as('').get('/apis'), 403);
});

test('T9 neighbours with equal definitions share a document, others do not', async () => {
  const [one, two, other] = [await newPlace(plane), await newPlace(plane), await plane.workspace('other')];
  const document = async (place: typeof one) => etag(await place.get('/openapi/v2'));
  assert.equal(await document(one), await document(two));
  assert.notEqual(await document(one), await document(other));
  succeeded(await two.post(definitions, definition('extras', 'Extra')), 201);
  assert.notEqual(await document(one), await document(two));
});

test('the root workspace alone has shards', async () => {
  const path = '/apis/core.kcp.io/v1alpha1';
  const root = plane.api.in('/clusters/root');
  const place = await newPlace(plane);
  const served = async (at: typeof place): Promise<{[where: string]: boolean}> => ({
    listed: namesOf((await at.get(path)).at('resources')).includes('shards'),
    aggregated: (await at.get('/apis', {accept: v2})).text.includes('"shards"'),
    v3: (await at.get(`/openapi/v3${path}`)).text.includes('Shard"'),
    v2: (await at.get('/openapi/v2')).text.includes('.Shard"'),
    answered: (await at.get(`${path}/shards`)).status === 200,
  });
  const all = (is: boolean) => ({listed: is, aggregated: is, v3: is, v2: is, answered: is});
  assert.deepEqual(await served(place), all(false));
  assert.deepEqual(await served(root), all(true));
  refused(await place.post(`${path}/shards`, {metadata: {name: 's'}, spec: {baseURL: 'https://s'}}), 404, 'NotFound');

  // With a definition of its own in the same group, root still has both.
  succeeded(await root.post(definitions, definition('gauges', 'Gauge', {group: 'core.kcp.io'}, {name: 'gauges.core.kcp.io'})), 201);
  assert.deepEqual(await served(root), all(true));
  succeeded(await root.del(`${definitions}/gauges.core.kcp.io`));

  // What another workspace calls so is its own.
  const own = definition('shards', 'Shard', {group: 'core.kcp.io', scope: 'Cluster'}, {name: 'shards.core.kcp.io'});
  succeeded(await place.post(definitions, own), 201);
  await plane.eventually(async () => succeeded(await place.get('/apis/core.kcp.io/v1/shards')));
  succeeded(await place.post('/apis/core.kcp.io/v1/shards', {apiVersion: 'core.kcp.io/v1', kind: 'Shard', metadata: {name: 's'}}), 201);
  assert.equal((succeeded(await root.get(`${path}/shards`)).at('items') as Found[]).length, 1);
  assert.deepEqual(await served(place), {...all(false), aggregated: true, v2: true});
});
