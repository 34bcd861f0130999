/** Somebody outside who is asked what the roles leave open (spec kcp 7.7); the texts are those that kcp sends of the same requests. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import type {AccessQuestion, AccessVerdict} from '../../src/auth/access-review.ts';
import type {Api} from '../support/api-client.ts';
import {memoryAudit} from '../support/memory-audit.ts';
import {bindingObject, rbac} from '../support/permissions.ts';
import {configMap, newPlace, paths, refused, succeeded} from '../support/place.ts';
import type {TestPlane} from '../support/plane.ts';
import {inProcess, startPlane, users} from '../support/plane.ts';

const log = memoryAudit({level: 'Metadata'});
let says: (question: AccessQuestion) => AccessVerdict;
let asked: AccessQuestion[] = [];
let plane: TestPlane;
let admin: Api;
let user: Api;

const verdict = (more: Partial<AccessVerdict>): AccessVerdict => ({allowed: false, denied: false, reason: '', ...more});

before(async () => {
  if (inProcess.skip) return;
  says = () => verdict({});
  const webhook = {
    async ask(question: AccessQuestion) {
      asked.push(question);
      return says(question);
    },
  };
  plane = await startPlane('webhook', {audit: log.audit, authorization: {webhook}});
  admin = await newPlace(plane);
  user = admin.as(users.user1);
  const enter = bindingObject('enter', 'ClusterRole system:kcp:workspace:access', 'User user-1');
  succeeded(await admin.post(rbac.clusterRoleBindings, enter), 201);
});
after(async () => {
  if (!plane) return;
  assert.deepEqual(plane.errors, []);
  await plane.stop();
});
const saying = (next: AccessVerdict | typeof says): void => {
  says = typeof next === 'function' ? next : () => next;
  asked = [];
  log.take();
};

/** What the audit log tells of the last request. */
const told = (): {readonly [key: string]: string} => (log.take().at(-1)?.['annotations'] ?? {}) as {readonly [key: string]: string};

test('it allows what no role does, and sees what is wanted', inProcess, async () => {
  saying(verdict({allowed: true, reason: 'for once'}));
  succeeded(await user.get(`${paths.configMaps}?labelSelector=a%3Db`));
  assert.deepEqual(
    asked.map(({spec}) => [spec['user'], spec['resourceAttributes']]),
    [
      [
        'user-1',
        {
          namespace: 't',
          verb: 'list',
          version: 'v1',
          resource: 'configmaps',
          labelSelector: {requirements: [{key: 'a', operator: 'In', values: ['b']}]},
        },
      ],
    ],
  );
  const annotations = told();
  assert.deepEqual([annotations['authorization.k8s.io/decision'], annotations['authorization.k8s.io/reason']], ['allow', 'for once']);
  assert.equal(annotations['request.auth.kcp.io/05-local-decision'], 'NoOpinion');
  assert.equal(annotations['request.auth.kcp.io/webhook-decision'], 'Allowed');
});

test('it refuses in its own words, or adds them', inProcess, async () => {
  saying(verdict({denied: true, reason: 'not on sundays'}));
  const list = 'Forbidden: configmaps is forbidden: User "user-1" cannot list resource "configmaps" in API group "" in the namespace "t"';
  assert.equal(refused(await user.get(paths.configMaps), 403, '').problem, `${list}: not on sundays`);
  saying(verdict({denied: true}));
  assert.equal(refused(await user.get(paths.configMaps), 403, '').problem, list);
  saying(verdict({reason: 'none of my business'}));
  assert.equal(refused(await user.get(paths.configMaps), 403, '').problem, `${list}: access denied\nnone of my business`);
  assert.equal(told()['authorization.k8s.io/reason'], 'access denied\nnone of my business');
});

test('when it cannot be asked, that is an error and no refusal, and tells nothing of it', inProcess, async () => {
  saying(verdict({error: 'Post "https://10.1.2.3:8443": no route to host'}));
  const answer = refused(await user.get(paths.configMaps), 500, 'the authorization webhook could not be asked');
  assert.doesNotMatch(answer.text, /10\.1\.2\.3/);
  const annotations = told();
  assert.deepEqual(
    [annotations['authorization.k8s.io/decision'], annotations['authorization.k8s.io/reason']],
    [undefined, 'internal error'],
  );
  // Of what a role allows it is not asked.
  succeeded(await user.get('/api'));
});

test('reviews tell what it says', inProcess, async () => {
  const review = async () => {
    const body = {spec: {user: 'eve', resourceAttributes: {verb: 'get', resource: 'secrets', namespace: 't'}}};
    return succeeded(await admin.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', body), 201).at('status');
  };
  saying(verdict({allowed: true, reason: 'she may'}));
  assert.deepEqual(await review(), {allowed: true, reason: 'she may'});
  saying(verdict({denied: true, reason: 'never'}));
  assert.deepEqual(await review(), {allowed: false, denied: true, reason: 'never'});
  saying(verdict({error: 'x'}));
  assert.deepEqual(await review(), {
    allowed: false,
    reason: 'access denied',
    evaluationError: 'the authorization webhook could not be asked',
  });
});

test('expressions of admission ask it as well', inProcess, async () => {
  saying(({spec}) => verdict({allowed: JSON.stringify(spec).includes('"delete"')}));
  const seen: string[] = [];
  const hook = async (name: string, expression: string): Promise<void> => {
    const url = `https://${name}.test`;
    plane.webhooks.at(url, review => {
      seen.push(name);
      const uid = (review['request'] as {readonly uid: string}).uid;
      return {apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: {uid, allowed: true}};
    });
    const webhook = {
      name: `${name}.hooks.test`,
      clientConfig: {url},
      rules: [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      matchConditions: [{name: 'may', expression}],
    };
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    succeeded(await admin.post(path, {metadata: {name}, webhooks: [webhook]}), 201);
  };
  const may = (verb: string): string =>
    `authorizer.serviceAccount("t", "robot").group("").resource("secrets").namespace("t").check("${verb}").allowed()`;
  await hook('may', `${may('delete')} && !${may('update')}`);
  await hook('may-not', may('update'));
  asked = [];
  succeeded(await admin.post(paths.configMaps, configMap('a')), 201);
  assert.deepEqual(seen, ['may']);
  assert.ok(asked.length > 0 && asked.every(({spec}) => String(spec['user']).endsWith(':t:robot')));
});

test('and so do policies, which pay for each time', inProcess, async () => {
  saying(({spec}) => verdict({allowed: JSON.stringify(spec).includes('"approve"')}));
  const policies = '/apis/admissionregistration.k8s.io/v1';
  const may = (verb: string): string => `variables.robot.check("${verb}").allowed()`;
  const policy = {
    metadata: {name: 'asks'},
    spec: {
      matchConstraints: {resourceRules: [{operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps']}]},
      variables: [{name: 'robot', expression: 'authorizer.serviceAccount("t", "robot").group("").resource("secrets").namespace("t")'}],
      validations: [
        {expression: `${may('approve')} && !${may('sign')}`, message: 'never seen'},
        {expression: may('sign'), message: 'not signed'},
      ],
    },
  };
  succeeded(await admin.post(`${policies}/validatingadmissionpolicies`, policy), 201);
  const binding = {metadata: {name: 'asks'}, spec: {policyName: 'asks', validationActions: ['Deny']}};
  succeeded(await admin.post(`${policies}/validatingadmissionpolicybindings`, binding), 201);
  asked = [];
  refused(await admin.post(paths.configMaps, configMap('signed')), 422, 'not signed');
  // Each question once, for both of what a service account counts as.
  assert.deepEqual(
    asked.map(({spec}) => (spec['resourceAttributes'] as {readonly verb: string}).verb),
    ['approve', 'sign', 'sign'],
  );
});
