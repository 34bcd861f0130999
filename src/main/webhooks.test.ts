import assert from 'node:assert/strict';
import type {LookupAddress} from 'node:dns';
import {once} from 'node:events';
import {Agent, request} from 'node:https';
import {after, test} from 'node:test';
import {setTimeout as sleep} from 'node:timers/promises';
import {gzipSync} from 'node:zlib';
import {httpsWebhook} from '../../test/support/https-webhook.ts';
import {root} from '../api/cluster.ts';
import type {WebhookAnswer, WebhookCall} from '../api/webhooks.ts';
import {checkedLookup, httpsWebhooks} from './webhooks.ts';

let dripped = 0;
const server = await httpsWebhook({
  '/echo': (body, response, request) => response.end(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`),
  '/large': (_, response) => response.end(Buffer.alloc(2_000)),
  '/endless': (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
    };
    response.on('drain', more);
    more();
  },
  '/drip': (_, response) => {
    const drip = setInterval(() => response.write('x') && dripped++, 10);
    response.on('close', () => clearInterval(drip));
  },
  '/silent': () => {},
  '/redirect': (_, response) => response.writeHead(302, {location: '/echo'}).end('secret'),
  '/broken': (_, response) => response.writeHead(500).end('secret'),
  '/missing': (_, response) => response.writeHead(404).end('secret'),
  '/teapot': (_, response) => response.writeHead(418).end('secret'),
  '/zipped': (_, response) => response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(Buffer.alloc(1_000_000))),
  '/hangs-up': (_, response) => response.socket?.destroy(),
  '/half': (_, response) => response.writeHead(200, {'content-length': 100}).write('{', () => response.socket?.destroy()),
  '/last': (_, response) => response.end('x', () => setImmediate(() => response.socket?.destroy())),
});
const webhooks = httpsWebhooks({allowPrivate: true});
const careful = httpsWebhooks({allowPrivate: false});
after(() => {
  server.close();
  webhooks.close();
  careful.close();
});

const base = `https://127.0.0.1:${server.port}`;
const call = (url: string, more: Partial<WebhookCall> = {}, caBundle = server.ca): WebhookCall => ({
  client: {at: {url}, caBundle},
  body: Buffer.from('{"a":1}'),
  workspace: root,
  timeoutMs: 5_000,
  answerBytesMax: 1_000,
  ...more,
});
const text = (answer: WebhookAnswer): string => ('bytes' in answer ? Buffer.from(answer.bytes).toString() : `problem: ${answer.problem}`);
const ask = async (path: string, more?: Partial<WebhookCall>): Promise<string> => text(await webhooks.post(call(base + path, more)));

test('JSON is posted, and the time one has is told', async () => {
  assert.equal(await ask('/echo'), 'POST /echo?timeout=5s application/json {"a":1}');
});

test('connections are kept, and one that was closed meanwhile is no failure', async () => {
  await ask('/echo');
  const before = server.connections();
  for (let i = 0; i < 5; i++) await ask('/echo');
  assert.equal(server.connections(), before);
  for (let i = 0; i < 10; i++) assert.equal(await ask('/last'), 'x');
});

const problems: readonly [string, string, RegExp, Partial<WebhookCall>?][] = [
  ['is longer than asked for', '/large', /Post "https:\/\/127\.0\.0\.1:\d+\/large\?timeout=5s": the answer is longer than 1000 bytes$/],
  ['never ends', '/endless', /the answer is longer than 1000 bytes$/],
  ['comes drop by drop', '/drip', /"https:\S+": context deadline exceeded$/, {timeoutMs: 150}],
  ['never comes', '/silent', /context deadline exceeded$/, {timeoutMs: 100}],
  ['leads elsewhere', '/redirect', /^problem: the server responded with the status code 302 but did not return more information$/],
  ['is an error', '/broken', /^problem: an error on the server \("unknown"\) has prevented the request from succeeding$/],
  ['is not found', '/missing', /^problem: the server could not find the requested resource$/],
  ['is a joke', '/teapot', /status code 418/],
  ['is compressed', '/zipped', /came compressed \(gzip\)/],
  ['is a closed connection', '/hangs-up', /: EOF$/],
  ['breaks off', '/half', /: EOF$/],
];
for (const [title, path, problem, more] of problems) {
  test(`CVE-2020-8561 an answer that ${title}`, async () => {
    const startedMs = performance.now();
    const answer = await ask(path, more);
    assert.match(answer, problem);
    assert.doesNotMatch(answer, /secret/);
    assert.ok(performance.now() - startedMs < 2_000);
  });
}

test('nothing goes on after the end', async () => {
  const before = dripped;
  await sleep(50);
  assert.ok(dripped - before <= 1);
});

test('who waits no more is not waited for', async () => {
  const gone = new AbortController();
  const asked = ask('/silent', {signal: gone.signal});
  gone.abort();
  assert.match(await asked, /context canceled$/);
  assert.match(await ask('/silent', {signal: gone.signal}), /context canceled$/);
});

test('js-tls-names a server is trusted by the certificates one names, and by nothing else', async () => {
  const other = await httpsWebhook({});
  after(() => other.close());
  const unknown = /tls: failed to verify certificate: x509: certificate signed by unknown authority$/;
  assert.match(text(await webhooks.post(call(`${base}/echo`, {}, other.ca))), unknown);
  assert.match(text(await webhooks.post(call(`${base}/echo`, {}, ''))), unknown);
  assert.match(text(await webhooks.post(call(`${base}/echo`, {}, 'no certificate'))), /^problem: Post /);
  assert.match(text(await webhooks.post(call(`${base}/echo`, {}, server.ca.repeat(1_000)))), /the CA bundle is longer than 262144 bytes$/);
  assert.match(text(await webhooks.post(call(`https://127.0.0.2:${server.port}/echo`))), /ECONNREFUSED|connection refused|not in the cert/);
});

test('CVE-2020-8562 js-ssrf names are looked up, and judged by where they lead', async () => {
  assert.equal(text(await webhooks.post(call(`https://localhost:${server.port}/echo`))), 'POST /echo?timeout=5s application/json {"a":1}');
  const asked = server.asked.get('/echo');
  for (const url of [
    `https://localhost:${server.port}/echo`,
    `${base}/echo`,
    `https://[::1]:${server.port}/echo`,
    `https://0x7f.1:${server.port}/echo`,
  ])
    assert.match(text(await careful.post(call(url))), /webhooks are not called at loopback and private addresses/, url);
  for (const url of ['https://169.254.169.254/latest', 'https://[fe80::1]/', 'https://[::ffff:169.254.169.254]/'])
    assert.match(text(await webhooks.post(call(url))), /webhooks are not called at link-local and other special addresses/, url);
  assert.equal(server.asked.get('/echo'), asked);
  assert.match(text(await webhooks.post(call('https://nobody.invalid/'))), /lookup nobody\.invalid: no such host$/);
});

test('CVE-2020-8562 js-ssrf a name that leads elsewhere each time is connected to where it was judged', async () => {
  const address = (text: string): LookupAddress => ({address: text, family: 4});
  const [open, closed] = [address('93.184.216.34'), address('127.0.0.1')];
  let answers: LookupAddress[][] = [];
  let asked = 0;
  const rebinding = async (): Promise<LookupAddress[]> => answers[asked++ % answers.length] as LookupAddress[];
  const looked = (allowPrivate: boolean, all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) =>
      checkedLookup(allowPrivate, rebinding)('rebinding.example', {all}, (err, found) => (err ? reject(err) : resolve(found))),
    );
  // What is handed on is the very answer that was judged, not that of another question.
  answers = [[open], [closed]];
  for (const all of [true, false]) {
    assert.deepEqual(await looked(false, all), all ? [open] : open.address);
    await assert.rejects(looked(false, all), /private addresses/);
  }
  assert.equal(asked, 4);
  // A host that has one bad address among good ones has none.
  answers = [
    [open, closed],
    [address('169.254.169.254'), open],
  ];
  for (let i = 0; i < 2; i++) await assert.rejects(looked(false, true), /addresses/);
  // A connection asks once.
  asked = 0;
  answers = [[closed]];
  const agent = new Agent({lookup: checkedLookup(true, rebinding)});
  const outgoing = request(`https://rebinding.example:${server.port}/echo`, {agent, method: 'POST', rejectUnauthorized: false});
  outgoing.end('x');
  const [response] = await once(outgoing, 'response');
  response.resume();
  agent.destroy();
  assert.equal(asked, 1);
});

test('a service is not found', async () => {
  const at = {service: {namespace: 'n', name: 'hook', path: '/convert', port: 8443}};
  const answer = await webhooks.post({...call(base), client: {at, caBundle: ''}});
  assert.equal(text(answer), 'problem: Post "https://hook.n.svc:8443/convert?timeout=5s": service "hook" not found');
});
