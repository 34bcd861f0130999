import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {RunOptions} from './kubectl.ts';
import {helm, helmVersions, kubectl, kubectlVersions, noTools} from './kubectl.ts';

const skip = noTools ?? false;

function home(t: TestContext): RunOptions {
  const folder = mkdtempSync(join(tmpdir(), 'kcp-kubectl-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    `current-context: c
clusters: [{name: c, cluster: {server: "https://kcp.test/clusters/root:org"}}]
contexts: [{name: c, context: {cluster: c}}]`,
  );
  return {home: folder, kubeconfig};
}

for (const version of kubectlVersions) {
  test(`kubectl ${version} runs, and finds our plugins`, {skip}, async t => {
    const options = home(t);
    assert.match((await kubectl(version, ['version', '--client'], options)).stdout, new RegExp(`Client Version: v${version}\\.`));
    assert.deepEqual(await kubectl(version, ['ws', '.'], options), {code: 0, stdout: "Current workspace is 'root:org'.\n", stderr: ''});
    assert.match((await kubectl(version, ['create', 'workspace', '--help'], options)).stdout, /Usage:\n {2}kubectl create workspace/);
    const missing = await kubectl(version, ['ws', 'current', '--context', 'other'], options);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^Error: context "other" does not exist\n/);
  });
}

for (const version of helmVersions) {
  test(`Helm ${version} runs`, {skip}, async t => {
    assert.match((await helm(version, ['version', '--short'], home(t))).stdout, new RegExp(`^v${version}\\.`));
  });
}

test('what takes too long is killed', {skip}, async t => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await assert.rejects(kubectl('1.35', ['get', '--raw', '/', '--server', server], {...home(t), timeoutMs: 500}), /killed after 500 ms/);
});
