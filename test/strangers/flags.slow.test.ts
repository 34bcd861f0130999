import assert from 'node:assert/strict';
import {X509Certificate} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {join} from 'node:path';
import {test} from 'node:test';
import {createSecureContext} from 'node:tls';
import {parse} from 'yaml';
import {clientCa, clientCertificate} from '../../src/main/pki.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, runToEnd, startServer, until} from '../support/process.ts';

/** What kcp's own tests start a server with, in their order and their two ways to write a flag. */
const kcpArgs = (root: string, tokens: string): readonly string[] => [
  '--embedded-etcd-client-port=2379',
  '--embedded-etcd-peer-port=2380',
  '--embedded-etcd-wal-size-bytes=5000',
  `--kubeconfig-path=${join(root, 'admin.kubeconfig')}`,
  '--audit-log-path',
  join(root, 'kcp.audit'),
  '--v=4',
  '--feature-gates=',
  '--bind-address=127.0.0.1',
  '--token-auth-file',
  tokens,
  '--feature-gates=WorkspaceMounts=true,CacheAPIs=true,WorkspaceAuthentication=true,LogicalClusterMigration=true',
  '--feature-gates=NobodyKnowsThis=true',
];

test('homes are for whom the flags say', {timeout: 60_000}, async t => {
  const root = folder(t);
  const tokens = join(folder(t), 'tokens.csv');
  writeFileSync(tokens, 'one,user-1,1111,"team-1"\ntwo,user-2,1112,"team-2"\n');
  const home = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/~';
  for (const [args, expected] of [
    [['--home-workspaces-home-creator-groups=team-1,team-3'], {one: 200, two: 403}],
    // Who has one keeps it.
    [['--home-workspaces-home-creator-groups=team-2'], {one: 200, two: 200}],
    [['--enable-home-workspaces=false'], {one: 404, two: 404}],
  ] as const) {
    const server = await startServer(t, {root, args: ['--token-auth-file', tokens, ...args]});
    for (const [token, status] of Object.entries(expected))
      assert.equal((await server.call(home, {token})).status, status, `${token} ${args}`);
    await server.stop();
  }
});

test("a server takes the arguments of kcp's tests, and makes the files they look for", {timeout: 60_000}, async t => {
  const root = folder(t);
  const tokens = join(folder(t), 'tokens.csv');
  writeFileSync(tokens, 'user-1-token,user-1,1111,"team-1"\nadmin-token,admin,5555,"system:masters,others"\n');
  const server = await startServer(t, {root, args: kcpArgs(root, tokens)});
  await t.test('the kubeconfig', () => checkKubeconfig(server));
  await t.test('certificates and keys', () => checkFiles(server));
  await t.test('static tokens', async () => {
    assert.equal((await whoami(server, {token: 'user-1-token'})).name, 'user-1');
    const admin = await whoami(server, {token: 'admin-token'});
    assert.deepEqual(admin, {name: 'admin', groups: ['system:masters', 'others', 'system:authenticated']});
    assert.equal((await server.call('/livez', {token: 'user-2-token'})).status, 401);
  });
  await t.test('client certificates of the CA in the root directory', async () => {
    const ca = await clientCa(root, new Date());
    const identity = await clientCertificate(ca, {commonName: 'tenant', organizations: ['system:masters', 'team-1']}, 1, new Date());
    assert.deepEqual(await whoami(server, {token: '', identity}), {
      name: 'tenant',
      groups: ['system:masters', 'team-1', 'system:authenticated'],
    });
  });
  await t.test('a second server on the same directory is refused', async () => {
    const {code, output} = await runToEnd(['--root-directory', root, '--secure-port', '0']);
    assert.equal(code, 1);
    assert.match(output, new RegExp(`^kcp could not start: .*in use by pid ${server.pid}`, 'm'));
    assert.equal((await server.call('/readyz')).body, 'ok');
  });
  await t.test('unknown gates are told', () => assert.match(server.output(), /NobodyKnowsThis/));
});

function checkKubeconfig(server: ServerProcess): void {
  const config = parse(readFileSync(server.kubeconfig, 'utf8'));
  const clusters = new Map(config.clusters.map((c: {name: string; cluster: {server: string}}) => [c.name, c.cluster.server]));
  const {url} = server;
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const expected = {base: url, root: `${url}/clusters/root`, 'system:admin': `${url}/clusters/system:admin`};
  assert.deepEqual(Object.fromEntries(clusters), expected);
  const contexts = config.contexts.map((c: {name: string; context: {cluster: string; user: string}}) => [
    c.name,
    c.context.cluster,
    c.context.user,
  ]);
  assert.deepEqual(contexts.toSorted(), [
    ['base', 'base', 'kcp-admin'],
    ['root', 'root', 'kcp-admin'],
    ['shard-base', 'base', 'shard-admin'],
    ['system:admin', 'system:admin', 'shard-admin'],
  ]);
  assert.equal(config['current-context'], 'root');
}

async function checkFiles({root, ca}: ServerProcess): Promise<void> {
  const file = (name: string): string => readFileSync(join(root, name), 'utf8');
  const leaf = new X509Certificate(file('apiserver.crt'));
  assert.ok(leaf.verify(new X509Certificate(ca).publicKey), 'the CA of the kubeconfig signed the serving certificate');
  assert.ok(leaf.checkIP('127.0.0.1') && leaf.checkHost('localhost'));
  createSecureContext({cert: file('apiserver.crt'), key: file('apiserver.key')}); // throws if the two are no pair

  await until(() => existsSync(join(root, 'client-ca.crt')), 'the client CA');
  assert.equal(new X509Certificate(file('client-ca.crt')).publicKey.asymmetricKeyType, 'rsa');
  assert.match(file('client-ca.key'), /^-----BEGIN (RSA )?PRIVATE KEY-----/);
  const open = readdirSync(root, {recursive: true, withFileTypes: true})
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => (statSync(path).mode & 0o077) !== 0);
  assert.deepEqual(open, [], 'everything is for its owner only');
}

test('a given client CA alone is believed', {timeout: 60_000}, async t => {
  const root = folder(t);
  const outside = folder(t);
  const ca = await clientCa(outside, new Date());
  const server = await startServer(t, {root, args: ['--client-ca-file', join(outside, 'client-ca.crt')]});
  const identity = await clientCertificate(ca, {commonName: 'tenant', organizations: ['system:masters']}, 1, new Date());
  assert.equal((await whoami(server, {token: '', identity})).name, 'tenant');

  const stranger = await clientCertificate(
    await clientCa('', new Date()),
    {commonName: 'tenant', organizations: ['system:masters']},
    1,
    new Date(),
  );
  assert.equal((await whoami(server, {token: '', identity: stranger})).name, 'system:anonymous', 'another CA signed it');
  assert.ok(!existsSync(join(root, 'client-ca.key')), 'no second CA was made');
});

test('ports and directories that cannot be had are told', {timeout: 60_000}, async t => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const {port} = taken.address() as AddressInfo;
  const busy = await runToEnd(['--root-directory', folder(t), '--secure-port', String(port)]);
  assert.equal(busy.code, 1);
  assert.match(busy.output, new RegExp(`^kcp could not start: .*${port}`, 'm'));
  assert.match(busy.output, /in use|EADDRINUSE/);

  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  const noDirectory = await runToEnd(['--root-directory', file, '--secure-port=0']);
  assert.equal(noDirectory.code, 1);
  assert.match(noDirectory.output, /^kcp could not start: /m);
});

test('mistyped flags are told before anything is made', {timeout: 60_000}, async t => {
  const root = join(folder(t), 'root');
  const {code, output} = await runToEnd(['--root-directory', root, '--secure-prot=1']);
  assert.equal(code, 1);
  assert.match(output, /^unknown flag: --secure-prot; did you mean --secure-port\?/);
  assert.ok(!existsSync(root));
});

test('with --storage memory nothing is kept but certificates and tokens', {timeout: 60_000}, async t => {
  const root = folder(t);
  const first = await startServer(t, {root, args: ['--storage', 'memory']});
  const path = '/clusters/root/api/v1/namespaces/default/configmaps';
  assert.equal((await first.call(path, {method: 'POST', body: {metadata: {name: 'gone'}}})).status, 201);
  assert.equal((await first.stop()).code, 0);
  assert.ok(!existsSync(join(root, 'data')));

  const second = await startServer(t, {root, args: ['--storage', 'memory']});
  assert.equal((await second.call(`${path}/gone`)).status, 404);
  assert.equal(second.ca, first.ca);
  assert.equal(second.token('shard-admin'), first.token('shard-admin'));
});

test('--event-ttl says how long events are kept, and those of a server that was killed go as well', {timeout: 60_000}, async t => {
  const root = folder(t);
  const path = '/clusters/root/api/v1/namespaces/default/events';
  const event = {metadata: {name: 'e'}, involvedObject: {kind: 'Namespace', name: 'default'}, reason: 'Seen'};
  const first = await startServer(t, {root, args: ['--event-ttl', '1s']});
  assert.equal((await first.call(path, {method: 'POST', body: event})).status, 201);
  await first.kill();

  const second = await startServer(t, {root, args: ['--event-ttl', '1s']});
  assert.equal((await second.call(`${path}/e`)).status, 200);
  await until(async () => (await second.call(`${path}/e`)).status === 404, 'the end of the event');
});

type Self = {readonly name: string; readonly groups: readonly string[]};

/** Who the server says one is: by its answer, or by its refusal, which tells no groups. */
async function whoami(server: ServerProcess, who: {token: string; identity?: {cert: string; key: string}}): Promise<Self> {
  const path = '/clusters/root/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const {status, json, body} = await server.call(path, {method: 'POST', body: {}, ...who});
  if (status === 201) return {name: json.status.userInfo.username, groups: json.status.userInfo.groups};
  return {name: /User "([^"]*)"/.exec(json.message)?.[1] ?? body, groups: []};
}
