/** Watches: spec kubernetes-api 13.4. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found, Watching} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetSchema, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, widgets, secrets, namespaces, definitions} = paths;
const version = (answer: Answer) => Number(answer.at('metadata', 'resourceVersion'));
/** Every namespace has one already. */
const own = 'fieldSelector=metadata.name!%3Dkube-root-ca.crt';

/** A new place with ConfigMaps of these names. */
async function placeWith(...given: readonly string[]): Promise<Api> {
  const api = await newPlace(plane);
  for (const name of given) succeeded(await api.post(configMaps, configMap(name, {}, {labels: {name}})), 201);
  return api;
}

const told = (watching: Watching, events: readonly string[]) => plane.eventually(() => assert.deepEqual(watching.seen(), events));
const of = (event: Found, ...path: readonly string[]): Found =>
  path.reduce<Found>((value, key) => (value as {[key: string]: Found} | undefined)?.[key], event);
const versionOf = (event: Found) => Number(of(event, 'object', 'metadata', 'resourceVersion'));

test('92 a watch from a list on', async () => {
  const api = await placeWith('old');
  const watching = await api.watch(`${configMaps}?resourceVersion=${version(await api.get(configMaps))}`);
  succeeded(await api.post(configMaps, configMap('n', {a: '1'})), 201);
  const updated = succeeded(await api.patch(`${configMaps}/n`, {data: {a: '2'}}));
  succeeded(await api.del(`${configMaps}/n`));
  await told(watching, ['ADDED n', 'MODIFIED n', 'DELETED n']);
  assert.equal(versionOf(watching.events[1]), version(updated));
  assert.ok(versionOf(watching.events[2]) > version(updated));
  assert.deepEqual(of(watching.events[2], 'object', 'data'), {a: '2'});
  watching.close();
});

test('93 a watch from nowhere begins with what is there', async () => {
  const api = await placeWith('a', 'b');
  const watching = await api.watch(`${configMaps}?${own}`);
  await told(watching, ['ADDED a', 'ADDED b']);
  succeeded(await api.post(configMaps, configMap('c')), 201);
  await told(watching, ['ADDED a', 'ADDED b', 'ADDED c']);
  watching.close();
});

test('94 a watch from what is forgotten', inProcess, async () => {
  const api = await placeWith('a');
  const since = version(await api.get(configMaps));
  succeeded(await api.post(configMaps, configMap('b')), 201);
  await plane.store.compact(plane.store.revision());
  const watching = await api.watch(`${configMaps}?resourceVersion=${since}`);
  await plane.eventually(() => watching.over() === 'ended');
  assert.equal(watching.status, 200);
  assert.equal(watching.events.length, 1);
  const {type, object} = watching.events[0] as {type: string; object: {[key: string]: Found}};
  assert.deepEqual([type, object['kind'], object['code'], object['reason']], ['ERROR', 'Status', 410, 'Expired']);
});

test('95 in and out of a selection', async () => {
  const api = await placeWith('a');
  const since = version(await api.get(configMaps));
  const watching = await api.watch(`${configMaps}?labelSelector=in%3Dyes&resourceVersion=${since}`);
  await api.patch(`${configMaps}/a`, {data: {x: '0'}});
  await api.patch(`${configMaps}/a`, {metadata: {labels: {in: 'yes'}}});
  await api.patch(`${configMaps}/a`, {data: {x: '1'}});
  const left = await api.patch(`${configMaps}/a`, {metadata: {labels: {in: null}}, data: {x: '2'}});
  await api.patch(`${configMaps}/a`, {data: {x: '3'}});
  await told(watching, ['ADDED a', 'MODIFIED a', 'DELETED a']);
  assert.equal(of(watching.events[2], 'object', 'metadata', 'labels', 'in'), 'yes');
  assert.equal(versionOf(watching.events[2]), version(left));
  watching.close();
});

const marked = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const isMark = (event: Found) => of(event, 'object', 'metadata', 'annotations', 'k8s.io/initial-events-end') === 'true';

test('96 a watch instead of a list', async () => {
  const api = await placeWith('a', 'b');
  const watching = await api.watch(`${configMaps}?${own}&${marked}`);
  await told(watching, ['ADDED a', 'ADDED b', 'BOOKMARK']);
  assert.ok(isMark(watching.events[2]));
  assert.ok(versionOf(watching.events[2]) >= versionOf(watching.events[1]));
  succeeded(await api.post(configMaps, configMap('c')), 201);
  await told(watching, ['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c']);
  watching.close();
});

test('97 the same of nothing', async () => {
  const api = await placeWith();
  const watching = await api.watch(`${secrets}?${marked}`);
  await told(watching, ['BOOKMARK']);
  assert.ok(isMark(watching.events[0]));
  assert.deepEqual([of(watching.events[0], 'object', 'kind'), of(watching.events[0], 'object', 'apiVersion')], ['Secret', 'v1']);
  watching.close();
});

test('98 wishes of a watch that do not fit', async () => {
  const api = await placeWith();
  const cases: readonly [string, readonly string[]][] = [
    ['sendInitialEvents=true', ['resourceVersionMatch']],
    ['resourceVersionMatch=NotOlderThan', ['resourceVersionMatch']],
    ['sendInitialEvents=true&resourceVersionMatch=Exact', ['resourceVersionMatch']],
    ['continue=x', ['continue']],
  ];
  for (const [query, fields] of cases) refused(await api.get(`${configMaps}?watch=1&${query}`), 422, 'ListOptions.meta.k8s.io', fields);
  refused(await api.get(`${configMaps}?watch=1&resourceVersion=abc`), 400, 'invalid resource version');
});

test('99 a watch ends in good order when its time is up', inProcess, async () => {
  const api = await placeWith();
  const quiet = await api.watch(`${secrets}?timeoutSeconds=2`);
  const marking = await api.watch(`${secrets}?timeoutSeconds=2&allowWatchBookmarks=true&resourceVersion=${await plane.revision()}`);
  await plane.world.advance(1_900);
  assert.deepEqual([quiet.over(), marking.over()], [undefined, undefined]);
  await plane.world.advance(200);
  assert.deepEqual([quiet.over(), marking.over()], ['ended', 'ended']);
  assert.deepEqual([quiet.seen(), marking.seen()], [[], ['BOOKMARK']]);
});

test('99 bookmarks come by themselves', inProcess, async () => {
  const api = await placeWith();
  const watching = await api.watch(`${secrets}?allowWatchBookmarks=true&resourceVersion=${await plane.revision()}`);
  succeeded(await api.post(configMaps, configMap('elsewhere')), 201);
  await plane.world.advance(61_000);
  assert.ok(watching.seen().length >= 1);
  assert.ok(versionOf(watching.events.at(-1)) >= version(await api.get(`${configMaps}/elsewhere`)));
  watching.close();
});

test('100 the headers of a watch come before anything happens', async () => {
  const api = await placeWith();
  const watching = await api.watch(secrets);
  assert.deepEqual([watching.status, watching.headers['content-type'], watching.events.length], [200, 'application/json', 0]);
  watching.close();
});

const metaV1 = 'g=meta.k8s.io;v=v1';

test('101 metadata of custom resources in protobuf', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(widgets, widget('a')), 201);
  const accept = `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;${metaV1}`;
  const watching = await api.watch(widgets, {accept});
  assert.equal(watching.headers['content-type'], 'application/vnd.kubernetes.protobuf;stream=watch');
  await plane.eventually(() => watching.bytes().length > 4);
  const bytes = watching.bytes();
  assert.equal(bytes.readUInt32BE(), bytes.length - 4);
  for (const part of ['ADDED', 'k8s\0', 'PartialObjectMetadata', 'a']) assert.ok(bytes.includes(part), part);
  watching.close();
});

test('102 a watch of rows', async () => {
  const api = await placeWith('a', 'b');
  const watching = await api.watch(`${configMaps}?${own}`, {accept: `application/json;as=Table;${metaV1}`});
  await plane.eventually(() => watching.events.length === 2);
  const columns = watching.events.map(event => of(event, 'object', 'columnDefinitions'));
  assert.equal((columns[0] as Found[]).length, 3);
  assert.deepEqual(columns[1] ?? [], []);
  assert.deepEqual(
    watching.events.map(event => (of(event, 'object', 'rows') as {cells: string[]}[]).map(row => row.cells[0])),
    [['a'], ['b']],
  );
  watching.close();
});

test('102 a bookmark among rows is a row', async () => {
  const api = await placeWith();
  const watching = await api.watch(`${secrets}?${marked}`, {accept: `application/json;as=Table;${metaV1}`});
  await plane.eventually(() => watching.events.length === 1);
  const row = (of(watching.events[0], 'object', 'rows') as {object: Found}[])[0];
  assert.deepEqual([of(watching.events[0], 'type'), of(watching.events[0], 'object', 'kind')], ['BOOKMARK', 'Table']);
  assert.equal(of(row?.object, 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true');
  watching.close();
});

test('103 across namespaces and in one', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(namespaces, {metadata: {name: 'other'}}), 201);
  const since = await plane.revision();
  const [all, one] = [
    await api.watch(`/api/v1/configmaps?resourceVersion=${since}`),
    await api.watch(`${configMaps}?resourceVersion=${since}`),
  ];
  succeeded(await api.post('/api/v1/namespaces/other/configmaps', configMap('there')), 201);
  succeeded(await api.post(configMaps, configMap('here')), 201);
  await told(all, ['ADDED there', 'ADDED here']);
  await told(one, ['ADDED here']);
  for (const watching of [all, one]) watching.close();
});

test('106 a changed schema is watched anew', async () => {
  const api = await newPlace(plane);
  const since = await plane.revision();
  const watching = await api.watch(`${widgets}?resourceVersion=${since}`);
  const path = `${definitions}/widgets.example.com`;
  const schema = widgetSchema({type: 'object', properties: {name: {type: 'string'}, more: {type: 'string', default: 'm'}}});
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: schema}})];
  succeeded(await api.patch(path, {spec: {versions}}));
  await plane.eventually(() => watching.over() === 'ended');
  const again = await api.watch(`${widgets}?resourceVersion=${since}`);
  succeeded(await api.post(widgets, widget('w')), 201);
  await told(again, ['ADDED w']);
  assert.equal(of(again.events[0], 'object', 'spec', 'more'), 'm');
  again.close();
});

test('106 a change of the labels of a definition disturbs nobody', async () => {
  const api = await newPlace(plane);
  const watching = await api.watch(`${widgets}?resourceVersion=${await plane.revision()}`);
  succeeded(await api.patch(`${definitions}/widgets.example.com`, {metadata: {labels: {a: 'b'}}}));
  succeeded(await api.post(widgets, widget('w')), 201);
  await told(watching, ['ADDED w']);
  assert.equal(watching.over(), undefined);
  watching.close();
});

test('106 a definition older than the history disturbs nobody either', inProcess, async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(configMaps, configMap('later')), 201);
  await plane.store.compact(plane.store.revision());
  const watching = await api.watch(`${widgets}?resourceVersion=${await plane.revision()}`);
  succeeded(await api.post(widgets, widget('a')), 201);
  await told(watching, ['ADDED a']);
  await plane.store.compact(plane.store.revision());
  succeeded(await api.post(widgets, widget('b')), 201);
  await told(watching, ['ADDED a', 'ADDED b']);
  assert.equal(watching.over(), undefined);
  const schema = widgetSchema({type: 'object', properties: {name: {type: 'string'}}});
  succeeded(
    await api.patch(`${definitions}/widgets.example.com`, {spec: {versions: [widgetVersion('v1', {schema: {openAPIV3Schema: schema}})]}}),
  );
  await plane.eventually(() => watching.over() === 'ended');
});

test('107 no change is missing', async () => {
  const api = await placeWith('a', 'b');
  const watching = await api.watch(`${configMaps}?resourceVersion=${await plane.revision()}`);
  const written: number[] = [];
  for (let i = 0; i < 100; i++)
    for (const name of ['a', 'b']) written.push(version(await api.patch(`${configMaps}/${name}`, {data: {i: String(i)}})));
  await plane.eventually(() => watching.events.length === 200);
  assert.deepEqual(watching.events.map(versionOf), written);
  assert.deepEqual(
    written,
    [...written].sort((a, b) => a - b),
  );
  watching.close();
});

test('a watch of one object, and the old form of the path', async () => {
  const api = await placeWith('a', 'b');
  const since = await plane.revision();
  const one = await api.watch(`/api/v1/watch/namespaces/t/configmaps/a?resourceVersion=${since}`);
  await api.patch(`${configMaps}/b`, {data: {x: '1'}});
  await api.patch(`${configMaps}/a`, {data: {x: '1'}});
  await told(one, ['MODIFIED a']);
  one.close();
});

test('a watch that its client left leaves nothing behind', inProcess, async () => {
  const api = await placeWith('a');
  await plane.world.advance(1_000);
  const before = plane.world.timers();
  for (const query of ['', `?resourceVersion=${await plane.revision()}`, '?allowWatchBookmarks=true', '?labelSelector=a']) {
    const [soon, late] = [await api.watch(`${configMaps}${query}`), await api.watch(`${widgets}${query}`)];
    soon.close();
    await plane.world.advance(10);
    assert.ok(plane.world.timers() > before, query);
    late.close();
    assert.equal(plane.world.timers(), before, query);
  }
  const ended = await api.watch(`${configMaps}?timeoutSeconds=1&allowWatchBookmarks=true`);
  await plane.world.advance(1_100);
  assert.deepEqual([ended.over(), plane.world.timers()], ['ended', before]);
});

test('a client that stops reading is left, and may go on from where it was', inProcess, async () => {
  const api = await placeWith('a');
  const before = plane.world.timers();
  const since = await plane.revision();
  const [stuck, other] = [
    await api.watch(`${configMaps}?resourceVersion=${since}`),
    await api.watch(`${configMaps}?resourceVersion=${since}`),
  ];
  stuck.stall();
  for (let i = 0; i < 12; i++) succeeded(await api.patch(`${configMaps}/a`, {data: {a: `${i}`.padStart(500_000, 'x')}}));
  await plane.eventually(() => stuck.over() === 'destroyed');
  await plane.eventually(() => other.events.length === 12);
  assert.ok(stuck.events.length < 12);
  const again = await api.watch(`${configMaps}?resourceVersion=${versionOf(stuck.events.at(-1))}`);
  await plane.eventually(() => stuck.events.length + again.events.length === 12);
  for (const watching of [other, again]) watching.close();
  assert.equal(plane.world.timers(), before);
});
