/** CustomResourceDefinitions and what they define: spec kubernetes-api 13.6. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Api, Found} from '../support/api-client.ts';
import {
  definition,
  newPlace,
  paths,
  refused,
  succeeded,
  widget,
  widgetDefinition,
  widgetSchema,
  widgetSpecSchema,
  widgetVersion,
} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {definitions, widgets} = paths;
const things = (plural: string, version = 'v1'): string => `/apis/example.com/${version}/namespaces/t/${plural}`;
const warnings = (answer: Answer): string => [answer.headers['warning'] ?? []].flat().join('\n');

/** The conditions of a definition as `type status reason`. */
async function conditions(in_: Api, name: string): Promise<readonly string[]> {
  const answer = succeeded(await in_.get(`${definitions}/${name}`));
  const found = (answer.at('status', 'conditions') ?? []) as {type: string; status: string; reason: string}[];
  return found.map(({type, status, reason}) => `${type} ${status} ${reason}`);
}

let defined = 0;

/** Defines a kind of its own whose spec has this schema; returns how to make one, and where they lie. */
async function define(spec: object, version: object = {}) {
  const kind = `Case${++defined}`;
  const plural = kind.toLowerCase();
  const versions = [widgetVersion('v1', {schema: {openAPIV3Schema: widgetSchema(spec)}, ...version})];
  succeeded(await api.post(definitions, definition(plural, kind, {versions})), 201);
  const object = (name: string, of: object, metadata: object = {}) => ({
    apiVersion: 'example.com/v1',
    kind,
    metadata: {name, ...metadata},
    spec: of,
  });
  return {path: things(plural), object, name: `${plural}.example.com`};
}

test('131 a kind can be used as soon as it is defined', async () => {
  const place = await plane.workspace('c131');
  succeeded(await place.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await place.post(definitions, widgetDefinition()), 201);
  succeeded(await place.post(widgets, widget('now')), 201);
  const now = await conditions(place, 'widgets.example.com');
  assert.ok(now.includes('NamesAccepted True NoConflicts'), String(now));
  assert.ok(now.includes('Established True InitialNamesAccepted'), String(now));
  assert.equal((await place.get('/apis/example.com/v1')).at('resources', 0, 'name'), 'widgets');
  assert.ok((await place.get('/openapi/v3')).at('paths', 'apis/example.com/v1'));
});

const v1 = (more: object = {}) => widgetVersion('v1', more);
const schemaOf = (root: object) => [v1({schema: {openAPIV3Schema: root}})];
const specOf = (spec: object) => schemaOf(widgetSchema(spec));
const root = 'spec.versions[0].schema.openAPIV3Schema';
/** What is alike in all versions, Kubernetes holds at the top. */
const inSpec = 'spec.validation.openAPIV3Schema.properties[spec]';

const refusals: readonly [string, object, RegExp, string?][] = [
  [
    '133 two versions that are stored',
    {versions: [v1(), widgetVersion('v2')]},
    /must have exactly one version marked as storage version/,
    'spec.versions',
  ],
  [
    '133 no version that is stored',
    {versions: [v1({storage: false})]},
    /must have exactly one version marked as storage version/,
    'spec.versions',
  ],
  ['134 no schema', {versions: [v1({schema: undefined})]}, /Required value/, root],
  [
    '134 a property without a type',
    {versions: specOf({type: 'object', properties: {a: {}}})},
    /must not be empty for specified object fields/,
    `${inSpec}.properties[a].type`,
  ],
  [
    '135 properties besides additionalProperties',
    {versions: specOf({type: 'object', properties: {a: {type: 'string'}}, additionalProperties: {type: 'string'}})},
    /mutual(ly)? exclusive/,
  ],
  [
    '135 a type within anyOf',
    {versions: specOf({type: 'object', properties: {a: {type: 'string', anyOf: [{type: 'string'}]}}})},
    /must be empty to be structural/,
  ],
  [
    '135 a default within metadata',
    {versions: schemaOf({type: 'object', properties: {metadata: {type: 'object', properties: {name: {type: 'string', default: 'x'}}}}})},
    /Invalid: /,
  ],
  [
    '135 a default that is not valid',
    {versions: specOf({type: 'object', properties: {a: {type: 'integer', default: 'x'}}})},
    /must be of type integer/,
    `${inSpec}.properties[a].default`,
  ],
];

for (const [title, spec, text, field] of refusals) {
  test(title, async () => {
    const answer = refused(await api.post(definitions, definition('bads', 'Bad', spec)), 422, text);
    if (field) assert.ok(answer.fields.includes(field), String(answer.fields));
  });
}

test('132 the name of a definition is made of its plural and group', async () => {
  const body = {...definition('bads', 'Bad'), metadata: {name: 'other.example.com'}};
  refused(await api.post(definitions, body), 422, 'must be spec.names.plural+"."+spec.group', ['metadata.name']);
});

test('136 groups of Kubernetes need an approval', async () => {
  const of = (metadata: object) => ({
    ...(definition('bads', 'Bad', {group: 'foo.k8s.io'}) as object),
    metadata: {name: 'bads.foo.k8s.io', ...metadata},
  });
  refused(await api.post(definitions, of({})), 422, 'api-approved.kubernetes.io', ['metadata.annotations[api-approved.kubernetes.io]']);
  succeeded(await api.post(definitions, of({annotations: {'api-approved.kubernetes.io': 'unapproved, a test'}})), 201);
  assert.ok((await conditions(api, 'bads.foo.k8s.io')).includes('KubernetesAPIApprovalPolicyConformant False UnapprovedAnnotation'));
});

test('137 short names that are taken', async () => {
  const names = (plural: string, kind: string) => ({names: {plural, kind, shortNames: ['shrt']}});
  succeeded(await api.post(definitions, definition('firsts', 'First', names('firsts', 'First'))), 201);
  succeeded(await api.post(definitions, definition('seconds', 'Second', names('seconds', 'Second'))), 201);
  const now = await conditions(api, 'seconds.example.com');
  assert.ok(now.includes('NamesAccepted False ShortNamesConflict'), String(now));
  assert.ok(now.includes('Established False NotAccepted'), String(now));
  succeeded(await api.get(things('seconds')), 404);
  succeeded(await api.del(`${definitions}/firsts.example.com`));
  await plane.eventually(async () => succeeded(await api.get(things('seconds'))));
  assert.ok((await conditions(api, 'seconds.example.com')).includes('Established True InitialNamesAccepted'));
});

test('138 unknown fields go, unless the schema keeps them', async () => {
  const {path, object} = await define({
    type: 'object',
    properties: {keep: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}, a: {type: 'string'}},
  });
  const answer = succeeded(await api.post(path, object('x', {a: '1', b: 2, keep: {any: {thing: [1]}}})), 201);
  assert.deepEqual(answer.at('spec'), {a: '1', keep: {any: {thing: [1]}}});
  assert.match(warnings(answer), /unknown field \\"spec\.b\\"/);
});

test('139 defaults when it is written, and when what was written before is read', async () => {
  const {path, object, name} = await define({type: 'object', properties: {a: {type: 'string'}}});
  succeeded(await api.post(path, object('x', {a: '1'})), 201);
  const versions = specOf({type: 'object', properties: {a: {type: 'string'}, b: {type: 'integer', default: 5}}});
  succeeded(await api.patch(`${definitions}/${name}`, {spec: {versions}}));
  assert.deepEqual((await api.get(`${path}/x`)).at('spec'), {a: '1', b: 5});
  assert.deepEqual((await api.get(path)).at('items', 0, 'spec'), {a: '1', b: 5});
  const since = await plane.revision();
  const watching = await api.watch(path);
  await plane.eventually(() => watching.events.length === 1);
  assert.equal((watching.events as {object: {spec: {b: number}}}[])[0]?.object.spec.b, 5);
  watching.close();
  assert.deepEqual(succeeded(await api.post(path, object('y', {a: '1'})), 201).at('spec'), {a: '1', b: 5});
  assert.ok((await plane.revision()) > since);
});

test('140 null where it may not be', async () => {
  const {path, object} = await define({
    type: 'object',
    properties: {
      a: {type: 'string', default: 'd'},
      b: {type: 'string', nullable: true, default: 'd'},
      c: {type: 'string'},
    },
  });
  const answer = succeeded(await api.post(path, object('x', {a: null, b: null, c: null})), 201);
  assert.deepEqual(answer.at('spec'), {a: 'd', b: null});
});

test('141 a number or a text', async () => {
  const {path, object} = await define({type: 'object', properties: {p: {'x-kubernetes-int-or-string': true}}});
  assert.equal(succeeded(await api.post(path, object('a', {p: 1})), 201).at('spec', 'p'), 1);
  assert.equal(succeeded(await api.post(path, object('b', {p: '1'})), 201).at('spec', 'p'), '1');
  refused(await api.post(path, object('c', {p: true})), 422, 'spec.p', ['spec.p']);
});

test('142 an object within an object', async () => {
  const {path, object} = await define({
    type: 'object',
    properties: {in: {type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true}},
  });
  const answer = refused(await api.post(path, object('a', {in: {data: {}}})), 422, 'Required value');
  assert.deepEqual([...answer.fields].sort(), ['spec.in.apiVersion', 'spec.in.kind']);
  succeeded(await api.post(path, object('b', {in: {apiVersion: 'v1', kind: 'X', metadata: {name: 'n'}, data: {}}})), 201);
  refused(
    await api.post(path, object('c', {in: {apiVersion: 'v1', kind: 'X', metadata: {labels: {'-': ''}}}})),
    422,
    'spec.in.metadata.labels',
  );
});

test('143 values against their schema', async () => {
  const {path, object} = await define({
    type: 'object',
    required: ['r'],
    properties: {
      r: {type: 'string'},
      e: {type: 'string', enum: ['a', 'b']},
      n: {type: 'integer', minimum: 1, maximum: 3},
      p: {type: 'string', pattern: '^x+$'},
      l: {type: 'string', maxLength: 2},
      i: {type: 'array', maxItems: 1, items: {type: 'integer'}},
      t: {type: 'integer'},
    },
  });
  const answer = refused(
    await api.post(path, object('x', {e: 'c', n: 0, p: 'y', l: 'lll', i: [1, 2], t: 'text'})),
    422,
    /^Invalid: Case\d+\.example\.com "x" is invalid: \[/,
  );
  const causes = (answer.at('details', 'causes') as {field: string; reason: string; message: string}[]).map(c => [
    c.field,
    c.reason,
    c.message,
  ]);
  assert.deepEqual(causes.sort(), [
    ['spec.e', 'FieldValueNotSupported', 'Unsupported value: "c": supported values: "a", "b"'],
    ['spec.i', 'FieldValueTooMany', 'Too many: 2: must have at most 1 items'],
    ['spec.l', 'FieldValueTooLong', 'Too long: may not be more than 2 bytes'],
    ['spec.n', 'FieldValueInvalid', 'Invalid value: 0: spec.n in body should be greater than or equal to 1'],
    ['spec.p', 'FieldValueInvalid', 'Invalid value: "y": spec.p in body should match \'^x+$\''],
    ['spec.r', 'FieldValueRequired', 'Required value'],
    ['spec.t', 'FieldValueTypeInvalid', 'Invalid value: "string": spec.t in body must be of type integer: "string"'],
  ]);
});

test('148 the scale of a custom resource', async () => {
  const scale = {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector'};
  const {path, object} = await define(widgetSpecSchema, {subresources: {status: {}, scale}});
  succeeded(await api.post(path, object('s', {name: 'n', replicas: 3})), 201);
  succeeded(await api.patch(`${path}/s/status`, {status: {replicas: 2, selector: 'a=b'}}));
  const answer = succeeded(await api.get(`${path}/s/scale`));
  assert.deepEqual(
    [answer.at('kind'), answer.at('apiVersion'), answer.at('spec'), answer.at('status')],
    ['Scale', 'autoscaling/v1', {replicas: 3}, {replicas: 2, selector: 'a=b'}],
  );
  const generation = Number((await api.get(`${path}/s`)).at('metadata', 'generation'));
  succeeded(await api.put(`${path}/s/scale`, {...(JSON.parse(answer.text) as object), spec: {replicas: 5}}));
  const now = await api.get(`${path}/s`);
  assert.deepEqual([now.at('spec', 'replicas'), now.at('metadata', 'generation')], [5, generation + 1]);
  refused(
    await api.put(`${path}/s/scale`, {...(JSON.parse(answer.text) as object), spec: {replicas: 6}}),
    409,
    'the object has been modified',
  );
  refused(await api.patch(`${path}/s/scale`, {spec: {replicas: -1}}), 422, 'should be a non-negative integer', ['.spec.replicas']);
  assert.equal(succeeded(await api.patch(`${path}/s/scale`, {spec: {replicas: 7}})).at('spec', 'replicas'), 7);
});

test('149 columns of a table', inProcess, async () => {
  const {path, object} = await define(widgetSpecSchema, {
    additionalPrinterColumns: [
      {name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas'},
      {name: 'Phase', type: 'string', jsonPath: '.status.phase'},
      {name: 'Made', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 1},
    ],
  });
  succeeded(await api.post(path, object('c', {name: 'n'})), 201);
  await plane.world.advance(5_000);
  const table = await api.get(path, {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'});
  const columns = table.at('columnDefinitions') as {name: string; priority: number}[];
  assert.deepEqual(
    columns.map(({name, priority}) => [name, priority]),
    [
      ['Name', 0],
      ['Replicas', 0],
      ['Phase', 0],
      ['Made', 1],
    ],
  );
  assert.deepEqual(table.at('rows', 0, 'cells'), ['c', 1, null, '5s']);
});

const twoVersions = (storage: 'v1' | 'v2', served: readonly string[] = ['v1', 'v2']) => ({
  versions: ['v1', 'v2'].map(name => widgetVersion(name, {storage: name === storage, served: served.includes(name)})),
});

test('150 two versions of one kind', async () => {
  const place = await newPlace(plane);
  const path = `${definitions}/widgets.example.com`;
  succeeded(await place.patch(path, {spec: twoVersions('v1')}));
  succeeded(await place.post(widgets, widget('old')), 201);
  assert.equal((await place.get(`${things('widgets', 'v2')}/old`)).at('apiVersion'), 'example.com/v2');
  const switched = succeeded(await place.patch(path, {spec: twoVersions('v2')}));
  assert.deepEqual(switched.at('status', 'storedVersions'), ['v1', 'v2']);
  assert.equal((await place.get(`${widgets}/old`)).at('apiVersion'), 'example.com/v1');
  assert.deepEqual(
    ((await place.get(things('widgets', 'v2'))).at('items') as {apiVersion: string}[]).map(item => item.apiVersion),
    ['example.com/v2'],
  );
  refused(await place.patch(path, {spec: {versions: [widgetVersion('v2')]}}), 422, 'status.storedVersions[0]', [
    'status.storedVersions[0]',
  ]);
  succeeded(await place.patch(`${path}/status`, {status: {storedVersions: ['v2']}}));
  succeeded(await place.patch(path, {spec: {versions: [widgetVersion('v2')]}}));
  assert.equal((await place.get(`${things('widgets', 'v2')}/old`)).at('spec', 'name'), 'n');
});

test('150 a watch shows every version of a kind in its own', async () => {
  const place = await newPlace(plane);
  succeeded(await place.patch(`${definitions}/widgets.example.com`, {spec: twoVersions('v1')}));
  const watching = await place.watch(`${things('widgets', 'v2')}?resourceVersion=${await plane.revision()}`);
  succeeded(await place.post(widgets, widget('a')), 201);
  await plane.eventually(() => watching.events.length === 1);
  assert.equal((watching.events as {object: {apiVersion: string}}[])[0]?.object.apiVersion, 'example.com/v2');
  watching.close();
});

test('152 a version that is not served', async () => {
  const place = await newPlace(plane);
  succeeded(await place.patch(`${definitions}/widgets.example.com`, {spec: twoVersions('v1')}));
  succeeded(await place.get(things('widgets', 'v2')));
  succeeded(await place.patch(`${definitions}/widgets.example.com`, {spec: twoVersions('v1', ['v1'])}));
  succeeded(await place.get(things('widgets', 'v2')), 404);
  assert.deepEqual((await place.get('/apis/example.com')).at('versions'), [{groupVersion: 'example.com/v1', version: 'v1'}]);
});

test('153 a definition goes after its objects', async () => {
  const place = await newPlace(plane);
  const name = 'widgets.example.com';
  succeeded(await place.post(widgets, widget('free')), 201);
  succeeded(await place.post(widgets, widget('held', {}, {finalizers: ['x.io/f']})), 201);
  const answer = succeeded(await place.del(`${definitions}/${name}`));
  assert.equal(answer.at('kind'), 'CustomResourceDefinition');
  assert.ok((await conditions(place, name)).some(one => one.startsWith('Terminating True ')));
  refused(await place.post(widgets, widget('late')), 403, 'create not allowed while custom resource definition is terminating');
  await plane.eventually(async () => assert.equal((await place.get(`${widgets}/free`)).status, 404));
  assert.notEqual((await place.get(`${widgets}/held`)).at('metadata', 'deletionTimestamp'), undefined);
  succeeded(await place.get(`${definitions}/${name}`));
  succeeded(await place.patch(`${widgets}/held`, {metadata: {finalizers: null}}));
  await plane.eventually(async () => assert.equal((await place.get(`${definitions}/${name}`)).status, 404));
  succeeded(await place.get(widgets), 404);
  succeeded(await place.post(definitions, widgetDefinition()), 201);
  assert.deepEqual(succeeded(await place.get(widgets)).at('items'), []);
});

test('154 categories', async () => {
  const names = {plural: 'sorts', kind: 'Sort', categories: ['every']};
  succeeded(await api.post(definitions, definition('sorts', 'Sort', {names})), 201);
  const resources = (await api.get('/apis/example.com/v1')).at('resources') as {name: string; categories?: Found}[];
  assert.deepEqual(resources.find(one => one.name === 'sorts')?.categories, ['every']);
});

test('155 what of a definition stays', async () => {
  const {name} = await define(widgetSpecSchema);
  const path = `${definitions}/${name}`;
  refused(await api.patch(path, {spec: {scope: 'Cluster'}}), 422, 'field is immutable', ['spec.scope']);
  refused(await api.patch(path, {spec: {names: {kind: 'Other'}}}), 422, 'field is immutable', ['spec.names.kind']);
  refused(await api.patch(path, {spec: {group: 'other.com'}}), 422, 'field is immutable');
});

test('156 the stored versions belong to the status', async () => {
  const {name} = await define(widgetSpecSchema);
  const path = `${definitions}/${name}`;
  const ignored = succeeded(await api.patch(path, {status: {storedVersions: ['v1', 'v0']}}));
  assert.deepEqual(ignored.at('status', 'storedVersions'), ['v1']);
  refused(await api.patch(`${path}/status`, {status: {storedVersions: []}}), 422, 'status.storedVersions');
});

test('157 names and labels of custom resources', async () => {
  refused(await api.post(widgets, widget('A')), 422, 'a lowercase RFC 1123 subdomain must consist of', ['metadata.name']);
  refused(await api.post(widgets, widget('a', {}, {labels: {'-': 'x'}})), 422, 'metadata.labels', ['metadata.labels']);
});

test('158 items that occur twice', async () => {
  refused(await api.post(widgets, widget('s', {tags: ['a', 'b', 'a']})), 422, 'spec.tags[2]: Duplicate value: "a"', ['spec.tags[2]']);
  const ports = [{port: 1}, {port: 2}, {port: 1, protocol: 'UDP'}];
  refused(await api.post(widgets, widget('m', {ports})), 422, 'spec.ports[2]: Duplicate value', ['spec.ports[2]']);
});
