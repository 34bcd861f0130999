/** What nobody should send. Each gets a clear answer, and nothing of it is written. */
import assert from 'node:assert/strict';
import type {TestOptions} from 'node:test';
import {after, test} from 'node:test';
import type {Answer} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {configMap, definition, newPlace, paths, refused, succeeded, widget, widgetSchema, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, widgets, definitions, secrets} = paths;
succeeded(await api.post(configMaps, configMap('one', {a: '1'})), 201);
succeeded(await api.post(widgets, widget('one')), 201);

/** A test that demands of the store that it did not move. */
const untouched = (title: string, body: () => Promise<void>, options: TestOptions = {}): void => {
  test(title, options, async () => {
    const before = await plane.revision();
    await body();
    assert.equal(await plane.revision(), before, 'something was written');
    assert.deepEqual(plane.errors, [], 'a mistake of ours');
  });
};

/** A request must be refused as the client's fault. */
function clientsFault(answer: Answer, what: string): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`);
  assert.equal(answer.at('kind'), 'Status', what);
  assert.ok(String(answer.at('message')).length > 0, what);
}

const targets: readonly string[] = [
  '/clusters/root/../../api/v1/namespaces',
  '/clusters/root/api/v1/namespaces/..',
  '/clusters/root/api/v1/namespaces/%2e%2e/configmaps',
  '/clusters/root/api/v1/namespaces/t%2fconfigmaps',
  '/clusters/root//api/v1/namespaces',
  '//clusters/root/api/v1/namespaces',
  '/clusters//api/v1/namespaces',
  '/clusters/root/api/v1/namespaces//configmaps',
  '/clusters/root/api/v1/./namespaces',
  '/clusters/root/api/v1/namespaces/a%00b',
  '/clusters/root/api/v1/namespaces/%zz',
  '/clusters/root/api/v1/namespaces/%ff',
  '/clusters/root/api\\v1',
  '/clusters/root/api/v1/namespaces#x',
  '/clusters/root/api/v1/näme',
  '/clusters/root/api/v1/na mespaces',
  '/clusters/root%2f..%2fother/api/v1/namespaces',
  '/clusters/root:org/../root/api',
  'clusters/root/api',
  '',
  '*',
  'http://other/clusters/root/api',
  `/clusters/root/api/v1/namespaces/${'x'.repeat(70_000)}`,
];

untouched(
  'targets that are not canonical',
  async () => {
    for (const target of targets) {
      const answer = await plane.api.send('GET', target);
      refused(answer, 400, 'BadRequest: ');
    }
  },
  inProcess,
);

untouched('a workspace within a workspace is a path that nothing serves', async () => {
  for (const target of ['/clusters/root/clusters/root/api/v1/namespaces', '/clusters/root/clusters/x'])
    succeeded(await plane.api.get(target), 404);
  for (const target of ['/services/x', '/api/v1/namespaces/t/configmaps/one/a/b', '/apis/apps/v1/deployments'])
    succeeded(await plane.api.get(target), 404);
});

untouched(
  'methods that nobody knows',
  async () => {
    for (const method of ['TRACE', 'OPTIONS', 'CONNECT', 'PROPFIND', 'get', 'constructor', '__proto__', ''])
      for (const path of [configMaps, `${configMaps}/one`]) clientsFault(await api.send(method, path), method);
    clientsFault(await api.send('POST', '/version'), 'POST /version');
    clientsFault(await api.post(`${configMaps}/one`, configMap('one')), 'POST to an object');
    clientsFault(await api.put(`${configMaps}/one/nothing`, configMap('one')), 'PUT to an unknown subresource');
  },
  inProcess,
);

untouched('bodies and answers of types that nobody knows', async () => {
  for (const type of ['text/plain', 'application/xml', 'application/jsonx', 'application/cbor', 'json', 'application/json, text/plain']) {
    refused(await api.post(configMaps, configMap('x'), {'content-type': type}), 415, 'UnsupportedMediaType: ');
    refused(await api.patch(`${configMaps}/one`, {}, {'content-type': type}), 415, 'UnsupportedMediaType: ');
    refused(await api.del(`${configMaps}/one`, {}, {'content-type': type}), 415, 'UnsupportedMediaType: ');
  }
  for (const accept of ['text/html', 'image/*', 'application/cbor', 'application/json;as=Nothing;g=meta.k8s.io;v=v1', ';;;', ','])
    refused(await api.get(`${configMaps}/one`, {accept}), 406, 'NotAcceptable: ');
  refused(await api.post(configMaps, configMap('x'), {accept: 'text/html'}), 406, 'NotAcceptable: ');
});

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const deepObject = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const texts: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['a word', 'x'],
  ['half an object', '{"metadata":{"name":"x"}'],
  ['two objects', '{}{}'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '7'],
  ['5,000 lists deep', `{"metadata":{"name":"x"},"data":${deep(5_000)}}`],
  ['5,000 objects deep', `{"metadata":{"name":"x"},"data":${deepObject(5_000)}}`],
  ['100,000 lists deep', deep(100_000)],
  ['a comment', '{"metadata":{"name":"x"}/* */}'],
  ['a trailing comma', '{"metadata":{"name":"x"},}'],
  ['NaN', '{"metadata":{"name":"x","generation":NaN}}'],
  ['a number beyond all', '{"metadata":{"name":"x","generation":1e999}}'],
  ['no UTF-8', Buffer.from('{"metadata":{"name":"x"},"data":{"a":"\xff"}}', 'latin1')],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
  ['a control character in a text', '{"metadata":{"name":"x"},"data":{"a":"\u0001"}}'],
];

untouched('bodies that are no object', async () => {
  for (const [what, body] of texts) {
    clientsFault(await api.post(configMaps, body), what);
    clientsFault(await api.post(widgets, body), what);
    clientsFault(await api.put(`${configMaps}/one`, body), what);
  }
  // An empty merge patch changes nothing, and some of the texts are one.
  for (const [what, body] of texts.slice(1)) clientsFault(await api.patch(`${configMaps}/one`, body), what);
});

const wrongTypes: readonly object[] = [
  {metadata: 'x'},
  {metadata: []},
  {metadata: {name: 5}},
  {metadata: {name: {}}},
  {metadata: {name: 'x', labels: []}},
  {metadata: {name: 'x', labels: {a: 1}}},
  {metadata: {name: 'x', labels: {a: null, b: {}}}},
  {metadata: {name: 'x', annotations: 'x'}},
  {metadata: {name: 'x', annotations: {a: ['b']}}},
  {metadata: {name: 'x', finalizers: 'x'}},
  {metadata: {name: 'x', finalizers: [1]}},
  {metadata: {name: 'x', ownerReferences: [1]}},
  {metadata: {name: 'x', ownerReferences: {}}},
  {metadata: {name: 'x', namespace: 5}},
  {metadata: {name: 'x', managedFields: 'x'}},
  {metadata: {name: 'x', creationTimestamp: 'yesterday'}},
];

untouched('metadata of other types than it has', async () => {
  for (const body of wrongTypes) {
    const {metadata} = body as {metadata: unknown};
    clientsFault(await api.post(configMaps, {...configMap('x'), metadata}), JSON.stringify(body));
    clientsFault(await api.post(widgets, {...widget('x'), metadata}), JSON.stringify(body));
  }
  for (const data of [5, 'x', [], {a: 1}, {a: {}}, {a: ['x']}])
    clientsFault(await api.post(configMaps, configMap('x', data as object)), JSON.stringify(data));
});

untouched('names out of grammar', async () => {
  for (const name of [
    '',
    'A',
    'ä',
    '-',
    'a/b',
    '..',
    '.',
    'a b',
    'a\nb',
    'a\0b',
    '__proto__',
    'x'.repeat(254),
    `${'a.'.repeat(200)}a`,
    '💥',
  ])
    clientsFault(await api.post(configMaps, configMap(name)), name);
  for (const name of ['%2e', '%25', 'A', '__proto__', 'constructor', 'x'.repeat(300)])
    assert.ok([400, 404].includes((await api.get(`${configMaps}/${name}`)).status), name);
  for (const namespace of ['A', '__proto__', 'a.b', 'x'.repeat(64)])
    clientsFault(await api.post(`/api/v1/namespaces/${namespace}/configmaps`, configMap('x')), namespace);
});

untouched('kinds, groups and versions by odd names', async () => {
  for (const path of [
    '/api/v1/constructor',
    '/api/v1/__proto__',
    '/apis/__proto__/v1/x',
    '/apis/constructor/v1',
    '/apis/example.com/__proto__/widgets',
    '/api/constructor',
    '/apis/toString',
  ])
    succeeded(await api.get(path), 404);
});

const queries: readonly string[] = [
  `labelSelector=${'a=b,'.repeat(20_000)}a=b`,
  `labelSelector=a in (${'b,'.repeat(20_000)}b)`,
  `labelSelector=${'('.repeat(10_000)}`,
  `labelSelector=${'x'.repeat(60_000)}`,
  `fieldSelector=${'metadata.name!%3Da,'.repeat(3_000)}metadata.name!%3Da`,
  `fieldSelector=${'\\'.repeat(20_000)}`,
  `continue=${'A'.repeat(60_000)}`,
  'limit=1e9',
  'limit=99999999999999999999',
  'resourceVersion=-1',
  'resourceVersion=99999999999999999999',
  'resourceVersion=1.5',
];

untouched('selectors and numbers without measure', async () => {
  for (const query of queries) {
    const began = performance.now();
    const answer = await api.get(`${configMaps}?${query.replaceAll(' ', '%20')}`);
    assert.ok(performance.now() - began < 1_000, `${query.slice(0, 40)} took too long`);
    assert.ok(answer.status === 200 || (answer.status >= 400 && answer.status < 500), `${query.slice(0, 40)}: ${answer.status}`);
  }
});

untouched('deep and dangerous YAML', async () => {
  const yaml = {'content-type': 'application/yaml'};
  const bomb = [
    'a: &a ["x","x","x","x","x","x","x","x","x"]',
    ...'bcdefghi'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
  ].join('\n');
  for (const body of [
    bomb,
    `a: ${deep(5_000)}`,
    'a: !!js/function x',
    '- a',
    'a: b: c',
    '\t',
    '&a [*a]',
    'metadata: {name: x}\n---\nmetadata: {name: y}',
  ])
    clientsFault(await api.post(configMaps, body, yaml), body.slice(0, 40));
});

untouched('protobuf that is none', async () => {
  const type = {'content-type': 'application/vnd.kubernetes.protobuf'};
  const magic = Buffer.from('k8s\0');
  const bodies = [
    Buffer.from('x'),
    magic,
    Buffer.concat([magic, Buffer.alloc(100, 0xff)]),
    Buffer.concat([magic, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
  ];
  for (const body of bodies) clientsFault(await api.post(configMaps, body, type), body.toString('hex').slice(0, 20));
});

const jsonPatches: readonly unknown[] = [
  {},
  'x',
  [1],
  [{}],
  [{op: 'nothing', path: '/a'}],
  [{op: 'add', path: 'a', value: 1}],
  [{op: 'add', path: '/data/b'}],
  [{op: 'remove', path: '/nothing'}],
  [{op: 'replace', path: '/metadata/nothing/x', value: 1}],
  [{op: 'move', from: '/data', path: '/data/inner'}],
  [{op: 'copy', from: '/nothing/deeper', path: '/data/x'}],
  [{op: 'add', path: '/metadata/finalizers/7', value: 'x'}],
  [{op: 'remove', path: ''}],
  [{op: 'replace', path: '', value: null}],
  [{op: 'add', path: '/__proto__/polluted', value: 'x'}],
  [{op: 'add', path: '/constructor/prototype/polluted', value: 'x'}],
  [{op: 'replace', path: '/metadata/name', value: 'other'}],
  [{op: 'replace', path: '/kind', value: 'Secret'}],
];

untouched('JSON patches that cannot be', async () => {
  for (const patch of jsonPatches) {
    clientsFault(await api.patch(`${configMaps}/one`, patch, jsonPatch), JSON.stringify(patch));
    clientsFault(await api.patch(`${widgets}/one`, patch, jsonPatch), JSON.stringify(patch));
  }
  assert.equal(({} as {polluted?: string}).polluted, undefined);
});

untouched('patches that explode', async () => {
  const double = [
    {op: 'add', path: '/data/x', value: 'x'.repeat(1_000)},
    ...Array.from({length: 40}, () => ({op: 'copy', from: '/data', path: `/data/${'x'}`})),
  ];
  clientsFault(await api.patch(`${configMaps}/one`, double, jsonPatch), 'doubling');
  const grow = [
    {op: 'add', path: '/spec/x', value: 'x'.repeat(100_000)},
    ...Array.from({length: 100}, (_, i) => ({op: 'copy', from: '/spec/x', path: `/spec/x${i}`})),
  ];
  clientsFault(await api.patch(`${widgets}/one`, grow, jsonPatch), 'growing');
  const directives = {metadata: {labels: {$patch: 'nothing'}}};
  clientsFault(await api.patch(`${configMaps}/one`, directives, strategicPatch), 'an unknown directive');
});

/** `type: object` in many levels. */
const nested = (levels: number): object => (levels === 0 ? {type: 'string'} : {type: 'object', properties: {a: nested(levels - 1)}});

const hostile: readonly (readonly [string, object])[] = [
  ['a schema 2,000 levels deep', nested(2_000)],
  ['a pattern that is none', {type: 'object', properties: {a: {type: 'string', pattern: '('}}}],
  ['a pattern with a look back', {type: 'object', properties: {a: {type: 'string', pattern: '(?<=a)b'}}}],
  ['a pattern with a back reference', {type: 'object', properties: {a: {type: 'string', pattern: '(a)\\1'}}}],
  ['a pattern that repeats without end', {type: 'object', properties: {a: {type: 'string', pattern: '((a{1,1000}){1,1000}){1,1000}'}}}],
  ['a reference', {type: 'object', properties: {a: {$ref: '#/definitions/x'}}}],
  [
    'a default 2,000 levels deep',
    {
      type: 'object',
      properties: {a: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true, default: JSON.parse(deepObject(2_000))}},
    },
  ],
  ['200,000 properties', {type: 'object', properties: Object.fromEntries(Array.from({length: 100_000}, (_, i) => [`p${i}`, {type: 'x'}]))}],
];

untouched('hostile definitions', async () => {
  for (const [what, spec] of hostile) {
    const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(spec)}})];
    const began = performance.now();
    const answer = await api.post(definitions, definition('evils', 'Evil', {versions}));
    clientsFault(answer, what);
    assert.ok(answer.bytes.length < 1_000_000, `${what}: an answer of ${answer.bytes.length} bytes`);
    assert.ok(performance.now() - began < 10_000, `${what} took ${performance.now() - began} ms`);
  }
  for (const plural of ['__proto__', 'a b', '', 'A', 'x'.repeat(64)])
    clientsFault(await api.post(definitions, definition(plural, 'X')), plural);
});

test('js-redos an evil pattern is matched in linear time', async () => {
  const versions = [
    widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema({type: 'object', properties: {a: {type: 'string', pattern: '^(a+)+$'}}})}}),
  ];
  succeeded(await api.post(definitions, definition('regexes', 'Regex', {versions})), 201);
  const body = {apiVersion: 'example.com/v1', kind: 'Regex', metadata: {name: 'x'}, spec: {a: `${'a'.repeat(50_000)}!`}};
  const began = performance.now();
  refused(await api.post('/apis/example.com/v1/namespaces/t/regexes', body), 422, 'should match');
  assert.ok(performance.now() - began < 10_000);
});

untouched('too much of everything', async () => {
  const many = (count: number, of: (i: number) => [string, string]) => Object.fromEntries(Array.from({length: count}, (_, i) => of(i)));
  clientsFault(await api.post(secrets, {metadata: {name: 'x'}, stringData: {a: 'x'.repeat(1_100_000)}}), 'a large secret');
  clientsFault(await api.post(configMaps, configMap('x', {}, {labels: many(50_000, i => [`-${i}`, '-'])})), 'bad labels');
  clientsFault(await api.post(configMaps, configMap('x', {a: 'x'.repeat(1_100_000)})), 'a large ConfigMap');
  clientsFault(await api.post(configMaps, configMap('x', {}, {annotations: many(50_000, i => [`a${i}`, 'xxxx'])})), 'many annotations');
});

untouched('options of a deletion that are none', async () => {
  for (const body of [
    '[]',
    '"x"',
    '{"kind":"Secret"}',
    '{"preconditions":{"uid":"wrong"}}',
    '{"dryRun":["Some"]}',
    '{',
    '{"propagationPolicy":"Sideways"}',
  ])
    clientsFault(await api.del(`${configMaps}/one`, body), body);
});
