/** The audit log of a started server. */
import assert from 'node:assert/strict';
import {existsSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {folder, runToEnd, startServer} from '../support/process.ts';

const everything = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n';

function setUp(t: TestContext, policy: string) {
  const root = folder(t);
  const path = join(folder(t), 'logs', 'kcp.audit');
  const policyFile = join(folder(t), 'policy.yaml');
  writeFileSync(policyFile, policy);
  const lines = () => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return {root, path, policyFile, lines, args: ['--audit-policy-file', policyFile, '--audit-log-path', path]};
}

const maps = '/clusters/root/api/v1/namespaces/default/configmaps';
const headers = {'content-type': 'application/json', 'audit-id': 'the-one'};

for (const mode of ['blocking', 'blocking-strict', 'batch']) {
  test(`in mode ${mode}, what was answered is in the file`, {timeout: 60_000}, async t => {
    const {root, path, args, lines} = setUp(t, everything);
    const server = await startServer(t, {root, args: [...args, `--audit-log-mode=${mode}`]});
    const made = await server.call(maps, {method: 'POST', body: {metadata: {name: 'a'}}, headers});
    assert.equal(made.status, 201);
    // At once, or at the latest when it has ended.
    if (mode === 'batch') await server.stop();
    const events = lines()
      .map(line => JSON.parse(line))
      .filter(event => event.auditID === 'the-one');
    assert.deepEqual(
      events.map(event => event.stage),
      ['RequestReceived', 'ResponseComplete'],
    );
    assert.deepEqual(events[1].sourceIPs, ['127.0.0.1']);
    assert.deepEqual(events[1].responseObject, made.json);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    for (const secret of [server.token('kcp-admin'), server.token('shard-admin')]) assert.ok(!lines().some(line => line.includes(secret)));
  });
}

test('a full disk costs lines, and no request', {timeout: 60_000}, async t => {
  const {root, args, lines} = setUp(t, everything);
  const fileKiBMax = 256;
  const server = await startServer(t, {root, args: [...args, '--storage=memory'], fileKiBMax});
  const body = {metadata: {generateName: 'a-'}, data: {k: 'v'.repeat(20_000)}};
  for (let i = 0; i < 12; i++) assert.equal((await server.call(maps, {method: 'POST', body, headers})).status, 201);
  assert.match(server.output(), /lines of the audit log are lost/);
  for (const line of lines()) JSON.parse(line);
});

test('a policy that is none is told at the start, before anything is made', {timeout: 60_000}, async t => {
  const {root, path, policyFile, args} = setUp(t, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: All\n');
  const made = join(root, 'made');
  const {code, output} = await runToEnd(['--root-directory', made, '--secure-port=0', ...args]);
  assert.equal(code, 1);
  const why = 'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"';
  assert.equal(output, `kcp could not start: loading audit policy file: ${why}: from file ${policyFile}\n`);
  assert.ok(!existsSync(path) && !existsSync(made));

  const missing = await runToEnd(['--root-directory', made, '--secure-port=0', '--audit-policy-file', '/nowhere']);
  assert.match(missing.output, /^kcp could not start: loading audit policy file: failed to read file path "\/nowhere": ENOENT/);
});

test('events can be had on standard output', {timeout: 60_000}, async t => {
  const {root, policyFile} = setUp(t, everything);
  const args = ['--audit-policy-file', policyFile, '--audit-log-path', '-', '--audit-log-format=legacy'];
  const server = await startServer(t, {root, args});
  await server.call(maps, {headers});
  await server.stop();
  assert.match(
    server.output(),
    /^\S+ AUDIT: id="the-one" stage="ResponseComplete" ip="127.0.0.1" method="list" user="kcp-admin" .* response="200"$/m,
  );
});
