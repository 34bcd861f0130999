/** Lists and watches: spec kubernetes-api 13.4. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found, Watching} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetSchema, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, widgets, secrets, namespaces, definitions} = paths;
const version = (answer: Answer) => Number(answer.at('metadata', 'resourceVersion'));
const names = (list: Answer) => (list.at('items') as {metadata: {name: string}}[]).map(one => one.metadata.name);
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

test('81 an empty list, and what items say of themselves', async () => {
  const api = await placeWith();
  const empty = succeeded(await api.get(`${configMaps}?labelSelector=no%3Dsuch`));
  assert.deepEqual([empty.at('kind'), empty.at('apiVersion'), empty.at('items')], ['ConfigMapList', 'v1', []]);
  assert.ok(version(empty) > 0);
  assert.equal((await api.get(configMaps)).at('items', 0, 'kind'), undefined);
  succeeded(await api.post(widgets, widget('w')), 201);
  assert.equal((await api.get(widgets)).at('items', 0, 'kind'), 'Widget');
});

test('82 a list in pages shows one moment', async () => {
  const api = await placeWith('a', 'b', 'c', 'd');
  const first = succeeded(await api.get(`${configMaps}?limit=2`));
  assert.deepEqual([names(first), first.at('metadata', 'remainingItemCount')], [['a', 'b'], 3]);
  succeeded(await api.post(configMaps, configMap('bb')), 201);
  succeeded(await api.del(`${configMaps}/d`));
  const second = succeeded(await api.get(`${configMaps}?limit=2&continue=${first.at('metadata', 'continue')}`));
  assert.deepEqual([names(second), second.at('metadata', 'remainingItemCount')], [['c', 'd'], 1]);
  const third = succeeded(await api.get(`${configMaps}?limit=2&continue=${second.at('metadata', 'continue')}`));
  assert.deepEqual([names(third), third.at('metadata', 'continue')], [['kube-root-ca.crt'], undefined]);
  assert.deepEqual([version(second), version(third)], [version(first), version(first)]);
});

test('82 pages of any size make up the whole list', async () => {
  const api = await newPlace(plane);
  const every = Array.from({length: 30}, (_, i) => ({name: `s${i}`, labels: {third: String(i % 3)}}));
  await Promise.all(every.map(async metadata => succeeded(await api.post(secrets, {metadata}), 201)));
  for (const selector of ['', '&labelSelector=third%3D1', '&fieldSelector=metadata.name!%3Ds3']) {
    const whole = names(await api.get(`${secrets}?${selector}`));
    for (const limit of [1, 2, 7, 29, 30, 31]) {
      const seen: string[] = [];
      for (let token: Found = ''; token !== undefined; ) {
        const page = succeeded(await api.get(`${secrets}?limit=${limit}${selector}&continue=${token}`));
        assert.ok(names(page).length <= limit);
        seen.push(...names(page));
        token = page.at('metadata', 'continue');
      }
      assert.deepEqual(seen, whole, `${selector} by ${limit}`);
    }
  }
});

test('83 what a selection leaves is not counted', async () => {
  const api = await placeWith('a', 'b', 'c');
  const page = succeeded(await api.get(`${configMaps}?limit=1&labelSelector=name`));
  assert.deepEqual([names(page), page.at('metadata', 'remainingItemCount')], [['a'], undefined]);
  const rest = succeeded(await api.get(`${configMaps}?limit=5&labelSelector=name&continue=${page.at('metadata', 'continue')}`));
  assert.deepEqual([names(rest), rest.at('metadata', 'continue')], [['b', 'c'], undefined]);
});

test('84 tokens that are none', async () => {
  const api = await placeWith('a', 'b');
  const token = (await api.get(`${configMaps}?limit=1`)).at('metadata', 'continue');
  const why = 'specifying resource version is not allowed when using continue';
  refused(await api.get(`${configMaps}?limit=1&continue=${token}&resourceVersion=5`), 400, why);
  const forged = (start: string) => Buffer.from(JSON.stringify({v: 'meta.k8s.io/v1', rv: 5, start})).toString('base64url');
  for (const bad of ['garbage', forged('../../x\0'), forged('a/../b\0'), forged('a'), forged('\0'), 'bnVsbA'])
    refused(await api.get(`${configMaps}?continue=${bad}`), 400, 'BadRequest: invalid continue token: continue key is not valid');
});

test('85 a page of what is forgotten', async () => {
  const api = await placeWith('a', 'b', 'c');
  const first = succeeded(await api.get(`${configMaps}?limit=1&${own}`));
  succeeded(await api.post(configMaps, configMap('bb')), 201);
  await plane.store.compact(plane.store.revision());
  const expired = refused(
    await api.get(`${configMaps}?limit=1&continue=${first.at('metadata', 'continue')}`),
    410,
    'Expired: The provided continue parameter is too old',
  );
  const rest = succeeded(await api.get(`${configMaps}?${own}&continue=${expired.at('metadata', 'continue')}`));
  assert.deepEqual(names(rest), ['b', 'bb', 'c']);
  assert.ok(version(rest) > version(first));
});

const matches: readonly [string, 'served' | readonly string[]][] = [
  ['resourceVersionMatch=Exact', ['resourceVersionMatch']],
  ['resourceVersionMatch=NotOlderThan', ['resourceVersionMatch']],
  ['resourceVersionMatch=NotOlderThan&resourceVersion=0', 'served'],
  ['resourceVersionMatch=Exact&resourceVersion=0', ['resourceVersionMatch']],
  ['resourceVersionMatch=Foo&resourceVersion=1', ['resourceVersionMatch']],
  ['resourceVersion=0', 'served'],
  ['resourceVersion=0&limit=1', 'served'],
  ['sendInitialEvents=true', ['sendInitialEvents']],
];

test('86 which moment a list may ask for', async () => {
  const api = await placeWith();
  for (const [query, expected] of matches) {
    const answer = await api.get(`${configMaps}?${query}`);
    if (expected === 'served') succeeded(answer);
    else refused(answer, 422, 'Invalid: ListOptions.meta.k8s.io "" is invalid: ', expected);
  }
  refused(await api.get(`${configMaps}?resourceVersion=abc`), 400, 'invalid resource version');
});

test('86 an exact moment shows what was', async () => {
  const api = await placeWith('a');
  const before = succeeded(await api.get(`${configMaps}?${own}`));
  succeeded(await api.post(configMaps, configMap('b')), 201);
  const exact = `resourceVersion=${version(before)}&resourceVersionMatch=Exact`;
  assert.deepEqual(names(await api.get(`${configMaps}?${own}&${exact}`)), ['a']);
  assert.deepEqual(names(await api.get(`${configMaps}?${own}&resourceVersion=${version(before)}`)), ['a', 'b']);
  assert.deepEqual(names(await api.get(`${configMaps}?${own}&limit=9&resourceVersion=${version(before)}`)), ['a']);
});

test('87 a moment that has not come', async () => {
  const api = await placeWith();
  const waiting = api.get(`${configMaps}?resourceVersion=999999999`);
  await plane.world.advance(3_100);
  const answer = refused(await waiting, 504, 'Timeout: Timeout: Too large resource version: 999999999, current: ');
  assert.equal(answer.at('details', 'causes', 0, 'reason'), 'ResourceVersionTooLarge');
  assert.equal(answer.headers['retry-after'], '1');
  const soon = api.get(`${configMaps}?resourceVersion=${plane.store.revision() + 1}`);
  succeeded(await api.post(configMaps, configMap('a')), 201);
  await plane.world.advance(100);
  assert.ok(names(succeeded(await soon)).includes('a'));
});

test('88 label selectors', async () => {
  const api = await newPlace(plane);
  const labels: {[name: string]: object} = {one: {a: 'b'}, two: {a: 'c', d: ''}, three: {a: ''}, four: {n: '5'}};
  for (const [name, of] of Object.entries(labels)) succeeded(await api.post(secrets, {metadata: {name, labels: of}}), 201);
  const cases: readonly [string, readonly string[]][] = [
    ['a in (b,c),!d', ['one']],
    ['a=', ['three']],
    ['a!=b', ['four', 'three', 'two']],
    ['a notin (b,c)', ['four', 'three']],
    ['a', ['one', 'three', 'two']],
    ['!a', ['four']],
    ['a==b', ['one']],
    [' a = b ', ['one']],
    ['n>4', ['four']],
    ['n<5', []],
    ['', ['four', 'one', 'three', 'two']],
  ];
  for (const [selector, expected] of cases)
    assert.deepEqual(names(succeeded(await api.get(`${secrets}?labelSelector=${encodeURIComponent(selector)}`))), expected, selector);
  for (const bad of ['a===b', 'a in', 'a in (b', '=', 'a=b=c', 'a>b', ',', 'a b'])
    refused(await api.get(`${secrets}?labelSelector=${encodeURIComponent(bad)}`), 400, 'BadRequest: ');
});

test('89 field selectors on any kind', async () => {
  const api = await placeWith('a', 'b');
  succeeded(await api.post(widgets, widget('a')), 201);
  for (const path of [configMaps, widgets, '/api/v1/configmaps'])
    assert.deepEqual(names(await api.get(`${path}?fieldSelector=metadata.name%3Da`)), ['a']);
  refused(await api.get(`${configMaps}?fieldSelector=metadata.foo%3Dx`), 400, '"metadata.foo" is not a known field selector');
});

test('90 fields of built-in kinds', async () => {
  const api = await newPlace(plane);
  succeeded(await api.post(secrets, {metadata: {name: 'o'}}), 201);
  succeeded(await api.post(secrets, {metadata: {name: 'x'}, type: 'x.io/x'}), 201);
  assert.deepEqual(names(await api.get(`${secrets}?fieldSelector=type%3DOpaque`)), ['o']);
  for (const name of ['p', 'q']) {
    const event = {
      metadata: {name, namespace: 't'},
      involvedObject: {kind: 'ConfigMap', name, namespace: 't'},
      reason: 'r',
      type: 'Normal',
    };
    succeeded(await api.post('/api/v1/namespaces/t/events', event), 201);
  }
  assert.deepEqual(names(await api.get('/api/v1/events?fieldSelector=involvedObject.name%3Dq')), ['q']);
  assert.deepEqual(names(await api.get('/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dq')), ['q']);
  assert.deepEqual(names(await api.get(`${namespaces}?fieldSelector=status.phase%3DTerminating`)), []);
  assert.ok(names(await api.get(`${namespaces}?fieldSelector=status.phase%3DActive`)).includes('t'));
});

test('91 selectable fields', async () => {
  const api = await newPlace(plane);
  const versions = [widgetVersion('v1', {selectableFields: [{jsonPath: '.spec.name'}]})];
  succeeded(await api.post(definitions, definition('chosens', 'Chosen', {versions})), 201);
  const chosens = '/apis/example.com/v1/namespaces/t/chosens';
  for (const name of ['x', 'y']) succeeded(await api.post(chosens, {...widget(name, {name}), kind: 'Chosen'}), 201);
  assert.deepEqual(names(await api.get(`${chosens}?fieldSelector=spec.name%3Dx`)), ['x']);
  refused(await api.get(`${chosens}?fieldSelector=spec.other%3Dx`), 400, 'field label not supported: spec.other');
});

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

test('94 a watch from what is forgotten', async () => {
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

test('99 a watch ends in good order when its time is up', async () => {
  const api = await placeWith();
  const quiet = await api.watch(`${secrets}?timeoutSeconds=2`);
  const marking = await api.watch(`${secrets}?timeoutSeconds=2&allowWatchBookmarks=true&resourceVersion=${plane.store.revision()}`);
  await plane.world.advance(1_900);
  assert.deepEqual([quiet.over(), marking.over()], [undefined, undefined]);
  await plane.world.advance(200);
  assert.deepEqual([quiet.over(), marking.over()], ['ended', 'ended']);
  assert.deepEqual([quiet.seen(), marking.seen()], [[], ['BOOKMARK']]);
});

test('99 bookmarks come by themselves', async () => {
  const api = await placeWith();
  const watching = await api.watch(`${secrets}?allowWatchBookmarks=true&resourceVersion=${plane.store.revision()}`);
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
  const since = plane.store.revision();
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
  const since = plane.store.revision();
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
  const watching = await api.watch(`${widgets}?resourceVersion=${plane.store.revision()}`);
  succeeded(await api.patch(`${definitions}/widgets.example.com`, {metadata: {labels: {a: 'b'}}}));
  succeeded(await api.post(widgets, widget('w')), 201);
  await told(watching, ['ADDED w']);
  assert.equal(watching.over(), undefined);
  watching.close();
});

test('107 no change is missing', async () => {
  const api = await placeWith('a', 'b');
  const watching = await api.watch(`${configMaps}?resourceVersion=${plane.store.revision()}`);
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
  const since = plane.store.revision();
  const one = await api.watch(`/api/v1/watch/namespaces/t/configmaps/a?resourceVersion=${since}`);
  await api.patch(`${configMaps}/b`, {data: {x: '1'}});
  await api.patch(`${configMaps}/a`, {data: {x: '1'}});
  await told(one, ['MODIFIED a']);
  one.close();
});

test('a watch that its client left leaves nothing behind', async () => {
  const api = await placeWith('a');
  await plane.world.advance(1_000);
  const before = plane.world.timers();
  for (const query of ['', `?resourceVersion=${plane.store.revision()}`, '?allowWatchBookmarks=true', '?labelSelector=a']) {
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
