import assert from 'node:assert/strict';
import {generateKeyPairSync, randomBytes, X509Certificate} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {constants} from 'node:http2';
import {connect} from 'node:net';
import {join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import {issue, subjectOf} from '../../src/main/certificate.ts';
import {listenLimits} from '../../src/main/listen-limits.ts';
import {bodyBytesMax} from '../../src/server/http.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, sleep, startServer, until} from '../support/process.ts';
import {closeOf, http2To, openStream, rawRequest, sayRaw, statusOf, tlsTo} from '../support/raw.ts';

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';

test('clients that mean harm', {timeout: 120_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  // They take their time, and are looked at in the end.
  const slow = {halfOpen: halfOpen(server), headers: slowHeaders(server), bodies: slowBodies(server)};
  await t.test('js-http bytes that are no TLS and no HTTP', () => garbage(server));
  await t.test('js-http headers beyond any need', () => oversizedHeaders(server));
  await t.test('js-size F22 bodies beyond any need', () => oversizedBodies(server));
  await t.test('js-path targets that are not what they seem', () => targets(server));
  await t.test('js-http requests within requests', () => smuggling(server));
  await t.test('js-certificates certificates that nobody we know has signed', () => rogueCertificates(server));
  await t.test('CVE-2023-44487 js-http2 streams without number', () => manyStreams(server));
  await t.test('F22 bodies that would grow', t => bombs(t, server));
  await t.test('F16 handshakes that never come are given up', () => slow.halfOpen);
  await t.test('F16 headers that never end are given up', () => slow.headers);
  await t.test('F16 bodies that never end are given up', () => slow.bodies);

  assert.equal((await server.call('/readyz')).body, 'ok');
  const made = await server.call(configmaps, {method: 'POST', body: {metadata: {name: 'after-all-that'}}});
  assert.equal(made.status, 201, made.body);
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
  const {code, ms} = await server.stop();
  assert.deepEqual([code, ms < 1000], [0, true], `ended after ${ms} ms`);
});

const halfOpenMax = 300;

async function halfOpen(server: ServerProcess): Promise<void> {
  const start = performance.now();
  const sockets = Array.from({length: halfOpenMax}, () => connect(server.port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(sockets.map(socket => closeOf(socket)));
  const ms = performance.now() - start;
  assert.ok(ms < listenLimits.handshakeMsMax + 5000, `after ${ms} ms`);
}

async function slowHeaders(server: ServerProcess): Promise<void> {
  const socket = await tlsTo(server);
  let answer = '';
  socket.setEncoding('latin1').on('data', (more: string) => (answer += more));
  const start = performance.now();
  const closed = closeOf(socket);
  socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => socket.write('X-A: 1\r\n'), 500);
  await closed;
  clearInterval(drip);
  const ms = performance.now() - start;
  assert.ok(ms < listenLimits.headersMsMax + 2 * listenLimits.checkMs, `after ${ms} ms`);
  assert.match(answer, /^(HTTP\/1\.1 408 |$)/);
}

async function slowBodies(server: ServerProcess): Promise<void> {
  const session = await http2To(server);
  const stream = openStream(server, session, {':path': configmaps, ':method': 'POST', 'content-type': 'application/json'});
  const status = statusOf(stream);
  const socket = await tlsTo(server);
  const answer = once(socket.setEncoding('latin1'), 'data');
  socket.write(rawRequest(server, configmaps, ['Content-Type: application/json', 'Content-Length: 1000'], 'POST'));
  const drip = setInterval(() => {
    if (!stream.closed) stream.write(' ');
    socket.write(' ');
  }, 500);
  const start = performance.now();
  assert.equal(await status, 504);
  assert.match(String((await answer)[0]), /^HTTP\/1\.1 504 /);
  clearInterval(drip);
  const ms = performance.now() - start;
  assert.ok(ms < listenLimits.bodyMsMax + 5000, `after ${ms} ms`);
  session.destroy();
  socket.destroy();
}

async function garbage(server: ServerProcess): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    socket.resume().write(i % 2 === 0 ? randomBytes(1 + i * 37) : `GET / HTTP/1.1\r\nHost: a\r\n\r\n${'x'.repeat(i)}`);
    socket.end();
    await closeOf(socket);
  }
  for (const bytes of [
    randomBytes(1000),
    '\0\0\0\0\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'G@T / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ])
    assert.match(await sayRaw(server, bytes), /^HTTP\/1\.1 400 /);
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  await sayRaw(server, Buffer.concat([preface, randomBytes(5000)]), {protocol: 'h2'});
  // A frame of settings that claims to be 16 MiB long.
  await sayRaw(server, Buffer.concat([preface, Buffer.from('ffffff040000000000', 'hex')]), {protocol: 'h2'});
}

async function oversizedHeaders(server: ServerProcess): Promise<void> {
  // The answer may be lost, as the connection ends while bytes are still on their way.
  const refused = /^(HTTP\/1\.1 (400|414|431) |$)/;
  assert.match(await sayRaw(server, rawRequest(server, '/readyz', [`X-A: ${'a'.repeat(listenLimits.headerBytesMax)}`])), refused);
  assert.match(await sayRaw(server, rawRequest(server, `/readyz?${'a'.repeat(100_000)}`)), refused);
  const many = Array.from({length: 10_000}, (_, i) => `X-${i}: 1`);
  assert.match(await sayRaw(server, rawRequest(server, '/readyz', many)), refused);
  const session = await http2To(server);
  const headers = Object.fromEntries(Array.from({length: 5}, (_, i) => [`x-${i}`, 'a'.repeat(15_000)]));
  assert.notEqual(await statusOf(openStream(server, session, {':path': '/readyz', ...headers})), 200);
  session.destroy();
}

async function oversizedBodies(server: ServerProcess): Promise<void> {
  const tooLong = `{"metadata":{"name":"big"},"data":{"a":"${'a'.repeat(bodyBytesMax)}"}}`;
  const session = await http2To(server);
  for (const declared of [true, false]) {
    const stream = openStream(server, session, {
      ':path': configmaps,
      ':method': 'POST',
      'content-type': 'application/json',
      ...(declared && {'content-length': String(tooLong.length)}),
    });
    const status = statusOf(stream);
    stream.end(tooLong);
    assert.equal(await status, 413, `HTTP/2, length ${declared ? 'told' : 'not told'}`);
  }
  session.destroy();
  const lines = ['Content-Type: application/json', `Content-Length: ${tooLong.length}`];
  assert.match(
    await sayRaw(server, rawRequest(server, configmaps, lines, 'POST')),
    /^HTTP\/1\.1 413 [\s\S]*"reason":"RequestEntityTooLarge"/,
  );
  const chunked = rawRequest(server, configmaps, ['Content-Type: application/json', 'Transfer-Encoding: chunked'], 'POST');
  assert.match(await sayRaw(server, `${chunked}${tooLong.length.toString(16)}\r\n${tooLong}\r\n0\r\n\r\n`), /^HTTP\/1\.1 413 /);
}

async function targets(server: ServerProcess): Promise<void> {
  const bad = [
    '/clusters/root/../root/api/v1/secrets',
    '/clusters/root/./api/v1/secrets',
    '//clusters/root/api/v1/secrets',
    '/clusters//api/v1/secrets',
    '/clusters/root%2f..%2froot/api/v1/secrets',
    '/clusters/root/api/v1/namespaces/%2e%2e/secrets',
    '/clusters/root/api/v1/namespaces/default%00/secrets',
    '/clusters/root/api/v1/namespaces/default/secrets/%',
    '/clusters/root/api/v1/namespaces/default/secrets/%ff%fe',
    '/clusters/root:/api/v1/secrets',
    '/clusters/ROOT/api/v1/secrets',
    '/clusters/root\\..\\root/api/v1/secrets',
    '/clusters/root/api/v1/secrets#/../x',
    '/clusters/__proto__/api/v1/secrets',
    '/clusters/root/apis/constructor/prototype/__proto__',
    '/clusters/root/api/v1/namespaces/default/hasOwnProperty/toString',
    `/clusters/root${':a'.repeat(5000)}/api/v1/secrets`,
    `/clusters/root/api/v1${'/a'.repeat(20_000)}`,
    'https://127.0.0.1/clusters/root/api/v1/secrets',
    'clusters/root/api/v1/secrets',
    '*',
  ];
  for (const target of bad) assert.match(await sayRaw(server, rawRequest(server, target)), /^HTTP\/1\.1 4\d\d /, target);
  for (const method of ['OPTIONS', 'TRACE', 'PROPFIND', 'LINK']) {
    assert.match(await sayRaw(server, rawRequest(server, configmaps, [], method)), /^HTTP\/1\.1 4\d\d /, method);
  }
  await sayRaw(server, rawRequest(server, '127.0.0.1:1', [], 'CONNECT'), {waitMs: 500});
  assert.match(
    await sayRaw(server, rawRequest(server, configmaps, ['Connection: Upgrade', 'Upgrade: websocket'])),
    /^HTTP\/1\.1 (200|4\d\d) /,
  );
}

async function smuggling(server: ServerProcess): Promise<void> {
  const inner = `GET /clusters/root/api HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${server.token('shard-admin')}\r\n\r\n`;
  const framings = [
    [`Content-Length: ${inner.length}`, 'Transfer-Encoding: chunked'],
    ['Content-Length: 0', `Content-Length: ${inner.length}`],
    ['Content-Length: +0'],
    ['Content-Length: 0x0'],
    ['Content-Length: -1'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding : chunked'],
    ['Transfer-Encoding:\x0bchunked'],
    ['X: 1\nTransfer-Encoding: chunked'],
  ];
  for (const lines of framings) {
    const request = rawRequest(server, configmaps, lines, 'POST').replace('Connection: close\r\n', '');
    const answer = await sayRaw(server, `${request}${inner}`, {waitMs: 500});
    assert.match(answer, /^HTTP\/1\.1 400 /, lines.join(' | '));
    assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `${lines.join(' | ')} was answered more than once:\n${answer}`);
  }
}

/** A CA that has the very name of ours, a certificate that signed itself, and one that is not valid any more are all worth nothing. */
async function rogueCertificates(server: ServerProcess): Promise<void> {
  await until(() => readFileSync(join(server.root, 'client-ca.crt'), 'utf8') !== '', 'the client CA');
  const ours = subjectOf(new X509Certificate(readFileSync(join(server.root, 'client-ca.crt'))).raw);
  assert.ok(ours);
  const masters = {commonName: 'root', organizations: ['system:masters']};
  const hour = 3_600_000;
  const period = {notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + hour)};
  const keys = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const caKeys = generateKeyPairSync('rsa', {modulusLength: 2048});
  const key = keys.privateKey.export({type: 'pkcs8', format: 'pem'}) as string;
  const common = {subject: masters, publicKey: keys.publicKey, purpose: 'client', ...period} as const;
  const ca = issue({subject: ours, publicKey: caKeys.publicKey, issuer: {subject: ours, ...caKeys}, purpose: 'ca', ...period});
  const rogues = {
    'self-signed': issue({...common, issuer: {subject: masters, ...keys}}),
    'signed by a namesake of our CA': issue({...common, issuer: {subject: ours, ...caKeys}}) + ca,
  };
  for (const [what, cert] of Object.entries(rogues)) {
    const {status, json} = await server.call('/clusters/root/api/v1/secrets', {token: '', identity: {cert, key}});
    assert.equal(status, 403, what);
    assert.match(json.message, /User "system:anonymous" cannot/, what);
  }
  assert.equal((await server.call('/clusters/root/api/v1/secrets', {token: 'made-up'})).status, 401);
  const headers = {'x-remote-user': 'root', 'x-remote-group': 'system:masters'};
  assert.equal(
    (await server.call('/clusters/root/api/v1/secrets', {token: '', headers})).status,
    403,
    'headers of a front proxy that is none',
  );
}

async function manyStreams(server: ServerProcess): Promise<void> {
  const session = await http2To(server);
  const statuses = Array.from({length: 2000}, () => statusOf(openStream(server, session, {':path': configmaps})));
  assert.ok((await Promise.all(statuses)).every(status => status === 200));
  const watches = Array.from({length: 200}, () => openStream(server, session, {':path': `${configmaps}?watch=true`}));
  await Promise.all(watches.map(watch => once(watch, 'response')));
  session.destroy();

  const resetting = await http2To(server);
  const closed = closeOf(resetting);
  for (let i = 0; i < 5000 && !resetting.destroyed; i++) {
    openStream(server, resetting, {':path': configmaps}).close(constants.NGHTTP2_CANCEL);
    if (i % 20 === 0) await sleep(1);
  }
  await closed;
  assert.equal((await server.call('/readyz')).body, 'ok');
}

/** Small bodies that ask for much: each must be refused or answered within seconds, and the server stays where it is. */
async function bombs(t: TestContext, server: ServerProcess): Promise<void> {
  const before = await server.rssBytes();
  const target = `${configmaps}/kube-root-ca.crt`;
  const doubling = [
    {op: 'add', path: '/data/a', value: 'x'.repeat(1000)},
    ...Array.from({length: 60}, (_, i) => ({op: 'copy', from: '/data', path: `/data/${i}`})),
  ];
  const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
    .join('\n')}\n`;
  const cases: readonly (readonly [string, string, string, string, Buffer | string])[] = [
    ['js-depth deep arrays', 'POST', configmaps, 'application/json', '['.repeat(1_000_000)],
    ['js-depth deep objects', 'POST', configmaps, 'application/json', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
    ['js-numbers a number without end', 'POST', configmaps, 'application/json', `{"metadata":{"generation":${'9'.repeat(1_000_000)}}}`],
    [
      'js-depth a merge patch of depth',
      'PATCH',
      target,
      'application/merge-patch+json',
      `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`,
    ],
    ['CVE-2019-1002100 a patch that doubles', 'PATCH', target, 'application/json-patch+json', JSON.stringify(doubling)],
    [
      'CVE-2019-1002100 operations without number',
      'PATCH',
      target,
      'application/json-patch+json',
      `[${Array(100_000).fill('{"op":"test","path":"/a","value":1}').join(',')}]`,
    ],
    ['CVE-2019-11253 js-yaml YAML that laughs', 'POST', configmaps, 'application/yaml', laughs],
    ['CVE-2019-11253 js-yaml deep YAML', 'POST', configmaps, 'application/yaml', '['.repeat(500_000)],
    ['no protobuf', 'POST', configmaps, 'application/vnd.kubernetes.protobuf', Buffer.concat([Buffer.from('k8s\0'), randomBytes(100_000)])],
    ['bytes that are no text', 'POST', configmaps, 'application/json', Buffer.from('{"metadata":{"name":"\xff\xfe"}}', 'latin1')],
    [
      'js-prototype keys of every object',
      'POST',
      configmaps,
      'application/json',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"metadata":{"name":"Not Valid"}}',
    ],
  ];
  const session = await http2To(server);
  for (const [what, method, path, type, body] of cases)
    await t.test(what, async () => {
      const start = performance.now();
      const stream = openStream(server, session, {':path': path, ':method': method, 'content-type': type});
      const status = statusOf(stream);
      stream.end(body);
      assert.ok((await status) >= 400 && (await status) < 500, `${await status}`);
      const ms = performance.now() - start;
      assert.ok(ms < 3000, `answered after ${ms} ms`);
    });
  const selector = encodeURIComponent(Array.from({length: 5000}, (_, i) => `a${i}`).join(','));
  await t.test('a selector of 5000 terms', async () =>
    assert.ok((await server.call(`${configmaps}?labelSelector=${selector}`)).status < 500),
  );
  session.destroy();
  const grown = (await server.rssBytes()) - before;
  assert.ok(grown < 400 * 1024 * 1024, `the server grew by ${grown} bytes`);
}
