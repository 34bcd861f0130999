/** `kcp explain access` over the wire, by those who may read roles and bindings and by those who may not. */
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {type TestContext, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {httpsWebhook} from '../support/https-webhook.ts';
import {bindingObject, rbac, roleObject} from '../support/permissions.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer} from '../support/process.ts';

const program = resolve(fileURLToPath(import.meta.url), '..', '..', '..', 'bin', 'kcp');
const users = ['jane', 'lead', 'stranger'] as const;

async function setUp(t: TestContext, args: readonly string[] = []) {
  const at = folder(t);
  const tokens = join(at, 'tokens.csv');
  writeFileSync(tokens, users.map((name, i) => `token-of-${name},${name},${i},staff\n`).join(''));
  const server = await startServer(t, {root: folder(t), args: ['--token-auth-file', tokens, ...args]});
  const type = {name: 'universal', path: 'root'};
  const workspace = {apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: {name: 'shop'}, spec: {type}};
  assert.equal(
    (await server.call('/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces', {method: 'POST', body: workspace})).status,
    201,
  );
  const make = async (path: string, body: object): Promise<void> => {
    const answer = await server.call(`/clusters/root:shop${path}`, {method: 'POST', body});
    assert.equal(answer.status, 201, answer.body);
  };
  for (const name of ['jane', 'lead'])
    await make(rbac.clusterRoleBindings, bindingObject(`enter-${name}`, 'ClusterRole system:kcp:workspace:access', `User ${name}`));
  await make(rbac.roleBindings('default'), bindingObject('views', 'ClusterRole view', 'User jane'));
  await make(rbac.roleBindings('default'), bindingObject('leads', 'ClusterRole admin', 'User lead'));
  await make(rbac.clusterRoles, roleObject('hidden-role', ['* core/secrets']));
  await make(rbac.clusterRoleBindings, bindingObject('hidden-binding', 'ClusterRole hidden-role', 'User hidden-user'));
  return {server, kcp: typing(t, server)};
}

const typing = (t: TestContext, server: ServerProcess) => {
  const env = {PATH: process.env['PATH'], HOME: folder(t), KUBECONFIG: server.kubeconfig};
  return (line: string, as?: string): Promise<{readonly code: number; readonly out: string; readonly err: string}> => {
    const words = [...`explain access ${line} -w :root:shop`.split(' '), ...(as ? ['--token', `token-of-${as}`] : [])];
    return new Promise(done => {
      execFile(program, words, {env}, (failed, out, err) => done({code: failed ? Number(failed.code) : 0, out, err}));
    });
  };
};

test('an administrator is told all of it', {timeout: 60_000}, async t => {
  const {kcp} = await setUp(t);
  const yes = await kcp('list configmaps --as jane');
  assert.deepEqual([yes.code, yes.err], [0, '']);
  assert.match(yes.out, /^yes: jane may list configmaps in namespace default of root:shop\n/);
  assert.match(yes.out, /Decided by:\n {2}RoleBinding views in namespace default\n {2}gives User jane the ClusterRole view\n/);
  const no = await kcp('get secrets/a --as jane');
  assert.equal(no.code, 1);
  assert.match(no.out, /hidden-binding.*hidden-role.*hidden-user/);
  assert.match(no.out, /\n {2}kubectl create role jane-get-secrets --verb=get --resource=secrets --resource-name=a -n default\n/);
  const outside = await kcp('get secrets/a --as stranger --as-group staff -o json');
  const {suggestion, complete, steps, groups} = JSON.parse(outside.out);
  assert.deepEqual([outside.code, complete, groups], [1, true, ['staff', 'system:authenticated']]);
  assert.equal(steps.at(-1).authorizer, '02-content');
  assert.deepEqual(suggestion, [
    'kubectl create clusterrolebinding stranger-access --clusterrole=system:kcp:workspace:access --user=stranger',
  ]);
});

test('who may not read roles and bindings is told who decided, and nothing of others', {timeout: 60_000}, async t => {
  const {kcp} = await setUp(t);
  const [yes, no] = [await kcp('list configmaps', 'jane'), await kcp('get secrets/a', 'jane')];
  assert.deepEqual([yes.code, no.code], [0, 1]);
  assert.match(yes.out, /^yes: you may list configmaps/);
  assert.match(yes.out, /\n {2}roles of this workspace +allows it\n/);
  assert.match(no.out, /\n {2}roles of this workspace +does not allow it +no role allows it\n/);
  assert.match(no.out, /kubectl create role jane-get-secrets/);
  for (const {out} of [yes, no]) {
    assert.match(out, /There may be more to tell to those who may list the roles and bindings of the workspace\.\n$/);
    assert.doesNotMatch(out, /hidden|Decided by|What came near|"views/);
  }
  const others = await kcp('get secrets --as lead', 'jane');
  assert.deepEqual([others.code, others.out], [2, '']);
  assert.match(others.err, /^Error: you may not ask about others in root:shop: subjectaccessreviews\S* is forbidden/);
  // Of their namespace, its administrators are told.
  const lead = await kcp('list configmaps', 'lead');
  assert.match(lead.out, /Decided by:\n {2}RoleBinding leads in namespace default\n/);
  const outside = await kcp('list configmaps', 'stranger');
  assert.equal(outside.code, 1);
  assert.match(outside.out, /access to the workspace +does not allow it/);
  assert.match(outside.out, /--clusterrole=system:kcp:workspace:access --user=stranger\n/);
});

test('what is mistyped is told before anything is asked', {timeout: 60_000}, async t => {
  const {kcp} = await setUp(t);
  const {code, out, err} = await kcp('get confgmaps');
  const message = 'Error: the workspace doesn\'t have a resource type "confgmaps"; did you mean configmaps?\n';
  assert.deepEqual({code, out, err}, {code: 2, out: '', err: message});
});

test('a webhook is one part of the chain', {timeout: 60_000}, async t => {
  const webhook = await httpsWebhook({
    '/': (body, response) => {
      const review = JSON.parse(body);
      const status = {allowed: false, denied: review.spec.resourceAttributes?.verb === 'delete', reason: 'ask the owners'};
      response.end(JSON.stringify({...review, status}));
    },
  });
  t.after(() => webhook.close());
  const file = join(folder(t), 'webhook.kubeconfig');
  const cluster = {server: `https://localhost:${webhook.port}`, 'certificate-authority-data': Buffer.from(webhook.ca).toString('base64')};
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{name: 'c', cluster}],
      contexts: [{name: 'x', context: {cluster: 'c'}}],
      'current-context': 'x',
    }),
  );
  const {kcp} = await setUp(t, ['--authorization-webhook-config-file', file]);
  const open = await kcp('get secrets --as jane');
  assert.match(open.out, /\n {2}webhook +does not allow it +ask the owners\n/);
  assert.match(open.out, /kubectl create role jane-get-secrets/);
  const denied = await kcp('delete secrets --as jane');
  assert.match(denied.out, /\n {2}webhook +denies it +ask the owners\n/);
  assert.match(denied.out, /\nNo role of the workspace can allow it\.\n/);
  assert.match((await kcp('list configmaps --as jane')).out, /\n {2}webhook +not asked\n/);
});
