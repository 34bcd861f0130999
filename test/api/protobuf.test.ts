/** Protobuf: spec kubernetes-api 1.7 to 1.9, 12. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Json, JsonObject} from '../../src/api/json.ts';
import {dig} from '../../src/api/json.ts';
import {builtIn, system} from '../../src/kinds/all.ts';
import {decodeProtobuf} from '../../src/wire/protobuf/decode.ts';
import {encodeProtobuf, hasProtobuf} from '../../src/wire/protobuf/encode.ts';
import type {Answer, Watching} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, succeeded, widget, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, secrets, widgets} = paths;

const type = 'application/vnd.kubernetes.protobuf';
const both = {accept: type, 'content-type': type};
const as = (conversion: string): {accept: string} => ({accept: `${type};as=${conversion};g=meta.k8s.io;v=v1`});

function opened(answer: Answer, status = 200): JsonObject {
  succeeded(answer, status);
  assert.equal(answer.headers['content-type'], type);
  return decodeProtobuf(answer.bytes).object;
}
const names = (list: JsonObject): (Json | undefined)[] => (list['items'] as JsonObject[]).map(item => dig(item, 'metadata', 'name'));

test('every kind of Kubernetes has its messages, no kind of kcp has', () => {
  for (const {group, version, names, verbs} of builtIn) {
    const apiVersion = group ? `${group}/${version}` : version;
    assert.ok(hasProtobuf(apiVersion, names.kind), names.kind);
    if (verbs.includes('list')) assert.ok(hasProtobuf(apiVersion, names.listKind), names.listKind);
  }
  for (const {group, version, names} of system) assert.equal(hasProtobuf(`${group}/${version}`, names.kind), false, names.kind);
});

test('the life of an object', async () => {
  const made = opened(await api.post(secrets, encodeProtobuf('v1', 'Secret', {metadata: {name: 'a'}, stringData: {k: 'v'}}), both), 201);
  assert.deepEqual([made['kind'], made['data'], made['type']], ['Secret', {k: 'dg=='}, 'Opaque']);
  const changed = {...made, data: {k: 'dw=='}};
  assert.deepEqual(opened(await api.put(`${secrets}/a`, encodeProtobuf('v1', 'Secret', changed), both))['data'], {k: 'dw=='});
  assert.deepEqual(opened(await api.patch(`${secrets}/a`, {data: {l: 'dg=='}}, {accept: type}))['data'], {k: 'dw==', l: 'dg=='});
  assert.deepEqual(names(opened(await api.get(secrets, {accept: type}))), ['a']);
  const options = encodeProtobuf('v1', 'DeleteOptions', {preconditions: {uid: dig(made, 'metadata', 'uid')!}});
  const gone = opened(await api.del(`${secrets}/a`, options, both));
  assert.deepEqual([gone['kind'], gone['status'], dig(gone, 'details', 'name')], ['Status', 'Success', 'a']);
  const missing = opened(await api.get(`${secrets}/a`, {accept: type}), 404);
  assert.deepEqual([missing['kind'], missing['reason'], missing['code']], ['Status', 'NotFound', 404]);
});

test('a body that does not say what it is', async () => {
  const bare = Buffer.from('6b387300 1205 0a030a0161'.replaceAll(' ', ''), 'hex');
  bare[bare.length - 1] = 'z'.charCodeAt(0);
  assert.equal(dig(opened(await api.post(configMaps, bare, both), 201), 'metadata', 'name'), 'z');
});

test('lists page by page, with nothing in them, and of metadata', async () => {
  const place = await newPlace(plane);
  const empty = opened(await place.get(secrets, {accept: type}));
  assert.deepEqual([empty['kind'], empty['items']], ['SecretList', []]);
  for (const name of ['a', 'b', 'c']) succeeded(await place.post(secrets, {metadata: {name}, data: {k: 'dg=='}}), 201);
  const first = opened(await place.get(`${secrets}?limit=2`, {accept: type}));
  assert.deepEqual([names(first), dig(first, 'metadata', 'remainingItemCount')], [['a', 'b'], 1]);
  const rest = await place.get(`${secrets}?limit=2&continue=${String(dig(first, 'metadata', 'continue'))}`, {accept: type});
  assert.deepEqual(names(opened(rest)), ['c']);
  const metadata = opened(await place.get(secrets, as('PartialObjectMetadataList')));
  assert.deepEqual([metadata['kind'], names(metadata)], ['PartialObjectMetadataList', ['a', 'b', 'c']]);
  assert.deepEqual(Object.keys((metadata['items'] as JsonObject[])[0]!), ['metadata']);
  assert.deepEqual(names(opened(await place.del(secrets, undefined, {accept: type}))), ['a', 'b', 'c']);
  assert.deepEqual(names(opened(await place.get(secrets, {accept: type}))), []);
});

test('reviews and scales', async () => {
  const question = encodeProtobuf('authorization.k8s.io/v1', 'SelfSubjectAccessReview', {
    spec: {resourceAttributes: {verb: 'get', resource: 'secrets'}},
  });
  const answer = opened(await api.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', question, both), 201);
  assert.deepEqual([answer['kind'], dig(answer, 'status', 'allowed')], ['SelfSubjectAccessReview', true]);

  const subresources = {scale: {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'}};
  succeeded(await api.post(paths.definitions, definition('scalables', 'Scalable', {versions: [widgetVersion('v1', {subresources})]})), 201);
  const scalables = '/apis/example.com/v1/namespaces/t/scalables';
  await plane.eventually(async () => (await api.get(scalables)).status === 200);
  succeeded(await api.post(scalables, {...widget('s'), kind: 'Scalable'}), 201);
  const scale = opened(await api.get(`${scalables}/s/scale`, {accept: type}));
  assert.deepEqual([scale['kind'], scale['spec']], ['Scale', {replicas: 1}]);
  const wanted = encodeProtobuf('autoscaling/v1', 'Scale', {...scale, spec: {replicas: 5}});
  assert.deepEqual(opened(await api.put(`${scalables}/s/scale`, wanted, both))['spec'], {replicas: 5});
  assert.equal((await api.get(`${widgets}/s/scale`, {accept: type})).status, 404);
});

/** The events of a watch: four bytes of length before each. */
function events(watching: Watching): readonly {type: string; object: JsonObject}[] {
  const found: {type: string; object: JsonObject}[] = [];
  let rest = watching.bytes();
  while (rest.length > 0) {
    const frame = rest.subarray(4, 4 + rest.readUInt32BE());
    const word = frame.toString('latin1', 2, 2 + frame[1]!);
    found.push({type: word, object: decodeProtobuf(frame.subarray(frame.indexOf('k8s\0'))).object});
    rest = rest.subarray(4 + frame.length);
  }
  return found;
}

test('a watch of whole objects and its bookmarks', async () => {
  const place = await newPlace(plane);
  const own = 'fieldSelector=metadata.name!%3Dkube-root-ca.crt';
  succeeded(await place.post(configMaps, configMap('a', {k: '1'})), 201);
  const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const watching = await place.watch(`${configMaps}?${own}&${initial}`, {accept: `${type},application/json`});
  assert.equal(watching.headers['content-type'], `${type};stream=watch`);
  await plane.eventually(() => events(watching).length === 2);
  succeeded(await place.patch(`${configMaps}/a`, {data: {k: '2'}}));
  succeeded(await place.del(`${configMaps}/a`));
  await plane.eventually(() => events(watching).length === 4);
  const [added, mark, modified, deleted] = events(watching);
  assert.deepEqual([added?.type, added?.object['kind'], added?.object['data']], ['ADDED', 'ConfigMap', {k: '1'}]);
  assert.deepEqual([mark?.type, mark?.object['kind']], ['BOOKMARK', 'ConfigMap']);
  assert.deepEqual(dig(mark?.object, 'metadata', 'annotations'), {'k8s.io/initial-events-end': 'true'});
  assert.deepEqual([modified?.type, modified?.object['data']], ['MODIFIED', {k: '2'}]);
  assert.deepEqual([deleted?.type, deleted?.object['data']], ['DELETED', {k: '2'}]);
  assert.ok(Number(dig(deleted?.object, 'metadata', 'resourceVersion')) > Number(dig(modified?.object, 'metadata', 'resourceVersion')));
  watching.close();
});
