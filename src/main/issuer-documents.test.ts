import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {httpsWebhook} from '../../test/support/https-webhook.ts';
import type {DocumentWish} from '../auth/jwt/ports.ts';
import {httpsDocuments} from './issuer-documents.ts';

const server = await httpsWebhook({
  '/document': (_, response, request) => response.end(`${request.method} ${request.url} ${request.headers['accept']}`),
  '/large': (_, response) => response.writeHead(200, {'content-length': 2_000}).end(Buffer.alloc(2_000)),
  '/endless': (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', more);
    more();
  },
  '/silent': () => {},
  '/drip': (_, response) => {
    const drip = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(drip));
  },
  '/redirect': (_, response) => response.writeHead(302, {location: '/document'}).end('secret'),
  '/broken': (_, response) => response.writeHead(500).end('secret'),
  '/zipped': (_, response) => response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(Buffer.alloc(1_000_000))),
  '/hangs-up': (_, response) => response.socket?.destroy(),
});
after(() => server.close());

const ask = async (url: string, more: Partial<DocumentWish> = {}, allowPrivate = true): Promise<string> => {
  const answer = await httpsDocuments({allowPrivate}).get({
    url,
    certificateAuthority: server.ca,
    bytesMax: 1_000,
    timeoutMs: 5_000,
    ...more,
  });
  return 'bytes' in answer ? Buffer.from(answer.bytes).toString() : `problem: ${answer.problem}`;
};
const base = `https://127.0.0.1:${server.port}`;

test('a document is fetched from a server that its own authority vouches for', async () => {
  assert.equal(await ask(`${base}/document?x=1`), 'GET /document?x=1 application/json');
  assert.equal(await ask(`https://localhost:${server.port}/document`), 'GET /document application/json');
  assert.match(
    await ask(`${base}/document`, {certificateAuthority: ''}),
    /^problem: tls: failed to verify certificate: x509: certificate signed by unknown/,
  );
});

test('nobody has more certificates read than there are in the world', async () => {
  const certificateAuthority = server.ca.repeat(Math.ceil((257 * 1024) / server.ca.length));
  assert.equal(
    await ask(`${base}/document`, {certificateAuthority}),
    'problem: the certificate authority is longer than 262144 characters',
  );
});

test('F16 answers have bounds, of size and of time', async () => {
  assert.equal(await ask(`${base}/large`), 'problem: the answer is longer than 1000 bytes');
  assert.equal(await ask(`${base}/endless`), 'problem: the answer is longer than 1000 bytes');
  assert.match(await ask(`${base}/zipped`), /^problem: the answer came compressed \(gzip\)/);
  for (const path of ['/silent', '/drip'])
    assert.equal(await ask(`${base}${path}`, {timeoutMs: 100}), 'problem: context deadline exceeded');
});

test('js-ssrf redirects are not followed, and nothing is told of what a server says', async () => {
  assert.equal(await ask(`${base}/redirect`), 'problem: the server responded with the status code 302 but did not return more information');
  assert.doesNotMatch(await ask(`${base}/broken`), /secret/);
  assert.match(await ask(`${base}/hangs-up`), /^problem: /);
  assert.match(await ask('https://127.0.0.1:1/'), /^problem: connect: connection refused$/);
});

test('js-ssrf addresses that may not be asked are not, however they are written', async () => {
  for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '10.0.0.1'])
    assert.match(await ask(`https://${host}:${server.port}/document`, {}, false), /^problem: webhooks are not called at loopback/, host);
  for (const host of ['169.254.169.254', '[fe80::1]']) assert.match(await ask(`https://${host}/`), /link-local/, host);
  const before = server.asked.get('/document');
  await ask(`${base}/document`, {}, false);
  assert.equal(server.asked.get('/document'), before);
});
