/** Admission webhooks: spec kubernetes-api 9.2 to 9.4, cases 190 to 200 of 13.9. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Json, JsonObject} from '../../src/api/json.ts';
import {dig, digString} from '../../src/api/json.ts';
import type {Api} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget, widgetDefinition, widgetVersion} from '../support/place.ts';
import {inProcess, startPlane} from '../support/plane.ts';
import type {Says} from '../support/webhooks.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, widgets} = paths;
const group = '/apis/admissionregistration.k8s.io/v1';

let count = 0;
type Sort = 'mutating' | 'validating';

/** A webhook of one rule, by default about configmaps; its answers and what it was asked. */
async function hook(api: Api, sort: Sort, says: Says, more: object = {}, rule: object = {}) {
  const name = `h${String(++count).padStart(3, '0')}`;
  const url = `https://hooks.test/${name}`;
  const kind = sort === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration';
  const webhook = {
    name: `${name}.example.com`,
    clientConfig: {url},
    rules: [{operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], ...rule}],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  };
  plane.webhooks.at(url, says);
  const body = {apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: {name}, webhooks: [webhook]};
  succeeded(await api.post(`${group}/${sort}webhookconfigurations`, body), 201);
  const asked = (): JsonObject[] => plane.webhooks.calls.filter(call => call.url === url).map(call => call.review['request'] as JsonObject);
  return {name: webhook.name, url, asked};
}

const answer = (review: JsonObject, response: JsonObject): JsonObject => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: {uid: digString(review, 'request', 'uid') as string, allowed: true, ...response},
});
const allow: Says = review => answer(review, {});
const deny =
  (status?: JsonObject): Says =>
  review =>
    answer(review, {allowed: false, ...(status && {status})});
const patching =
  (...patch: Json[]): Says =>
  review =>
    answer(review, {patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64')});
const label = (key: string): Json => ({op: 'add', path: '/metadata/labels', value: {[key]: 'yes'}});

test('190 a mutating webhook adds a label, and is told all of the request', inProcess, async () => {
  const api = await newPlace(plane);
  const {asked} = await hook(api, 'mutating', patching(label('added')));
  const made = succeeded(await api.post(`${configMaps}?fieldManager=me`, configMap('a', {k: 'v'})), 201);
  assert.deepEqual(made.at('metadata', 'labels'), {added: 'yes'});
  assert.deepEqual((await api.get(`${configMaps}/a`)).at('metadata', 'labels'), {added: 'yes'});
  const [{uid, object, userInfo, ...request}, ...others] = asked() as [JsonObject, ...JsonObject[]];
  assert.equal(others.length, 0);
  assert.match(String(uid), /^[0-9a-f-]{36}$/);
  assert.deepEqual(request, {
    kind: {group: '', version: 'v1', kind: 'ConfigMap'},
    resource: {group: '', version: 'v1', resource: 'configmaps'},
    requestKind: {group: '', version: 'v1', kind: 'ConfigMap'},
    requestResource: {group: '', version: 'v1', resource: 'configmaps'},
    name: 'a',
    namespace: 't',
    operation: 'CREATE',
    dryRun: false,
    options: {kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me'},
    oldObject: null,
  });
  assert.equal(digString(userInfo, 'username'), 'kcp-admin');
  assert.deepEqual(dig(object, 'data'), {k: 'v'});
  assert.equal(dig(object, 'apiVersion'), 'v1');
  assert.equal(typeof digString(object, 'metadata', 'annotations', 'kcp.io/cluster'), 'string');
});

test('190 what the server keeps for itself no webhook changes', inProcess, async () => {
  const api = await newPlace(plane);
  await hook(api, 'mutating', patching({op: 'add', path: '/metadata/uid', value: 'u'}, {op: 'remove', path: '/metadata/annotations'}));
  const made = succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.notEqual(made.at('metadata', 'uid'), 'u');
  assert.equal(typeof made.at('metadata', 'annotations', 'kcp.io/cluster'), 'string');
  await hook(api, 'mutating', patching({op: 'replace', path: '/metadata/namespace', value: 'default'}));
  refused(await api.post(configMaps, configMap('b')), 400, 'may not change the name or the namespace');
});

for (const sort of ['mutating', 'validating'] as const) {
  test(`191 a ${sort} webhook refuses, with its code or without explanation`, inProcess, async () => {
    const api = await newPlace(plane);
    const {name, url} = await hook(api, sort, deny({code: 409, reason: 'Conflict', message: 'm'}));
    refused(await api.post(configMaps, configMap('a')), 409, `Conflict: admission webhook "${name}" denied the request: m`);
    plane.webhooks.at(url, deny());
    refused(await api.post(configMaps, configMap('a')), 400, `admission webhook "${name}" denied the request without explanation`);
    assert.equal((await api.get(`${configMaps}/a`)).status, 404);
  });

  test(`192 a ${sort} webhook that is down: its policy decides`, inProcess, async () => {
    const api = await newPlace(plane);
    const down: Says = () => ({problem: 'Post "https://x?timeout=10s": connect: connection refused'});
    await hook(api, sort, down, {failurePolicy: 'Ignore'});
    succeeded(await api.post(configMaps, configMap('a')), 201);
    const {name} = await hook(api, sort, down);
    refused(
      await api.post(configMaps, configMap('b')),
      500,
      `InternalError: Internal error occurred: failed calling webhook "${name}": failed to call webhook: Post "https://x?timeout=10s": connect: connection refused`,
    );
  });
}

test('193 a webhook has the time it was given', inProcess, async () => {
  const api = await newPlace(plane);
  const given: number[] = [];
  await hook(
    api,
    'validating',
    (review, call) => {
      given.push(call.timeoutMs);
      return allow(review, call) as Json;
    },
    {timeoutSeconds: 1},
  );
  succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.deepEqual(given, [1000]);
});

test('194 a dry run is told to webhooks, and those with side effects cannot be registered', inProcess, async () => {
  const api = await newPlace(plane);
  const {asked} = await hook(api, 'validating', allow);
  succeeded(await api.post(`${configMaps}?dryRun=All`, configMap('a')), 201);
  assert.deepEqual([asked()[0]?.['dryRun'], dig(asked()[0], 'options', 'dryRun')], [true, ['All']]);
  const body = {
    metadata: {name: 'x'},
    webhooks: [{name: 'a.b.c', clientConfig: {url: 'https://x'}, sideEffects: 'Some', admissionReviewVersions: ['v1']}],
  };
  refused(await api.post(`${group}/validatingwebhookconfigurations`, body), 422, 'sideEffects');
});

test('195 selectors and conditions say who is asked', inProcess, async () => {
  const api = await newPlace(plane);
  const other = await hook(api, 'validating', allow, {namespaceSelector: {matchLabels: {no: 'such'}}});
  const mine = await hook(api, 'validating', allow, {namespaceSelector: {matchLabels: {'kubernetes.io/metadata.name': 't'}}});
  const labelled = await hook(api, 'validating', allow, {objectSelector: {matchLabels: {seen: 'yes'}}});
  const never = await hook(api, 'validating', allow, {matchConditions: [{name: 'no', expression: 'object.metadata.name != "a"'}]});
  const always = await hook(api, 'validating', allow, {
    matchConditions: [{name: 'yes', expression: 'request.operation == "CREATE" && oldObject == null'}],
  });
  succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.deepEqual(
    [other, mine, labelled, never, always].map(each => each.asked().length),
    [0, 1, 0, 0, 1],
  );
  succeeded(await api.post(configMaps, configMap('b', {}, {labels: {seen: 'yes'}})), 201);
  succeeded(await api.patch(`${configMaps}/b`, {metadata: {labels: null}}));
  assert.deepEqual(
    labelled.asked().map(each => each['operation']),
    ['CREATE', 'UPDATE'],
  );
});

test('195 a condition that fails is a refusal, or none where failures are ignored', inProcess, async () => {
  const api = await newPlace(plane);
  const matchConditions = [{name: 'broken', expression: 'object.nothing == 1'}];
  const ignored = await hook(api, 'validating', deny(), {matchConditions, failurePolicy: 'Ignore'});
  succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.equal(ignored.asked().length, 0);
  await hook(api, 'validating', allow, {matchConditions});
  refused(
    await api.post(configMaps, configMap('b')),
    403,
    'configmaps "b" is forbidden: expression \'object.nothing == 1\' resulted in error: no such key: nothing',
  );
});

test('195 conditions ask what the user may', inProcess, async () => {
  const api = await newPlace(plane);
  const asking = (expression: string) => hook(api, 'validating', allow, {matchConditions: [{name: 'may', expression}]});
  const admin = await asking('authorizer.requestResource.check("update").allowed()');
  const account = await asking('authorizer.serviceAccount("t", "default").group("").resource("secrets").check("get").allowed()');
  const path = await asking('authorizer.path("/metrics").check("get").allowed()');
  succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.deepEqual(
    [admin, account, path].map(each => each.asked().length),
    [1, 0, 1],
  );
});

test('196 a request by an equivalent version is shown in the version of the rule', inProcess, async () => {
  const api = await plane.workspace('equivalent');
  succeeded(await api.post(paths.namespaces, {metadata: {name: 't'}}), 201);
  const versions = [widgetVersion('v1'), widgetVersion('v1beta1', {storage: false})];
  succeeded(await api.post(paths.definitions, widgetDefinition({versions})), 201);
  const rule = {apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['widgets']};
  const exact = await hook(api, 'validating', allow, {matchPolicy: 'Exact'}, rule);
  const {asked} = await hook(api, 'mutating', patching(label('added')), {}, rule);
  const at = widgets.replace('/v1/', '/v1beta1/');
  const made = succeeded(await api.post(at, {...widget('a'), apiVersion: 'example.com/v1beta1'}), 201);
  assert.deepEqual([made.at('apiVersion'), made.at('metadata', 'labels')], ['example.com/v1beta1', {added: 'yes'}]);
  const [request] = asked();
  assert.equal(digString(request, 'object', 'apiVersion'), 'example.com/v1');
  assert.equal(digString(request, 'kind', 'version'), 'v1');
  assert.equal(digString(request, 'requestKind', 'version'), 'v1beta1');
  assert.equal(exact.asked().length, 0);
});

test('197 a webhook is asked again when others change the object after it, once', inProcess, async () => {
  const api = await newPlace(plane);
  const first = await hook(api, 'mutating', allow, {reinvocationPolicy: 'IfNeeded'});
  const never = await hook(api, 'mutating', allow);
  let calls = 0;
  const last = await hook(
    api,
    'mutating',
    (review, call) => patching({op: 'add', path: '/data/n', value: String(++calls)})(review, call) as Json,
    {
      reinvocationPolicy: 'IfNeeded',
    },
  );
  succeeded(await api.post(configMaps, configMap('a', {k: 'v'})), 201);
  assert.deepEqual(
    [first, never, last].map(each => each.asked().length),
    [2, 1, 1],
  );
  assert.equal(digString(first.asked()[1], 'object', 'data', 'n'), '1');
});

test('198 answers that cannot be believed', inProcess, async () => {
  const api = await newPlace(plane);
  const {name, url} = await hook(api, 'validating', patching(label('x')));
  const failed = async (says: Says, why: string | RegExp): Promise<void> => {
    plane.webhooks.at(url, says);
    const refusal = await api.post(configMaps, configMap('a'));
    refused(refusal, 500, `failed calling webhook "${name}": `);
    assert.match(refusal.problem, new RegExp(why));
  };
  await failed(patching(label('x')), 'received invalid webhook response: validating webhook may not return response.patch$');
  await failed(r => answer(r, {uid: 'other'}), /expected response\.uid="[0-9a-f-]+", got "other"$/);
  await failed(() => Buffer.from('<html>secret'), 'failed to call webhook: the answer is not JSON$');
  await failed(() => ({}), 'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got , Kind=$');
  await failed(() => ({apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview'}), 'webhook response was absent$');
});

test('199 warnings are passed on, and configurations are no matter of webhooks', inProcess, async () => {
  const api = await newPlace(plane);
  const {asked} = await hook(
    api,
    'validating',
    r => answer(r, {warnings: ['mind the gap']}),
    {},
    {apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*']},
  );
  const made = succeeded(await api.post(configMaps, configMap('a')), 201);
  assert.ok(JSON.stringify(made.headers).includes('mind the gap'));
  const before = asked().length;
  await hook(api, 'validating', deny());
  assert.equal(asked().length, before);
});

test('200 deletions show the old object, each of a collection by itself', inProcess, async () => {
  const api = await newPlace(plane);
  for (const name of ['a', 'b', 'c']) succeeded(await api.post(configMaps, configMap(name, {}, {labels: {mine: 'yes'}})), 201);
  const {asked, url, name} = await hook(api, 'validating', deny({message: 'keep'}), {}, {operations: ['DELETE']});
  refused(await api.del(`${configMaps}/a`), 400, `admission webhook "${name}" denied the request: keep`);
  assert.equal(asked()[0]?.['object'], null);
  assert.equal(digString(asked()[0], 'oldObject', 'metadata', 'name'), 'a');
  assert.equal(digString(asked()[0], 'options', 'kind'), 'DeleteOptions');
  plane.webhooks.at(url, allow);
  succeeded(await api.del(`${configMaps}?labelSelector=mine=yes`));
  assert.deepEqual(
    asked()
      .slice(1)
      .map(each => each['name'])
      .sort(),
    ['a', 'b', 'c'],
  );
});

test('199 a workspace knows its own webhooks alone, and none that is gone', inProcess, async () => {
  const [api, other] = [await newPlace(plane), await newPlace(plane)];
  const {name} = await hook(api, 'validating', deny());
  refused(await api.post(configMaps, configMap('a')), 400, 'denied the request');
  succeeded(await other.post(configMaps, configMap('a')), 201);
  succeeded(await api.del(`${group}/validatingwebhookconfigurations/${name.split('.')[0]}`));
  succeeded(await api.post(configMaps, configMap('a')), 201);
});

test('190 a mutating webhook sees what the client sent of a name, a validating one the name it got', inProcess, async () => {
  const api = await newPlace(plane);
  const [early, late] = [await hook(api, 'mutating', patching(label('added'))), await hook(api, 'validating', allow)];
  const made = succeeded(await api.post(configMaps, {metadata: {generateName: 'a-'}}), 201);
  const name = made.at('metadata', 'name');
  assert.match(String(name), /^a-[a-z0-9]{5}$/);
  const [before, after] = [early.asked()[0], late.asked()[0]];
  assert.deepEqual(
    [before?.['name'], dig(before, 'object', 'metadata', 'name'), dig(before, 'object', 'metadata', 'uid')],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    [after?.['name'], dig(after, 'object', 'metadata', 'name'), dig(after, 'object', 'metadata', 'uid')],
    [name, name, made.at('metadata', 'uid')],
  );
});

test('nothing went wrong inside', () => assert.deepEqual(plane.errors, []));
