/** Tables of built-in kinds: spec kubernetes-api 8.14, case 189. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Answer, Found} from '../support/api-client.ts';
import {newPlace, paths, succeeded} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, secrets, namespaces, widgets, leases} = paths;
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const made = async (path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
const admission = '/apis/admissionregistration.k8s.io/v1';

/** Columns of tables (spec kubernetes-api 8.14), those for wide tables in brackets. */
const tables: readonly [string, readonly string[]][] = [
  ['/api/v1/namespaces', ['Name', 'Status', 'Age']],
  ['/api/v1/configmaps', ['Name', 'Data', 'Age']],
  ['/api/v1/secrets', ['Name', 'Type', 'Data', 'Age']],
  ['/api/v1/serviceaccounts', ['Name', 'Secrets', 'Age']],
  ['/apis/coordination.k8s.io/v1/leases', ['Name', 'Holder', 'Age']],
  [`${rbac}/roles`, ['Name', 'Created At']],
  [`${rbac}/rolebindings`, ['Name', 'Role', 'Age', '[Users]', '[Groups]', '[ServiceAccounts]']],
  [`${rbac}/clusterroles`, ['Name', 'Created At']],
  [`${rbac}/clusterrolebindings`, ['Name', 'Role', 'Age', '[Users]', '[Groups]', '[ServiceAccounts]']],
  ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', ['Name', 'Created At']],
  [widgets, ['Name', 'Age']],
  ['/api/v1/events', ['Last Seen', 'Type', 'Reason', 'Object', '[Subobject]', '[Source]', 'Message', '[First Seen]', '[Count]', '[Name]']],
  [
    '/apis/events.k8s.io/v1/events',
    ['Last Seen', 'Type', 'Reason', 'Object', '[Subobject]', '[Source]', 'Message', '[First Seen]', '[Count]', '[Name]'],
  ],
  ['/api/v1/resourcequotas', ['Name', 'Request', 'Limit', 'Age']],
  [`${admission}/validatingwebhookconfigurations`, ['Name', 'Webhooks', 'Age']],
  [`${admission}/mutatingwebhookconfigurations`, ['Name', 'Webhooks', 'Age']],
  [`${admission}/validatingadmissionpolicies`, ['Name', 'Validations', 'ParamKind', 'Age']],
  [`${admission}/validatingadmissionpolicybindings`, ['Name', 'PolicyName', 'ParamRef', 'Age']],
  [`${admission}/mutatingadmissionpolicies`, ['Name', 'Mutations', 'ParamKind', 'Age']],
  [`${admission}/mutatingadmissionpolicybindings`, ['Name', 'PolicyName', 'ParamRef', 'Age']],
];

test('189 columns of tables', async () => {
  for (const [path, expected] of tables) {
    const answer = succeeded(await api.get(path, {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'}));
    const columns = answer.at('columnDefinitions') as {name: string; priority: number}[];
    assert.deepEqual(
      columns.map(({name, priority}) => (priority > 0 ? `[${name}]` : name)),
      expected,
      path,
    );
  }
});

const matchConstraints = {resourceRules: [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}]};
const hook = {
  name: 'a.example.com',
  clientConfig: {url: 'https://localhost:1/'},
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
};
const rolesRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view'};
const subjects = [
  {kind: 'User', name: 'u'},
  {kind: 'Group', name: 'g'},
  {kind: 'Group', name: 'h'},
  {kind: 'ServiceAccount', namespace: 't', name: 's'},
];
/** Objects, and the cells of their rows; what tells an age is left out. */
const rows: readonly (readonly [path: string, body: object, cells: readonly Found[]])[] = [
  [namespaces, {}, ['row', 'Active', 'age']],
  [configMaps, {data: {a: '', b: ''}, binaryData: {c: ''}}, ['row', 3, 'age']],
  [secrets, {type: 'x.io/x', data: {a: ''}}, ['row', 'x.io/x', 1, 'age']],
  ['/api/v1/namespaces/t/serviceaccounts', {secrets: [{name: 'a'}, {name: 'b'}]}, ['row', 2, 'age']],
  [
    '/api/v1/namespaces/t/events',
    {
      involvedObject: {kind: 'Pod', name: 'p', namespace: 't', fieldPath: 'spec'},
      reason: 'Why',
      message: ' m ',
      type: 'Normal',
      source: {component: 'c', host: 'h'},
    },
    ['<unknown>', 'Normal', 'Why', 'pod/p', 'spec', 'c, h', 'm', '<unknown>', 1, 'row'],
  ],
  [leases, {spec: {holderIdentity: 'me'}}, ['row', 'me', 'age']],
  [`${rbac}/namespaces/t/roles`, {rules: []}, ['row', 'time']],
  [`${rbac}/clusterroles`, {rules: []}, ['row', 'time']],
  [`${rbac}/namespaces/t/rolebindings`, {roleRef: rolesRef, subjects}, ['row', 'ClusterRole/view', 'age', 'u', 'g, h', 't/s']],
  [`${rbac}/clusterrolebindings`, {roleRef: rolesRef, subjects}, ['row', 'ClusterRole/view', 'age', 'u', 'g, h', 't/s']],
  [widgets, {apiVersion: 'example.com/v1', kind: 'Widget', spec: {name: 'n'}}, ['row', 'age']],
  [`${admission}/validatingwebhookconfigurations`, {webhooks: [hook]}, ['row', 1, 'age']],
  [`${admission}/mutatingwebhookconfigurations`, {webhooks: [hook, {...hook, name: 'b.example.com'}]}, ['row', 2, 'age']],
  [
    `${admission}/validatingadmissionpolicies`,
    {spec: {paramKind: {apiVersion: 'v1', kind: 'ConfigMap'}, matchConstraints, validations: [{expression: 'true'}]}},
    ['row', 1, 'v1/ConfigMap', 'age'],
  ],
  [
    `${admission}/validatingadmissionpolicybindings`,
    {spec: {policyName: 'p', validationActions: ['Audit'], paramRef: {name: 'x', parameterNotFoundAction: 'Allow'}}},
    ['row', 'p', '*/x', 'age'],
  ],
  [
    `${admission}/mutatingadmissionpolicies`,
    {
      spec: {
        matchConstraints,
        reinvocationPolicy: 'Never',
        mutations: [{patchType: 'ApplyConfiguration', applyConfiguration: {expression: 'Object{}'}}],
      },
    },
    ['row', 1, '<unset>', 'age'],
  ],
  [`${admission}/mutatingadmissionpolicybindings`, {spec: {policyName: 'p'}}, ['row', 'p', '<unset>', 'age']],
];

test('189 cells of tables', async () => {
  const asTable = {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'};
  for (const [path, body, expected] of rows) {
    await made(path, {...body, metadata: {name: 'row'}});
    const cells = succeeded(await api.get(`${path}/row`, asTable)).at('rows', 0, 'cells') as Found[];
    const shown = cells.map((cell, i) =>
      expected[i] === 'age' && /^\d+s$/.test(String(cell))
        ? 'age'
        : expected[i] === 'time' && !Number.isNaN(Date.parse(String(cell)))
          ? 'time'
          : cell,
    );
    assert.deepEqual(shown, expected, path);
  }
});

test('189 a quota shows what is used of what', async () => {
  const path = `${namespaces}/row/resourcequotas`;
  await made(path, {metadata: {name: 'row'}, spec: {hard: {'count/configmaps': 2000, 'limits.cpu': '1500m'}}});
  const asTable = {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'};
  await plane.eventually(async () => {
    const cells = (await api.get(`${path}/row`, asTable)).at('rows', 0, 'cells') as Found[];
    assert.deepEqual(cells.slice(0, 3), ['row', 'count/configmaps: 1/2k', 'limits.cpu: 0/1500m']);
  });
});
