import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {chmodSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {test} from 'node:test';
import type {ServerProcess} from '../support/process.ts';
import {folder, runToEnd, startServer, until} from '../support/process.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const inside = (workspace: string, resource: string): string => `/clusters/${workspace}/api/v1/namespaces/default/${resource}`;

async function made(
  server: ServerProcess,
  path: string,
  body: object,
): Promise<{metadata: {name: string; resourceVersion: string}} & {[field: string]: never}> {
  const answer = await server.call(path, {method: 'POST', body});
  assert.equal(answer.status, 201, answer.body);
  return answer.json;
}

const secretOf = (name: string, words: string): object => ({metadata: {name}, data: {password: base64(words)}, type: 'Opaque'});

async function workspace(server: ServerProcess, name: string): Promise<string> {
  await made(server, '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces', {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: {name},
  });
  await until(async () => (await server.call(inside(`root:${name}`, 'serviceaccounts/default'))).status === 200, 'a workspace');
  return `root:${name}`;
}

/** All files below a folder. */
function filesBelow(top: string): readonly string[] {
  return readdirSync(top, {withFileTypes: true, recursive: true})
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name));
}

/** The files in which one of some texts is to be found, as it is or in base64: such as have a length of thirds begin a value there. */
const filesWith = (top: string, words: readonly string[]): readonly string[] =>
  filesBelow(top).filter(path => {
    const bytes = readFileSync(path);
    return words.some(word => bytes.includes(word) || bytes.includes(base64(word)));
  });

const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  resources: [{group: "", resources: [secrets, serviceaccounts/token]}]
- level: RequestResponse
`;

test('T18 no file has a Secret or a token in plain, after whatever happens to them', {timeout: 120_000}, async t => {
  const root = folder(t);
  const policyFile = join(folder(t), 'policy.yaml');
  writeFileSync(policyFile, policy);
  const args = ['-v=10', '--audit-policy-file', policyFile, '--audit-log-path', join(root, 'audit.log')];
  const start = (): Promise<ServerProcess> => startServer(t, {root, args});
  const words = Array.from({length: 8}, () => `canary${randomBytes(12).toString('hex')}`);
  const [kept, old, updated, gone, large] = words as [string, string, string, string, string];

  let server = await start();
  const home = await workspace(server, 'tenant');
  for (const at of ['root', home]) {
    await made(server, inside(at, 'secrets'), secretOf('kept', kept));
    const first = (await made(server, inside(at, 'secrets'), secretOf('updated', old))).metadata;
    const body = {...secretOf('updated', updated), metadata: first};
    assert.equal((await server.call(inside(at, 'secrets/updated'), {method: 'PUT', body})).status, 200);
    await made(server, inside(at, 'secrets'), secretOf('gone', gone));
    assert.equal((await server.call(inside(at, 'secrets/gone'), {method: 'DELETE'})).status, 200);
    await made(server, inside(at, 'secrets'), secretOf('large', large.repeat(20_000)));
    await made(server, inside(at, 'configmaps'), {metadata: {name: 'seen'}, data: {words: 'in plain sight'}});
  }
  await made(server, inside(home, 'secrets'), {
    metadata: {name: 'token', annotations: {'kubernetes.io/service-account.name': 'default'}},
    type: 'kubernetes.io/service-account-token',
  });
  let stored = '';
  await until(async () => {
    stored = (await server.call(inside(home, 'secrets/token'))).json.data?.token ?? '';
    return stored !== '';
  }, 'a token in a Secret');
  const request = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {}};
  const asked = (await made(server, `${inside(home, 'serviceaccounts/default')}/token`, request)) as unknown as {status: {token: string}};
  words.push(Buffer.from(stored, 'base64').toString(), asked.status.token, server.token('kcp-admin'), server.token('shard-admin'));

  // The administrators' kubeconfig is where their tokens are handed over.
  const traces = (): readonly string[] => filesWith(root, words).filter(path => path !== server.kubeconfig);
  assert.deepEqual(traces(), [], 'while it runs');
  assert.ok(filesWith(root, ['in plain sight']).length > 0, 'this test can see what is not sealed');
  let output = server.output();
  await server.kill();
  assert.deepEqual(traces(), [], 'after a kill');
  const before = server.token('kcp-admin');
  server = await start();
  words.push(before, server.token('kcp-admin'));
  for (const at of ['root', home]) {
    const {items} = (await server.call(inside(at, 'secrets'))).json;
    const found = new Map(items.map((i: {metadata: {name: string}; data: {password: string}}) => [i.metadata.name, i.data.password]));
    assert.deepEqual([found.get('kept'), found.get('updated'), found.get('gone')], [base64(kept), base64(updated), undefined]);
    assert.equal((await server.call(inside(at, 'secrets'), {method: 'DELETE'})).status, 200);
  }
  assert.deepEqual(traces(), [], 'after all were deleted');
  output += server.output();
  await server.stop();
  output += server.output();
  assert.deepEqual(traces(), [], 'after an end in order, which empties the write-ahead log');
  assert.deepEqual(
    words.filter(word => output.includes(word) || output.includes(base64(word))),
    [],
    'what was logged with -v=10',
  );
  assert.ok(readFileSync(join(root, 'audit.log'), 'utf8').includes('"resource":"secrets"'), 'requests for Secrets were recorded');
});

test('whatever the umask, nobody else can read a file of the root directory', {timeout: 60_000}, async t => {
  const root = join(folder(t), 'deep', 'root');
  const policyFile = join(folder(t), 'policy.yaml');
  writeFileSync(policyFile, policy);
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const server = await startServer(t, {
    root,
    args: ['--audit-policy-file', policyFile, '--audit-log-path', join(root, 'logs', 'audit.log')],
  });
  await made(server, inside('root', 'secrets'), secretOf('a', 'secret'));
  await until(() => existsSync(join(root, 'client-ca.key')) && existsSync(join(root, 'sa.key')), 'keys that are made beside');
  const modes = (): readonly string[] =>
    [root, ...readdirSync(root, {recursive: true, encoding: 'utf8'}).map(name => join(root, name))]
      .map(path => ({path, stat: lstatSync(path)}))
      .map(({path, stat}) => `${stat.isDirectory() ? 'folder' : 'file'} ${(stat.mode & 0o777).toString(8)} ${path.slice(root.length)}`);
  const seen = modes();
  assert.deepEqual(
    seen.filter(line => !/^(folder 700|file 600) /.test(line)),
    [],
  );
  for (const name of [
    '/encryption.json',
    '/sa.key',
    '/admin.kubeconfig',
    '/data/store.db',
    '/data/store.db-wal',
    '/logs/audit.log',
    '/apiserver.key',
  ])
    assert.ok(
      seen.some(line => line.endsWith(` ${name}`)),
      `${name} was looked at: ${seen.join(', ')}`,
    );
  await server.stop();

  // As a careless backup brings them back.
  for (const name of ['encryption.json', 'data/store.db', 'sa.key']) chmodSync(join(root, name), 0o644);
  const given = join(root, 'tokens.csv');
  writeFileSync(given, 'some-token,somebody,1\n', {mode: 0o644});
  const again = await startServer(t, {root, args: ['--token-auth-file', given]});
  assert.deepEqual(
    modes().filter(line => !/^(folder 700|file 600) /.test(line)),
    ['file 644 /tokens.csv'],
    'ours are closed again, and that of another is left',
  );
  for (const words of [
    /others could read this file and no longer can.*encryption\.json/,
    /others can read this file, which holds a secret.*tokens\.csv/,
  ])
    assert.match(again.output(), words);
});

const keyOf = (name: string): object => ({name, secret: randomBytes(32).toString('base64')});
const config = (...keys: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{resources: ['secrets', 'configmaps'], providers: [{aesgcm: {keys}}]}],
  });

test('keys are rotated while the server runs; a lost key is told at the start, and found again', {timeout: 120_000}, async t => {
  const root = folder(t);
  const file = join(root, 'encryption.json');
  let server = await startServer(t, {root});
  const first = JSON.parse(readFileSync(file, 'utf8')).resources[0].providers[0].aesgcm.keys[0];
  for (let i = 0; i < 50; i++) await made(server, inside('root', 'secrets'), secretOf(`s${i}`, `words ${i}`));
  const next = keyOf('key2');
  writeFileSync(file, config(next));
  await until(
    () => /not yet sealed as configured.*sealed with a key that is not there: \\"key1\\"/.test(server.output()),
    'a refusal',
    15_000,
  );
  writeFileSync(file, config(next, first));
  await until(
    () => /stored values are sealed as configured; former keys are no longer needed.*key2/.test(server.output()),
    'a rotation',
    15_000,
  );
  writeFileSync(file, config(next));
  await until(() => server.output().split('was read again').length > 3, 'the old key to be taken away', 15_000);
  assert.equal((await server.call(inside('root', 'secrets/s7'))).json.data.password, base64('words 7'));
  await server.stop();

  const saved = readFileSync(file, 'utf8');
  rmSync(file);
  const refused = await runToEnd(['--root-directory', root, '--secure-port', '0']);
  assert.equal(refused.code, 1);
  assert.match(
    refused.output,
    /kcp could not start: .*encryption\.json: values in the store are sealed with a key that is not there: "key2" \(id [0-9a-f]{16}\)/,
  );
  assert.equal(existsSync(file), false, 'no key is made in place of the lost one');
  writeFileSync(file, '{"resources": "c2VjcmV0LXNlY3JldA=="');
  const garbled = await runToEnd(['--root-directory', root, '--secure-port', '0']);
  assert.match(garbled.output, /encryption\.json: it is neither YAML nor JSON/);
  assert.doesNotMatch(garbled.output, /c2VjcmV0/);
  writeFileSync(file, saved);
  server = await startServer(t, {root});
  assert.equal((await server.call(inside('root', 'secrets'))).json.items.length >= 50, true);
});

test('T18 a Secret that was put in the place of another is served to nobody, and everything else goes on', {timeout: 60_000}, async t => {
  const root = folder(t);
  let server = await startServer(t, {root});
  const [mine, theirs] = [await workspace(server, 'mine'), await workspace(server, 'theirs')];
  await made(server, inside(theirs, 'secrets'), secretOf('a', 'their password'));
  await made(server, inside(mine, 'secrets'), secretOf('a', 'my password'));
  await made(server, inside(mine, 'secrets'), secretOf('b', 'harmless'));
  await server.stop();
  const db = new DatabaseSync(join(root, 'data', 'store.db'));
  const rows = db.prepare("SELECT key, revision FROM keys WHERE key LIKE '/core/secrets/%/default/a' ORDER BY revision").all();
  const [their, my] = rows as [{key: string; revision: number}, {key: string; revision: number}];
  db.exec(`UPDATE log SET value = (SELECT value FROM log WHERE revision = ${their.revision}) WHERE revision = ${my.revision}`);
  db.close();

  server = await startServer(t, {root});
  const told = `Internal error occurred: unable to transform key "${my.key}": it was damaged, or written under another key`;
  for (const path of ['secrets/a', 'secrets', 'secrets?watch=true&timeoutSeconds=1']) {
    const {status, body, json} = await server.call(inside(mine, path));
    if (path.includes('watch')) assert.ok(body.includes(JSON.stringify(told).slice(1, -1)), body);
    else assert.deepEqual([status, json.message, json.reason], [500, told, 'InternalError']);
    assert.ok(!body.includes(base64('their password')));
  }
  const everywhere = await server.call('/clusters/*/api/v1/secrets', {token: server.token('shard-admin')});
  assert.deepEqual([everywhere.status, everywhere.json.message], [500, told]);
  assert.equal((await server.call(inside(mine, 'secrets/b'))).status, 200);
  assert.equal((await server.call(inside(theirs, 'secrets'))).status, 200);
  assert.match(server.output(), /a stored value cannot be read.*\/core\/secrets\//);
  await made(server, inside(mine, 'secrets'), {
    metadata: {name: 'token', annotations: {'kubernetes.io/service-account.name': 'default'}},
    type: 'kubernetes.io/service-account-token',
  });
  await until(async () => (await server.call(inside(mine, 'secrets/token'))).json.data?.token !== undefined, 'controllers that go on');
});
