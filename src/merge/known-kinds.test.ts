import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {JsonObject} from '../api/json.ts';
import type {JsonSchema} from '../schema/json-schema.ts';
import {mergeSchemaOf} from './known-kinds.ts';
import {strategicPatch} from './strategic.ts';

/** The lists that merge, as `path: key`. */
function merging(schema: JsonSchema | undefined, path = ''): readonly string[] {
  const own = schema?.['x-kubernetes-patch-strategy'] === 'merge' ? [`${path}: ${schema['x-kubernetes-patch-merge-key'] ?? ''}`] : [];
  const inner = Object.entries(schema?.properties ?? {}).flatMap(([name, property]) => merging(property, path ? `${path}.${name}` : name));
  return [...own, ...inner, ...(schema?.items ? merging(schema.items, `${path}[]`) : [])];
}

const kinds: readonly [string, string, readonly string[]][] = [
  ['v1', 'Service', ['spec.ports: port', 'status.conditions: type']],
  ['v1', 'Node', ['spec.podCIDRs: ', 'status.conditions: type', 'status.addresses: type']],
  ['batch/v1', 'CronJob', ['spec.jobTemplate.spec.template.spec.containers[].env: name']],
  [
    'apps/v1',
    'Deployment',
    [
      'status.conditions: type',
      'spec.template.metadata.finalizers: ',
      'spec.template.spec.containers: name',
      'spec.template.spec.containers[].ports: containerPort',
      'spec.template.spec.initContainers[].volumeMounts: mountPath',
      'spec.template.spec.topologySpreadConstraints: topologyKey',
      'spec.template.spec.hostAliases: ip',
    ],
  ],
];

test('lists merge by the keys of Kubernetes', () => {
  for (const [apiVersion, kind, wanted] of kinds) {
    const found = merging(mergeSchemaOf(apiVersion, kind));
    for (const list of wanted) assert.ok(found.includes(list), `${kind} ${list}`);
    assert.ok(!found.some(list => list.includes('tolerations')), kind);
  }
  assert.deepEqual(merging(mergeSchemaOf('autoscaling/v1', 'HorizontalPodAutoscaler')), []);
  assert.deepEqual(merging(mergeSchemaOf('autoscaling/v2', 'HorizontalPodAutoscaler')), ['status.conditions: type']);
});

test('other kinds, versions and parts are unknown', () => {
  for (const [apiVersion, kind] of [
    ['example.com/v1', 'Deployment'],
    ['apps/v1beta1', 'Deployment'],
    ['v1', 'Container'],
  ] as const)
    assert.equal(mergeSchemaOf(apiVersion, kind), undefined);
});

const pod = (spec: JsonObject): JsonObject => ({spec: {template: {spec}}});

test("a Deployment's pods are patched as in Kubernetes", () => {
  const live = pod({
    containers: [
      {name: 'a', image: 'a:1', env: [{name: 'X', value: '1'}]},
      {name: 'b', image: 'b:1'},
    ],
    volumes: [{name: 'v', emptyDir: {}}],
    tolerations: [{key: 'old'}],
  });
  const patch = pod({
    containers: [
      {name: 'b', $patch: 'delete'},
      {name: 'a', image: 'a:2', env: [{name: 'Y', value: '2'}]},
    ],
    volumes: [{name: 'v', $retainKeys: ['name', 'configMap'], configMap: {name: 'c'}}],
    tolerations: [{key: 'new'}],
  });
  const wanted = pod({
    containers: [
      {
        name: 'a',
        image: 'a:2',
        env: [
          {name: 'Y', value: '2'},
          {name: 'X', value: '1'},
        ],
      },
    ],
    volumes: [{name: 'v', configMap: {name: 'c'}}],
    tolerations: [{key: 'new'}],
  });
  assert.deepEqual(strategicPatch(live, patch, mergeSchemaOf('apps/v1', 'Deployment') ?? {}), wanted);
});

test('the selector of a PodDisruptionBudget is replaced', () => {
  const budget = (matchLabels: JsonObject): JsonObject => ({spec: {selector: {matchLabels}}});
  const schema = mergeSchemaOf('policy/v1', 'PodDisruptionBudget') ?? {};
  assert.deepEqual(strategicPatch(budget({a: '1'}), budget({b: '2'}), schema), budget({b: '2'}));
});
