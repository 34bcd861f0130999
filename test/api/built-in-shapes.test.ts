/** What built-in kinds give back of what they were given, and how they refuse it: spec kubernetes-api 8, held against Kubernetes itself. */
import assert from 'node:assert/strict';
import type {KeyObject} from 'node:crypto';
import {generateKeyPairSync} from 'node:crypto';
import {after, test} from 'node:test';
import {issue} from '../../src/main/certificate.ts';
import {jsonPatch, strategicPatch} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import {startPlane} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const api = await newPlace(plane);
const {configMaps, secrets, leases, namespaces} = paths;
const inNamespace = (plural: string): string => `${namespaces}/t/${plural}`;
const admission = '/apis/admissionregistration.k8s.io/v1';

test('nulls in maps are empty texts, and empty maps and lists are nothing', async () => {
  const made = succeeded(
    await api.post(configMaps, {...configMap('nulls', {a: null, b: ''}), binaryData: {c: null}, immutable: null}),
    201,
  );
  assert.deepEqual([made.at('data'), made.at('binaryData'), made.at('immutable')], [{a: '', b: ''}, {c: ''}, undefined]);
  assert.deepEqual(succeeded(await api.post(secrets, {metadata: {name: 'nulls'}, data: {a: null}}), 201).at('data'), {a: ''});
  const empty = succeeded(await api.post(configMaps, {...configMap('empty', {}), binaryData: {}}), 201);
  assert.deepEqual([empty.at('data'), empty.at('binaryData')], [undefined, undefined]);
  const webhooks = succeeded(await api.post(`${admission}/validatingwebhookconfigurations`, {metadata: {name: 'none'}, webhooks: []}), 201);
  assert.equal(webhooks.at('webhooks'), undefined);
});

test('times of leases are in microseconds, and in UTC', async () => {
  const lease = (name: string, renewTime: string) => api.post(leases, {metadata: {name}, spec: {renewTime}});
  assert.equal(
    succeeded(await lease('zoned', '2026-01-01T01:00:00.123456+01:00'), 201).at('spec', 'renewTime'),
    '2026-01-01T00:00:00.123456Z',
  );
  refused(await lease('coarse', '2026-01-01T00:00:00Z'), 400, 'cannot parse "Z" as ".000000"');
  assert.deepEqual(succeeded(await api.post(leases, {metadata: {name: 'bare'}}), 201).at('spec'), {});
});

test('amounts of quotas are decoded, and come back in one form', async () => {
  const quotas = inNamespace('resourcequotas');
  const why = 'ResourceQuota in version "v1" cannot be handled as a ResourceQuota: quantities must match the regular expression';
  refused(await api.post(quotas, {metadata: {name: 'q'}, spec: {hard: {cpu: 'lots'}}}), 400, why);
  const made = succeeded(
    await api.post(quotas, {metadata: {name: 'q'}, spec: {hard: {cpu: '1000m', pods: 2000}}, status: {hard: {pods: 1}}}),
    201,
  );
  assert.deepEqual([made.at('spec', 'hard'), made.at('status')], [{cpu: '1', pods: '2k'}, {}]);
  refused(await api.patch(`${quotas}/q`, {spec: {scopes: ['Terminating']}}), 422, 'field is immutable', ['spec.scopes']);
  succeeded(await api.patch(`${quotas}/q`, {spec: {scopeSelector: {matchExpressions: [{scopeName: 'Terminating', operator: 'Exists'}]}}}));
});

test('lists of a service account: one merges by name, the other is replaced', async () => {
  const accounts = inNamespace('serviceaccounts');
  await api.post(accounts, {metadata: {name: 'lists'}, secrets: [{name: 'a'}, {name: 'b'}], imagePullSecrets: [{name: 'i'}, {}]});
  const patched = succeeded(
    await api.patch(`${accounts}/lists`, {secrets: [{name: 'c'}], imagePullSecrets: [{name: 'j'}]}, strategicPatch),
  );
  assert.deepEqual(patched.at('secrets'), [{name: 'c'}, {name: 'a'}, {name: 'b'}]);
  assert.deepEqual(patched.at('imagePullSecrets'), [{name: 'j'}]);
  const less = succeeded(await api.patch(`${accounts}/lists`, {secrets: [{name: 'a', $patch: 'delete'}]}, strategicPatch));
  assert.deepEqual(less.at('secrets'), [{name: 'c'}, {name: 'b'}]);
});

test('events of events.k8s.io are refused in the name of the core group', async () => {
  const events = '/apis/events.k8s.io/v1/namespaces/t/events';
  const event = {
    metadata: {name: 'e', namespace: 't'},
    regarding: {kind: 'Pod', name: 'p', namespace: 't'},
    eventTime: '2026-01-01T00:00:00.000001Z',
    reportingController: 'x.io/c',
    reportingInstance: 'i',
    action: 'a',
    reason: 'r',
    type: 'Normal',
  };
  refused(
    await api.post(events, {...event, type: 'Odd'}),
    422,
    'Invalid: Event "e" is invalid: type: Invalid value: "": has invalid value: Odd',
  );
  succeeded(await api.post(events, event), 201);
  refused(await api.patch(`${events}/e`, {regarding: {name: 'q'}, reportingController: 'x.io/d'}), 422, '"Name":"q"', [
    'involvedObject',
    'reportingController',
  ]);
  succeeded(await api.patch(`${events}/e`, {series: {count: 2, lastObservedTime: '2026-01-01T00:00:01.000001Z'}}));
});

test('a body that is no JSON is refused in the words of Go', async () => {
  refused(await api.post(configMaps, ''), 400, 'json parse error: unexpected end of JSON input (<empty>)');
  refused(await api.post(configMaps, 'x'.repeat(31)), 400, ` (${'78'.repeat(30)} ...)`);
  refused(
    await api.post(configMaps, '{"a":1,}'),
    400,
    'json parse error: invalid character \'}\' looking for beginning of object key string ({"a":1,})',
  );
  refused(
    await api.post(secrets, {metadata: {name: 'json'}, type: 'kubernetes.io/dockercfg', data: {'.dockercfg': 'W10='}}),
    422,
    'json: cannot unmarshal array into Go value',
  );
});

test('a refusal carries the warnings that came before it', async () => {
  const answer = await api.post(`${configMaps}?fieldValidation=Warn`, {...configMap('warned', {'..a': ''}), odd: 1});
  refused(answer, 422, "must not start with '..'");
  assert.deepEqual([answer.headers['warning']].flat(), ['299 - "unknown field \\"odd\\""']);
});

test('expressions are compiled when a policy is written', async () => {
  const policy = (expression: string) =>
    api.post(`${admission}/validatingadmissionpolicies`, {
      metadata: {name: 'expressions'},
      spec: {
        matchConstraints: {resourceRules: [{operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*']}]},
        validations: [{expression}],
      },
    });
  refused(await policy('object.spec.size >'), 422, 'compilation failed: ERROR: <input>:1:', ['spec.validations[0].expression']);
  const made = succeeded(await policy('object.spec.size > 1'), 201);
  assert.deepEqual([made.at('metadata', 'generation'), made.at('status')], [1, {}]);
  const path = `${admission}/validatingadmissionpolicies/expressions`;
  assert.equal(succeeded(await api.patch(path, {spec: {failurePolicy: 'Ignore'}})).at('metadata', 'generation'), 2);
  assert.equal(succeeded(await api.patch(path, {metadata: {labels: {a: 'b'}}})).at('metadata', 'generation'), 2);
  const condition = {type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z'};
  refused(await api.patch(`${path}/status`, {status: {conditions: [condition]}}), 422, 'Required value', ['status.conditions[0].reason']);
});

test('patches and deletes are refused in the words of Kubernetes', async () => {
  succeeded(await api.post(configMaps, configMap('words')), 201);
  const path = `${configMaps}/words`;
  refused(await api.patch(path, '{'), 400, 'error decoding patch: unexpected end of JSON input');
  refused(
    await api.patch(path, '[]'),
    400,
    'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
  );
  refused(
    await api.patch(path, {}, jsonPatch),
    400,
    'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  );
  refused(await api.patch(path, {metadata: {uid: 'other'}}), 422, 'field is immutable', ['metadata.uid']);
  refused(await api.del(path, '{'), 400, "couldn't get version/kind; json parse error: unexpected end of JSON input");
  refused(await api.del(`${path}?gracePeriodSeconds=abc`), 400, 'strconv.ParseInt: parsing "abc": invalid syntax');
  succeeded(await api.del(`${path}?gracePeriodSeconds=0`));
});

test('a certificate and a key that do not fit are taken, with a warning', async () => {
  const [pair, other] = [generateKeyPairSync('ec', {namedCurve: 'P-256'}), generateKeyPairSync('ec', {namedCurve: 'P-256'})];
  const subject = {commonName: 'some.example'};
  const [notBefore, notAfter] = [new Date('2026-01-01'), new Date('2027-01-01')];
  const certificate = issue({subject, publicKey: pair.publicKey, issuer: {subject, ...pair}, purpose: 'server', notBefore, notAfter});
  const warned = async (name: string, key: KeyObject): Promise<unknown[]> => {
    const stringData = {'tls.crt': certificate, 'tls.key': key.export({type: 'pkcs8', format: 'pem'})};
    const answer = succeeded(await api.post(secrets, {metadata: {name}, type: 'kubernetes.io/tls', stringData}), 201);
    return [answer.headers['warning'] ?? []].flat();
  };
  assert.deepEqual(await warned('pair', pair.privateKey), []);
  assert.deepEqual(await warned('no-pair', other.privateKey), ['299 - "tls: private key does not match public key"']);
});
