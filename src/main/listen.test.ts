import assert from 'node:assert/strict';
import {type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants, type OutgoingHttpHeaders} from 'node:http2';
import {Agent, type RequestOptions, request as requestHttp1} from 'node:https';
import {after, before, describe, test} from 'node:test';
import {connect as connectTls, type TLSSocket} from 'node:tls';
import {badRequest} from '../api/errors.ts';
import {bodyBytesMax, type HttpReply, type HttpRequest, header, headerValues, type StreamSink} from '../server/http.ts';
import {type Listener, listen} from './listen.ts';
import type {Log} from './log.ts';
import {clientCa, clientCertificate, type KeyPair, type ServingCertificate, servingCertificate} from './pki.ts';

type Answer = {readonly status: number; readonly headers: {readonly [name: string]: unknown}; readonly text: string};
type Ask = {readonly method?: string; readonly path?: string; readonly headers?: OutgoingHttpHeaders; readonly body?: Uint8Array};

const logged: string[] = [];
const keep =
  (level: string) =>
  (message: string): number =>
    logged.push(`${level} ${message}`);
const log: Log = {debug: () => undefined, info: keep('info'), warn: keep('warn'), error: keep('error')};

let serving: ServingCertificate;
let trusted: KeyPair;
let admin: KeyPair;
let rogue: KeyPair;
let listener: Listener;
let calls = 0;
/** What the test of the moment wants of the handler. */
let onWatch: (sink: StreamSink, request: HttpRequest) => void = () => undefined;

const json = (value: unknown): HttpReply => ({
  status: 200,
  headers: {'content-type': 'application/json'},
  body: Buffer.from(JSON.stringify(value)),
});

async function handler(request: HttpRequest): Promise<HttpReply> {
  calls++;
  const path = request.target.split('?')[0];
  if (path === '/peer') return json(request.peer ?? null);
  if (path === '/echo') return {status: 201, headers: {'x-two': ['a', 'b']}, body: await request.body()};
  if (path === '/ignored') return {status: 401, headers: {connection: 'close'}, body: Buffer.from('no')};
  if (path === '/pieces') return {status: 200, headers: {}, body: Array.from({length: 3000}, (_, i) => Buffer.alloc(i % 400, 97))};
  if (path === '/large') return {status: 200, headers: {}, body: Buffer.alloc(8 * 1024 * 1024, 98)};
  if (path === '/broken') throw new Error('a secret of ours');
  if (path === '/refused') throw badRequest('not this way');
  if (path === '/empty') return {status: 204, headers: {}};
  if (path === '/slow') {
    await new Promise(resolve => setTimeout(resolve, 150));
    return json('slow');
  }
  if (path === '/watch') return {status: 200, headers: {'content-type': 'application/json'}, body: sink => onWatch(sink, request)};
  return json({
    method: request.method,
    target: request.target,
    groups: headerValues(request.headers, 'impersonate-group'),
    host: header(request.headers, 'host'),
  });
}

const start = (limits = {}): Promise<Listener> =>
  listen({host: '127.0.0.1', port: 0, certificates: {...serving, clientCa: trusted.cert}, handler, log, limits});

before(async () => {
  const now = new Date();
  const subject = {commonName: 'kcp-admin', organizations: ['system:kcp:admin', 'team-1']};
  [serving, trusted] = await Promise.all([servingCertificate('', [], now), clientCa('', now)]);
  admin = await clientCertificate(trusted, subject, 1, now);
  rogue = await clientCertificate(await clientCa('', now), {commonName: 'admin', organizations: ['system:masters']}, 1, now);
  listener = await start();
});
after(() => listener.close());

const address = (of: Listener = listener): string => `https://127.0.0.1:${of.port}`;
const session = (of: Listener, identity?: KeyPair): ClientHttp2Session => {
  const client = connectHttp2(address(of), {ca: serving.ca, ...identity});
  client.on('error', () => undefined);
  return client;
};

function open2(client: ClientHttp2Session, ask: Ask): ClientHttp2Stream {
  const stream = client.request(
    {':method': ask.method ?? 'GET', ':path': ask.path ?? '/', ...ask.headers},
    {endStream: ask.body === undefined && (ask.method ?? 'GET') === 'GET'},
  );
  stream.on('error', () => undefined);
  return stream;
}

function answer2(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: {readonly [name: string]: unknown} = {};
    const chunks: Buffer[] = [];
    stream.on('response', found => {
      headers = found;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({status: headers[':status'] as number, headers, text: Buffer.concat(chunks).toString()}));
  });
}

async function ask2(ask: Ask, identity?: KeyPair): Promise<Answer> {
  const client = session(listener, identity);
  const stream = open2(client, ask);
  const answer = answer2(stream);
  if (ask.body) stream.end(ask.body);
  return answer.finally(() => client.close());
}

const ask1 = (ask: Ask, identity?: KeyPair, more: RequestOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = requestHttp1(
      address(),
      {path: ask.path ?? '/', ca: serving.ca, agent: false, method: ask.method ?? 'GET', headers: ask.headers ?? {}, ...identity, ...more},
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString()}),
        );
      },
    );
    request.on('error', reject);
    request.end(ask.body);
  });

/** Bytes as they are over TLS, and all that comes back until the other end closes. */
const raw = (text: string, protocol = 'http/1.1', of: Listener = listener): Promise<string> =>
  new Promise(resolve => {
    let got = '';
    const socket: TLSSocket = connectTls({host: '127.0.0.1', port: of.port, ca: serving.ca, ALPNProtocols: [protocol]}, () =>
      socket.write(text),
    );
    socket.on('data', chunk => {
      got += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let i = 0; i < 300; i++) {
    if (isSo()) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert.fail(`never: ${what}`);
};

for (const [version, ask] of [
  ['HTTP/1.1', ask1],
  ['HTTP/2', ask2],
] as const) {
  describe(version, () => {
    test('the target arrives as it was sent, headers unsplit, and the handler is asked once', async () => {
      const before = calls;
      const headers = {'Impersonate-Group': ['a, system:masters', 'b']};
      const {status, text} = await ask({path: '/clusters/root:a//x/../%2e%2e?watch=1&x', headers});
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(text), {
        method: 'GET',
        target: '/clusters/root:a//x/../%2e%2e?watch=1&x',
        groups: ['a, system:masters', 'b'],
        host: `127.0.0.1:${listener.port}`,
      });
      await new Promise(resolve => setTimeout(resolve, 20));
      assert.equal(calls - before, 1);
    });

    test('a verified client certificate names its user; a rogue one and none name nobody', async () => {
      assert.deepEqual(JSON.parse((await ask({path: '/peer'}, admin)).text), {
        commonName: 'kcp-admin',
        organizations: ['system:kcp:admin', 'team-1'],
      });
      assert.equal((await ask({path: '/peer'}, rogue)).text, 'null');
      assert.equal((await ask({path: '/peer'})).text, 'null');
    });

    test('bodies: none, some, the largest, and one byte more', async () => {
      const empty = await ask({path: '/echo', method: 'POST', body: Buffer.alloc(0)});
      assert.deepEqual([empty.status, empty.text], [201, '']);
      const some = await ask({path: '/echo', method: 'POST', body: Buffer.from('{"a":1}')});
      assert.deepEqual([some.text, String(some.headers['x-two'])], ['{"a":1}', 'a, b']);
      assert.equal((await ask({path: '/echo', method: 'POST', body: Buffer.alloc(bodyBytesMax, 99)})).text.length, bodyBytesMax);
      const headers = {'content-length': String(bodyBytesMax + 1)};
      const beyond = await ask({path: '/echo', method: 'POST', headers, body: Buffer.alloc(bodyBytesMax + 1)});
      assert.equal(beyond.status, 413);
      assert.equal(JSON.parse(beyond.text).reason, 'RequestEntityTooLarge');
    });

    test('replies: large, in many pieces, empty, and to HEAD', async () => {
      assert.equal((await ask({path: '/large'})).text.length, 8 * 1024 * 1024);
      const pieces = await ask({path: '/pieces'});
      assert.equal(pieces.text.length, Number(pieces.headers['content-length']));
      assert.equal((await ask({path: '/empty'})).status, 204);
      const head = await ask({path: '/large', method: 'HEAD'});
      assert.deepEqual([head.text, head.headers['content-length']], ['', String(8 * 1024 * 1024)]);
    });

    test('errors: a Status; our own mistakes are logged and tell nothing', async () => {
      const refused = await ask({path: '/refused'});
      assert.deepEqual([refused.status, JSON.parse(refused.text).message], [400, 'not this way']);
      const broken = await ask({path: '/broken'});
      assert.equal(broken.status, 500);
      assert.doesNotMatch(broken.text, /secret/);
      assert.ok(logged.includes('error a request failed'));
    });
  });
}

describe('what goes on', () => {
  test('writes of one tick leave together, and a good end is seen as one', async () => {
    let chunks = 0;
    onWatch = sink => {
      for (let i = 0; i < 100; i++) sink.write(Buffer.from(`${i}\n`));
      setTimeout(() => sink.end(), 20);
    };
    const client = session(listener);
    const stream = open2(client, {path: '/watch'});
    stream.on('data', () => chunks++);
    const {text} = await answer2(stream);
    client.close();
    assert.equal(text.trim().split('\n').length, 100);
    assert.equal(chunks, 1);
    assert.equal((await ask1({path: '/watch'})).text, text);
  });

  test('a client that stops reading is seen in `buffered`, and can be broken off', async () => {
    let seen = 0;
    let closed = false;
    onWatch = sink => {
      sink.onClose(() => {
        closed = true;
      });
      for (let i = 0; i < 64; i++) sink.write(Buffer.alloc(64 * 1024));
      setTimeout(() => {
        seen = sink.buffered;
        sink.destroy();
      }, 100);
    };
    const client = session(listener);
    const stream = open2(client, {path: '/watch'});
    stream.pause();
    await until('the sink closes', () => closed);
    assert.ok(seen > 3 * 1024 * 1024, `${seen} bytes wait`);
    stream.resume();
    await until('the client sees an error', () => stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR);
    client.destroy();
    await assert.rejects(ask1({path: '/watch'}), /aborted|socket hang up/);
  });

  test('a client that goes away aborts the signal and closes the sink', async () => {
    const happened: string[] = [];
    onWatch = (sink, request) => {
      request.signal.addEventListener('abort', () => happened.push('aborted'));
      sink.onClose(() => happened.push('closed'));
      sink.write(Buffer.from('x'));
    };
    const client = session(listener);
    const stream = open2(client, {path: '/watch'});
    stream.once('data', () => stream.close(constants.NGHTTP2_CANCEL));
    await until('HTTP/2 is told', () => happened.length === 2);
    client.close();
    const request = requestHttp1(`${address()}/watch`, {ca: serving.ca, agent: false}, response =>
      response.once('data', () => request.destroy()),
    );
    request.on('error', () => undefined);
    request.end();
    await until('HTTP/1.1 is told', () => happened.length === 4);
    assert.deepEqual(happened.toSorted(), ['aborted', 'aborted', 'closed', 'closed']);
  });
});

describe('unfriendly clients', () => {
  test('a header that may come once comes once', async () => {
    const line = (name: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${name}: 1\r\n${name}: 2\r\nConnection: close\r\n\r\n`;
    for (const name of ['Authorization', 'Impersonate-User']) assert.match(await raw(line(name)), /^HTTP\/1.1 400 /, name);
    assert.match(await raw(line('Impersonate-Group')), /^HTTP\/1.1 200 /);
    assert.match(await raw(line('Host')), /^HTTP\/1.1 400 /);
    assert.match(
      await raw('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      /^HTTP\/1.1 400 /,
    );
    const twice = await ask2({headers: {'impersonate-user': ['a', 'b']}});
    assert.equal(twice.status, 400);
  });

  test('a body that does not come is not waited for', async () => {
    const short = await start({bodyMsMax: 50});
    const client = session(short);
    const stream = open2(client, {path: '/echo', method: 'POST'});
    stream.write('{');
    assert.equal((await answer2(stream)).status, 504);
    client.close();
    const got = await raw('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{', 'http/1.1', short);
    assert.match(got, /^HTTP\/1.1 504 [\s\S]*connection: close/i);
    await short.close();
  });

  test('a body nobody reads does not become the next request', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const got = await raw(`POST /ignored HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    assert.equal(got.match(/HTTP\/1.1 /g)?.length, 1);
  });

  test('`connection: close` in a reply ends an HTTP/2 connection after it', async () => {
    const client = session(listener);
    const closed = new Promise(resolve => client.once('close', resolve));
    assert.equal((await answer2(open2(client, {path: '/ignored'}))).text, 'no');
    await closed;
  });

  test('headers that do not end, and silence, are ended', async () => {
    const short = await start({headersMsMax: 50, checkMs: 20, idleMsMax: 80});
    assert.match(await raw('GET / HTTP/1.1\r\nHost: a\r\nX-', 'http/1.1', short), /^HTTP\/1.1 408 /);
    await raw('', 'http/1.1', short);
    await raw('', 'h2', short);
    const client = session(short);
    const closed = new Promise(resolve => client.once('close', resolve));
    await answer2(open2(client, {}));
    await closed;
    await short.close();
  });

  test('a quiet watch is not silence', async () => {
    const short = await start({idleMsMax: 40});
    onWatch = sink => {
      setTimeout(() => {
        sink.write(Buffer.from('late'));
        sink.end();
      }, 200);
    };
    const client = session(short);
    assert.equal((await answer2(open2(client, {path: '/watch'}))).text, 'late');
    assert.match(await raw('GET /watch HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'http/1.1', short), /late/);
    client.close();
    await short.close();
  });

  test('a reply nobody takes is broken off', async () => {
    const short = await start({stalledMsMax: 100});
    const client = session(short);
    const stream = open2(client, {path: '/large'});
    stream.pause();
    await until('the stream is reset', () => stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR || stream.closed);
    client.destroy();
    await short.close();
  });

  test('opening and resetting streams without end closes the connection', async () => {
    const short = await start({resetsBurstMax: 20, resetsPerSecondMax: 1});
    const client = session(short);
    const closed = new Promise(resolve => client.once('close', resolve));
    const before = calls;
    for (let i = 0; i < 2000 && !client.destroyed; i++) {
      open2(client, {path: '/slow'}).close(constants.NGHTTP2_CANCEL);
      if (i % 10 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    await closed;
    assert.ok(calls - before < 200, `${calls - before} requests were worked on`);
    await short.close();
  });
});

describe('change and end', () => {
  test('another client CA is believed at once, and the old one no more, nor on a resumed connection', async () => {
    const own = await start();
    const first = session(own, admin);
    assert.match((await answer2(open2(first, {path: '/peer'}))).text, /kcp-admin/);
    const ticket = await new Promise<Buffer>(resolve => {
      const socket = connectTls({host: '127.0.0.1', port: own.port, ca: serving.ca, ALPNProtocols: ['http/1.1'], ...admin});
      socket.once('session', found => {
        resolve(found);
        socket.destroy();
      });
    });
    const other = await clientCa('', new Date());
    const ended = new Promise(resolve => first.once('close', resolve));
    own.renew({...serving, clientCa: other.cert});
    await ended;
    const second = session(own, admin);
    assert.equal((await answer2(open2(second, {path: '/peer'}))).text, 'null');
    second.close();
    const resumed = await new Promise<string>(resolve => {
      let got = '';
      const socket = connectTls({
        host: '127.0.0.1',
        port: own.port,
        ca: serving.ca,
        session: ticket,
        ALPNProtocols: ['http/1.1'],
        ...admin,
      });
      socket.write('GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      socket.on('data', chunk => {
        got += chunk.toString();
      });
      socket.on('close', () => resolve(got));
    });
    assert.match(resumed, /\r\n\r\nnull$/);
    await own.close();
  });

  test('closing lets requests under way end, ends watches in good order, and takes less than a second', async () => {
    const own = await start();
    onWatch = sink => sink.write(Buffer.from('x'));
    const [idle, busy] = [session(own), session(own)];
    await answer2(open2(idle, {}));
    const agent = new Agent({keepAlive: true, ca: serving.ca});
    const kept = await new Promise(resolve =>
      requestHttp1(`${address(own)}/`, {agent}, r => r.resume().on('end', () => resolve(r.statusCode))).end(),
    );
    assert.equal(kept, 200);
    const [watch, slow] = [answer2(open2(busy, {path: '/watch'})), answer2(open2(busy, {path: '/slow'}))];
    await new Promise(resolve => setTimeout(resolve, 50));
    const began = performance.now();
    await own.close();
    assert.ok(performance.now() - began < 1000);
    assert.equal((await watch).text, 'x');
    assert.equal((await slow).text, '"slow"');
    agent.destroy();
    await assert.rejects(answer2(session(own).request({':path': '/'})), /ECONNREFUSED/);
  });

  test('closing breaks off who does not end', async () => {
    const own = await start({closeGraceMs: 100});
    const client = session(own);
    const stuck = open2(client, {path: '/large'});
    stuck.pause();
    const half = raw('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{', 'http/1.1', own);
    await new Promise(resolve => setTimeout(resolve, 50));
    const began = performance.now();
    await own.close();
    assert.ok(performance.now() - began < 1000);
    await half;
    client.destroy();
  });
});
