/** What was confided to a server is in none of its words to others: log, audit log, metrics, Events. */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {type Answers, httpsWebhook} from '../support/https-webhook.ts';
import {folder, runToEnd, type ServerProcess, sleep, startServer} from '../support/process.ts';
import {rawHandshake, rawRequest, sayRaw} from '../support/raw.ts';

const secrets = '/clusters/root/api/v1/namespaces/default/secrets';
const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Everything is recorded whole, but what the server keeps to itself unless a rule names it. */
const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n';

const says =
  (status: number, body: string, headers: {readonly [name: string]: string} = {}): Answers =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

/** Makes texts that were never seen before, and remembers what each was for. */
class Canaries {
  readonly #made = new Map<string, string>();

  make(what: string): string {
    const text = `canary${randomBytes(12).toString('hex')}`;
    this.#made.set(text, what);
    return text;
  }

  get size(): number {
    return this.#made.size;
  }

  /** What those were for that are to be found in some words, plain or in base64. */
  in(words: string): readonly string[] {
    return [...this.#made].filter(([text]) => words.includes(text) || words.includes(base64(text))).map(([, what]) => what);
  }
}

type Asking = {readonly method?: string; readonly path?: string; readonly type?: string; readonly body: unknown};

/** Bodies that are refused, or taken, for reasons of all kinds. */
function bodies(c: (what: string) => string): readonly Asking[] {
  const json = 'application/json';
  const name = {metadata: {name: 'a'}};
  const patch = (type: string, body: unknown): Asking => ({method: 'PATCH', path: `${secrets}/there`, type: `application/${type}`, body});
  return [
    {body: `{"data": {"a": "${c('JSON that is cut off')}"`},
    {body: `{"data": ${c('JSON with a bare word')}}`},
    {body: `{"data": {"a": "${c('JSON with a bare word behind')}"}} x`},
    {body: `${'{"a":'.repeat(600)}"${c('JSON that is too deep')}"`},
    {body: {...name, data: {a: c('data that is not base64')}}},
    {body: {...name, data: {a: [c('data of a wrong type')]}}},
    {body: {...name, data: c('data that is no map')}},
    {body: {...name, stringData: {a: {b: c('stringData of a wrong type')}}}},
    {body: {...name, immutable: c('a switch of a wrong type')}},
    {body: {...name, type: 'kubernetes.io/tls', stringData: {'tls.crt': c('a certificate'), 'tls.key': c('a key')}}},
    {body: {...name, type: 'kubernetes.io/dockerconfigjson', stringData: {'.dockerconfigjson': c('what is no docker config')}}},
    {body: {...name, type: 'kubernetes.io/basic-auth', stringData: {other: c('a Secret of a type that lacks something')}}},
    {body: {metadata: {name: 'Not a name'}, stringData: {a: c('a Secret with a bad name')}}},
    {body: {metadata: {name: 'a', labels: {'not a label!': 'x'}}, stringData: {a: c('a Secret with a bad label')}}},
    {body: {...name, stringData: {'not a key!': c('a Secret with a bad key')}}},
    {body: {metadata: {name: 'big'}, stringData: {a: c('a large Secret').repeat(30_000)}}},
    {body: {metadata: {name: 'bigger'}, stringData: {a: c('a Secret that is too large').repeat(120_000)}}},
    {body: `{"stringData": {"a": "${c('a large body that is cut off').repeat(30_000)}`},
    {type: 'application/yaml', body: `stringData:\n  a: ${c('YAML')}\n b: [`},
    {type: 'application/yaml', body: `stringData: {a: &a ${c('YAML with anchors')}, b: *c}`},
    {type: 'application/vnd.kubernetes.protobuf', body: `k8s\0\x0a\x10${c('protobuf')}`},
    {type: `text/${c('a content type')}`, body: '{}'},
    {
      path: `${secrets}?fieldValidation=Strict`,
      type: json,
      body: {...name, stringData: {a: c('a Secret with unknown fields')}, more: {x: c('an unknown field')}},
    },
    {path: `${secrets}/there`, method: 'PUT', body: {metadata: {name: 'there', resourceVersion: '1'}, stringData: {a: c('a conflict')}}},
    {path: `${secrets}/there`, method: 'PUT', body: {metadata: {name: 'other'}, stringData: {a: c('an update of another name')}}},
    {path: `${secrets}/missing`, method: 'PUT', body: {metadata: {name: 'missing', uid: 'x'}, stringData: {a: c('an update of nothing')}}},
    patch('json-patch+json', [{op: 'test', path: '/data/a', value: c('a patch that tests')}]),
    patch('json-patch+json', [{op: 'add', path: '/data/a/b/c', value: c('a patch of a wrong place')}]),
    patch('json-patch+json', `[{"op": ${c('a patch that is no JSON')}}]`),
    patch('merge-patch+json', {data: {a: c('a merge patch that is not base64')}}),
    patch('strategic-merge-patch+json', {data: {$patch: 'none', a: c('a strategic patch of a wrong kind')}}),
    patch('apply-patch+yaml', `apiVersion: v1\nkind: Secret\nmetadata: {name: there}\nstringData: {a: ${c('an apply without a manager')}}`),
    {path: '/clusters/root/apis/authentication.k8s.io/v1/tokenreviews', body: {spec: {token: c('a token to review')}}},
    {path: '/clusters/root/apis/authentication.k8s.io/v1/tokenreviews', body: {spec: {token: [c('a token to review of a wrong type')]}}},
    {
      path: '/clusters/root/api/v1/namespaces/default/serviceaccounts/default/token',
      body: {spec: {boundObjectRef: {kind: 'Secret', apiVersion: 'v1', name: 'there', uid: 'x'}, audiences: [{a: c('a token request')}]}},
    },
  ];
}

/** Requests by which one would come in. */
async function comeIn(server: ServerProcess, issuer: string, c: (what: string) => string): Promise<void> {
  const jwt = (what: string, iss = 'https://kcp.default.svc'): string =>
    [{alg: 'RS256', kid: 'x'}, {iss, sub: c(what)}, 'signature']
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  for (const path of [
    '/api',
    secrets,
    `${configmaps}?watch=true&timeoutSeconds=1`,
    '/nowhere',
    '/metrics',
    '/clusters/root:nowhere/api/v1/secrets',
  ]) {
    const tokens = [
      `Bearer ${c(`a token for ${path}`)}`,
      `Bearer ${jwt(`a signed token for ${path}`)}`,
      `Bearer ${jwt(`a token of an issuer for ${path}`, issuer)}`,
      `bearer  ${c(`a token behind two spaces for ${path}`)}`,
      `Basic ${base64(`admin:${c(`a password for ${path}`)}`)}`,
      `Basic ${c(`a bare password for ${path}`)}`,
      `Bearer ${server.token('kcp-admin')}${c(`a token that begins well for ${path}`)}`,
    ];
    for (const authorization of tokens) await server.call(path, {token: '', headers: {authorization}});
    const query = (name: string): string => `${path}${path.includes('?') ? '&' : '?'}${name}=${c(`${name} of ${path}`)}`;
    for (const name of ['access_token', 'id_token']) {
      await server.call(query(name), {token: ''});
      await server.call(query(name));
      await server.call(query(name), {method: 'POST', body: '{'});
    }
    await server.call(path, {
      headers: {cookie: `token=${c(`a cookie for ${path}`)}`, 'x-remote-extra-token': c(`a header of a front proxy for ${path}`)},
    });
  }
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(c('a token of a WebSocket')).toString('base64url')}`;
  for (const lines of [[`Sec-WebSocket-Protocol: ${protocol}`], [`Sec-WebSocket-Protocol: ${protocol}, ${c('a protocol of a WebSocket')}`]])
    await sayRaw(server, rawHandshake(server, `${configmaps}?watch=true`, lines), {waitMs: 300});
  const odd = [
    rawRequest(server, '/api', [`Authorization: Bearer ${c('a second token')}`]),
    rawRequest(server, '/api', [`X-Token : ${c('a header with a space')}`]),
    rawRequest(server, '/api', [` ${c('a folded header')}`]),
    rawRequest(server, '/api', [`X-Token: ${c('a header that is too long').repeat(4000)}`]),
    rawRequest(server, `/api?access_token=${c('a target that is too long').repeat(4000)}`),
    rawRequest(server, `//api?access_token=${c('a target of a wrong form')}`),
    rawRequest(server, '/api', [`Transfer-Encoding: ${c('a transfer encoding')}`], 'POST'),
    `${c('no request at all')}\r\n\r\n`,
  ];
  for (const bytes of odd) await sayRaw(server, bytes, {waitMs: 300});
}

test('CVE-2019-11250 js-secrets T11 no secret is told to others, whatever is wrong with the request', {timeout: 120_000}, async t => {
  const root = folder(t);
  const policyFile = join(folder(t), 'policy.yaml');
  writeFileSync(policyFile, policy);
  const auditLog = join(root, 'audit.log');
  const canaries = new Canaries();
  const c = (what: string): string => canaries.make(what);
  const provider = await httpsWebhook({'/.well-known/openid-configuration': says(200, c('an issuer that says nothing'))});
  t.after(() => provider.close());
  const issuer = `https://127.0.0.1:${provider.port}`;
  const ca = join(folder(t), 'ca.crt');
  writeFileSync(ca, provider.ca);
  const args = [
    ...['-v=10', '--audit-policy-file', policyFile, '--audit-log-path', auditLog],
    ...['--oidc-issuer-url', issuer, '--oidc-client-id', 'kcp', '--oidc-ca-file', ca],
  ];
  const server = await startServer(t, {root, args});
  assert.equal(
    (await server.call(secrets, {method: 'POST', body: {metadata: {name: 'there'}, stringData: {a: c('a Secret')}}})).status,
    201,
  );

  const statuses = new Map<number, number>();
  for (const {method = 'POST', path = secrets, type, body} of bodies(c)) {
    const {status} = await server.call(path, {method, body, ...(type !== undefined && {headers: {'content-type': type}})});
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  for (const status of [400, 409, 413, 415, 422])
    assert.ok(statuses.has(status), `nothing was answered by ${status}: ${[...statuses.keys()].join()}`);
  await comeIn(server, issuer, c);
  assert.ok(provider.asked.size > 0, 'the issuer was asked');
  await askWebhooks(server, c, t);
  await sleep(200);

  const admin = {token: server.token('shard-admin')};
  const told = [
    ['log', server.output()],
    ['audit log', readFileSync(auditLog, 'utf8')],
    ...(await Promise.all(
      [
        '/metrics',
        '/readyz?verbose',
        '/debug/pprof/heap',
        '/configz',
        '/clusters/*/api/v1/events',
        '/clusters/*/apis/events.k8s.io/v1/events',
      ].map(async path => [path, (await server.call(path, admin)).body]),
    )),
  ] as const;
  assert.ok(canaries.size > 100);
  for (const [where, words] of told) assert.deepEqual(canaries.in(words as string), [], `told in ${where}`);
  assert.ok(server.output().includes(' DEBUG '), 'the log tells everything');
  assert.match(readFileSync(auditLog, 'utf8'), /"requestObject"/, 'the audit log has bodies');
});

/** Webhooks that see a Secret, and answer with what is no business of a log. */
async function askWebhooks(server: ServerProcess, c: (what: string) => string, t: Parameters<typeof folder>[0]): Promise<void> {
  const answers = {
    '/garbage': says(200, c('an answer that is no JSON')),
    '/half': says(200, `{"response": {"uid": "${c('an answer that is cut off')}`),
    '/moved': says(302, c('an answer that leads on'), {location: `https://127.0.0.1/?token=${c('where an answer leads to')}`}),
    '/none': says(
      200,
      JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: {uid: 'x', allowed: true, patch: c('an answer to another review')},
      }),
    ),
  };
  const webhook = await httpsWebhook(answers);
  t.after(() => webhook.close());
  const configurations = '/clusters/root/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  for (const path of Object.keys(answers)) {
    const name = path.slice(1);
    const made = await server.call(configurations, {
      method: 'POST',
      body: {
        metadata: {name},
        webhooks: [
          {
            name: `${name}.example.com`,
            clientConfig: {url: `https://127.0.0.1:${webhook.port}${path}`, caBundle: base64(webhook.ca)},
            rules: [{apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets']}],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            failurePolicy: 'Fail',
          },
        ],
      },
    });
    assert.equal(made.status, 201, made.body);
    const body = {metadata: {generateName: 'asked-'}, stringData: {a: c(`a Secret that ${name} is asked about`)}};
    const asked = await server.call(secrets, {method: 'POST', body});
    assert.equal(asked.status, 500, asked.body);
    await server.call(`${configurations}/${name}`, {method: 'DELETE'});
  }
  assert.equal(webhook.asked.size, Object.keys(answers).length);
}

test('files that cannot be read at the start are named and not quoted', {timeout: 60_000}, async t => {
  const canaries = new Canaries();
  const file = (what: string, text: (canary: string) => string): string => {
    const path = join(folder(t), 'file');
    writeFileSync(path, text(canaries.make(what)));
    return path;
  };
  const starts: readonly (readonly string[])[] = [
    ['--token-auth-file', file('a token file', c => `${c}\n`)],
    ['--encryption-provider-config', file('an encryption configuration', c => `apiVersion: [${c}`)],
    [
      '--encryption-provider-config',
      file('a key that is none', c =>
        JSON.stringify({
          apiVersion: 'apiserver.config.k8s.io/v1',
          kind: 'EncryptionConfiguration',
          resources: [{resources: ['secrets'], providers: [{aesgcm: {keys: [{name: 'a', secret: c}]}}]}],
        }),
      ),
    ],
    ['--service-account-signing-key-file', file('a signing key', c => `-----BEGIN PRIVATE KEY-----\n${c}\n-----END PRIVATE KEY-----\n`)],
    ['--service-account-key-file', file('a verifying key', c => `-----BEGIN PUBLIC KEY-----\n${c}\n-----END PUBLIC KEY-----\n`)],
    ['--tls-cert-file', file('a certificate', c => c), '--tls-private-key-file', file('its key', c => c)],
  ];
  for (const args of starts) {
    const {code, output} = await runToEnd(['-v=10', '--root-directory', folder(t), '--secure-port', '0', ...args]);
    assert.equal(code, 1, output);
    assert.deepEqual(canaries.in(output), [], output);
  }
});

test('CVE-2019-11248 no signal opens a debugger, which everybody on the machine could use', {timeout: 30_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  process.kill(server.pid, 'SIGUSR1');
  await sleep(1_000);
  assert.doesNotMatch(server.output(), /debugger/i);
});
