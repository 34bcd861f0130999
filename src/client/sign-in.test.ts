import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Fetch} from './client.ts';
import type {Connection} from './connection.ts';
import type {Program} from './sign-in.ts';
import {signIn} from './sign-in.ts';

const exec = {
  command: 'login',
  args: ['--now'],
  env: {A: 'b'},
  apiVersion: 'client.authentication.k8s.io/v1',
  provideClusterInfo: true,
  installHint: 'Get login.',
};
const connection: Connection = {server: 'https://kcp.test', ca: 'CA', headers: {}, exec};
const call = {method: 'GET', target: '/', headers: {}};

/** A server that knows only the newest of the tokens t1, t2, …, each of which is given out by one run of the plugin. */
function signedIn(printed: (count: number) => string = count => `{"status":{"token":"t${count}"}}`): {
  fetch: Fetch;
  runs: Program[];
  valid: {token: string};
} {
  const runs: Program[] = [];
  const valid = {token: 't1'};
  const run = async (program: Program): Promise<{code: number; stdout: string}> => {
    runs.push(program);
    return {code: printed(runs.length) ? 0 : 7, stdout: printed(runs.length)};
  };
  const open =
    (opened: Connection): Fetch =>
    async () => {
      const isKnown = opened.headers['authorization'] === `Bearer ${valid.token}` || opened.clientCert === 'CERT';
      return {status: isKnown ? 200 : 401, headers: {}, body: ''};
    };
  return {fetch: signIn(connection, run, open), runs, valid};
}

test('signs in once, when the first requests are made', async () => {
  const {fetch, runs} = signedIn();
  assert.equal(runs.length, 0);
  const replies = await Promise.all([fetch(call), fetch(call)]);
  assert.deepEqual(
    replies.map(reply => reply.status),
    [200, 200],
  );
  assert.equal(runs.length, 1);
  assert.deepEqual([runs[0]?.command, runs[0]?.args, runs[0]?.env['A']], ['login', ['--now'], 'b']);
  assert.deepEqual(JSON.parse(runs[0]?.env['KUBERNETES_EXEC_INFO'] ?? ''), {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {interactive: false, cluster: {server: 'https://kcp.test', 'certificate-authority-data': 'Q0E='}},
  });
});

test('signs in again, once for all who were refused', async () => {
  const {fetch, runs, valid} = signedIn();
  await fetch(call);
  valid.token = 't2';
  const replies = await Promise.all([fetch(call), fetch(call)]);
  assert.deepEqual(
    replies.map(reply => reply.status),
    [200, 200],
  );
  assert.equal(runs.length, 2);
  valid.token = 'gone';
  assert.equal((await fetch(call)).status, 401);
});

test('takes certificates as well', async () => {
  const {fetch} = signedIn(() => '{"status":{"clientCertificateData":"CERT","clientKeyData":"KEY"}}');
  assert.equal((await fetch(call)).status, 200);
});

test('says what went wrong, and how to get the plugin', async () => {
  const texts = {
    '': 'failed with exit code 7',
    'no json': 'printed something that is not JSON',
    '{}': 'printed no token and no certificate',
  };
  for (const [stdout, text] of Object.entries(texts))
    await assert.rejects(signedIn(() => stdout).fetch(call), {message: `getting credentials: exec: login ${text}\n\nGet login.`});
});
