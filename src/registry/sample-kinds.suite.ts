import type {JsonObject} from '../api/json.ts';
import type {Kind, KindNames, Verb} from '../kinds/kind.ts';
import {allVerbs} from '../kinds/kind.ts';
import type {SchemaSource} from './openapi-schemas.ts';

/** Kinds for the tests of this room. */

type Given = Partial<Omit<Kind, 'names'>> & {readonly names?: Partial<KindNames>};

export function kind(group: string, version: string, name: string, given: Given = {}): Kind {
  const singular = name.toLowerCase();
  return {
    group,
    version,
    namespaced: true,
    verbs: allVerbs,
    schema: {type: 'object'},
    subresources: {},
    columns: [],
    strategy: {},
    custom: false,
    ...given,
    names: {kind: name, listKind: `${name}List`, plural: `${singular}s`, singular, shortNames: [], categories: [], ...given.names},
  };
}

const customVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
export const custom = (group: string, version: string, name: string, given: Given = {}): Kind =>
  kind(group, version, name, {custom: true, verbs: customVerbs, ...given});

export const namespaces = kind('', 'v1', 'Namespace', {
  namespaced: false,
  verbs: ['watch', 'create', 'delete', 'get', 'list', 'patch', 'update'],
  names: {shortNames: ['ns']},
  subresources: {status: true, finalize: true},
});
export const configMaps = kind('', 'v1', 'ConfigMap', {names: {shortNames: ['cm']}});
export const reviews = kind('authentication.k8s.io', 'v1', 'TokenReview', {
  namespaced: false,
  verbs: ['create'],
  strategy: {virtual: true},
});
const scale = {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'};
export const widgets = custom('example.com', 'v1', 'Widget', {names: {categories: ['all']}, subresources: {status: true, scale}});

const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const ownerReference = {$ref: `#/components/schemas/${metaName}.OwnerReference`};

/** Schemas short enough to look at, in the shape that the room of schemas publishes. */
export const sampleSchemas: SchemaSource = {
  published: (schema, {group, version, kind: name}) => ({
    ...(schema as JsonObject),
    properties: {
      apiVersion: {type: 'string'},
      kind: {type: 'string'},
      metadata: {$ref: `#/components/schemas/${metaName}.ObjectMeta`},
      ...(schema.properties as JsonObject | undefined),
    },
    'x-kubernetes-group-version-kind': [{group, version, kind: name}],
  }),
  meta: {
    [`${metaName}.ObjectMeta`]: {
      type: 'object',
      properties: {name: {type: 'string', default: ''}, ownerReferences: {type: 'array', items: {allOf: [ownerReference], default: {}}}},
    },
    [`${metaName}.OwnerReference`]: {type: 'object', required: ['uid'], properties: {uid: {type: 'string'}}},
    ...Object.fromEntries(['ListMeta', 'Status', 'DeleteOptions', 'Patch'].map(name => [`${metaName}.${name}`, {type: 'object'}])),
  },
};
