import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, isObject} from '../api/json.ts';
import {builtIn} from '../kinds/all.ts';
import {metaSchemas} from '../schema/meta-schemas.ts';
import {publishedV3} from '../schema/openapi.ts';
import {gvkOf} from './openapi-names.ts';
import {withParts} from './openapi-parts.ts';
import {openApiV2} from './openapi-v2.ts';

const prefix = '#/components/schemas/';
const told = builtIn.map(kind => [kind, withParts(kind, publishedV3(kind.schema, gvkOf(kind)))] as const);
const all = new Map(told.flatMap(([, definitions]) => definitions));

function* references(value: Json): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && typeof value['$ref'] === 'string') yield value['$ref'];
  for (const inner of Object.values(value)) yield* references(inner);
}

test('every reference leads somewhere, in both documents', () => {
  for (const [name, definition] of all)
    for (const reference of references(definition)) {
      const to = reference.slice(prefix.length);
      assert.ok(all.has(to) || Object.hasOwn(metaSchemas, to), `${name} refers to ${reference}`);
    }
  const definitions: JsonObject = {};
  for (const part of openApiV2(builtIn, {published: publishedV3, meta: metaSchemas})) Object.assign(definitions, part.definitions);
  for (const reference of references(definitions))
    assert.ok(Object.hasOwn(definitions, reference.slice('#/definitions/'.length)), `${reference} in v2`);
});

test('a part that several kinds have is the same in all of them', () => {
  const undescribed = (value: Json): Json =>
    Array.isArray(value)
      ? value.map(undescribed)
      : isObject(value)
        ? Object.fromEntries(
            Object.entries(value).flatMap(([key, inner]) =>
              key === 'description' && typeof inner === 'string' ? [] : [[key, undescribed(inner)]],
            ),
          )
        : value;
  for (const [kind, definitions] of told)
    for (const [name, definition] of definitions)
      assert.deepEqual(undescribed(definition), undescribed(all.get(name) as JsonObject), `${name} in ${kind.names.kind}`);
});

test('no part of a kind of Kubernetes is without a name', () => {
  const nameless = (value: Json, path: string): string[] => {
    if (!isObject(value)) return [];
    const {properties, items} = value;
    const below = isObject(properties) ? Object.entries(properties).flatMap(([key, inner]) => inPlace(inner, `${path}.${key}`)) : [];
    return [...below, ...(items === undefined ? [] : inPlace(items, `${path}[]`))];
  };
  const inPlace = (value: Json, path: string): string[] =>
    dig(value, 'properties') ? [path, ...nameless(value, path)] : nameless(value, path);
  assert.deepEqual(
    [...all].flatMap(([name, definition]) => nameless(definition, name)),
    [],
  );
});

test('names are those of Kubernetes', () => {
  for (const [definition, field, name] of [
    ['io.k8s.api.core.v1.Namespace', 'spec', 'io.k8s.api.core.v1.NamespaceSpec'],
    ['io.k8s.api.events.v1.Event', 'regarding', 'io.k8s.api.core.v1.ObjectReference'],
    ['io.k8s.api.events.v1.Event', 'series', 'io.k8s.api.events.v1.EventSeries'],
    ['io.k8s.api.authorization.v1.LocalSubjectAccessReview', 'spec', 'io.k8s.api.authorization.v1.SubjectAccessReviewSpec'],
    ['io.k8s.api.admissionregistration.v1.MatchResources', 'namespaceSelector', 'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector'],
  ] as const)
    assert.deepEqual(dig(all.get(definition), 'properties', field, 'allOf'), [{$ref: prefix + name}], `${definition}.${field}`);
  const rules = dig(all.get('io.k8s.api.rbac.v1.Role'), 'properties', 'rules') as JsonObject;
  assert.deepEqual(dig(rules, 'items', 'allOf'), [{$ref: `${prefix}io.k8s.api.rbac.v1.PolicyRule`}]);
  assert.deepEqual([rules['type'], rules['x-kubernetes-list-type']], ['array', 'atomic']);
});
