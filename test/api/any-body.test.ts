/** Whatever is sent to whatever kind, the answer is a clear one, and no mistake of ours. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../../src/api/json.ts';
import {dig, isObject} from '../../src/api/json.ts';
import {parse} from '../../src/api/parse-json.ts';
import {decodeProtobuf} from '../../src/wire/protobuf/decode.ts';
import {hasProtobuf} from '../../src/wire/protobuf/encode.ts';
import type {Answer} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {newPlace, succeeded} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);

type Schema = {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly properties?: {readonly [name: string]: Schema};
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly string[];
};
type Schemas = {readonly [name: string]: Schema};

const numRuns = 30;
const hostileTexts = [
  '',
  ' ',
  '__proto__',
  'constructor',
  '\0',
  '\ud800',
  'x'.repeat(300),
  '(',
  '{}',
  '$(',
  'a/b',
  '2026-01-01T00:00:00Z',
  '1h',
  '10Ki',
  '-1',
  'true',
  'v1',
  'x.io/y',
];
const anyJson = fc.jsonValue({maxDepth: 3});
const anyText = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({maxLength: 10}), fc.constantFrom('a', 'b'));

/** Values of about the form a schema wants, with strangers among them. */
function like(schema: Schema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  const target = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (target) return like(schemas[target.split('/').at(-1) as string] ?? {}, schemas, depth);
  return fc.oneof(
    {weight: 12, arbitrary: typed(schema, schemas, depth)},
    {weight: 1, arbitrary: anyJson},
    {weight: 1, arbitrary: fc.constant(null)},
  );
}

function typed(schema: Schema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.type === 'string') return anyText;
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') return fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1.5, 2 ** 60, 1e300));
  if (depth === 0) return fc.constantFrom({}, []);
  if (schema.type === 'array') return fc.array(like(schema.items ?? {}, schemas, depth - 1), {maxLength: 3});
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, of]) => [name, like(of, schemas, depth - 1)] as const);
    return fc.record(Object.fromEntries(fields), {requiredKeys: [], noNullPrototype: true});
  }
  if (typeof schema.additionalProperties === 'object')
    return fc.dictionary(anyText, like(schema.additionalProperties, schemas, depth - 1), {maxKeys: 3, noNullPrototype: true});
  return anyJson;
}

type Served = {
  readonly path: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly body: fc.Arbitrary<unknown>;
  readonly verbs: readonly string[];
};

/** Everything the place serves, with bodies after its published schema. */
async function everything(): Promise<Served[]> {
  const index = succeeded(await api.get('/openapi/v3')).at('paths') as {[document: string]: unknown};
  const found: Served[] = [];
  for (const document of Object.keys(index).filter(one => /^api/.test(one) && one.split('/').length === (one.startsWith('apis') ? 3 : 2))) {
    const resources = succeeded(await api.get(`/${document}`)).at('resources') as {
      name: string;
      kind: string;
      namespaced: boolean;
      verbs: string[];
    }[];
    const schemas = (JSON.parse((await api.get(`/openapi/v3/${document}`)).text) as {components: {schemas: Schemas}}).components.schemas;
    const apiVersion = document.replace(/^apis?\//, '');
    for (const {name, kind, namespaced, verbs} of resources.filter(one => one.verbs.includes('create'))) {
      if (name.includes('/')) continue;
      const schema = Object.entries(schemas).find(([id]) => id.endsWith(`.${kind}`))?.[1] ?? {};
      const path = `/${document}/${namespaced ? 'namespaces/t/' : ''}${name}`;
      found.push({path, kind, apiVersion, verbs, body: like(schema, schemas, 5)});
    }
  }
  return found;
}

/** The one 500 that Kubernetes itself sends for a client's fault. */
const versioned = 'resourceVersion should not be set on objects to be created';

function clear(answer: Answer, what: string): void {
  assert.ok(
    answer.status < 500 || answer.at('message') === versioned,
    `${what}: ${answer.status} ${answer.text.slice(0, 500)} ${plane.errors.join('\n').slice(0, 3_000)}`,
  );
  assert.deepEqual(plane.errors, [], what);
}

const protobuf = 'application/vnd.kubernetes.protobuf';

/** The list and the object `x` are in protobuf what they are in JSON, and written back they are no change. */
async function sameInProtobuf(path: string, apiVersion: string, kind: string): Promise<void> {
  const listed = decodeProtobuf(succeeded(await api.get(path, {accept: protobuf})).bytes);
  assert.equal(listed.kind, `${kind}List`);
  // Others come by themselves, such as the service account that every namespace has.
  const x = ({items}: JsonObject): Json => withoutEmpty((items as JsonObject[]).find(item => dig(item, 'metadata', 'name') === 'x')!);
  assert.deepEqual(x(listed.object), x(parse(succeeded(await api.get(path)).text) as JsonObject));
  const one = succeeded(await api.get(`${path}/x`, {accept: protobuf}));
  const before = withoutEmpty(parse(succeeded(await api.get(`${path}/x`)).text));
  assert.deepEqual(withoutEmpty(decodeProtobuf(one.bytes).object), before);
  const again = await api.put(`${path}/x`, one.bytes, {'content-type': protobuf, accept: protobuf});
  // Fields that cannot change are compared with what was stored, nulls and all.
  if (again.status === 422 && again.text.includes('field is immutable')) return;
  assert.equal(again.status, 200, again.text);
  assert.deepEqual(unversioned(withoutEmpty(decodeProtobuf(again.bytes, {apiVersion, kind}).object)), unversioned(before));
}

/** What protobuf does not tell from its absence is taken for absent, and half a surrogate pair for what UTF-8 has instead. */
function withoutEmpty(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(item => (isEmpty(withoutEmpty(item)) ? null : withoutEmpty(item)));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).map(([key, item]) => [key.toWellFormed(), withoutEmpty(item)] as const);
  return Object.fromEntries(kept.filter(([, item]) => !isEmpty(item)));
}

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || value === 0 || value === false || (typeof value === 'object' && Object.keys(value).length === 0);

function unversioned(object: Json): Json {
  const {metadata, ...rest} = object as {metadata: JsonObject};
  const {resourceVersion: _, generation: __, managedFields: ___, ...kept} = metadata;
  return {...rest, metadata: kept};
}

for (const {path, kind, apiVersion, body, verbs} of await everything()) {
  test(`any body: ${path}`, async () => {
    await fc.assert(
      fc.asyncProperty(body, anyJson, async (value, patch) => {
        // Under sound metadata the rest has a chance to be stored.
        const named = {...(value as object), apiVersion, kind, metadata: {name: 'x'}};
        const made = await api.post(path, named);
        clear(made, JSON.stringify(named));
        clear(await api.post(path, value), JSON.stringify(value));
        if (made.status !== 201 || !verbs.includes('patch')) return;
        const again = succeeded(await api.put(`${path}/x`, made.text));
        assert.equal(again.text, made.text, 'written back as it was read, it is no change');
        assert.equal(succeeded(await api.patch(`${path}/x`, {})).text, made.text);
        for (const headers of [{}, strategicPatch, jsonPatch]) clear(await api.patch(`${path}/x`, patch, headers), JSON.stringify(patch));
        clear(
          await api.put(`${path}/x`, {...named, metadata: {name: 'x', resourceVersion: made.at('metadata', 'resourceVersion')}}),
          'put',
        );
        clear(await api.get(path, {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'}), 'a table');
        clear(await api.get(path, {accept: 'application/yaml'}), 'yaml');
        clear(await api.get(path, {accept: `${protobuf};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`}), 'protobuf');
        if (hasProtobuf(apiVersion, kind)) await sameInProtobuf(path, apiVersion, kind);
        clear(await api.del(`${path}/x`), 'delete');
      }),
      {numRuns},
    );
  });
}
