import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, dig, isObject} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import {readDefinition} from './stored-definition.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** What is left when the long parts are taken out of what a full reading gives. */
function shortened(whole: Json): Json {
  const copy = clone(whole);
  const metadata = dig(copy, 'metadata');
  for (const part of isObject(metadata) ? [metadata] : Array.isArray(metadata) ? metadata.filter(isObject) : [])
    for (const key of ['annotations', 'managedFields']) if (Object.hasOwn(part, key)) part[key] = null;
  for (const version of versionsOf(copy)) {
    const schema = version['schema'];
    for (const part of isObject(schema) ? [schema] : Array.isArray(schema) ? schema.filter(isObject) : [])
      if (Object.hasOwn(part, 'openAPIV3Schema')) part['openAPIV3Schema'] = 'somewhere';
  }
  return copy;
}

/** Whatever may be a version, however the definition is misshapen. */
function versionsOf(crd: Json): JsonObject[] {
  const spec = dig(crd, 'spec');
  const specs = isObject(spec) ? [spec] : Array.isArray(spec) ? spec.filter(isObject) : [];
  return specs.flatMap(({versions}) => (isObject(versions) ? [versions] : Array.isArray(versions) ? versions.filter(isObject) : []));
}

function assertSame(text: string): void {
  const whole = parse(text);
  const read = readDefinition(bytesOf(text));
  assert.deepEqual(shortened(read.crd), shortened(whole));
  const versions = versionsOf(read.crd);
  versionsOf(whole).forEach((version, i) => {
    const written = dig(version, 'schema', 'openAPIV3Schema');
    assert.deepEqual(read.schema(versions[i] as JsonObject)(), isObject(written) ? written : {});
  });
  const spec = dig(whole, 'spec');
  assert.deepEqual(read.spec.length > 0 ? parse(Buffer.from(read.spec).toString()) : undefined, spec);
}

const schema = {
  type: 'object',
  properties: {size: {type: 'integer', description: 'How "large" {it} is \\', maximum: 1234567890123456789n}},
};
const text = (value: Json): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? (JSON as unknown as {rawJSON(t: string): unknown}).rawJSON(String(v)) : v));

test('a definition is read but for its schemas, and these when they are asked for', () => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: 'widgets.example.com', annotations: {note: 'long'}, managedFields: [{manager: 'm'}], deletionTimestamp: 't'},
    spec: {
      group: 'example.com',
      versions: [
        {name: 'v1', schema: {openAPIV3Schema: schema}},
        {name: 'v2', schema: {openAPIV3Schema: {}}},
      ],
    },
    status: {conditions: [{type: 'Established', status: 'True'}]},
  };
  const {crd: read, schema: schemaOf} = readDefinition(bytesOf(text(crd)));
  assert.deepEqual(read['metadata'], {name: 'widgets.example.com', annotations: null, managedFields: null, deletionTimestamp: 't'});
  assert.deepEqual(read['status'], crd.status);
  const [v1, v2] = versionsOf(read) as [JsonObject, JsonObject];
  assert.deepEqual(schemaOf(v1)(), schema);
  assert.notEqual(schemaOf(v1)(), schemaOf(v1)(), 'nobody holds what was read');
  assert.deepEqual(schemaOf(v2)(), {});
  assertSame(text(crd));
});

test('what tenants write into definitions is not mistaken for their parts', () => {
  const version = (more: JsonObject): JsonObject => ({spec: {versions: [{name: 'v1', ...more}]}});
  const cases: Json[] = [
    {},
    {
      metadata: {annotations: {applied: text(version({schema: {openAPIV3Schema: schema}}))}},
      ...version({schema: {openAPIV3Schema: schema}}),
    },
    version({schema: {openAPIV3Schema: {properties: {openAPIV3Schema: schema, schema: {properties: {versions: schema, spec: schema}}}}}}),
    version({
      schema: {openAPIV3Schema: {description: '"openAPIV3Schema":{"}]', 'a"{': {enum: ['}', ']', '\\', '\\"', '{', '"', '\u2028"']}}},
    }),
    version({schema: {openAPIV3Schema: 0}}),
    version({schema: {openAPIV3Schema: 1}, subresources: {status: {openAPIV3Schema: schema}}}),
    version({schema: {openAPIV3Schema: 'text'}}),
    version({schema: {openAPIV3Schema: null}}),
    version({schema: {openAPIV3Schema: [schema]}}),
    version({schema: [{openAPIV3Schema: schema}]}),
    version({schema: 0}),
    version({openAPIV3Schema: schema}),
    {spec: {versions: {schema: {openAPIV3Schema: schema}}}},
    {spec: {versions: [[{schema: {openAPIV3Schema: schema}}], 7, null, {schema: {openAPIV3Schema: schema}}]}},
    {spec: [{versions: [{schema: {openAPIV3Schema: schema}}]}]},
    {spec: {schema: {openAPIV3Schema: schema}, versions: []}},
    {spec: 0, metadata: -1.5e3, status: {versions: [{schema: {openAPIV3Schema: schema}}]}},
    {metadata: [{annotations: {a: 'b'}}, true]},
    {'größe "{': 'ä\\', metadata: {labels: {ключ: '}{'}}, spec: {versions: [{schema: {openAPIV3Schema: {description: '深い"{'}}}]}},
  ];
  for (const one of cases) assertSame(text(one));
});

test('names that are written with escapes, or twice, mean what they mean to JSON', () => {
  const escaped = '"openAPIV3Schem\\u0061":{"a":1}';
  assertSame(`{"spec":{"versions":[{"schema":{${escaped}}}]}}`);
  assertSame(`{"sp\\u0065c":{"versions":[{"schem\\u0061":{${escaped}}}]},"metadat\\u0061":{"\\u0061nnotations":{"a":"b"}}}`);
  assertSame(`{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"a":1},"openAPIV3Schema":{"b":2}}}]}}`);
  assertSame(`{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"a":1},${escaped},"openAPIV3Schema":7}}]}}`);
  assertSame(`{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"a":1}}}]},"spec":{"versions":[{"schema":{"openAPIV3Schema":{"b":2}}}]}}`);
  assertSame(`{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"a":1}}}],"versions":[]},"metadata":{"annotations":1,"annotations":{}}}`);
});

/** JSON whose objects may have a name twice, and whose texts may be written with escapes. */
type Node = {readonly text: string};
const names = ['metadata', 'annotations', 'managedFields', 'spec', 'versions', 'schema', 'openAPIV3Schema', 'status', '__proto__', 'a'];
const escaping = (word: string, which: number): string => {
  const plain = JSON.stringify(word);
  const at = plain.search(/[a-zA-Z]/);
  return which > 0 || at < 0 ? plain : `${plain.slice(0, at)}\\u00${plain.charCodeAt(at).toString(16)}${plain.slice(at + 1)}`;
};
const word = fc.oneof(
  fc.constantFrom(...names),
  fc.string({unit: 'grapheme', maxLength: 6}),
  fc.constantFrom('"', '\\', '{"', '}]', '\\"'),
);
const spelled = (words: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(words, fc.nat(9)).map(([one, which]) => escaping(one, which));
const written = spelled(word);
// V8's own JSON.parse takes names for one another where one of them holds a backslash (seen in 14.6).
const name = spelled(word.filter(one => !one.includes('\\')));
const {node} = fc.letrec<{node: Node}>(tie => ({
  node: fc.oneof(
    {depthSize: 'medium', maxDepth: 7},
    fc
      .oneof(fc.integer(), fc.double({noNaN: true, noDefaultInfinity: true}), fc.boolean(), fc.constant(null), fc.bigInt())
      .map(one => ({text: String(one)})),
    written.map(one => ({text: one})),
    fc.array(tie('node'), {maxLength: 3}).map(items => ({text: `[${items.map(item => item.text).join()}]`})),
    fc
      .array(fc.tuple(name, tie('node')), {maxLength: 4})
      .map(members => ({text: `{${members.map(([key, value]) => `${key}:${value.text}`).join()}}`})),
  ),
}));
const member = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(9), value).map(([which, inner]) => `${escaping(name, which)}:${inner}`);
const objectOf = (...members: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.oneof(...members), {maxLength: 4}),
      fc.array(
        fc.tuple(name, node).map(([key, value]) => `${key}:${value.text}`),
        {maxLength: 2},
      ),
    )
    .map(([known, others]) => `{${[...known, ...others].join()}}`);
const any = node.map(one => one.text);
const version = objectOf(member('schema', fc.oneof(objectOf(member('openAPIV3Schema', any)), any)), member('name', any));
const versions = fc.oneof(
  fc.array(fc.oneof(version, any), {maxLength: 3}).map(items => `[${items.join()}]`),
  version,
);
const definition = objectOf(
  member('metadata', objectOf(member('annotations', any), member('managedFields', any))),
  member('spec', fc.oneof(objectOf(member('versions', versions)), any)),
  member('status', any),
);

test('the fast reading equals the full one, whatever is written', () => {
  fc.assert(fc.property(definition, assertSame), {numRuns: 500});
});

test('bytes that break off are an error and no endless search', () => {
  const whole = text({metadata: {name: 'a'}, spec: {versions: [{schema: {openAPIV3Schema: schema}, n: 1}]}});
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => readDefinition(bytesOf(whole.slice(0, length))), Error, `${length} bytes`);
  for (const bad of ['[]', 'null', '""', '{"a"}', '{"a":}', '{"a":1}}', '{"a":1,}', '{"metadata":{1:2}}'])
    assert.throws(() => readDefinition(bytesOf(bad)), Error, bad);
});
