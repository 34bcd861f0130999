import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {dig} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import {openApiV2, publishV2} from './openapi-v2.ts';
import {definitionV2, schemaV2} from './openapi-v2-schema.ts';
import {publishLimits} from './publish.ts';
import {configMaps, custom, namespaces, reviews, sampleSchemas, widgets} from './sample-kinds.suite.ts';

const hostile = custom('example.com', 'v1', 'Hostile', {
  schema: {
    type: 'object',
    properties: JSON.parse('{"$ref": {"type": "string", "default": {"$ref": "#/definitions/none"}}, "__proto__": {"type": "object"}}'),
  },
});
const parts = () => openApiV2([namespaces, configMaps, reviews, widgets, hostile], sampleSchemas);
const bytesOf = (pieces: readonly Uint8Array[] | undefined): Buffer => Buffer.concat(pieces ?? []);
const document = parse(bytesOf(await publishV2(parts(), 'json', async () => {})).toString()) as JsonObject;

test('schemas lose what v2 has no words for, and get no stricter', () => {
  const cases: readonly [Json, Json][] = [
    [
      {type: 'integer', format: 'int32', minimum: 1, default: 2, description: 'd'},
      {type: 'integer', format: 'int32', description: 'd'},
    ],
    [{type: 'string', nullable: true, description: 'd'}, {description: 'd'}],
    [
      {type: 'string', enum: ['a', 'b'], anyOf: [{}], not: {}},
      {type: 'string', enum: ['a', 'b']},
    ],
    [{'x-kubernetes-int-or-string': true, anyOf: [{type: 'integer'}, {type: 'string'}]}, {'x-kubernetes-int-or-string': true}],
    [
      {type: 'object', properties: {a: {type: 'string'}}, 'x-kubernetes-preserve-unknown-fields': true},
      {'x-kubernetes-preserve-unknown-fields': true},
    ],
    [{type: 'object', properties: {}}, {type: 'object'}],
    [{type: 'array'}, {}],
    [
      {type: 'array', items: {type: 'object', additionalProperties: {type: 'string', nullable: true}}, 'x-kubernetes-list-type': 'atomic'},
      {type: 'array', items: {type: 'object', additionalProperties: {}}, 'x-kubernetes-list-type': 'atomic'},
    ],
    [{type: 'object', additionalProperties: true, 'x-kubernetes-validations': [{rule: 'true'}]}, {type: 'object'}],
    [
      {allOf: [{$ref: '#/components/schemas/a.b'}], default: {}, description: 'd'},
      {description: 'd', $ref: '#/definitions/a.b'},
    ],
  ];
  for (const [v3, v2] of cases) assert.deepEqual(schemaV2(v3 as JsonObject), v2, JSON.stringify(v3));
  const root = {type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true};
  assert.deepEqual(definitionV2(root), {type: 'object', 'x-kubernetes-preserve-unknown-fields': true});
});

test('every reference is to a definition: clients refuse the whole document otherwise', () => {
  const schemas: Json[] = [];
  JSON.stringify(document, (key, value) => {
    if (key === '$ref') schemas.push(value);
    return value;
  });
  // The hostile kind has a property of that name, which is no reference.
  const references = schemas.filter(value => typeof value === 'string');
  assert.ok(references.length > 10);
  for (const reference of references) assert.ok(dig(document, ...String(reference).slice(2).split('/')), String(reference));
});

test('a patch of every kind names its kind, parameters and media types', () => {
  const paths = Object.entries(document['paths'] as JsonObject);
  assert.deepEqual(
    paths.map(([path]) => path),
    [
      '/api/v1/namespaces/{namespace}/configmaps/{name}',
      '/api/v1/namespaces/{name}',
      '/api/v1/namespaces/{name}/status',
      '/apis/example.com/v1/namespaces/{namespace}/hostiles/{name}',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale',
    ],
  );
  for (const [path, item] of paths) {
    const names = (dig(item, 'patch', 'parameters') as JsonObject[]).map(p => p['name']);
    assert.deepEqual(names, ['body', 'dryRun', 'fieldManager', 'fieldValidation', 'force'], path);
    const strategic = (dig(item, 'patch', 'consumes') as Json[]).includes('application/strategic-merge-patch+json');
    assert.equal(strategic, path.startsWith('/api/'), path);
  }
});

/** The payloads of a length-delimited field; scalars are skipped. */
function fields(message: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const size = varint();
    if ((tag & 7) !== 2) continue;
    if (tag >>> 3 === number) found.push(message.subarray(at, at + size));
    at += size;
  }
  assert.equal(at, message.length);
  return found;
}

const follow = (message: Uint8Array, ...path: readonly number[]): Uint8Array[] =>
  path.reduce<Uint8Array[]>((from, number) => from.flatMap(one => fields(one, number)), [message]);
const texts = (messages: readonly Uint8Array[]): string[] => messages.map(m => Buffer.from(m).toString());

test('the protobuf form has what clients read, where gnostic has it', async () => {
  const protobuf = bytesOf(await publishV2(parts(), 'protobuf', async () => {}));
  assert.deepEqual(texts(follow(protobuf, 1)), ['2.0']);
  assert.deepEqual(texts(follow(protobuf, 8, 2, 1)), Object.keys(document['paths'] as JsonObject));
  assert.deepEqual(texts(follow(protobuf, 9, 1, 1)), Object.keys(document['definitions'] as JsonObject));
  const patch = follow(protobuf, 8, 2, 2, 8)[0] as Uint8Array;
  assert.deepEqual(texts(follow(patch, 8, 1, 2, 3, 4)), ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  assert.deepEqual(texts(follow(patch, 13, 1)), ['x-kubernetes-action', 'x-kubernetes-group-version-kind']);
  assert.deepEqual(texts(follow(patch, 13, 2, 2)), ['"patch"', '{"group":"","version":"v1","kind":"ConfigMap"}']);
  const definition = follow(protobuf, 9, 1).find(one => texts(fields(one, 1))[0] === 'com.example.v1.Hostile') as Uint8Array;
  assert.deepEqual(texts(follow(definition, 2, 25, 1, 1)), ['apiVersion', 'kind', 'metadata', '$ref', '__proto__']);
  assert.deepEqual(texts(follow(definition, 2, 25, 1, 2, 22, 1)), ['string', 'string', 'string', 'object']);
});

test('a long document is made in turns, and one that is too long not at all', async () => {
  const chars = 1024 * 1024;
  function* long(count: number) {
    for (let i = 0; i < count; i++) yield {paths: {}, definitions: {[`d${i}`]: {description: 'x'.repeat(chars)}}};
  }
  let turns = 0;
  const turn = async () => void turns++;
  const json = await publishV2(long(4), 'json', turn);
  assert.equal(turns, 4);
  const {definitions} = JSON.parse(bytesOf(json).toString()) as {definitions: object};
  assert.deepEqual(Object.keys(definitions), ['d0', 'd1', 'd2', 'd3']);
  const protobuf = await publishV2(long(4), 'protobuf', turn);
  assert.equal(turns, 8);
  assert.deepEqual(texts(follow(bytesOf(protobuf), 9, 1, 1)), ['d0', 'd1', 'd2', 'd3']);
  for (const form of ['json', 'protobuf'] as const)
    assert.equal(await publishV2(long(Math.ceil(publishLimits.bytesMax / chars)), form, turn), undefined);
});

test('a document without kinds is one too', async () => {
  for (const empty of [[], [{paths: {}, definitions: {}}]])
    assert.deepEqual(Object.keys(JSON.parse(bytesOf(await publishV2(empty, 'json', async () => {})).toString())), [
      'swagger',
      'info',
      'paths',
      'definitions',
      'securityDefinitions',
      'security',
    ]);
});

test('a definition whose name is that of a shared one is told once, as the shared one', async () => {
  const [name] = Object.keys(sampleSchemas.meta) as [string];
  const [kindName, version, ...group] = name.split('.').reverse() as [string, string, ...string[]];
  const doc = bytesOf(
    await publishV2(openApiV2([configMaps, custom(group.join('.'), version, kindName)], sampleSchemas), 'json', async () => {}),
  );
  assert.equal(doc.toString().split(`${JSON.stringify(name)}:{`).length, 2);
});
