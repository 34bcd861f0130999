import assert from 'node:assert/strict';
import {generateKeyPairSync, sign} from 'node:crypto';
import {once} from 'node:events';
import {createServer as createHttp} from 'node:http';
import {createServer as createHttps} from 'node:https';
import type {AddressInfo, Server} from 'node:net';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import type {TLSSocket} from 'node:tls';
import {ConnectionError, httpsFetch} from './https-fetch.ts';

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

/** The shortest certificate there is: version 1, signed by itself, good for either end. */
function selfSigned(name: string): {readonly cert: string; readonly key: string} {
  const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));
  const subject = sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name)))));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const spki = publicKey.export({type: 'spki', format: 'der'});
  const body = sequence(der(0x02, Buffer.from([1])), ecdsaWithSha256, subject, validity, subject, spki);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return {cert, key: privateKey.export({type: 'pkcs8', format: 'pem'}) as string};
}

test('targets, headers and bodies go as they are, over one socket', async t => {
  const seen: unknown[] = [];
  const sockets = new Set<unknown>();
  const server = createHttp(async (request, response) => {
    sockets.add(request.socket);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    seen.push([request.method, request.url, request.headers['authorization'], request.headers['x-a'], Buffer.concat(parts).toString()]);
    response.writeHead(429, {'Retry-After': '1'}).end('é');
  });
  const {fetch, close} = httpsFetch({
    server: `http://127.0.0.1:${await portOf(t, server)}/clusters/root`,
    headers: {authorization: 'Bearer t'},
  });
  t.after(close);
  const reply = await fetch({method: 'POST', target: '/a//b/../%2e?c=d', headers: {'x-a': '1'}, body: 'ü'});
  await fetch({method: 'GET', target: '/', headers: {}});
  assert.deepEqual(seen, [
    ['POST', '/a//b/../%2e?c=d', 'Bearer t', '1', 'ü'],
    ['GET', '/', 'Bearer t', undefined, ''],
  ]);
  assert.deepEqual([reply.status, reply.headers['retry-after'], reply.body], [429, '1', 'é']);
  assert.equal(sockets.size, 1);
});

test('both ends show certificates, and the authority decides', async t => {
  const [here, there] = [selfSigned('alice'), selfSigned('kcp')];
  const server = createHttps({...there, requestCert: true, ca: here.cert}, (request, response) => {
    response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN);
  });
  const connection = {
    server: `https://127.0.0.1:${await portOf(t, server)}`,
    clientCert: here.cert,
    clientKey: here.key,
    tlsServerName: 'kcp',
    headers: {},
  };
  const get = async (extra: object): Promise<string> => {
    const {fetch, close} = httpsFetch({...connection, ...extra});
    t.after(close);
    return (await fetch({method: 'GET', target: '/', headers: {}})).body;
  };
  assert.equal(await get({ca: there.cert}), 'alice');
  assert.equal(await get({insecureSkipTlsVerify: true}), 'alice');
  await assert.rejects(get({}), ConnectionError);
  await assert.rejects(get({ca: there.cert, tlsServerName: 'other'}), ConnectionError);
});

test('a server that is not there is named', async t => {
  const server = createHttp();
  const port = await portOf(t, server);
  server.close();
  const {fetch} = httpsFetch({server: `http://127.0.0.1:${port}`, headers: {}});
  await assert.rejects(
    fetch({method: 'GET', target: '/', headers: {}}),
    new RegExp(`unable to reach the server at http://127.0.0.1:${port}: .*ECONNREFUSED`),
  );
});
