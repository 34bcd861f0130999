import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, isObject} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import type {Kind} from '../kinds/kind.ts';
import {openApiIndex, openApiOf} from './openapi.ts';
import {configMaps, custom, kind, namespaces, reviews, sampleSchemas, widgets} from './sample-kinds.suite.ts';

const roles = kind('rbac.authorization.k8s.io', 'v1', 'Role');
const definitions = custom('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', {namespaced: false, custom: false});
const gadgets = custom('example.com', 'v1', 'Gadget', {namespaced: false, selectable: ['spec.color']});
const kinds: readonly Kind[] = [namespaces, configMaps, roles, reviews, definitions, widgets, gadgets];
const openApi = openApiOf(kinds, sampleSchemas);

const parsed = (texts: Iterable<string>): JsonObject => parse([...texts].join('')) as JsonObject;
const document = (path: string): JsonObject => {
  const found = openApi.document(path);
  assert.ok(found, path);
  return parsed(found);
};

type Found = {readonly path: string; readonly method: string; readonly operation: JsonObject};

const operationsIn = (doc: JsonObject): Found[] =>
  Object.entries(doc['paths'] as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).flatMap(([method, operation]) => (isObject(operation) ? [{path, method, operation}] : [])),
  );

const parameterNames = (operation: JsonObject): Json[] => (operation['parameters'] as JsonObject[]).map(p => p['name'] as Json);

/** All references, wherever they are. */
function* references(value: Json): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && typeof value['$ref'] === 'string') yield value['$ref'];
  for (const inner of Object.values(value)) yield* references(inner);
}

test('the index names every document, with its hash', () => {
  assert.deepEqual(openApi.paths, [
    '.well-known/openid-configuration',
    'api',
    'api/v1',
    'apis',
    'apis/apiextensions.k8s.io',
    'apis/apiextensions.k8s.io/v1',
    'apis/authentication.k8s.io',
    'apis/authentication.k8s.io/v1',
    'apis/example.com',
    'apis/example.com/v1',
    'apis/rbac.authorization.k8s.io',
    'apis/rbac.authorization.k8s.io/v1',
    'openid/v1/jwks',
    'version',
  ]);
  assert.deepEqual(parsed(openApiIndex(['api/v1'], path => `H(${path})`)), {
    paths: {'api/v1': {serverRelativeURL: '/openapi/v3/api/v1?hash=H(api/v1)'}},
  });
  for (const path of ['', 'apis/apps', 'apis/example.com/v2', 'constructor']) assert.equal(openApi.document(path), undefined, path);
});

test('every document is complete in itself, and says what OpenAPI demands', () => {
  for (const path of openApi.paths) {
    const doc = document(path);
    assert.equal(doc['openapi'], '3.0.0', path);
    assert.ok(dig(doc, 'info', 'title') && dig(doc, 'info', 'version'), path);
    for (const ref of references(doc)) assert.ok(dig(doc, ...ref.slice(2).split('/')), `${path}: ${ref}`);
    const ids = operationsIn(doc).map(({operation}) => operation['operationId']);
    assert.ok(ids.length > 0 && ids.every(Boolean), path);
    assert.equal(new Set(ids).size, ids.length, `${path}: operation ids are unique`);
    for (const {path: url, operation} of operationsIn(doc)) {
      assert.ok(dig(operation, 'responses', '200'), url);
      const inPath = [...url.matchAll(/\{(\w+)\}/g)].map(m => m[1]);
      const declared = dig(doc, 'paths', url, 'parameters') as JsonObject[] | undefined;
      assert.deepEqual(
        (declared ?? [])
          .filter(p => p['in'] === 'path')
          .map(p => p['name'])
          .sort(),
        inPath.sort(),
        url,
      );
    }
  }
});

test('the URLs and operations of a namespaced, a cluster-wide and a virtual kind', () => {
  const table = (path: string): string[] =>
    operationsIn(document(path)).map(({path: url, method, operation}) =>
      [method, url, operation['x-kubernetes-action'], operation['operationId']].join(' '),
    );
  const at = '/api/v1/namespaces';
  assert.deepEqual(table('api/v1'), [
    `get ${at}/{namespace}/configmaps list listCoreV1NamespacedConfigMap`,
    `post ${at}/{namespace}/configmaps post createCoreV1NamespacedConfigMap`,
    `delete ${at}/{namespace}/configmaps deletecollection deleteCoreV1CollectionNamespacedConfigMap`,
    `get /api/v1/configmaps list listCoreV1ConfigMapForAllNamespaces`,
    `get ${at}/{namespace}/configmaps/{name} get readCoreV1NamespacedConfigMap`,
    `put ${at}/{namespace}/configmaps/{name} put replaceCoreV1NamespacedConfigMap`,
    `patch ${at}/{namespace}/configmaps/{name} patch patchCoreV1NamespacedConfigMap`,
    `delete ${at}/{namespace}/configmaps/{name} delete deleteCoreV1NamespacedConfigMap`,
    `get ${at} list listCoreV1Namespace`,
    `post ${at} post createCoreV1Namespace`,
    `get ${at}/{name} get readCoreV1Namespace`,
    `put ${at}/{name} put replaceCoreV1Namespace`,
    `patch ${at}/{name} patch patchCoreV1Namespace`,
    `delete ${at}/{name} delete deleteCoreV1Namespace`,
    `put ${at}/{name}/finalize put replaceCoreV1NamespaceFinalize`,
    `get ${at}/{name}/status get readCoreV1NamespaceStatus`,
    `put ${at}/{name}/status put replaceCoreV1NamespaceStatus`,
    `patch ${at}/{name}/status patch patchCoreV1NamespaceStatus`,
  ]);
  assert.deepEqual(table('apis/authentication.k8s.io/v1'), [
    'post /apis/authentication.k8s.io/v1/tokenreviews post createAuthenticationV1TokenReview',
  ]);
});

test('writes offer dry run and field validation, patches also force: what kubectl looks for', () => {
  for (const path of openApi.paths) {
    for (const {path: url, method, operation} of operationsIn(document(path))) {
      if (!['post', 'put', 'patch'].includes(method)) continue;
      const names = ['dryRun', 'fieldManager', 'fieldValidation', ...(method === 'patch' ? ['force'] : [])];
      assert.deepEqual(parameterNames(operation), names, url);
    }
  }
});

test('only built-in kinds offer strategic merge patches', () => {
  for (const {path, operation} of [...operationsIn(document('api/v1')), ...operationsIn(document('apis/example.com/v1'))]) {
    if (operation['x-kubernetes-action'] !== 'patch') continue;
    const mediaTypes = Object.keys(dig(operation, 'requestBody', 'content') as JsonObject);
    assert.equal(mediaTypes.includes('application/strategic-merge-patch+json'), path.startsWith('/api/'), path);
    for (const type of ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'])
      assert.ok(mediaTypes.includes(type), `${path} ${type}`);
  }
});

test('explain finds the operation of a kind, and its schema', () => {
  for (const {group, version, namespaced, names} of kinds) {
    const root = group ? `apis/${group}/${version}` : 'api/v1';
    const doc = document(root);
    const url = `/${root}${namespaced ? '/namespaces/{namespace}' : ''}/${names.plural}`;
    const gvk = {group, version, kind: names.kind};
    assert.deepEqual(dig(doc, 'paths', url, 'post', 'x-kubernetes-group-version-kind'), gvk, url);
    const schemas = Object.values(dig(doc, 'components', 'schemas') as JsonObject);
    const fits = (schema: Json): boolean =>
      JSON.stringify(dig(schema, 'x-kubernetes-group-version-kind'))?.includes(JSON.stringify(gvk)) ?? false;
    assert.equal(schemas.filter(fits).length, 1, names.kind);
  }
});

test('definitions are named as in Go, or by the reversed group', () => {
  const names = (path: string): string[] =>
    Object.keys(dig(document(path), 'components', 'schemas') as JsonObject).filter(name => !name.includes('.meta.'));
  assert.deepEqual(names('apis/rbac.authorization.k8s.io/v1'), ['io.k8s.api.rbac.v1.Role', 'io.k8s.api.rbac.v1.RoleList']);
  assert.deepEqual(names('apis/authentication.k8s.io/v1'), ['io.k8s.api.authentication.v1.TokenReview']);
  const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';
  assert.deepEqual(names('apis/apiextensions.k8s.io/v1'), [crd, `${crd}List`]);
  assert.deepEqual(names('apis/example.com/v1'), [
    'com.example.v1.Gadget',
    'com.example.v1.GadgetList',
    'com.example.v1.Widget',
    'com.example.v1.WidgetList',
    'io.k8s.api.autoscaling.v1.Scale',
    'io.k8s.api.autoscaling.v1.ScaleSpec',
    'io.k8s.api.autoscaling.v1.ScaleStatus',
  ]);
});

test('a source without the definitions that operations refer to is our mistake', () => {
  const {published, meta} = sampleSchemas;
  const {'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': _, ...incomplete} = meta;
  assert.throws(() => [...(openApiOf(kinds, {published, meta: incomplete}).document('api/v1') ?? [])], /no definition of Patch/);
});

test('lists, scales and selectable fields', () => {
  const schemas = dig(document('apis/example.com/v1'), 'components', 'schemas') as JsonObject;
  const selectable = [{fieldPath: 'spec.color'}];
  for (const name of ['com.example.v1.Gadget', 'com.example.v1.GadgetList'])
    assert.deepEqual(dig(schemas[name], 'x-kubernetes-selectable-fields'), selectable, name);
  assert.equal(dig(schemas['com.example.v1.Widget'], 'x-kubernetes-selectable-fields'), undefined);
  assert.deepEqual(dig(schemas['com.example.v1.GadgetList'], 'properties', 'items', 'items'), {
    $ref: '#/components/schemas/com.example.v1.Gadget',
  });
  const scale = dig(document('apis/example.com/v1'), 'paths', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/scale', 'put');
  assert.deepEqual(dig(scale, 'x-kubernetes-group-version-kind'), {group: 'autoscaling', version: 'v1', kind: 'Scale'});
});

test('a delete answers with the object where the kind says so', () => {
  const secretive = openApiOf([kind('', 'v1', 'ServiceAccount', {strategy: {returnsDeleted: true}}), configMaps], sampleSchemas);
  const answer = (plural: string): Json | undefined =>
    dig(
      parsed(secretive.document('api/v1') ?? []),
      ...['paths', `/api/v1/namespaces/{namespace}/${plural}/{name}`, 'delete', 'responses', '200', 'content', 'application/json'],
      ...['schema', '$ref'],
    );
  assert.equal(answer('serviceaccounts'), '#/components/schemas/io.k8s.api.core.v1.ServiceAccount');
  assert.equal(answer('configmaps'), '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Status');
});

test('a definition whose name is that of a shared one is told once, as the shared one', () => {
  const [name] = Object.keys(sampleSchemas.meta) as [string];
  const [kindName, version, ...group] = name.split('.').reverse() as [string, string, ...string[]];
  const hostile = custom(group.join('.'), version, kindName, {schema: {type: 'object', description: 'hostile'}});
  const text = [...(openApiOf([hostile], sampleSchemas).document(`apis/${hostile.group}/${version}`) ?? [])].join('');
  assert.equal(text.split(`${JSON.stringify(name)}:{`).length, 2);
  assert.deepEqual(dig(parse(text), 'components', 'schemas', name), sampleSchemas.meta[name]);
});
