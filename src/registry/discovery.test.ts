import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Json, JsonObject} from '../api/json.ts';
import {dig} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import type {Kind} from '../kinds/kind.ts';
import type {Discovery} from './discovery.ts';
import {discoveryOf} from './discovery.ts';
import {configMaps, custom, kind, namespaces, reviews, widgets} from './sample-kinds.suite.ts';

const discovery = discoveryOf([
  namespaces,
  configMaps,
  kind('rbac.authorization.k8s.io', 'v1', 'Role'),
  reviews,
  kind('events.k8s.io', 'v1', 'Event'),
  custom('tenancy.kcp.io', 'v1alpha1', 'Workspace'),
  widgets,
  custom('example.com', 'v1alpha1', 'Gadget'),
  custom('example.com', 'v2', 'Gadget'),
]);

const parsed = (texts: Iterable<string>): JsonObject => parse([...texts].join('')) as JsonObject;
const aggregated = (of: Discovery, part: 'core' | 'groups'): JsonObject => parsed(of.aggregated(part));
const resourceList = (of: Discovery, group: string, version: string): JsonObject | undefined => {
  const texts = of.apiResourceList(group, version);
  return texts && parsed(texts);
};
const objects = (value: Json | undefined): JsonObject[] => value as JsonObject[];
const namesIn = (document: JsonObject, list: string): unknown[] =>
  objects(document[list]).map(item => item['name'] ?? dig(item, 'metadata', 'name'));

test('/api names the core version, and has no apiVersion itself', () => {
  assert.deepEqual(discovery.apiVersions('localhost:6443'), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{clientCIDR: '0.0.0.0/0', serverAddress: 'localhost:6443'}],
  });
});

test('the root lists every path once', () => {
  assert.deepEqual(discoveryOf([configMaps, namespaces, reviews, widgets]).rootPaths(['/version', '/healthz', '/api']), {
    paths: [
      ...['/api', '/api/v1', '/apis', '/apis/', '/apis/authentication.k8s.io', '/apis/authentication.k8s.io/v1'],
      ...['/apis/example.com', '/apis/example.com/v1', '/healthz', '/version'],
    ],
  });
});

test('groups come in the order of Kubernetes, then by name; both forms agree, and core is apart', () => {
  const order = ['events.k8s.io', 'authentication.k8s.io', 'rbac.authorization.k8s.io', 'example.com', 'tenancy.kcp.io'];
  assert.deepEqual(namesIn(discovery.apiGroupList(), 'groups'), order);
  assert.deepEqual(namesIn(aggregated(discovery, 'groups'), 'items'), order);
  assert.deepEqual(namesIn(aggregated(discovery, 'core'), 'items'), [undefined]);
});

test('a group prefers its best version', () => {
  assert.deepEqual(discovery.apiGroup('example.com'), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'example.com',
    versions: [
      {groupVersion: 'example.com/v2', version: 'v2'},
      {groupVersion: 'example.com/v1', version: 'v1'},
      {groupVersion: 'example.com/v1alpha1', version: 'v1alpha1'},
    ],
    preferredVersion: {groupVersion: 'example.com/v2', version: 'v2'},
  });
});

test('the core resources: sorted, with subresources behind their parent', () => {
  assert.deepEqual(resourceList(discovery, '', 'v1'), {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'configmaps',
        singularName: 'configmap',
        namespaced: true,
        kind: 'ConfigMap',
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
        shortNames: ['cm'],
        storageVersionHash: 'qFsyl6wFWjQ=',
      },
      {
        name: 'namespaces',
        singularName: 'namespace',
        namespaced: false,
        kind: 'Namespace',
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
        shortNames: ['ns'],
        storageVersionHash: 'Q3oi5N2YM8M=',
      },
      {name: 'namespaces/finalize', singularName: '', namespaced: false, kind: 'Namespace', verbs: ['update']},
      {name: 'namespaces/status', singularName: '', namespaced: false, kind: 'Namespace', verbs: ['get', 'patch', 'update']},
    ],
  });
});

test('custom resources keep the order of their verbs; scale is a kind of another group', () => {
  assert.deepEqual(resourceList(discovery, 'example.com', 'v1'), {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'example.com/v1',
    resources: [
      {
        name: 'widgets',
        singularName: 'widget',
        namespaced: true,
        kind: 'Widget',
        verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
        categories: ['all'],
        storageVersionHash: 'gIwvi5rymmg=',
      },
      {name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get', 'patch', 'update']},
      {
        name: 'widgets/scale',
        singularName: '',
        namespaced: true,
        group: 'autoscaling',
        version: 'v1',
        kind: 'Scale',
        verbs: ['get', 'patch', 'update'],
      },
    ],
  });
});

test('the storage version is told where it is known', () => {
  const hash = (group: string, version: string): unknown =>
    objects(resourceList(discovery, group, version)?.['resources'])[0]?.['storageVersionHash'];
  assert.equal(hash('events.k8s.io', 'v1'), 'r2yiGXH7wu8=', 'stored as core events');
  assert.equal(hash('authentication.k8s.io', 'v1'), undefined, 'never stored');
  assert.equal(hash('example.com', 'v2'), undefined, 'the definition may store either version');
});

test('the aggregated form of the core group has no name', () => {
  const [core] = objects(aggregated(discovery, 'core')['items']);
  const resources = objects(objects(core?.['versions'])[0]?.['resources']);
  assert.deepEqual(aggregated(discovery, 'core'), {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [{metadata: {}, versions: [{version: 'v1', resources, freshness: 'Current'}]}],
  });
  const part = {responseKind: {group: '', version: 'v1', kind: 'Namespace'}};
  assert.deepEqual(resources[1], {
    resource: 'namespaces',
    ...part,
    scope: 'Cluster',
    singularResource: 'namespace',
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: ['ns'],
    subresources: [
      {subresource: 'finalize', ...part, verbs: ['update']},
      {subresource: 'status', ...part, verbs: ['get', 'patch', 'update']},
    ],
  });
});

test('what is not served has no document', () => {
  assert.equal(discovery.apiGroup(''), undefined, 'the core group');
  for (const group of ['apps', 'constructor', '__proto__']) assert.equal(discovery.apiGroup(group), undefined, group);
  assert.equal(resourceList(discovery, 'example.com', 'v3'), undefined);
  const empty = discoveryOf([]);
  assert.deepEqual(empty.apiGroupList()['groups'], []);
  assert.deepEqual(aggregated(empty, 'core')['items'], []);
  assert.equal(resourceList(empty, '', 'v1'), undefined);
});

test('the documents do not depend on the order of definitions', () => {
  const some = [widgets, namespaces, reviews, custom('a.dev', 'v1', 'A'), custom('a.dev', 'v1', 'B'), custom('a.dev', 'v1beta1', 'B')];
  const print = (kinds: readonly Kind[]): string => {
    const d = discoveryOf(kinds);
    return JSON.stringify([d.apiGroupList(), aggregated(d, 'core'), aggregated(d, 'groups'), resourceList(d, 'a.dev', 'v1')]);
  };
  fc.assert(
    fc.property(fc.shuffledSubarray(some, {minLength: some.length}), shuffled => assert.equal(print(shuffled), print(some))),
    {numRuns: 30},
  );
});
