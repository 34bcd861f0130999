import assert from 'node:assert/strict';
import {X509Certificate} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer as createPlain} from 'node:http';
import {createServer} from 'node:https';
import type {AddressInfo, Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import type {TLSSocket} from 'node:tls';
import {virtualWorld} from '../../test/support/virtual-world.ts';
import {root} from '../api/cluster.ts';
import {accessQuestion} from '../auth/access-review.ts';
import {authorizerNames} from '../auth/order.ts';
import {authorizationWebhook} from './authorization-webhook.ts';
import {servingCertificate} from './pki.ts';

type Seen = {readonly url: string; readonly authorization: string | undefined; readonly certificate: string | undefined};
const seen: Seen[] = [];
const {cert, key, ca} = await servingCertificate('', [], new Date());
const client = await servingCertificate('', [], new Date());

/** Allows, in the version it was asked in. */
async function decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const socket = request.socket as TLSSocket;
  seen.push({
    url: request.url ?? '',
    authorization: request.headers.authorization,
    certificate: socket.getPeerCertificate?.().fingerprint256,
  });
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  const review = JSON.parse(body);
  const fails = review.spec.resourceAttributes?.name;
  if (fails) return void response.writeHead(Number(fails), fails === '503' ? {'retry-after': '1'} : {}).end('secret');
  response.end(JSON.stringify({...review, status: {allowed: true}}));
}

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const secure = createServer({cert, key, ca: client.ca, requestCert: true, rejectUnauthorized: false}, decide);
const plain = createPlain(decide);
const [securePort, plainPort] = [await listening(secure), await listening(plain)];
const folder = mkdtempSync(join(tmpdir(), 'kcp-authorization-'));
const open: {close(): void}[] = [];
after(() => {
  for (const one of [...open, secure, plain]) one.close();
  secure.closeAllConnections();
  plain.closeAllConnections();
  rmSync(folder, {recursive: true});
});
for (const [name, text] of Object.entries({'ca.pem': ca, 'client.pem': client.cert, 'client.key': client.key, token: 'first\n'}))
  writeFileSync(join(folder, name), text);

let files = 0;
function kubeconfig(server: string, cluster: object = {}, user: object = {}): string {
  const file = join(folder, `config-${files++}`);
  const config = {
    clusters: [{name: 'c', cluster: {server, ...cluster}}],
    users: [{name: 'u', user}],
    contexts: [{name: 'x', context: {cluster: 'c', user: 'u'}}],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
const errors: string[] = [];
const log = {info: () => {}, warn: () => {}, error: (_: string, fields?: object) => errors.push(JSON.stringify(fields))};
function webhookOf(file: string, version = 'v1') {
  const world = virtualWorld('main');
  const flags = {
    authorizationOrder: authorizerNames,
    authorizationWebhookConfigFile: file,
    authorizationWebhookVersion: version,
    authorizationWebhookCacheAuthorizedTtl: 0,
    authorizationWebhookCacheUnauthorizedTtl: 0,
  };
  const webhook = authorizationWebhook(flags, world, log);
  if (!webhook) throw new Error('no webhook');
  open.push(webhook);
  return {webhook, world};
}
const question = (name = '') =>
  accessQuestion(
    {name: 'bob', groups: []},
    {verb: 'get', workspace: root, resource: {group: '', plural: 'x', subresource: undefined, namespace: '', name}},
  );
const base = `https://localhost:${securePort}`;

test('without a file there is none, and none without a place in the order', () => {
  const none = {
    authorizationOrder: authorizerNames,
    authorizationWebhookConfigFile: '',
    authorizationWebhookVersion: 'v7',
    authorizationWebhookCacheAuthorizedTtl: 0,
    authorizationWebhookCacheUnauthorizedTtl: 0,
  };
  assert.equal(authorizationWebhook(none, virtualWorld('none'), log), undefined);
  const left = {...none, authorizationWebhookVersion: 'v1', authorizationWebhookConfigFile: kubeconfig(base)};
  const warnings: string[] = [];
  const attentive = {...log, warn: (message: string) => warnings.push(message)};
  assert.equal(authorizationWebhook({...left, authorizationOrder: ['RBAC']}, virtualWorld('none'), attentive), undefined);
  assert.deepEqual(warnings, ['the authorization webhook is not in --authorization-order, and is never asked']);
});

test('the server of the file is asked, and shown who we are', async () => {
  const authority = {'certificate-authority': 'ca.pem'};
  const shown = {'client-certificate': 'client.pem', 'client-key': 'client.key', token: 'secret'};
  for (const version of ['v1', 'v1beta1']) {
    const {webhook} = webhookOf(kubeconfig(`${base}/some/path/`, authority, shown), version);
    assert.deepEqual(await webhook.ask(question()), {allowed: true, denied: false, reason: ''});
    const last = seen.at(-1);
    assert.deepEqual([last?.url, last?.authorization], ['/some/path?timeout=30s', 'Bearer secret']);
    assert.equal(last?.certificate, new X509Certificate(client.cert).fingerprint256);
  }
});

test('its certificate is checked, unless the file says not to', async () => {
  const strange = webhookOf(kubeconfig(base)).webhook;
  assert.match((await strange.ask(question())).error ?? '', /x509: certificate signed by unknown authority/);
  const careless = webhookOf(kubeconfig(base, {'insecure-skip-tls-verify': true})).webhook;
  assert.ok((await careless.ask(question())).allowed);
  const byData = webhookOf(kubeconfig(base, {'certificate-authority-data': Buffer.from(ca).toString('base64')})).webhook;
  assert.ok((await byData.ask(question())).allowed);
  const misnamed = webhookOf(kubeconfig(base, {'certificate-authority': 'ca.pem', 'tls-server-name': 'elsewhere'})).webhook;
  assert.match((await misnamed.ask(question())).error ?? '', /elsewhere/);
});

test('a server beside this one may do without TLS', async () => {
  const {webhook} = webhookOf(kubeconfig(`http://127.0.0.1:${plainPort}`));
  assert.ok((await webhook.ask(question())).allowed);
});

test('statuses, and which of them may pass', async () => {
  const {webhook, world} = webhookOf(kubeconfig(`http://127.0.0.1:${plainPort}`));
  for (const [status, calls] of [
    ['403', 1],
    ['502', 1],
    ['500', 5],
    ['504', 5],
    ['429', 5],
    ['503', 5],
  ] as const) {
    const before = seen.length;
    let isOver = false;
    const asked = webhook.ask(question(status)).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await world.advance(100);
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    const {allowed, error} = await asked;
    assert.equal(allowed, false);
    assert.doesNotMatch(error ?? '', /secret/);
    assert.equal(seen.length - before, calls, status);
  }
  const gone = webhookOf(kubeconfig('http://127.0.0.1:1')).webhook;
  assert.match((await gone.ask(question())).error ?? '', /^Post "http:\/\/127\.0\.0\.1:1\?timeout=30s": connect: connection refused$/);
});

test('files that others renew are read again', async () => {
  const file = kubeconfig(`http://127.0.0.1:${plainPort}`, {}, {tokenFile: 'token'});
  const {webhook, world} = webhookOf(file);
  const shown = async () => {
    await webhook.ask(question());
    return seen.at(-1)?.authorization;
  };
  assert.equal(await shown(), 'Bearer first');
  writeFileSync(join(folder, 'token'), 'second\n');
  assert.equal(await shown(), 'Bearer first');
  await world.advance(60_000);
  assert.equal(await shown(), 'Bearer second');
  rmSync(join(folder, 'token'));
  await world.advance(60_000);
  assert.equal(await shown(), 'Bearer second');
  assert.match(errors.at(-1) ?? '', /--authorization-webhook-config-file: unable to read .*token/);
});

test('a file that cannot be meant is told at the start', () => {
  const exec = {exec: {command: 'x', apiVersion: 'client.authentication.k8s.io/v1'}};
  const cases: readonly [string, string, RegExp][] = [
    [join(folder, 'nowhere'), 'v1', /^Error: --authorization-webhook-config-file: stat .*nowhere: no such file or directory$/],
    [kubeconfig('ftp://x'), 'v1', /not the URL of a server: "ftp:\/\/x"$/],
    [kubeconfig(base, {'certificate-authority': 'missing.pem'}), 'v1', /unable to read .*missing.pem/],
    [kubeconfig(base, {}, exec), 'v1', /credentials by exec are not supported here$/],
    [kubeconfig(base), 'v2', /^Error: unsupported webhook authorizer version "v2", supported versions are "v1", "v1beta1"$/],
  ];
  for (const [file, version, expected] of cases) assert.throws(() => webhookOf(file, version), expected);
  const empty = join(folder, 'empty');
  writeFileSync(empty, 'kind: Config\n');
  assert.throws(() => webhookOf(empty), /it has no context "", its current-context$/);
});
