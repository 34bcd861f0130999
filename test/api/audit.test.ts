/** What a request leaves in the audit log (spec kubernetes-api 10.7, kcp 10.7); the lines are those that kcp writes of the same requests. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {JsonObject} from '../../src/api/json.ts';
import {digString} from '../../src/api/json.ts';
import {headerList} from '../../src/server/http.ts';
import type {Api, Found} from '../support/api-client.ts';
import type {Line} from '../support/memory-audit.ts';
import {memoryAudit} from '../support/memory-audit.ts';
import type {TestPlane} from '../support/plane.ts';
import {inProcess, startPlane, users} from '../support/plane.ts';

const everything = memoryAudit({level: 'None', users: ['nobody'], verbs: ['list']}, {level: 'RequestResponse'});
let plane: TestPlane;
let api: Api;
let id: string;

before(async () => {
  if (inProcess.skip) return;
  plane = await startPlane('audit', {audit: everything.audit});
  api = await plane.workspace('a');
  id = String((await api.get('/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')).at('metadata', 'annotations', 'kcp.io/cluster'));
  everything.take();
});
after(() => plane?.stop());

const maps = '/api/v1/namespaces/default/configmaps';
const at = (line: Line | undefined, ...path: string[]): Found => path.reduce<Found>((from, key) => (from as Line | undefined)?.[key], line);
const stagesOf = (lines: readonly Line[]): readonly Found[] => lines.map(line => line['stage']);
const annotation = (line: Line | undefined, key: string): Found => at(line, 'annotations', key);

test('a write is told twice: before it is done and before it is answered', inProcess, async () => {
  const made = await api.post(maps, {metadata: {name: 'a'}, data: {k: 'v'}}, {'user-agent': 'try/1', 'audit-id': 'my-own'});
  const [received, complete, ...more] = everything.take();
  assert.deepEqual(more, []);
  assert.deepEqual(Object.keys(complete ?? {}), [
    'kind',
    'apiVersion',
    'level',
    'auditID',
    'stage',
    'requestURI',
    'verb',
    'user',
    'userAgent',
    'objectRef',
    'responseStatus',
    'requestObject',
    'responseObject',
    'requestReceivedTimestamp',
    'stageTimestamp',
    'annotations',
  ]);
  const {requestReceivedTimestamp: time, stageTimestamp, ...rest} = received as Line;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.equal(stageTimestamp, time);
  assert.deepEqual(rest, {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: 'my-own',
    stage: 'RequestReceived',
    requestURI: maps,
    verb: 'create',
    user: {username: 'kcp-admin', uid: 'uid-of-kcp-admin', groups: ['system:kcp:admin', 'system:authenticated']},
    userAgent: 'try/1',
    objectRef: {resource: 'configmaps', namespace: 'default', apiVersion: 'v1'},
    annotations: {'kcp.io/cluster': id, 'kcp.io/path': 'root:a', 'tenancy.kcp.io/workspace': id},
  });
  assert.equal(complete?.['stage'], 'ResponseComplete');
  assert.deepEqual(complete?.['objectRef'], {resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1'});
  assert.deepEqual(complete?.['responseStatus'], {metadata: {}, code: 201});
  assert.deepEqual(complete?.['requestObject'], {kind: 'ConfigMap', apiVersion: 'v1', metadata: {name: 'a'}, data: {k: 'v'}});
  assert.deepEqual(complete?.['responseObject'], JSON.parse(made.text));
});

test('the log tells who allowed it and why; the answer does not', inProcess, async () => {
  await api.get(`${maps}/kube-root-ca.crt?x=1`);
  const [, line] = everything.take();
  assert.equal(line?.['requestURI'], `${maps}/kube-root-ca.crt?x=1`);
  assert.equal(annotation(line, 'authorization.k8s.io/decision'), 'allow');
  assert.equal(annotation(line, 'authorization.k8s.io/reason'), 'access granted');
  for (const step of ['01-requiredgroups', '02-content', '03-systemcrd', '04-maxpermissionpolicy', '05-bootstrap']) {
    assert.equal(annotation(line, `request.auth.kcp.io/${step}-decision`), 'Allowed');
    assert.ok(annotation(line, `request.auth.kcp.io/${step}-reason`));
  }

  const refused = await api.as(users.user1).get(maps);
  const [, forbidden] = everything.take();
  assert.equal(annotation(forbidden, 'authorization.k8s.io/decision'), 'forbid');
  assert.equal(annotation(forbidden, 'authorization.k8s.io/reason'), 'access denied');
  assert.equal(annotation(forbidden, 'request.auth.kcp.io/01-requiredgroups-decision'), 'NoOpinion');
  const {kind: _, apiVersion: __, ...status} = JSON.parse(refused.text) as JsonObject;
  assert.deepEqual(forbidden?.['responseStatus'], status);
  assert.equal(forbidden?.['requestObject'], undefined);
});

test('a refusal tells what came near, and a review what it found out', inProcess, async () => {
  const binding = {
    metadata: {name: 'peeks'},
    subjects: [{kind: 'User', name: 'user-2'}],
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view'},
  };
  await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', binding);
  const enter = {...binding, metadata: {name: 'enter'}, roleRef: {...binding.roleRef, name: 'system:kcp:workspace:access'}};
  await api.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', enter);
  everything.take();
  await api.as(users.user2).post(maps, {metadata: {name: 'x'}});
  const nearest = 'RoleBinding "peeks/default" of ClusterRole "view" to User "user-2" allows verbs ["get","list","watch"]';
  assert.equal(
    annotation(everything.take()[1], 'request.auth.kcp.io/05-local-reason'),
    `local cluster policy: no role allows it; nearest: ${nearest}`,
  );
  await api.as(users.user3).get(maps);
  assert.match(
    String(annotation(everything.take()[1], 'request.auth.kcp.io/02-content-reason')),
    /^no verb=access permission on \/; nearest: ClusterRoleBinding "enter" .* allows it to others$/,
  );
  const spec = {user: 'user-2', resourceAttributes: {verb: 'create', resource: 'configmaps', namespace: 'default'}};
  await api.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {spec});
  const [, line] = everything.take();
  assert.equal(annotation(line, 'request.auth.kcp.io/05-bootstrap-decision'), 'Allowed');
  assert.equal(annotation(line, 'sar.auth.kcp.io/05-local-decision'), 'NoOpinion');
  assert.match(String(annotation(line, 'sar.auth.kcp.io/05-local-reason')), /nearest: RoleBinding "peeks\/default"/);
});

test('who cannot be identified leaves one event without a user', inProcess, async () => {
  await api.as('nonsense').get(maps);
  const [line, ...more] = everything.take();
  assert.deepEqual(more, []);
  assert.deepEqual([line?.['stage'], line?.['user'], at(line, 'responseStatus', 'code')], ['ResponseStarted', {}, 401]);
  assert.equal(at(line, 'responseStatus', 'message'), 'Unauthorized');
});

test('what cannot be understood is told as it came', inProcess, async () => {
  await api.get('/api/v1/../v1?x=1');
  const [line, ...more] = everything.take();
  assert.deepEqual(more, []);
  assert.deepEqual([line?.['stage'], line?.['requestURI'], line?.['user']], ['ResponseStarted', '/api/v1/../v1?x=1', {}]);
  assert.equal(at(line, 'responseStatus', 'code'), 400);
});

test('patches are recorded as they were sent, removals with what was said of them', inProcess, async () => {
  await api.post(maps, {metadata: {name: 'p', labels: {x: 'y'}}});
  await api.patch(`${maps}/p`, '{"data":\n{"k":"w"}}');
  await api.del(`${maps}/p`, {propagationPolicy: 'Background'});
  await api.get(`${maps}/p`);
  const [patch, remove, missing] = everything
    .take()
    .filter(line => line['stage'] === 'ResponseComplete')
    .slice(1);
  assert.deepEqual([patch?.['verb'], patch?.['requestObject']], ['patch', {data: {k: 'w'}}]);
  assert.deepEqual([remove?.['verb'], remove?.['requestObject']], ['delete', {propagationPolicy: 'Background'}]);
  assert.equal(at(remove, 'responseStatus', 'status'), 'Success');
  assert.equal(at(remove, 'responseStatus', 'details', 'name'), 'p');
  assert.equal(at(missing, 'responseStatus', 'message'), 'configmaps "p" not found');
});

test('bodies in other forms are recorded in JSON; what cannot be read is not', inProcess, async () => {
  const yaml = {'content-type': 'application/yaml', accept: 'application/yaml'};
  assert.equal((await api.post(maps, 'metadata:\n  name: from-yaml\n', yaml)).status, 201);
  const [, made] = everything.take();
  assert.deepEqual(made?.['requestObject'], {kind: 'ConfigMap', apiVersion: 'v1', metadata: {name: 'from-yaml'}});
  assert.equal(at(made, 'responseObject', 'metadata', 'name'), 'from-yaml');
  const protobuf = {accept: 'application/vnd.kubernetes.protobuf'};
  await api.get(`${maps}/from-yaml`, protobuf);
  assert.equal(at(everything.take()[1], 'responseObject', 'metadata', 'name'), 'from-yaml');
  await api.get(`${maps}/nothing`, protobuf);
  assert.equal(at(everything.take()[1], 'responseStatus', 'reason'), 'NotFound');
  await api.post(maps, 'junk');
  const [, refused] = everything.take();
  assert.equal(refused?.['requestObject'], undefined);
  assert.match(String(at(refused, 'responseStatus', 'message')), /json parse error/);
  await api.get(`${maps}?pretty=true`);
  assert.equal(at(everything.take()[1], 'responseObject', 'kind'), 'ConfigMapList');
});

test('a watch is told when it begins and when it ends', inProcess, async () => {
  const watching = await api.watch(`${maps}?watch=true`);
  assert.deepEqual(stagesOf(everything.take()), ['RequestReceived', 'ResponseStarted']);
  watching.close();
  const [line, ...more] = everything.take();
  assert.deepEqual(more, []);
  assert.deepEqual([line?.['stage'], line?.['verb'], line?.['responseObject']], ['ResponseComplete', 'watch', undefined]);
});

test('what is no resource is told by its path', inProcess, async () => {
  await api.get('/version');
  const [line] = everything.take();
  assert.deepEqual([line?.['requestURI'], line?.['verb'], line?.['objectRef']], ['/version', 'get', undefined]);
  assert.equal(annotation(line, 'tenancy.kcp.io/workspace'), id);
  await plane.api.get('/healthz');
  assert.equal(annotation(everything.take()[0], 'tenancy.kcp.io/workspace'), undefined, 'it is about the whole server');
  await api.get('/api/v1');
  assert.equal(at(everything.take()[1], 'responseObject', 'kind'), 'APIResourceList');
  await api.get('/api/v1/namespaces/default');
  assert.deepEqual(everything.take()[1]?.['objectRef'], {resource: 'namespaces', namespace: 'default', name: 'default', apiVersion: 'v1'});
});

test('a workspace that is not there is told as kcp tells it', inProcess, async () => {
  await plane.api.get('/clusters/nosuch/api/v1/namespaces');
  const [, line] = everything.take();
  assert.equal(annotation(line, 'tenancy.kcp.io/workspace'), 'nosuch');
  assert.equal(annotation(line, 'request.auth.kcp.io/01-requiredgroups-reason'), 'logical cluster not found');
  assert.equal(annotation(line, 'request.auth.kcp.io/02-content-reason'), undefined);
});

test('CVE-2019-11250 js-secrets no value of a secret and no token is recorded by a rule for everything', inProcess, async () => {
  const canary = 'canary-in-a-coal-mine';
  const encoded = Buffer.from(canary).toString('base64');
  const secrets = '/api/v1/namespaces/default/secrets';
  await api.post(secrets, {metadata: {name: 's'}, stringData: {k: canary}});
  await api.patch(`${secrets}/s`, {data: {k: encoded}});
  await api.get(`${secrets}/s`);
  await api.put(`${secrets}/s`, {metadata: {name: 's'}, stringData: {k: canary}});
  await api.get(secrets);
  await api.del(`${secrets}/s`);
  const asked = await api.post('/api/v1/namespaces/default/serviceaccounts/default/token', {spec: {}});
  const token = String(asked.at('status', 'token'));
  assert.match(token, /^ey/);
  const reviews = '/apis/authentication.k8s.io/v1/tokenreviews';
  await api.post(reviews, {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {token}});
  await api.as(token).get('/version');
  const {jti} = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {jti: string};
  const text = everything.text();
  for (const secret of [canary, encoded, token, users.kcpAdmin]) assert.ok(!text.includes(secret), secret);
  const lines = everything.take();
  assert.ok(lines.some(line => annotation(line, 'authentication.kubernetes.io/issued-credential-id') === `JTI=${jti}`));
  assert.deepEqual(new Set(lines.slice(0, -2).map(line => line['level'])), new Set(['Metadata']));
  assert.deepEqual(lines[1]?.['objectRef'], {resource: 'secrets', namespace: 'default', name: 's', apiVersion: 'v1'});
});

test('managed fields are left out where the policy says so', inProcess, async () => {
  const log = memoryAudit({level: 'RequestResponse', omitManagedFields: true, omitStages: ['RequestReceived']});
  const other = await startPlane('bare', {audit: log.audit});
  const there = other.api.in('/clusters/root');
  log.take();
  const table = {accept: 'application/json;as=Table;v=v1;g=meta.k8s.io'};
  await there.post(maps, {metadata: {name: 'a'}, data: {k: 'v'}});
  for (const headers of [{}, table]) {
    await there.get(`${maps}/a`, headers);
    await there.get(`${maps}?includeObject=Object`, headers);
  }
  assert.ok(!log.text().includes('managedFields'));
  const lines = log.take();
  assert.deepEqual(new Set(stagesOf(lines)), new Set(['ResponseComplete']));
  assert.equal(at(lines[1], 'responseObject', 'data', 'k'), 'v');
  await other.stop();
});

test('nothing is done that cannot be recorded, where that is demanded', inProcess, async () => {
  const log = memoryAudit({level: 'Metadata'});
  const other = await startPlane('strict', {audit: log.audit});
  const there = other.api.in('/clusters/root');
  log.full = true;
  const refused = await there.post(maps, {metadata: {name: 'lost'}});
  assert.deepEqual([refused.status, refused.problem], [500, 'InternalError: failed to store audit event']);
  log.full = false;
  assert.equal((await there.get(`${maps}/lost`)).status, 404);
  await other.stop();
});

test('what another thread answers is recorded once, by the first', inProcess, async () => {
  const log = memoryAudit({level: 'RequestResponse'});
  const elsewhere = {
    answer: async () => ({
      status: 201,
      headers: {'content-type': 'application/json'},
      body: Buffer.from('{"kind":"ConfigMap"}\n'),
      notes: [['policy/key', 'noted there']] as const,
    }),
  };
  const other = await startPlane('heavy', {audit: log.audit, elsewhere});
  const there = other.api.in('/clusters/root');
  log.take();
  const data = Object.fromEntries(Array.from({length: 6_000}, (_, i) => [`key-${i}`, 'v']));
  await there.post(maps, JSON.stringify({metadata: {name: 'large'}, data}, undefined, 1));
  const lines = log.take();
  assert.deepEqual(stagesOf(lines), ['RequestReceived', 'ResponseComplete']);
  assert.equal(at(lines[1], 'requestObject', 'data', 'key-5999'), 'v');
  assert.deepEqual(lines[1]?.['responseObject'], {kind: 'ConfigMap'});
  assert.equal(annotation(lines[1], 'policy/key'), 'noted there');
  await there.post(maps, JSON.stringify({metadata: {name: 'vast'}, data: {k: 'v'.repeat(4 * 1024 * 1024)}}));
  const [, vast] = log.take();
  assert.deepEqual([vast?.['requestObject'], annotation(vast, 'audit.k8s.io/truncated')], [undefined, 'true']);
  await other.stop();
});

test('what webhooks and policies have to say of a write is noted', inProcess, async () => {
  const there = await plane.workspace('noted');
  const group = '/apis/admissionregistration.k8s.io/v1';
  const rules = [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}];
  const spec = {
    matchConstraints: {resourceRules: rules},
    validations: [{expression: 'object.metadata.name != "bad"', message: 'a bad name'}],
    auditAnnotations: [
      {key: 'size', valueExpression: 'string(size(object.data))'},
      {key: 'none', valueExpression: 'null'},
    ],
  };
  await there.post(`${group}/validatingadmissionpolicies`, {metadata: {name: 'p.example.com'}, spec});
  const validationActions = ['Audit'];
  for (const name of ['one', 'two'])
    await there.post(`${group}/validatingadmissionpolicybindings`, {
      metadata: {name},
      spec: {policyName: 'p.example.com', validationActions},
    });
  const at = (name: string) => ({name: `${name}.example.com`, clientConfig: {url: `https://hooks.test/${name}`}});
  const more = {rules, sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Ignore'};
  for (const sort of ['Mutating', 'Validating'])
    await there.post(`${group}/${sort.toLowerCase()}webhookconfigurations`, {
      metadata: {name: 'c'},
      webhooks: [
        {...at('good'), ...more},
        {...at('down'), ...more},
      ],
    });
  plane.webhooks.at('https://hooks.test/good', review => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {uid: digString(review, 'request', 'uid') as string, allowed: true, auditAnnotations: {seen: 'yes'}},
  }));
  everything.take();
  assert.equal((await there.post(maps, {metadata: {name: 'bad'}, data: {a: 'b'}})).status, 201);
  const [, line] = everything.take();
  const notes = Object.entries(line?.['annotations'] as object).filter(([key]) => !/kcp.io|authorization/.test(key));
  const failure = {message: 'a bad name', policy: 'p.example.com', binding: 'one', expressionIndex: 0, validationActions};
  assert.deepEqual(Object.fromEntries(notes), {
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_1': 'down.example.com',
    'failed-open.validating.webhook.admission.k8s.io/round_0_index_1': 'down.example.com',
    'good.example.com/seen': 'yes',
    'mutation.webhook.admission.k8s.io/round_0_index_0': '{"configuration":"c","webhook":"good.example.com","mutated":false}',
    'p.example.com/size': '1',
    'validation.policy.admission.k8s.io/validation_failure': JSON.stringify([failure]),
  });
});

test('a plane that works for another one tells it what to note, of refusals too', inProcess, async () => {
  const other = await startPlane('there', {returnsNotes: true});
  const group = '/clusters/root/apis/admissionregistration.k8s.io/v1';
  const rules = [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}];
  const validations = [{expression: 'false'}];
  const spec = {matchConstraints: {resourceRules: rules}, validations, auditAnnotations: [{key: 'k', valueExpression: '"v"'}]};
  await other.api.post(`${group}/validatingadmissionpolicies`, {metadata: {name: 'p.io'}, spec});
  const bound = {policyName: 'p.io', validationActions: ['Deny']};
  await other.api.post(`${group}/validatingadmissionpolicybindings`, {metadata: {name: 'b'}, spec: bound});
  const reply = await other.handler({
    method: 'POST',
    target: `/clusters/root${maps}`,
    headers: headerList({authorization: `Bearer ${users.kcpAdmin}`, 'content-type': 'application/json'}),
    remoteAddress: '',
    body: async () => Buffer.from('{"metadata":{"name":"a"}}'),
    signal: new AbortController().signal,
  });
  assert.deepEqual([reply.status, reply.notes], [422, [['p.io/k', 'v']]]);
  await other.stop();
});

test('a mistake of ours is told as a panic', inProcess, async () => {
  const log = memoryAudit({level: 'Metadata'});
  const broken = {
    answer: async (): Promise<never> => {
      throw new Error('a mistake');
    },
  };
  const other = await startPlane('broken', {audit: log.audit, elsewhere: broken});
  log.take();
  const large = {metadata: {name: 'large'}, data: {k: 'v'.repeat(600_000)}};
  assert.equal((await other.api.in('/clusters/root').post(maps, large)).status, 500);
  const lines = log.take();
  assert.deepEqual(stagesOf(lines), ['RequestReceived', 'Panic']);
  assert.equal(at(lines[1], 'responseStatus', 'code'), 500);
  assert.equal(other.errors.length, 1);
  assert.ok(other.errors[0]?.includes(`"request":"${lines[1]?.['auditID']}"`));
  await other.stop();
});

test('who asked for a home, and got one or not', inProcess, async () => {
  const home = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/~';
  await plane.api.as(users.user1).get(home);
  const [, complete] = everything.take();
  assert.deepEqual(
    [at(complete, 'user', 'username'), at(complete, 'objectRef', 'name'), at(complete, 'responseObject', 'kind')],
    ['user-1', '~', 'Workspace'],
  );
  assert.equal(annotation(complete, 'authorization.k8s.io/decision'), 'allow');
  await plane.api.as('').get(home);
  const [, refused] = everything.take();
  assert.deepEqual([at(refused, 'responseStatus', 'code'), annotation(refused, 'authorization.k8s.io/decision')], [403, 'forbid']);
  assert.match(String(annotation(refused, 'request.auth.kcp.io/02-content-reason')), /^no verb=access permission on \//);
});
