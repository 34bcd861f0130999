/** HTTP, negotiation, Status: spec kubernetes-api 13.1. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {decodeProtobuf} from '../../src/wire/protobuf/decode.ts';
import {encodeProtobuf} from '../../src/wire/protobuf/encode.ts';
import type {Headers} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {
  configMap,
  definition,
  newPlace,
  paths,
  refused,
  succeeded,
  widget,
  widgetDefinition,
  widgetSchema,
  widgetVersion,
} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets} = paths;
succeeded(await api.post(configMaps, configMap('one', {a: '1'})), 201);
succeeded(await api.post(widgets, widget('w')), 201);

const accept = (type: string): Headers => ({accept: type});
const sending = (type: string): Headers => ({'content-type': type});
const protobuf = 'application/vnd.kubernetes.protobuf';
const meta = 'g=meta.k8s.io;v=v1';

test('1 an unknown resource of a known group', async () => {
  const answer = refused(await api.get('/api/v1/namespaces/t/foos'), 404, 'NotFound: the server could not find the requested resource');
  assert.deepEqual(answer.at('details'), {});
});

test('2 an unknown group', async () => {
  const answer = succeeded(await api.get('/apis/nope/v1'), 404);
  assert.equal(answer.text, '404 page not found\n');
});

test('3 a missing object', async () => {
  const answer = refused(await api.get(`${configMaps}/x`), 404, 'NotFound: configmaps "x" not found');
  assert.deepEqual(answer.at('details'), {name: 'x', kind: 'configmaps'});
});

test('4 nothing acceptable', async () => {
  refused(await api.get(`${configMaps}/one`, accept('text/html')), 406, /NotAcceptable: .*application\/json, application\/yaml/);
});

test('5 the second wish is acceptable', async () => {
  const answer = succeeded(await api.get(`${configMaps}/one`, accept('text/html,application/json;q=0.5')));
  assert.equal(answer.headers['content-type'], 'application/json');
});

test('6 JSON for those who do not mind', async () => {
  for (const headers of [{}, accept('*/*')])
    assert.equal((await api.get(`${configMaps}/one`, headers)).headers['content-type'], 'application/json');
});

test('7 a body of an unknown type', async () => {
  refused(await api.post(configMaps, configMap('seven'), sending('text/plain')), 415, /UnsupportedMediaType: .*application\/json/);
});

test('8 parameters of a content type are ignored', async () => {
  succeeded(await api.post(configMaps, configMap('eight'), sending('application/json; charset=utf-8')), 201);
});

test('9 YAML in and out', async () => {
  const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nine\ndata:\n  a: "1"\n';
  const answer = succeeded(await api.post(configMaps, yaml, {...sending('application/yaml'), ...accept('application/yaml')}), 201);
  assert.equal(answer.headers['content-type'], 'application/yaml');
  assert.match(answer.text, /^data:\n {2}a: "1"$/m);
});

test('10 protobuf in and out', async () => {
  const body = encodeProtobuf('v1', 'ConfigMap', {metadata: {name: 'ten'}, data: {a: '1'}});
  const answer = succeeded(await api.post(configMaps, body, {...sending(protobuf), ...accept(protobuf)}), 201);
  assert.equal(answer.headers['content-type'], protobuf);
  assert.equal(answer.bytes.toString('latin1', 0, 4), 'k8s\0');
  const {apiVersion, kind, object} = decodeProtobuf(answer.bytes);
  assert.deepEqual([apiVersion, kind, object['data']], ['v1', 'ConfigMap', {a: '1'}]);
  assert.deepEqual(object, JSON.parse(succeeded(await api.get(`${configMaps}/ten`)).text));
});

test('11 a custom resource is no protobuf', async () => {
  // A client that takes nothing else is told so in protobuf.
  const answer = succeeded(await api.get(`${widgets}/w`, accept(protobuf)), 406);
  assert.ok(answer.bytes.includes('NotAcceptable'));
  assert.equal((await api.get(`${widgets}/w`, accept(`${protobuf},application/json`))).headers['content-type'], 'application/json');
});

test('12 the metadata of a custom resource is', async () => {
  const answer = succeeded(await api.get(`${widgets}/w`, accept(`${protobuf};as=PartialObjectMetadata;${meta}`)));
  assert.equal(answer.headers['content-type'], protobuf);
  assert.equal(answer.bytes.toString('latin1', 0, 4), 'k8s\0');
  assert.ok(answer.bytes.includes('PartialObjectMetadata'));
});

test('13 a list of metadata', async () => {
  const answer = succeeded(await api.get(configMaps, accept(`application/json;as=PartialObjectMetadataList;${meta}`)));
  assert.equal(answer.at('kind'), 'PartialObjectMetadataList');
  assert.equal(answer.at('items', 0, 'kind'), 'PartialObjectMetadata');
  assert.equal(answer.text.includes('"data"'), false);
});

test('14 a list is not the metadata of one object', async () => {
  refused(await api.get(configMaps, accept(`application/json;as=PartialObjectMetadata;${meta}`)), 406, 'NotAcceptable: ');
});

const table = accept(`application/json;as=Table;${meta}`);

test('15 a table', async () => {
  const answer = succeeded(await api.get(configMaps, table));
  assert.equal(answer.at('kind'), 'Table');
  assert.deepEqual(
    (answer.at('columnDefinitions') as {name: string}[]).map(column => column.name),
    ['Name', 'Data', 'Age'],
  );
  assert.equal(answer.at('rows', 0, 'object', 'kind'), 'PartialObjectMetadata');
});

test('16 what a row carries', async () => {
  assert.equal((await api.get(`${configMaps}?includeObject=Object`, table)).at('rows', 0, 'object', 'kind'), 'ConfigMap');
  assert.equal((await api.get(`${configMaps}?includeObject=None`, table)).at('rows', 0, 'object'), null);
  refused(await api.get(`${configMaps}?includeObject=Foo`, table), 400, 'BadRequest: ');
});

test('18 a body that is no JSON', async () => {
  refused(await api.post(configMaps, '{"metadata":'), 400, 'BadRequest: ');
});

test('19 a body of another kind', async () => {
  const body = {apiVersion: 'v1', kind: 'Secret', metadata: {name: 'x'}};
  refused(await api.post(configMaps, body), 400, 'cannot be handled as a ConfigMap');
});

test('20 a body of another version', async () => {
  refused(
    await api.post(configMaps, {apiVersion: 'v2', kind: 'ConfigMap', metadata: {name: 'x'}}),
    400,
    'does not match the expected API version',
  );
});

test('21 a built-in object may keep silent about its kind, a custom one may not', async () => {
  succeeded(await api.post(configMaps, {metadata: {name: 'silent'}}), 201);
  refused(await api.post(widgets, {metadata: {name: 'silent'}, spec: {name: 'n'}}), 400, "Object 'Kind' is missing");
});

test('22 indented for people', async () => {
  assert.match((await api.get(`${configMaps}/one?pretty=true`)).text, /^\{\n {2}"apiVersion"/);
  assert.match((await api.get(`${configMaps}/one`, {'user-agent': 'curl/8'})).text, /^\{\n {2}"apiVersion"/);
  assert.match((await api.get(`${configMaps}/one`)).text, /^\{"apiVersion"/);
});

test('23 long lists are compressed', async () => {
  succeeded(await api.post(paths.secrets, {metadata: {name: 'long'}, stringData: {a: 'x'.repeat(200_000)}}), 201);
  assert.equal((await api.get(paths.secrets, {'accept-encoding': 'gzip'})).headers['content-encoding'], 'gzip');
  assert.equal((await api.get(configMaps, {'accept-encoding': 'gzip'})).headers['content-encoding'], undefined);
  assert.equal((await api.get(paths.secrets)).headers['content-encoding'], undefined);
});

test('24 every answer has an audit id', async () => {
  assert.match(String((await api.get('/nowhere')).headers['audit-id']), /^[0-9a-f-]{36}$/);
  assert.equal((await api.get('/version', {'audit-id': 'abc'})).headers['audit-id'], 'abc');
});

test('25 patches of a type the kind does not take', async () => {
  refused(await api.patch(`${configMaps}/one`, {}, sending('application/json')), 415, 'UnsupportedMediaType: ');
  const answer = refused(await api.patch(`${widgets}/w`, {}, strategicPatch), 415, 'UnsupportedMediaType: ');
  for (const type of ['application/json-patch+json', 'application/merge-patch+json']) assert.ok(answer.problem.includes(type));
});

test('26 an update of a collection', async () => {
  refused(await api.put(configMaps, configMap('x')), 405, 'MethodNotAllowed: ');
  refused(await api.put(widgets, widget('x')), 405, 'MethodNotAllowed: ');
});

test('27 parameters that are no number, and a flag that is anything', async () => {
  refused(await api.get(`${configMaps}?limit=abc`), 400, 'strconv.ParseInt: parsing "abc": invalid syntax');
  const watching = await api.watch(`${configMaps}?watch=maybe`);
  assert.equal(watching.status, 200);
  watching.close();
});

test('28 a timeout that is none', async () => {
  refused(await api.get(`${configMaps}/one?timeout=abc`), 400, 'BadRequest: invalid timeout');
  succeeded(await api.get(`${configMaps}/one?timeout=10s`));
});

test('29 a deprecated version warns', async () => {
  const versions = [widgetVersion(), widgetVersion('v1beta1', {storage: false, deprecated: true})];
  const place = await newPlace(plane);
  const now = await place.get(`${paths.definitions}/widgets.example.com`);
  const resourceVersion = now.at('metadata', 'resourceVersion');
  succeeded(await place.put(`${paths.definitions}/widgets.example.com`, widgetDefinition({versions}, {resourceVersion})));
  const answer = succeeded(await place.get('/apis/example.com/v1beta1/namespaces/t/widgets'));
  assert.deepEqual([answer.headers['warning']].flat(), ['299 - "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"']);
});

test('30 failures are never tables', async () => {
  refused(await api.get(`${configMaps}/missing`, table), 404, 'NotFound: configmaps "missing" not found');
});

test('the same holds for a kind without a namespace', async () => {
  const things = '/apis/example.com/v1/things';
  succeeded(
    await api.post(
      paths.definitions,
      definition('things', 'Thing', {scope: 'Cluster', versions: [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema()}})]}),
    ),
    201,
  );
  succeeded(await api.post(things, {...widget('x'), kind: 'Thing'}), 201);
  succeeded(await api.get('/apis/example.com/v1/namespaces/t/things/x'), 404);
  succeeded(await api.patch(`${things}/x`, [{op: 'replace', path: '/spec/replicas', value: 4}], jsonPatch));
});
