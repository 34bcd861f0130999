/** What is secret is in no log, however much is logged, and in no metric (spec reliability-and-security CVE-2019-11250, B5, T11). */
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {test} from 'node:test';
import {folder, startServer, until} from '../support/process.ts';
import {http2To, openStream, rawHandshake, rawRequest, sayRaw} from '../support/raw.ts';

const namespace = '/clusters/root/api/v1/namespaces/default';

test('CVE-2019-11250 js-secrets T11 twenty secrets are in no log, no audit log, no metric and no answer to others', {
  timeout: 120_000,
}, async t => {
  const root = folder(t);
  const [audit, policy, tokens] = [join(folder(t), 'audit.log'), join(folder(t), 'policy.yaml'), join(folder(t), 'tokens.csv')];
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n');
  const secrets = new Map<string, string>();
  /** A text that is found nowhere by chance. */
  const secret = (what: string): string => {
    const made = `kcpsecret${secrets.size}${Buffer.from(what).toString('hex').slice(0, 20)}`;
    secrets.set(what, made);
    return made;
  };
  writeFileSync(tokens, `${secret('token of a file')},filed,1\n`);
  const server = await startServer(t, {
    root,
    args: [
      '-v',
      '10',
      '--token-auth-file',
      tokens,
      '--audit-policy-file',
      policy,
      '--audit-log-path',
      audit,
      '--audit-log-mode',
      'blocking',
    ],
  });
  secrets.set('token of kcp-admin', server.token('kcp-admin'));
  secrets.set('token of shard-admin', server.token('shard-admin'));
  secrets.set('key of the server', readFileSync(join(root, 'apiserver.key'), 'utf8').split('\n')[2] as string);

  const post = async (path: string, body: unknown, more = {}) => server.call(namespace + path, {method: 'POST', body, ...more});
  const base64 = (words: string): string => Buffer.from(words).toString('base64');
  assert.equal(
    (await post('/secrets', {metadata: {name: 'a'}, stringData: {a: secret('stringData')}, data: {b: base64(secret('data'))}})).status,
    201,
  );
  await server.call(`${namespace}/secrets/a`, {
    method: 'PATCH',
    body: {stringData: {c: secret('patched')}},
    headers: {'content-type': 'application/merge-patch+json'},
  });
  await server.call(`${namespace}/secrets/a?fieldManager=x`, {
    method: 'PATCH',
    body: {apiVersion: 'v1', kind: 'Secret', metadata: {name: 'a'}, stringData: {d: secret('applied')}},
    headers: {'content-type': 'application/apply-patch+yaml'},
  });
  // What is wrong is told to its sender, and to nobody else.
  assert.ok((await post('/secrets', {metadata: {name: 'b'}, data: {a: `?${secret('not base64')}`}})).status >= 400);
  assert.ok((await post('/secrets', `{"metadata":{"name":"c"},"stringData":{"a":"${secret('broken off')}`)).status >= 400);
  assert.ok((await post('/secrets', {metadata: {name: 'd'}, stringData: {'a/b': secret('under a bad key')}})).status >= 400);
  const issued = (await post('/serviceaccounts/default/token', {spec: {}})).json.status.token as string;
  secrets.set('signature of a token', issued.split('.')[2] as string);
  await server.call('/clusters/root/apis/authentication.k8s.io/v1/tokenreviews', {
    method: 'POST',
    body: {spec: {token: secret('reviewed')}},
  });
  for (const token of [secret('wrong token'), `a.${secret('half a token')}.b`, issued]) await server.call(namespace, {token});
  for (const authorization of [`Basic ${base64(`admin:${secret('password')}`)}`, `Digest ${secret('digest')}`, secret('no scheme')])
    await server.call(namespace, {token: '', headers: {authorization}});
  await server.call(namespace, {
    headers: {cookie: `session=${secret('cookie')}`, 'x-api-key': secret('api key'), 'proxy-authorization': secret('proxy')},
  });
  await sayRaw(server, rawRequest(server, '/readyz', [`Authorization: Bearer ${secret('twice')}`]));
  await sayRaw(server, `GET / HTTP/1.1\r\nAuthorization: Bearer ${secret('broken request')}\r\n broken\r\n\r\n`);
  const encoded = Buffer.from(secret('subprotocol')).toString('base64url');
  await sayRaw(
    server,
    rawHandshake(server, `${namespace}/configmaps?watch=1`, [
      `Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.${encoded}, x`,
    ]).replace(/Authorization: .*\r\n/, ''),
    {waitMs: 300},
  );
  const session = await http2To(server);
  const stream = openStream(server, session, {':path': `${namespace}/secrets`, 'x-secret': secret('header of HTTP/2')});
  assert.match(await text(stream), /"a"/);
  session.destroy();
  assert.ok(secrets.size >= 20, `${secrets.size} secrets`);

  const metrics = (await server.call('/metrics', {token: server.token('shard-admin')})).body;
  const others = (await server.call(`${namespace}/secrets`, {token: secrets.get('token of a file') as string})).body;
  await until(() => readFileSync(audit, 'utf8').includes('tokenreviews'));
  await server.stop();
  const seen = {log: server.output(), audit: readFileSync(audit, 'utf8'), metrics, 'answer to others': others};
  assert.ok(seen.log.length > 100 && seen.audit.length > 5_000, `${seen.log}\n${seen.audit.length}`);
  for (const [where, words] of Object.entries(seen))
    for (const [what, made] of secrets)
      for (const form of [made, base64(made), Buffer.from(made).toString('base64url'), encodeURIComponent(made)])
        assert.ok(!words.includes(form.replace(/=+$/, '')), `${what} is in the ${where}: ${around(words, form)}`);
});

const around = (words: string, form: string): string => words.slice(Math.max(0, words.indexOf(form) - 200), words.indexOf(form) + 200);
