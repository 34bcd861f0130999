/** A started server whose operator has others decide: the flags of kcp, and a webhook over HTTPS. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {heavyLimits} from '../../src/server/heavy.ts';
import type {Answers} from '../support/https-webhook.ts';
import {httpsWebhook} from '../support/https-webhook.ts';
import {kubectlVersions, noTools} from '../support/kubectl.ts';
import {folder, runToEnd, startServer, until} from '../support/process.ts';
import {openShell} from './shell.ts';

type Status = {readonly allowed: boolean; readonly denied?: boolean; readonly reason?: string};
type Review = {
  readonly spec: {readonly user?: string; readonly resourceAttributes?: {readonly verb: string; readonly resource: string}};
};

async function deciding(t: TestContext, says: (review: Review) => Status) {
  const answer: Answers = (body, response) => {
    const review = JSON.parse(body);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({...review, status: says(review)}));
  };
  const webhook = await httpsWebhook({'/decide': answer});
  t.after(() => webhook.close());
  const at = folder(t);
  writeFileSync(join(at, 'ca.pem'), webhook.ca);
  const file = join(at, 'webhook.kubeconfig');
  const cluster = {server: `https://localhost:${webhook.port}/decide`, 'certificate-authority': 'ca.pem'};
  const config = {
    clusters: [{name: 'c', cluster}],
    contexts: [{name: 'x', context: {cluster: 'c'}}],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(config));
  const noCache = ['authorized', 'unauthorized'].map(which => `--authorization-webhook-cache-${which}-ttl=0s`);
  return {webhook, args: ['--authorization-webhook-config-file', file, ...noCache]};
}

for (const version of ['v1', 'v1beta1']) {
  test(`a webhook in ${version} decides what kubectl may`, {skip: noTools ?? false, timeout: 60_000}, async t => {
    const {args} = await deciding(t, ({spec: {user, resourceAttributes: of}}) => ({
      allowed: user === 'jane' && of?.resource === 'configmaps' && of.verb !== 'delete',
      denied: of?.verb === 'delete',
      reason: of?.verb === 'delete' ? 'nothing is deleted here' : '',
    }));
    const server = await startServer(t, {root: folder(t), args: [...args, `--authorization-webhook-version=${version}`]});
    await openShell(t, server, kubectlVersions[0]!).play([
      ['create configmap hers --as=jane', 'configmap/hers created'],
      ['get configmap hers -o name --as=jane', 'configmap/hers'],
      ['! get secrets --as=jane', /User "jane" cannot list resource "secrets" .*: access denied$/m],
      ['! delete configmap hers --as=jane', /User "jane" cannot delete resource "configmaps" .*: nothing is deleted here$/m],
      ['auth can-i create configmaps --as=jane', 'yes'],
      ['! auth can-i delete configmaps --as=jane', 'no - nothing is deleted here'],
      // What a role allows, nobody is asked about.
      ['delete configmap hers', /deleted/],
    ]);
  });
}

test('whoever is asked first decides first', {timeout: 60_000}, async t => {
  const {args} = await deciding(t, () => ({allowed: false, denied: true}));
  const order = 'Webhook,AlwaysAllowGroups,AlwaysAllowPaths,RBAC';
  // Not even the wait for readiness would end, were it asked about that.
  const server = await startServer(t, {root: folder(t), args: [...args, `--authorization-order=AlwaysAllowPaths,${order}`]});
  const status = async (path: string, token?: string): Promise<number> =>
    (await server.call(path, token === undefined ? {} : {token})).status;
  const maps = '/clusters/root/api/v1/namespaces/default/configmaps';
  assert.deepEqual([await status(maps), await status('/version'), await status('/readyz', '')], [403, 403, 200]);
  // Whoever runs the server cannot be locked out of it.
  assert.equal(await status(maps, server.token('shard-admin')), 200);
});

test('the thread for heavy requests asks the same webhook', {timeout: 60_000}, async t => {
  let allows = false;
  const {args, webhook} = await deciding(t, () => ({allowed: allows}));
  const server = await startServer(t, {root: folder(t), args: [...args, '--v=4']});
  const data = Object.fromEntries(Array.from({length: heavyLimits.jsonValuesMax + 1_000}, (_, i) => [`key-${i}`, `value ${i}`]));
  const write = async (name: string): Promise<number> => {
    const maps = '/clusters/root/api/v1/namespaces/default/configmaps';
    const body = {metadata: {name}, data};
    return (await server.call(maps, {method: 'POST', headers: {'impersonate-user': 'jane'}, body})).status;
  };
  assert.equal(await write('a'), 403);
  allows = true;
  const before = webhook.asked.get('/decide') ?? 0;
  assert.equal(await write('a'), 201);
  assert.equal((webhook.asked.get('/decide') ?? 0) - before, 2);
  assert.match(server.output(), /a thread for heavy requests is started/);
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
});

test('a webhook that is gone is told of in the log, and to nobody else', {timeout: 60_000}, async t => {
  const {args, webhook} = await deciding(t, () => ({allowed: true}));
  const server = await startServer(t, {root: folder(t), args});
  webhook.close();
  const refused = await server.call('/clusters/root/api/v1/namespaces', {headers: {'impersonate-user': 'jane'}});
  assert.equal(refused.status, 500);
  assert.equal(refused.json.message, 'Internal error occurred: the authorization webhook could not be asked');
  await until(() => /the authorization webhook failed .*connection refused/.test(server.output()), 'a line in the log');
  // The server goes on with what it knows itself.
  assert.equal((await server.call('/clusters/root/api/v1/namespaces')).status, 200);
});

test('an order that cannot be meant is told at the start', {timeout: 60_000}, async t => {
  const root = folder(t);
  for (const [args, why] of [
    [['--authorization-order=RBAC,ABAC'], /^invalid authorizer: "ABAC"$/m],
    [['--authorization-always-allow-paths=/a*b'], /^only trailing \* allowed in "a\*b"$/m],
    [['--authorization-webhook-config-file=/nowhere'], /authorization-webhook-config-file: stat \/nowhere: no such file or directory$/m],
  ] as const) {
    const {code, output} = await runToEnd(['--root-directory', root, '--secure-port=0', ...args]);
    assert.equal(code, 1);
    assert.match(output, why);
  }
});
