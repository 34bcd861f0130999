/** Keys and names that JavaScript's objects inherit, and numbers it cannot hold, are data like any other. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {definition, newPlace, paths, succeeded, widget, widgetSchema, widgetVersion} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets, definitions} = paths;

test('js-prototype __proto__ is a key like any other', async () => {
  const raw =
    '{"metadata":{"name":"proto","labels":{"constructor":"x"},"annotations":{"toString":"y"}},"data":{"__proto__":"1","constructor":"2","hasOwnProperty":"3"}}';
  const made = succeeded(await api.post(configMaps, raw), 201);
  const data = (answer: Answer) => Object.entries(JSON.parse(answer.text, undefined).data as object).sort();
  const expected = [
    ['__proto__', '1'],
    ['constructor', '2'],
    ['hasOwnProperty', '3'],
  ];
  assert.deepEqual(data(made), expected);
  assert.deepEqual(data(await api.get(`${configMaps}/proto`)), expected);
  const patched = succeeded(await api.patch(`${configMaps}/proto`, '{"data":{"__proto__":"4"}}'));
  assert.deepEqual(data(patched), [['__proto__', '4'], ...expected.slice(1)]);
  assert.deepEqual(data(succeeded(await api.patch(`${configMaps}/proto`, '{"data":{"__proto__":"5"}}', strategicPatch)))[0], [
    '__proto__',
    '5',
  ]);
  const step = [{op: 'replace', path: '/data/__proto__', value: '6'}];
  assert.deepEqual(data(succeeded(await api.patch(`${configMaps}/proto`, step, jsonPatch)))[0], ['__proto__', '6']);
  const yaml = 'metadata: {name: proto-yaml}\ndata: {__proto__: "1"}\n';
  assert.deepEqual(data(succeeded(await api.post(configMaps, yaml, {'content-type': 'application/yaml'}), 201)), [['__proto__', '1']]);
  succeeded(await api.patch(`${configMaps}/proto`, '{"data":{"__proto__":null}}'));
  assert.deepEqual(data(await api.get(`${configMaps}/proto`)), expected.slice(1));
  assert.equal((await api.get(`${configMaps}?labelSelector=constructor%3Dx`)).at('items', 0, 'metadata', 'name'), 'proto');
  assert.deepEqual((await api.get(`${configMaps}?labelSelector=toString`)).at('items'), []);
});

test('js-prototype __proto__ in a custom resource is kept or dropped as its schema says', async () => {
  const keep = {type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: {name: {type: 'string'}}};
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(keep)}})];
  succeeded(await api.post(definitions, definition('keepers', 'Keeper', {versions})), 201);
  const send = (kind: string) =>
    `{"apiVersion":"example.com/v1","kind":"${kind}","metadata":{"name":"p"},"spec":{"name":"n","__proto__":{"name":"x"}}}`;
  const kept = succeeded(await api.post('/apis/example.com/v1/namespaces/t/keepers', send('Keeper')), 201);
  assert.deepEqual(Object.keys(JSON.parse(kept.text).spec as object).sort(), ['__proto__', 'name']);
  const dropped = succeeded(await api.post(widgets, send('Widget')), 201);
  assert.deepEqual(Object.keys(JSON.parse(dropped.text).spec as object).sort(), ['name', 'replicas']);
});

test('js-numbers numbers keep all their digits', async () => {
  const raw = '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"big"},"spec":{"name":"n","replicas":9007199254740993}}';
  assert.match(succeeded(await api.post(widgets, raw), 201).text, /"replicas":9007199254740993/);
  assert.match(succeeded(await api.patch(`${widgets}/big`, {metadata: {labels: {a: 'b'}}})).text, /"replicas":9007199254740993/);
});

test('js-prototype a kind by the name of what objects inherit', async () => {
  succeeded(await api.post(definitions, definition('constructor', 'ToString')), 201);
  succeeded(await api.post('/apis/example.com/v1/namespaces/t/constructor', {...widget('valueof'), kind: 'ToString'}), 201);
  assert.equal((await api.get('/apis/example.com/v1/constructor')).at('kind'), 'ToStringList');
  succeeded(await api.get('/openapi/v2'));
});

test('js-prototype a definition with keys that objects inherit', async () => {
  const raw = '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"integer","default":1}}}';
  const schema = JSON.parse(raw) as object;
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(schema)}})];
  const answer = await api.post(definitions, definition('inherits', 'Inherit', {versions}));
  succeeded(answer, 201);
  const body = '{"apiVersion":"example.com/v1","kind":"Inherit","metadata":{"name":"x"},"spec":{"__proto__":"text"}}';
  const made = succeeded(await api.post('/apis/example.com/v1/namespaces/t/inherits', body), 201);
  assert.match(made.text, /"spec":\{"__proto__":"text","constructor":1\}/);
});
