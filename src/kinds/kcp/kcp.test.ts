import assert from 'node:assert/strict';
import {test} from 'node:test';
import {summary} from '../../api/field-error.ts';
import type {Json, JsonObject} from '../../api/json.ts';
import {asObject} from '../../api/object.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {system} from '../all.ts';
import type {Kind} from '../kind.ts';
import {apiBindingV1alpha1, apiBindingV1alpha2} from './api-binding.ts';
import {apiExportV1alpha1, apiExportV1alpha2} from './api-export.ts';
import {apiExportEndpointSlice} from './api-export-endpoint-slice.ts';
import {apiResourceSchema} from './api-resource-schema.ts';
import {logicalCluster} from './logical-cluster.ts';
import {partition, partitionSet} from './partitions.ts';
import {shard} from './shard.ts';
import {workspace} from './workspace.ts';
import {workspaceAuthenticationConfiguration} from './workspace-authentication-configuration.ts';
import {workspaceType} from './workspace-type.ts';

const judge = (kind: Kind, object: JsonObject): string => {
  const errors = kind.strategy.validate?.(object) ?? [];
  return errors.length ? summary(errors) : '';
};
const judgeUpdate = (kind: Kind, object: JsonObject, old: JsonObject): string => {
  const errors = kind.strategy.validateUpdate?.(object, old) ?? [];
  return errors.length ? summary(errors) : '';
};
const cells = (kind: Kind, object: JsonObject, now = 0): Json[] => kind.columns.map(c => c.cell(asObject(object), now));
const named = (name: string): JsonObject => ({metadata: {name}});
const broken = (path: string, text: string, type = 'object'): string => `${path}: Invalid value: "${type}": ${text}`;

test('kinds of kcp are custom resources of the whole workspace', () => {
  for (const k of system) {
    assert.deepEqual([k.namespaced, k.custom, k.strategy.generation, k.names.categories], [false, true, 'all', ['kcp']], k.names.kind);
    assert.equal(k.columns.at(-1)?.type === 'date' || k.columns.some(c => c.name === 'Age'), true);
  }
});

test('two versions of a kind have one name', () => {
  assert.deepEqual(apiBindingV1alpha1.names, apiBindingV1alpha2.names);
  assert.deepEqual(apiExportV1alpha1.names, apiExportV1alpha2.names);
});

test('names of workspaces and types', () => {
  const pattern = "metadata.name in body should match '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'";
  for (const kind of [workspace, workspaceType]) {
    assert.equal(judge(kind, named('a-1')), '');
    assert.equal(judge(kind, named('a.b')), `metadata.name: Invalid value: "a.b": ${pattern}`);
    assert.match(judge(kind, named('a'.repeat(64))), /^\[metadata\.name: Too long: may not be more than 63 bytes, /);
  }
  assert.equal(judge(workspace, named('any')), '');
  assert.equal(
    judge(workspaceType, named('any')),
    'metadata.name: Invalid value: "any": "metadata.name" must not validate the schema (not)',
  );
  assert.equal(judge(logicalCluster, named('cluster')), '');
  assert.equal(judge(logicalCluster, named('x')), 'metadata.name: Unsupported value: "x": supported values: "cluster"');
});

test('a workspace keeps what it is', () => {
  const old: JsonObject = {spec: {type: {name: 'universal', path: 'root'}, cluster: 'c', URL: 'u', mount: {ref: {name: 'a'}}}};
  const changed = (spec: JsonObject): string => judgeUpdate(workspace, {spec: {...(old['spec'] as JsonObject), ...spec}}, old);
  assert.equal(changed({URL: 'other'}), '');
  assert.equal(changed({cluster: 'd'}), broken('spec.cluster', 'cluster is immutable', 'string'));
  assert.equal(changed({type: {name: 'other', path: 'root'}}), broken('spec.type', 'name is immutable'));
  assert.equal(changed({type: {name: 'universal'}}), broken('spec.type', 'path is immutable'));
  assert.equal(changed({mount: {ref: {name: 'b'}}}), broken('spec.mount', 'mount is immutable'));
  assert.equal(
    judgeUpdate(workspace, {spec: {type: {name: 'universal', path: 'root'}}}, old),
    `[${broken('spec', 'URL cannot be unset')}, ${broken('spec', 'cluster cannot be unset')}]`,
  );
  assert.equal(judgeUpdate(workspace, old, {spec: {}}), '');
});

test('what tables show', () => {
  const metadata = {name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', labels: {region: 'eu'}};
  const now = Date.parse('2026-01-01T00:00:07Z');
  const status = {phase: 'Ready', URL: 'u', conditions: [{type: 'Ready', status: 'True'}], count: 2};
  const cases: readonly [Kind, JsonObject, Json[]][] = [
    [workspace, {spec: {type: {name: 'universal'}, URL: 'u'}}, ['universal', 'eu', 'Ready', 'u', '7s']],
    [logicalCluster, {}, ['Ready', 'u', '7s']],
    [shard, {spec: {baseURL: 'b'}}, ['eu', 'b', null, '7s']],
    [workspaceType, {}, ['7s']],
    [apiBindingV1alpha2, {}, ['7s', 'True']],
    [apiExportV1alpha1, {}, ['7s', null]],
    [apiExportV1alpha2, {}, ['7s']],
    [apiExportEndpointSlice, {spec: {export: {name: 'e'}}}, ['e', null, '7s']],
    [partition, {}, [null, '7s']],
    [partitionSet, {}, [2, '7s']],
  ];
  for (const [kind, object, expected] of cases)
    assert.deepEqual(cells(kind, {metadata, status, ...object}, now), expected, kind.names.kind);
  assert.deepEqual(cells(partition, {metadata: {ownerReferences: [{name: 'set'}]}})[0], 'set');
});

const defaultsOf = (schema: JsonSchema | undefined): Json | undefined => schema?.default;

test('defaults', () => {
  assert.deepEqual(defaultsOf(workspace.schema.properties?.['spec']), {});
  assert.equal(defaultsOf(workspace.schema.properties?.['status']?.properties?.['phase']), 'Scheduling');
  assert.equal(defaultsOf(logicalCluster.schema.properties?.['spec']?.properties?.['directlyDeletable']), false);
  assert.deepEqual(defaultsOf(workspaceType.schema.properties?.['spec']?.properties?.['defaultChildWorkspaceType']), {
    name: 'universal',
    path: 'root',
  });
  assert.deepEqual(defaultsOf(apiExportV1alpha2.schema.properties?.['spec']?.properties?.['resources']?.items?.properties?.['storage']), {
    crd: {},
  });
});

test('a binding keeps its reference, and its claims their selectors', () => {
  const reference = {export: {name: 'a'}};
  const claim = (resource: string, selector: JsonObject): JsonObject => ({group: '', resource, identityHash: '', selector});
  const old = {spec: {reference, permissionClaims: [claim('a', {matchAll: true})]}};
  for (const kind of [apiBindingV1alpha1, apiBindingV1alpha2])
    assert.equal(
      judgeUpdate(kind, {spec: {reference: {export: {name: 'b'}}}}, old),
      broken('spec.reference', 'APIExport reference must not be changed'),
    );
  const update = (claims: JsonObject[]): string => judgeUpdate(apiBindingV1alpha2, {spec: {reference, permissionClaims: claims}}, old);
  assert.equal(update([claim('b', {matchLabels: {}}), claim('a', {matchAll: true})]), '');
  assert.equal(update([]), '');
  assert.equal(
    update([claim('b', {}), claim('a', {matchLabels: {a: 'b'}})]),
    broken('spec.permissionClaims[1].selector', 'Permission claim selector is immutable'),
  );
});

test('old claims name all objects or some', () => {
  const path = 'spec.permissionClaims[0]';
  const claims = (claim: JsonObject): string => judge(apiBindingV1alpha1, {spec: {permissionClaims: [claim]}});
  assert.equal(claims({all: true}), '');
  assert.equal(claims({resourceSelector: [{name: 'a'}]}), '');
  assert.equal(claims({}), broken(path, 'either "all" or "resourceSelector" must be set'));
  assert.equal(claims({resourceSelector: [{}]}), broken(`${path}.resourceSelector[0]`, 'at least one field must be set'));
  assert.equal(judge(apiExportV1alpha1, {spec: {permissionClaims: [{}]}}), broken(path, 'either "all" or "resourceSelector" must be set'));
});

test('exported resources are stored in one way', () => {
  const resources = (storage: JsonObject): string => judge(apiExportV1alpha2, {spec: {resources: [{storage}]}});
  assert.equal(resources({crd: {}}), '');
  assert.equal(resources({crd: {}, virtual: {}}), broken('spec.resources[0].storage', 'Exactly one of crd or virtual must be set'));
});

test('schemas with several versions say how they convert', () => {
  const spec = (more: JsonObject): string => judge(apiResourceSchema, {spec: {versions: [{name: 'v1'}, {name: 'v2'}], ...more}});
  assert.equal(spec({conversion: {strategy: 'None'}}), '');
  assert.equal(spec({}), broken('spec', 'Conversion must be specified when multiple versions exist'));
  assert.equal(spec({conversion: {strategy: 'Webhook'}}), broken('spec.conversion', 'Webhook must be specified if strategy=Webhook'));
});

test('endpoints are for all shards or some', () => {
  const errors = apiExportEndpointSlice.strategy.validateStatus?.(
    {status: {endpoints: [{url: 'u', shards: {matchAll: true, selector: {}}}]}},
    {},
    'status',
  );
  assert.equal(summary(errors ?? []), broken('status.endpoints[0].shards', 'matchAll and selector are mutually exclusive'));
});

test('shards are divided by proper labels', () => {
  const set = (shardSelector: JsonObject): string => judge(partitionSet, {spec: {shardSelector}});
  assert.equal(set({matchLabels: {'a/b': 'c'}, matchExpressions: [{key: 'd', operator: 'Exists'}]}), '');
  assert.match(set({matchLabels: {'a/b/c': 'd'}}), /^spec\.shardSelector\.matchLabels: Invalid value: "object": Label key prefixes/);
  assert.match(set({matchLabels: {a: '-'}}), /^spec\.shardSelector\.matchLabels: Invalid value: "object": Label values are limited/);
  assert.match(
    set({matchExpressions: [{key: '-', operator: 'In', values: []}]}),
    /^\[spec\.shardSelector\.matchExpressions\[0\]: .*at least one value for In.*\.key: Invalid value: "string": Label key prefixes/,
  );
});

test('tokens become users in one way', () => {
  const jwt = (issuer: JsonObject): string => judge(workspaceAuthenticationConfiguration, {spec: {jwt: [issuer]}});
  const path = 'spec.jwt[0]';
  const username = {claim: 'sub', prefix: ''};
  assert.equal(jwt({claimMappings: {username, uid: {}}, claimValidationRules: [{claim: 'a', requiredValue: 'b'}]}), '');
  assert.equal(
    jwt({claimMappings: {username: {}}}),
    broken(`${path}.claimMappings.username`, 'either claim or expression must be specified'),
  );
  assert.equal(
    jwt({claimMappings: {username, uid: {claim: 'a', expression: 'b'}}}),
    broken(`${path}.claimMappings.uid`, 'claim and expression cannot both be specified'),
  );
  assert.equal(
    jwt({claimMappings: {username: {expression: 'a', prefix: 'b'}}}),
    broken(`${path}.claimMappings.username`, 'prefix can only be specified when claim is specified'),
  );
  assert.equal(
    jwt({claimValidationRules: [{expression: 'a', requiredValue: 'b', message: 'c'}]}),
    broken(`${path}.claimValidationRules[0]`, 'requiredValue can only be specified when claim is specified'),
  );
});
