/** Built-in kinds: spec kubernetes-api 13.8. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {dig} from '../../src/api/json.ts';
import {decodeProtobuf} from '../../src/wire/protobuf/decode.ts';
import type {Answer, Found} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, secrets, namespaces, leases} = paths;
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const made = async (path: string, body: object): Promise<Answer> => succeeded(await api.post(path, body), 201);
const gone = (path: string) => plane.eventually(async () => assert.equal((await api.get(path)).status, 404));

test('169 a new namespace', async () => {
  const answer = await made(namespaces, {metadata: {name: 'c169'}});
  assert.deepEqual([answer.at('status', 'phase'), answer.at('spec', 'finalizers')], ['Active', ['kubernetes']]);
  assert.deepEqual(answer.at('metadata', 'labels'), {'kubernetes.io/metadata.name': 'c169'});
  succeeded(await api.get(`${namespaces}/c169/serviceaccounts/default`));
  assert.deepEqual(succeeded(await api.get(`${namespaces}/c169/configmaps/kube-root-ca.crt`)).at('data'), {'ca.crt': plane.rootCa});
});

test('169 what a namespace must have comes back', async () => {
  await made(namespaces, {metadata: {name: 'back'}});
  const [ca, account] = [`${namespaces}/back/configmaps/kube-root-ca.crt`, `${namespaces}/back/serviceaccounts/default`];
  succeeded(await api.del(ca));
  succeeded(await api.del(account));
  for (const path of [ca, account]) await plane.eventually(async () => assert.equal((await api.get(path)).status, 200));
  succeeded(await api.patch(ca, {data: {'ca.crt': 'forged', more: 'x'}}));
  await plane.eventually(async () => assert.deepEqual((await api.get(ca)).at('data'), {'ca.crt': plane.rootCa}));
});

/** The conditions of a namespace by type, as `status reason message`. */
const told = (answer: Answer): Found =>
  Object.fromEntries(
    ((answer.at('status', 'conditions') ?? []) as {type: string; status: string; reason: string; message: string}[]).map(
      ({type, status, reason, message}) => [type, `${status} ${reason} ${message}`],
    ),
  );
const nothingFailed = {
  NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered All resources successfully discovered',
  NamespaceDeletionGroupVersionParsingFailure: 'False ParsedGroupVersions All legacy kube types successfully parsed',
  NamespaceDeletionContentFailure: 'False ContentDeleted All content successfully deleted, may be waiting on finalization',
};

test('170 a namespace goes with all that is in it', async () => {
  await made(namespaces, {metadata: {name: 'c170'}});
  const inside = '/apis/example.com/v1/namespaces/c170/widgets';
  const [configMaps170, secrets170] = [`${namespaces}/c170/configmaps`, `${namespaces}/c170/secrets`];
  await made(configMaps170, configMap('free'));
  await made(secrets170, {metadata: {name: 'free'}});
  await made(configMaps170, configMap('held', {}, {finalizers: ['x.io/f']}));
  await made(inside, widget('held', {}, {finalizers: ['x.io/f', 'x.io/e']}));
  await made(inside, widget('too', {}, {finalizers: ['x.io/f']}));
  const answer = succeeded(await api.del(`${namespaces}/c170`));
  assert.deepEqual([answer.at('status', 'phase'), answer.at('metadata', 'deletionGracePeriodSeconds')], ['Terminating', undefined]);
  await plane.eventually(async () =>
    assert.deepEqual(told(await api.get(`${namespaces}/c170`)), {
      ...nothingFailed,
      NamespaceContentRemaining:
        'True SomeResourcesRemain Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 2 resource instances',
      NamespaceFinalizersRemaining:
        'True SomeFinalizersRemain Some content in the namespace has finalizers remaining: x.io/e in 1 resource instances, x.io/f in 3 resource instances',
    }),
  );
  for (const path of [`${configMaps170}/free`, `${secrets170}/free`]) succeeded(await api.get(path), 404);
  const refusal = refused(await api.post(configMaps170, configMap('late')), 403, 'because it is being terminated');
  assert.deepEqual((refusal.at('details', 'causes') as {reason: string}[])[0]?.reason, 'NamespaceTerminating');
  // Asked again, nothing changes.
  assert.equal(succeeded(await api.del(`${namespaces}/c170`)).at('status', 'phase'), 'Terminating');
  for (const path of [`${configMaps170}/held`, `${inside}/held`, `${inside}/too`])
    succeeded(await api.patch(path, {metadata: {finalizers: []}}));
  await gone(`${namespaces}/c170`);
  await made(namespaces, {metadata: {name: 'c170'}});
  assert.deepEqual(succeeded(await api.get(inside)).at('items'), []);
});

test('170 conditions of others stay, and their finalizer keeps an empty namespace', async () => {
  const path = `${namespaces}/own170`;
  await made(namespaces, {metadata: {name: 'own170'}, spec: {finalizers: ['x.io/own']}});
  succeeded(await api.patch(`${path}/status`, {status: {conditions: [{type: 'Mine', status: 'True', reason: 'R', message: 'm'}]}}));
  succeeded(await api.del(path));
  await plane.eventually(async () =>
    assert.deepEqual(told(await api.get(path)), {
      Mine: 'True R m',
      ...nothingFailed,
      NamespaceContentRemaining: 'False ContentRemoved All content successfully removed',
      NamespaceFinalizersRemaining: 'False ContentHasNoFinalizers All content-preserving finalizers finished',
    }),
  );
  assert.deepEqual((await api.get(path)).at('spec', 'finalizers'), ['x.io/own']);
  const finalize = (finalizers?: string[]) =>
    api.put(`${path}/finalize`, {metadata: {name: 'own170'}, spec: {...(finalizers && {finalizers})}});
  refused(await finalize(['x.io/own', 'bad']), 422, 'name is neither a standard finalizer name', ['spec.finalizers[1]']);
  succeeded(await finalize());
  await gone(path);
});

test('171 some namespaces stay', async () => {
  await made(namespaces, {metadata: {name: 'kube-public'}});
  for (const name of ['default', 'kube-system', 'kube-public'])
    refused(await api.del(`${namespaces}/${name}`), 403, 'this namespace may not be deleted');
});

test('172 the last finalizer of a namespace', async () => {
  await made(namespaces, {metadata: {name: 'c172'}, spec: {finalizers: ['x.io/own']}});
  succeeded(await api.del(`${namespaces}/c172`));
  await plane.eventually(async () => assert.deepEqual((await api.get(`${namespaces}/c172`)).at('spec', 'finalizers'), ['x.io/own']));
  const now = JSON.parse((await api.get(`${namespaces}/c172`)).text) as object;
  succeeded(await api.put(`${namespaces}/c172/finalize`, {...now, spec: {finalizers: []}}));
  await gone(`${namespaces}/c172`);
});

const text = (value: string): string => Buffer.from(value).toString('base64');

test('173 what a secret holds', async () => {
  const answer = await made(secrets, {metadata: {name: 'c173'}, data: {b: text('2')}, stringData: {a: '1'}});
  assert.deepEqual([answer.at('data'), answer.at('stringData'), answer.at('type')], [{a: text('1'), b: text('2')}, undefined, 'Opaque']);
  refused(await api.patch(`${secrets}/c173`, {type: 'x.io/x'}), 422, 'field is immutable', ['type']);
  refused(
    await api.post(secrets, {metadata: {name: 'tls'}, type: 'kubernetes.io/tls', data: {'tls.crt': text('x')}}),
    422,
    'data[tls.key]',
  );
  refused(await api.post(secrets, {metadata: {name: 'big'}, data: {a: text('x'.repeat(1024 * 1024 + 1))}}), 422, 'Too long', ['data']);
  refused(await api.post(secrets, {metadata: {name: 'bad'}, data: {a: '%'}}), 400, 'BadRequest: ');
});

test('174 secrets of known types', async () => {
  const config = (value: string) => ({
    metadata: {name: 'd'},
    type: 'kubernetes.io/dockerconfigjson',
    data: {'.dockerconfigjson': text(value)},
  });
  refused(await api.post(secrets, config('{')), 422, 'data[.dockerconfigjson]');
  await made(secrets, config('{}'));
  const why = 'metadata.annotations[kubernetes.io/service-account.name]: Required value';
  refused(await api.post(secrets, {metadata: {name: 'token'}, type: 'kubernetes.io/service-account-token'}), 422, why);
});

test('175 keys of a ConfigMap', async () => {
  const both = {...configMap('c175', {a: '1'}), binaryData: {a: text('1')}};
  refused(await api.post(configMaps, both), 422, 'duplicate of key present in');
  for (const key of ['..a', '.', '..', '', 'a/b', 'x'.repeat(254)])
    refused(await api.post(configMaps, configMap('c175', {[key]: '1'})), 422, 'Invalid: ', [`data[${key}]`]);
  await made(configMaps, {...configMap('c175', {a: '1'}), binaryData: {b: text('1')}});
});

test('179 who asks', async () => {
  const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const answer = succeeded(await api.post(review, {apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview'}), 201);
  const user = answer.at('status', 'userInfo') as {username: string; groups: string[]};
  assert.deepEqual([user.username, user.groups], ['kcp-admin', ['system:kcp:admin', 'system:authenticated']]);
});

test('180 who may', async () => {
  const authorization = '/apis/authorization.k8s.io/v1';
  const resourceAttributes = {verb: 'get', resource: 'configmaps', namespace: 't'};
  const allowed = async (path: string, spec: object) =>
    succeeded(await api.post(`${authorization}/${path}`, {spec}), 201).at('status', 'allowed');
  assert.equal(await allowed('selfsubjectaccessreviews', {resourceAttributes}), true);
  assert.equal(await allowed('subjectaccessreviews', {user: 'user-1', resourceAttributes}), false);
  assert.equal(await allowed('subjectaccessreviews', {groups: ['system:masters'], resourceAttributes}), true);
  assert.equal(await allowed('selfsubjectaccessreviews', {nonResourceAttributes: {verb: 'get', path: '/version'}}), true);
  const two = {user: 'u', resourceAttributes, nonResourceAttributes: {verb: 'get', path: '/'}};
  const combined = 'cannot be specified in combination with resourceAttributes';
  refused(await api.post(`${authorization}/subjectaccessreviews`, {spec: two}), 422, combined, ['spec.nonResourceAttributes']);
  const local = `${authorization}/namespaces/other/localsubjectaccessreviews`;
  const answer = await api.post(local, {spec: {user: 'u', resourceAttributes}});
  refused(answer, 422, /^Invalid: \.authorization\.k8s\.io "" is invalid: .*must match metadata\.namespace$/, [
    'spec.resourceAttributes.namespace',
  ]);
  const here = `${authorization}/namespaces/t/localsubjectaccessreviews`;
  const asked = succeeded(await api.post(here, {spec: {groups: ['system:masters'], resourceAttributes}}), 201);
  assert.deepEqual([asked.at('status', 'allowed'), asked.at('metadata', 'namespace')], [true, 't']);
  const rules = `${authorization}/selfsubjectrulesreviews`;
  refused(await api.post(rules, {spec: {}}), 400, 'no namespace on request');
  const mine = succeeded(await api.post(rules, {spec: {namespace: 't'}}), 201);
  const everything = {verbs: ['*'], apiGroups: ['*'], resources: ['*']};
  assert.deepEqual(mine.at('status', 'resourceRules'), [
    {verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']},
    {verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews']},
    // As an administrator of kcp, and as the owner of the workspace.
    everything,
    everything,
  ]);
  assert.equal(mine.at('status', 'incomplete'), false);
});

test('178 whose token', async () => {
  const review = '/apis/authentication.k8s.io/v1/tokenreviews';
  const known = succeeded(await api.post(review, {spec: {token: users.user1}}), 201);
  assert.deepEqual([known.at('status', 'authenticated'), known.at('status', 'user', 'username')], [true, 'user-1']);
  assert.notEqual(succeeded(await api.post(review, {spec: {token: 'nobody'}}), 201).at('status', 'authenticated'), true);
});

test('181 roles', async () => {
  const roles = `${rbac}/namespaces/t/roles`;
  refused(await api.post(roles, {metadata: {name: 'r'}, rules: [{verbs: [], apiGroups: [''], resources: ['x']}]}), 422, 'Required value', [
    'rules[0].verbs',
  ]);
  refused(
    await api.post(roles, {metadata: {name: 'r'}, rules: [{verbs: ['get'], nonResourceURLs: ['/x']}]}),
    422,
    'namespaced rules cannot apply to non-resource URLs',
  );
  const bindings = `${rbac}/namespaces/t/rolebindings`;
  const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r'};
  await made(bindings, {metadata: {name: 'b'}, roleRef, subjects: []});
  refused(
    await api.put(`${bindings}/b`, {metadata: {name: 'b'}, roleRef: {...roleRef, name: 's'}, subjects: []}),
    422,
    'cannot change roleRef',
    ['roleRef'],
  );
});

const eventsV1 = '/apis/events.k8s.io/v1/namespaces/t/events';

test('185 events in both forms', async () => {
  const events = '/api/v1/namespaces/t/events';
  const event = (namespace: string) => ({
    metadata: {name: 'e', namespace: 't'},
    involvedObject: {kind: 'ConfigMap', name: 'x', namespace},
    reason: 'r',
    message: 'm',
    type: 'Normal',
    source: {component: 'c'},
  });
  refused(await api.post(events, event('other')), 422, 'involvedObject.namespace', ['involvedObject.namespace']);
  await made(events, event('t'));
  const seen = succeeded(await api.get(`${eventsV1}/e`));
  assert.deepEqual(
    [seen.at('note'), seen.at('regarding', 'name'), seen.at('deprecatedSource', 'component'), seen.at('message')],
    ['m', 'x', 'c', undefined],
  );
  refused(
    await api.post(eventsV1, {apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: {name: 'f'}, regarding: {namespace: 't'}}),
    422,
    'eventTime',
  );
});

test('185 an event written in one form and changed in the other', async () => {
  const made185 = await made(eventsV1, {
    metadata: {name: 'g', namespace: 't'},
    regarding: {kind: 'ConfigMap', name: 'x', namespace: 't'},
    eventTime: '2026-01-01T00:00:00.000001Z',
    reportingController: 'x.io/c',
    reportingInstance: 'i',
    action: 'a',
    reason: 'r',
    note: 'n',
    type: 'Normal',
  });
  assert.equal(made185.at('note'), 'n');
  assert.equal(succeeded(await api.get('/api/v1/namespaces/t/events/g')).at('message'), 'n');
  succeeded(await api.patch('/api/v1/namespaces/t/events/g', {metadata: {labels: {a: 'b'}}}));
  assert.deepEqual((await api.get(`${eventsV1}/g`)).at('metadata', 'labels'), {a: 'b'});
  const watching = await api.watch(`${eventsV1}?fieldSelector=metadata.name%3Dg`);
  await plane.eventually(() => watching.events.length === 1);
  assert.equal((watching.events as {object: {note: string; apiVersion: string}}[])[0]?.object.note, 'n');
  watching.close();
});

test('186 leases', async () => {
  const lease = (spec: object) => ({apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: {name: 'l'}, spec});
  refused(await api.post(leases, lease({leaseDurationSeconds: 0})), 422, 'must be greater than 0', ['spec.leaseDurationSeconds']);
  const renewTime = '2026-01-01T00:00:00.123456Z';
  const answer = await made(leases, lease({leaseDurationSeconds: 1, renewTime}));
  assert.equal(answer.at('spec', 'renewTime'), renewTime);
  const protobuf = await api.get(`${leases}/l`, {accept: 'application/vnd.kubernetes.protobuf'});
  assert.equal(dig(decodeProtobuf(protobuf.bytes).object, 'spec', 'renewTime'), renewTime);
});

test('186 one of two wins a lease', async () => {
  const before = await api.get(`${leases}/l`);
  const take = (holderIdentity: string) => {
    const {spec, ...rest} = JSON.parse(before.text) as {spec: object};
    return api.put(`${leases}/l`, {...rest, spec: {...spec, holderIdentity}});
  };
  const statuses = (await Promise.all([take('one'), take('two')])).map(answer => answer.status);
  assert.deepEqual(statuses.sort(), [200, 409]);
});
