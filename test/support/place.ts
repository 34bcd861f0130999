import assert from 'node:assert/strict';
import type {Answer, Api} from './api-client.ts';
import type {TestPlane} from './plane.ts';

/** Where the cases of the API look: namespace `t` of a workspace of their own. */
export const paths = {
  namespaces: '/api/v1/namespaces',
  configMaps: '/api/v1/namespaces/t/configmaps',
  secrets: '/api/v1/namespaces/t/secrets',
  leases: '/apis/coordination.k8s.io/v1/namespaces/t/leases',
  definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  widgets: '/apis/example.com/v1/namespaces/t/widgets',
} as const;

const made = new WeakMap<TestPlane, number>();

/** A new workspace with the namespace `t` and the definition of widgets. */
export async function newPlace(plane: TestPlane): Promise<Api> {
  const number = (made.get(plane) ?? 0) + 1;
  made.set(plane, number);
  const api = await plane.workspace(`place-${number}`);
  succeeded(await api.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await api.post(paths.definitions, widgetDefinition()), 201);
  return api;
}

export const configMap = (name: string, data: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {name, ...metadata},
  data,
});

export const widget = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: {name, ...metadata},
  spec: {name: 'n', ...spec},
});

export const widgetSpecSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    replicas: {type: 'integer', default: 1},
    name: {type: 'string'},
    tags: {type: 'array', 'x-kubernetes-list-type': 'set', items: {type: 'string'}},
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
      items: {type: 'object', required: ['port'], properties: {port: {type: 'integer'}, protocol: {type: 'string'}}},
    },
  },
};

export const widgetSchema = (spec: object = widgetSpecSchema): object => ({
  type: 'object',
  properties: {spec, status: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
});

export const widgetVersion = (name = 'v1', more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: {openAPIV3Schema: widgetSchema()},
  subresources: {status: {}},
  ...more,
});

/** The definition most cases speak of: widgets.example.com, namespaced, with a status. `spec` replaces fields of its spec. */
export const widgetDefinition = (spec: object = {}, metadata: object = {}): object => definition('widgets', 'Widget', spec, metadata);

export const definition = (plural: string, kind: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {name: `${plural}.example.com`, ...metadata},
  spec: {group: 'example.com', scope: 'Namespaced', names: {plural, kind}, versions: [widgetVersion()], ...spec},
});

/** Demands a status, and gives the answer back. */
export function succeeded(answer: Answer, status = 200): Answer {
  assert.equal(answer.status, status, answer.text);
  return answer;
}

/** Demands a failure told by a Status: its code, a text or pattern in `reason: message`, and the fields its causes name. */
export function refused(answer: Answer, status: number, problem: string | RegExp, fields?: readonly string[]): Answer {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.at('kind'), 'Status');
  assert.equal(answer.at('status'), 'Failure');
  assert.equal(answer.at('code'), status);
  if (typeof problem === 'string') assert.ok(answer.problem.includes(problem), `${answer.problem}\ndoes not say\n${problem}`);
  else assert.match(answer.problem, problem);
  if (fields) assert.deepEqual(answer.fields, fields);
  return answer;
}
