import assert from 'node:assert/strict';
import {createPrivateKey, X509Certificate} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {connect, createServer} from 'node:tls';
import {subjectOf} from './certificate.ts';
import {clientCa, clientCertificate, servingCertificate} from './pki.ts';

const directory = mkdtempSync(join(tmpdir(), 'pki-'));
after(() => rmSync(directory, {recursive: true}));
const now = new Date();
const inDays = (days: number): Date => new Date(now.getTime() + days * 24 * 3600 * 1000);
const file = (name: string): string => readFileSync(join(directory, name), 'utf8');

/** Both sides of one handshake. */
const handshake = (
  serving: {cert: string; key: string; ca: string},
  host: string,
  client?: {cert: string; key: string; trusted: string},
): Promise<{clientAuthorized: boolean; serverError: string | undefined}> =>
  new Promise(resolve => {
    const server = createServer({
      cert: serving.cert,
      key: serving.key,
      requestCert: true,
      rejectUnauthorized: false,
      ca: client?.trusted ?? [],
    });
    server.on('secureConnection', socket => {
      const clientAuthorized = socket.authorized;
      socket.on('error', () => undefined);
      socket.end();
      server.close(() => resolve({clientAuthorized, serverError: undefined}));
    });
    server.listen(0, '127.0.0.1', () => {
      const to = {host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: serving.ca, ...(client ?? {})};
      const socket = connect({...to, ...(host === '127.0.0.1' ? {} : {servername: host})}, () => socket.end());
      socket.on('error', err => server.close(() => resolve({clientAuthorized: false, serverError: err.message})));
      socket.resume();
    });
  });

test('the serving certificate verifies against its CA, for each name it was asked for, and for no other', async () => {
  const serving = await servingCertificate(directory, ['kcp.example.com', '192.0.2.7', 'no_dns_name'], now);
  for (const host of ['127.0.0.1', 'localhost', 'kcp.example.com'])
    assert.equal((await handshake(serving, host)).serverError, undefined, host);
  assert.match((await handshake(serving, 'evil.example.com')).serverError ?? '', /does not match/);
  const leaf = new X509Certificate(serving.cert);
  assert.equal(
    leaf.subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:kcp.example.com, IP Address:192.0.2.7',
  );
  assert.equal(leaf.ca, false);
});

test('the files: leaf and CA in apiserver.crt, only the owner reads', async () => {
  assert.equal(file('apiserver.crt').match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.ok(file('apiserver.crt').endsWith(file('serving-ca.crt')));
  for (const name of ['apiserver.crt', 'apiserver.key', 'serving-ca.key'])
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
});

test('what fits is kept; another name, a near end or a broken file make a new leaf under the same CA', async () => {
  const hosts = ['kcp.example.com', '192.0.2.7'];
  const first = await servingCertificate(directory, hosts, now);
  assert.deepEqual(await servingCertificate(directory, hosts, inDays(300)), first);
  const renewed = await servingCertificate(directory, hosts, inDays(340));
  assert.notEqual(renewed.cert, first.cert);
  assert.equal(renewed.ca, first.ca);
  const wider = await servingCertificate(directory, [...hosts, '2001:db8::5'], inDays(340));
  assert.ok(new X509Certificate(wider.cert).checkIP('2001:db8::5'));
  writeFileSync(join(directory, 'apiserver.key'), file('apiserver.key').slice(0, 60));
  const mended = await servingCertificate(directory, hosts, inDays(340));
  assert.ok(new X509Certificate(mended.cert).checkPrivateKey(createPrivateKey(mended.key)));
});

test('a CA whose key is missing is not replaced behind the back of those who trust it', async () => {
  const other = mkdtempSync(join(directory, 'ca-'));
  writeFileSync(join(other, 'client-ca.crt'), (await clientCa('', now)).cert);
  await assert.rejects(clientCa(other, now), /client-ca\.crt has no key of its own/);
});

test('the client CA is RSA, is kept, and its certificates are believed with their user, groups and uid', async () => {
  const ca = await clientCa(directory, now);
  assert.deepEqual(await clientCa(directory, now), ca);
  assert.equal(createPrivateKey(ca.key).asymmetricKeyType, 'rsa');
  const subject = {commonName: 'tenant-user', organizations: ['team-1', 'a, b=c/d'], uid: 'u-1'};
  const client = await clientCertificate(ca, subject, 1, now);
  assert.deepEqual(subjectOf(new X509Certificate(client.cert).raw), subject);
  const serving = await servingCertificate(directory, [], now);
  assert.equal((await handshake(serving, 'localhost', {...client, trusted: ca.cert})).clientAuthorized, true);
  const rogue = await clientCertificate(await clientCa('', now), subject, 1, now);
  assert.equal((await handshake(serving, 'localhost', {...rogue, trusted: ca.cert})).clientAuthorized, false);
});

test('js-certificates a serving certificate is no client certificate, and an expired one is none either', async () => {
  const serving = await servingCertificate(directory, [], now);
  const asClient = await handshake(serving, 'localhost', {cert: serving.cert, key: serving.key, trusted: serving.ca});
  assert.equal(asClient.clientAuthorized, false, 'wrong purpose');
  const ca = await clientCa('', now);
  const old = await clientCertificate(ca, {commonName: 'a'}, 1, inDays(-10));
  assert.equal((await handshake(serving, 'localhost', {...old, trusted: ca.cert})).clientAuthorized, false, 'expired');
});

test('js-certificates a certificate that names nobody clearly names nobody', async () => {
  const ca = await clientCa('', now);
  const named = async (commonName: string): Promise<unknown> =>
    subjectOf(new X509Certificate((await clientCertificate(ca, {commonName}, 1, now)).cert).raw);
  assert.deepEqual(await named('ok'), {commonName: 'ok', organizations: []});
  for (const bad of ['', 'admin\0.example.com', 'two\nlines']) assert.equal(await named(bad), undefined, JSON.stringify(bad));
  const der = new X509Certificate(ca.cert).raw;
  for (let cut = 0; cut < der.length; cut += 7) assert.doesNotThrow(() => subjectOf(der.subarray(0, cut)));
  assert.equal(subjectOf(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])), undefined);
});
