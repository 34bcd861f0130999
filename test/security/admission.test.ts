/** Rules hold on every way to an object (spec reliability-and-security B3). */
import assert from 'node:assert/strict';
import {after, beforeEach, test} from 'node:test';
import type {JsonObject} from '../../src/api/json.ts';
import {dig} from '../../src/api/json.ts';
import type {Answer, Api} from '../support/api-client.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetDefinition, widgetVersion} from '../support/place.ts';
import {inProcess, isStarted, startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(async () => {
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const {configMaps, secrets, widgets} = paths;
const applied = {'content-type': 'application/apply-patch+yaml'};
const merged = {'content-type': 'application/merge-patch+json'};

const url = 'https://rules.example/review';
/** What the webhook was told, and what it says to it; for planes in this process. */
let reviews: JsonObject[] = [];
let forbids: (object: JsonObject) => boolean = () => false;
if (!isStarted)
  plane.webhooks.at(url, review => {
    const request = dig(review, 'request') as JsonObject;
    reviews.push(request);
    const allowed = !forbids((request['object'] ?? {}) as JsonObject);
    return {apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: {uid: request['uid'] as string, allowed}};
  });
beforeEach(() => {
  reviews = [];
  forbids = () => false;
});

/** Asks the webhook about everything there is. */
async function ruled(): Promise<Api> {
  const api = await newPlace(plane);
  succeeded(await api.del(`${paths.definitions}/widgets.example.com`));
  await plane.eventually(async () => (await api.get(`${paths.definitions}/widgets.example.com`)).status === 404);
  const scale = {specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas'};
  succeeded(
    await api.post(paths.definitions, widgetDefinition({versions: [widgetVersion('v1', {subresources: {status: {}, scale}})]})),
    201,
  );
  await plane.eventually(async () => (await api.get(widgets)).status === 200);
  const rules = [{apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'], scope: '*'}];
  const webhook = {
    name: 'all.example.com',
    clientConfig: {url},
    rules,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Fail',
  };
  succeeded(
    await api.post('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: {name: 'all'},
      webhooks: [webhook],
    }),
    201,
  );
  return api;
}

test('CVE-2016-1905 what a rule forbids is not reached by a patch of any kind, nor by a subresource', inProcess, async () => {
  const api = await ruled();
  for (const path of [`${configMaps}/m`, `${widgets}/w`]) {
    const isWidget = path.endsWith('/w');
    succeeded(await api.post(isWidget ? widgets : configMaps, isWidget ? widget('w') : configMap('m')), 201);
    const whole = (labels: object, resourceVersion?: unknown): object => ({
      ...(isWidget ? widget('w') : configMap('m')),
      metadata: {name: path.slice(-1), labels, ...(resourceVersion !== undefined && {resourceVersion})},
    });
    forbids = object => dig(object, 'metadata', 'labels', 'bad') !== undefined;
    const ways: readonly (readonly [string, () => Promise<Answer>])[] = [
      ['update', async () => api.put(path, whole({bad: '1'}, succeeded(await api.get(path)).at('metadata', 'resourceVersion')))],
      ['merge patch', () => api.patch(path, {metadata: {labels: {bad: '1'}}})],
      ['JSON patch', () => api.patch(path, [{op: 'add', path: '/metadata/labels', value: {bad: '1'}}], jsonPatch)],
      [
        'JSON patch that copies',
        () =>
          api.patch(
            path,
            [
              {op: 'add', path: '/metadata/labels', value: {good: '1'}},
              {op: 'copy', from: '/metadata/labels/good', path: '/metadata/labels/bad'},
            ],
            jsonPatch,
          ),
      ],
      ['apply', () => api.patch(`${path}?fieldManager=m&force=true`, whole({bad: '1'}), applied)],
      ...(isWidget ? [] : [['strategic merge patch', () => api.patch(path, {metadata: {labels: {bad: '1'}}}, strategicPatch)] as const]),
    ];
    for (const [, go] of ways) refused(await go(), 400, 'admission webhook "all.example.com" denied');
    const updates = reviews.filter(request => request['operation'] === 'UPDATE').length;
    assert.equal(updates, ways.length);
    reviews = [];
    assert.equal(succeeded(await api.get(path)).at('metadata', 'labels'), undefined);
    forbids = () => false;
  }
  // By a subresource the part it is for is changed, and asked about as well.
  for (const [subresource, body] of [
    ['status', {status: {bad: 1}}],
    ['scale', {spec: {replicas: 13}}],
  ] as const) {
    forbids = object => dig(object, 'status', 'bad') !== undefined || dig(object, 'spec', 'replicas') === 13;
    for (const headers of [merged, applied]) {
      const [apiVersion, kind] = subresource === 'scale' ? ['autoscaling/v1', 'Scale'] : ['example.com/v1', 'Widget'];
      const sent = headers === applied ? {apiVersion, kind, metadata: {name: 'w'}, ...body} : body;
      refused(
        await api.patch(`${widgets}/w/${subresource}?fieldManager=m${headers === applied ? '&force=true' : ''}`, sent, headers),
        400,
        'denied',
      );
    }
  }
});

test('CVE-2021-25735 a webhook is shown the object that is replaced, whoever wrote it a moment before', inProcess, async () => {
  const api = await ruled();
  const watching = await api.watch(configMaps);
  succeeded(await api.post(configMaps, configMap('o', {n: '0'})), 201);
  reviews = [];
  for (let i = 1; i <= 20; i++)
    await Promise.all([
      api.patch(`${configMaps}/o`, {data: {n: String(i)}}),
      api.patch(`${configMaps}/o`, {data: {other: String(i)}}),
      api.put(`${configMaps}/o`, configMap('o', {n: `put-${i}`})),
    ]);
  await plane.settle();
  const shown = (object: unknown): readonly [string, string] => [
    String(dig(object as JsonObject, 'metadata', 'resourceVersion')),
    JSON.stringify(dig(object as JsonObject, 'data')),
  ];
  const stored = new Map(watching.events.map(event => shown((event as unknown as {object: object}).object)));
  watching.close();
  assert.equal(stored.size > 40, true, `${stored.size} versions`);
  const asked = reviews.filter(request => request['operation'] === 'UPDATE').map(request => shown(request['oldObject']));
  assert.ok(asked.length >= 60, `${asked.length} were asked about`);
  for (const [version, data] of asked) assert.equal(data, stored.get(version), `version ${version}`);
});

test('CVE-2023-2727 every subresource that discovery names is asked about', inProcess, async () => {
  const api = await ruled();
  succeeded(await api.post(widgets, widget('w')), 201);
  succeeded(await api.post(configMaps, configMap('m')), 201);
  succeeded(await api.post('/api/v1/namespaces/t/resourcequotas', {metadata: {name: 'q'}, spec: {hard: {configmaps: '10'}}}), 201);
  const places: readonly (readonly [string, string, string])[] = [
    ['/apis/example.com/v1', '/namespaces/t/widgets/w', 'widgets'],
    ['/api/v1', '/namespaces/t', 'namespaces'],
    ['/api/v1', '/namespaces/t/resourcequotas/q', 'resourcequotas'],
  ];
  let tried = 0;
  for (const [base, path, plural] of places) {
    const named = (succeeded(await api.get(base)).at('resources') as readonly {name: string; verbs: readonly string[]}[])
      .filter(({name, verbs}) => name.startsWith(`${plural}/`) && verbs.some(verb => verb === 'patch' || verb === 'update'))
      .map(({name}) => name.slice(plural.length + 1));
    for (const subresource of named) {
      reviews = [];
      const target = `${base}${path}/${subresource}`;
      // A namespace is finalized by an update of its finalizers.
      if (subresource === 'finalize') await api.put(target, {...(JSON.parse(succeeded(await api.get(`${base}${path}`)).text) as object)});
      else succeeded(await api.patch(target, subresource === 'scale' ? {spec: {replicas: 3}} : {status: {}}));
      assert.deepEqual(
        reviews.map(request => request['subResource']),
        [subresource],
        `${target}: ${JSON.stringify(reviews).slice(0, 200)}`,
      );
      tried++;
    }
  }
  assert.ok(tried >= 4, `${tried} subresources`);
});

test('KEP-5793 no review, and no token, is shown to a webhook of a tenant', inProcess, async () => {
  const api = await ruled();
  reviews = [];
  const authorization = '/apis/authorization.k8s.io/v1';
  const spec = {user: 'u', resourceAttributes: {verb: 'get', resource: 'secrets'}};
  succeeded(await api.post(`${authorization}/subjectaccessreviews`, {spec}), 201);
  succeeded(await api.post(`${authorization}/selfsubjectaccessreviews`, {spec: {resourceAttributes: spec.resourceAttributes}}), 201);
  succeeded(await api.post(`${authorization}/selfsubjectrulesreviews`, {spec: {namespace: 't'}}), 201);
  succeeded(
    await api.post(`${authorization}/namespaces/t/localsubjectaccessreviews`, {
      spec: {...spec, resourceAttributes: {...spec.resourceAttributes, namespace: 't'}},
    }),
    201,
  );
  succeeded(await api.post('/apis/authentication.k8s.io/v1/tokenreviews', {spec: {token: users.user1}}), 201);
  succeeded(await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}), 201);
  const token = succeeded(await api.post('/api/v1/namespaces/t/serviceaccounts/default/token', {spec: {}}), 201).at(
    'status',
    'token',
  ) as string;
  const told = JSON.stringify(reviews);
  assert.ok(!told.includes(users.user1) && !told.includes(token), told.slice(0, 300));
  assert.deepEqual(
    reviews.filter(request => String(dig(request, 'resource', 'group')).startsWith('auth')),
    [],
  );
});

test('CVE-2025-4563 what an update may not make of an object, a create may not either', async () => {
  const api = await newPlace(plane);
  const cases: readonly (readonly [path: string, name: string, good: object, bad: readonly object[]])[] = [
    [
      configMaps,
      'c',
      configMap('c', {a: 'b'}),
      [
        {data: {'a/b': 'x'}},
        {data: {a: 1}},
        {metadata: {labels: {'a b': 'c'}}},
        {metadata: {finalizers: ['no domain']}},
        {metadata: {ownerReferences: [{kind: 'X'}]}},
        {metadata: {annotations: {'/': 'x'}}},
      ],
    ],
    [
      secrets,
      's',
      {apiVersion: 'v1', kind: 'Secret', metadata: {name: 's'}, data: {a: 'Yg=='}},
      [{data: {'a/b': 'Yg=='}}, {data: {a: '?'}}, {stringData: {'a b': 'c'}}],
    ],
    [
      rbac.roles('t'),
      'r',
      {...roleObject('r', ['get core/configmaps']), apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role'},
      [{rules: [{verbs: []}]}, {rules: [{verbs: ['get'], apiGroups: ['']}]}, {rules: [{verbs: ['get'], nonResourceURLs: ['/x']}]}],
    ],
    [
      rbac.roleBindings('t'),
      'b',
      {...bindingObject('b', 'ClusterRole view', 'User u'), apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding'},
      [{subjects: [{kind: 'Nobody', name: 'x'}]}, {subjects: [{kind: 'User', name: ''}]}],
    ],
    [
      widgets,
      'w',
      widget('w', {ports: [{port: 1}]}),
      [{spec: {name: 1}}, {spec: {name: 'n', ports: [{port: 1}, {port: 1}]}}, {spec: {name: 'n', tags: ['a', 'a']}}],
    ],
    [
      '/api/v1/namespaces/t/resourcequotas',
      'q',
      {apiVersion: 'v1', kind: 'ResourceQuota', metadata: {name: 'q'}, spec: {hard: {configmaps: '5'}}},
      [{spec: {hard: {configmaps: '-1'}}}, {spec: {hard: {'a b': '1'}}}],
    ],
  ];
  let compared = 0;
  for (const [path, name, good, bads] of cases) {
    succeeded(await api.post(path, good), 201);
    // A controller may write its status in between.
    const update = async (object: {readonly metadata: object}): Promise<Answer> => {
      for (;;) {
        const resourceVersion = succeeded(await api.get(`${path}/${name}`)).at('metadata', 'resourceVersion');
        const answer = await api.put(`${path}/${name}`, {...object, metadata: {...object.metadata, resourceVersion}});
        if (answer.status !== 409) return answer;
      }
    };
    for (const bad of bads) {
      const changed = {...good, ...bad, metadata: {...(good as {metadata: object}).metadata, ...(bad as {metadata?: object}).metadata}};
      const updated = await update(changed);
      assert.ok(updated.status === 422 || updated.status === 400, `update with ${JSON.stringify(bad)} → ${updated.status} ${updated.text}`);
      const created = await api.post(path, {...changed, metadata: {...changed.metadata, name: `${name}-new`}});
      assert.deepEqual([created.status, created.fields], [updated.status, updated.fields], JSON.stringify(bad));
      const appliedAs = await api.patch(
        `${path}/${name}-new?fieldManager=m`,
        {...changed, metadata: {...changed.metadata, name: `${name}-new`}},
        applied,
      );
      // What does not fit the type of an apply is a failure in Kubernetes, too.
      assert.match(`${appliedAs.status} ${appliedAs.text}`, /^(4|500 .*failed to create typed patch object)/, JSON.stringify(bad));
      assert.equal((await api.get(`${path}/${name}-new`)).status, 404);
      compared++;
    }
  }
  assert.ok(compared > 15, `${compared} were compared`);
});

test('GO-2025-3547 while a namespace or a workspace goes, nothing is made in it and nobody may more than before', inProcess, async () => {
  const parent = await newPlace(plane);
  const {path} = JSON.parse(
    JSON.stringify({
      path: succeeded(await parent.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'annotations', 'kcp.io/path'),
    }),
  ) as {path: string};
  succeeded(
    await parent.post('/apis/tenancy.kcp.io/v1alpha1/workspaces', {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: {name: 'going', annotations: {'authorization.kcp.io/required-groups': 'team-2'}},
      spec: {},
    }),
    201,
  );
  const going = plane.api.in(`/clusters/${path}:going`);
  succeeded(await going.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  succeeded(await going.post('/api/v1/namespaces/t/resourcequotas', {metadata: {name: 'q'}, spec: {hard: {configmaps: '3'}}}), 201);
  for (const user of ['user-1', 'user-2']) {
    succeeded(
      await going.post(rbac.clusterRoleBindings, bindingObject(`enter-${user}`, 'ClusterRole system:kcp:workspace:access', `User ${user}`)),
      201,
    );
    succeeded(await going.post(rbac.roleBindings('t'), bindingObject(`view-${user}`, 'ClusterRole view', `User ${user}`)), 201);
  }
  succeeded(await going.post(configMaps, configMap('held', {}, {finalizers: ['example.com/held']})), 201);
  const questions: readonly (readonly [string, string])[] = [
    ['GET', configMaps],
    ['GET', secrets],
    ['GET', rbac.roleBindings('t')],
    ['GET', '/api/v1/namespaces'],
    ['GET', '/apis'],
    ['POST', configMaps],
    ['POST', secrets],
    ['POST', rbac.roleBindings('t')],
    ['DELETE', `${configMaps}/held`],
  ];
  const may = async (): Promise<readonly boolean[]> => {
    const answers: boolean[] = [];
    for (const user of [users.user1, users.user2, users.user3, ''])
      for (const [method, target] of questions) {
        const {status} = await going
          .as(user)
          .send(method, `${target}${method === 'GET' ? '' : '?dryRun=All'}`, method === 'POST' ? {metadata: {name: 'x'}} : undefined);
        answers.push(status < 300);
      }
    return answers;
  };
  const before = await may();
  assert.ok(before.some(Boolean) && before.some(allowed => !allowed));
  const subset = async (): Promise<void> => {
    for (const [i, allowed] of (await may()).entries()) assert.ok(!allowed || before[i], `question ${i} is allowed now`);
  };
  succeeded(await going.del('/api/v1/namespaces/t'));
  for (let step = 0; step < 10; step++) {
    await subset();
    refused(await going.post(configMaps, configMap('late')), 403, 'because it is being terminated');
    await plane.world.advance(50);
  }
  succeeded(await parent.del('/apis/tenancy.kcp.io/v1alpha1/workspaces/going'));
  const id = succeeded(await parent.get('/apis/tenancy.kcp.io/v1alpha1/workspaces/going')).at('spec', 'cluster');
  const inside = plane.api.in(`/clusters/${id}`);
  for (let step = 0; step < 10; step++) {
    await subset();
    assert.ok((await inside.post(configMaps, configMap('late'))).status >= 400);
    await plane.world.advance(50);
  }
  const held = await inside.patch(`${configMaps}/held`, {metadata: {finalizers: null}});
  assert.equal(held.status, 200, held.text);
  await plane.eventually(async () => (await parent.get('/apis/tenancy.kcp.io/v1alpha1/workspaces/going')).status === 404);
  await subset();
});
