import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {clone, dig, isObject} from '../api/json.ts';
import type {JsonSchema} from './json-schema.ts';
import {metaName, metaSchemas} from './meta-schemas.ts';
import {metaRef, publishedV3} from './openapi.ts';

const widget = {group: 'example.com', version: 'v1', kind: 'Widget'};
const schema: JsonSchema = {
  type: 'object',
  description: 'A widget.',
  properties: {
    metadata: {type: 'object', properties: {name: {type: 'string', maxLength: 5}}},
    spec: {
      type: 'object',
      nullable: true,
      'x-kubernetes-validations': [{rule: 'true'}],
      properties: {
        template: {type: 'object', required: ['kind'], 'x-kubernetes-embedded-resource': true, properties: {spec: {type: 'object'}}},
        templates: {
          type: 'array',
          items: {type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true},
        },
      },
    },
  },
};

test('a kind is published with what every object has', () => {
  const published = publishedV3(schema, widget);
  assert.deepEqual(published['x-kubernetes-group-version-kind'], [widget]);
  assert.equal(published['description'], 'A widget.');
  assert.deepEqual(Object.keys(published['properties'] as JsonObject).sort(), ['apiVersion', 'kind', 'metadata', 'spec']);
  const metadata = dig(published, 'properties', 'metadata') as JsonObject;
  assert.deepEqual(metadata['allOf'], [{$ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'}]);
  assert.deepEqual(metadata['default'], {});
  assert.deepEqual(dig(published, 'properties', 'spec', 'x-kubernetes-validations'), [{rule: 'true'}]);
  assert.equal(dig(published, 'properties', 'spec', 'nullable'), true);
});

test('so are embedded resources', () => {
  const spec = dig(publishedV3(schema, widget), 'properties', 'spec', 'properties');
  assert.deepEqual(dig(spec, 'template', 'required'), ['kind', 'apiVersion']);
  assert.deepEqual(Object.keys(dig(spec, 'template', 'properties') as JsonObject), ['spec', 'apiVersion', 'kind', 'metadata']);
  assert.deepEqual(dig(spec, 'templates', 'items', 'required'), ['kind', 'apiVersion']);
  assert.deepEqual(Object.keys(dig(spec, 'templates', 'items', 'properties') as JsonObject), ['apiVersion', 'kind', 'metadata']);
});

test('the schema itself does not change', () => {
  const before = clone(schema as unknown as Json);
  publishedV3(schema, widget);
  assert.deepEqual(schema, before);
});

test('an empty schema and hostile names can be published', () => {
  assert.deepEqual(Object.keys(publishedV3({}, widget)['properties'] as JsonObject), ['apiVersion', 'kind', 'metadata']);
  const properties = JSON.parse('{"__proto__": {"type": "string"}}');
  assert.ok(Object.hasOwn(publishedV3({properties}, widget)['properties'] as JsonObject, '__proto__'));
});

test('the shared definitions refer to each other and to nothing else', () => {
  const refs = new Set<string>();
  const walk = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (isObject(value)) {
      if (typeof value['$ref'] === 'string') refs.add(value['$ref']);
      Object.values(value).forEach(walk);
    }
  };
  Object.values(metaSchemas).forEach(walk);
  assert.ok(refs.size > 5);
  const known = Object.keys(metaSchemas).map(name => `#/components/schemas/${name}`);
  assert.deepEqual(
    [...refs].filter(ref => !known.includes(ref)),
    [],
  );
  assert.equal(metaRef('Status'), `#/components/schemas/${metaName('Status')}`);
});

test('kubectl can merge owners and finalizers', () => {
  const meta = dig(metaSchemas[metaName('ObjectMeta')], 'properties');
  assert.equal(dig(meta, 'ownerReferences', 'x-kubernetes-patch-merge-key'), 'uid');
  assert.equal(dig(meta, 'ownerReferences', 'x-kubernetes-patch-strategy'), 'merge');
  assert.equal(dig(meta, 'finalizers', 'x-kubernetes-patch-strategy'), 'merge');
  assert.equal(dig(meta, 'finalizers', 'x-kubernetes-list-type'), 'set');
});

test('everything in the shared definitions is explained', () => {
  for (const [name, definition] of Object.entries(metaSchemas)) {
    assert.ok(definition['description'], name);
    for (const [field, property] of Object.entries((definition['properties'] ?? {}) as JsonObject))
      assert.ok(dig(property, 'description'), `${name}.${field}`);
  }
});
