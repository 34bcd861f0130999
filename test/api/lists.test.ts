/** Lists and selectors: spec kubernetes-api 13.4. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

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

test('85 a page of what is forgotten', inProcess, async () => {
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

test('87 a moment that has not come', inProcess, async () => {
  const api = await placeWith();
  const waiting = api.get(`${configMaps}?resourceVersion=999999999`);
  await plane.world.advance(3_100);
  const answer = refused(await waiting, 504, 'Timeout: Timeout: Too large resource version: 999999999, current: ');
  assert.equal(answer.at('details', 'causes', 0, 'reason'), 'ResourceVersionTooLarge');
  assert.equal(answer.headers['retry-after'], '1');
  const soon = api.get(`${configMaps}?resourceVersion=${(await plane.revision()) + 1}`);
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

test('a list too long to hold goes out in pieces', inProcess, async () => {
  const api = await newPlace(plane);
  const stringData = {a: 'x'.repeat(15_000)};
  await Promise.all(
    Array.from({length: 1_100}, async (_, i) => succeeded(await api.post(secrets, {metadata: {name: `s${i}`}, stringData}), 201)),
  );
  const list = succeeded(await api.get(secrets));
  assert.equal(new Set(names(list)).size, 1_100);
  // What it says of itself comes last: it is known only then.
  assert.match(list.text.slice(-60), /\],"metadata":\{"resourceVersion":"\d+"\}\}\n$/);
});
