import assert from 'node:assert/strict';
import {type ClientHttp2Stream, constants} from 'node:http2';
import {Agent, request as requestHttp1} from 'node:https';
import {describe, test} from 'node:test';
import {connect as connectTls} from 'node:tls';
import {bodyBytesMax} from '../server/http.ts';
import {
  address,
  admin,
  answer2,
  ask2,
  calls,
  listener,
  open2,
  raw,
  serving,
  session,
  start,
  until,
  watching,
  withListener,
} from './listen.suite.ts';
import {clientCa} from './pki.ts';

withListener();

describe('unfriendly clients', () => {
  test('js-http a header that may come once comes once', async () => {
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

  test('F16 a body that does not come is not waited for', async () => {
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

  test('js-http a body nobody reads does not become the next request', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const got = await raw(`POST /ignored HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    assert.equal(got.match(/HTTP\/1.1 /g)?.length, 1);
  });

  test('an HTTP/2 client is told to stop sending what nobody reads', async () => {
    const client = session(listener);
    const stream = open2(client, {path: '/large', method: 'POST'});
    stream.resume().write(Buffer.alloc(bodyBytesMax));
    await until('the stream is closed', () => stream.closed);
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    client.destroy();
  });

  test('`connection: close` in a reply ends an HTTP/2 connection after it', async () => {
    const client = session(listener);
    const closed = new Promise(resolve => client.once('close', resolve));
    assert.equal((await answer2(open2(client, {path: '/ignored'}))).text, 'no');
    await closed;
  });

  test('F16 headers that do not end, and silence, are ended', async () => {
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
    watching.on = sink => {
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

  test('F17 long replies nobody takes leave room for other requests of their connection', async () => {
    const short = await start({sessionMemoryMiBMax: 16});
    const client = session(short);
    const stalled = Array.from({length: 20}, () => open2(client, {path: '/large'}));
    await Promise.all(stalled.map(stream => new Promise<void>(resolve => stream.once('response', () => resolve(void stream.pause())))));
    assert.equal((await answer2(open2(client, {}))).status, 200);
    const [first] = stalled as [ClientHttp2Stream];
    const whole = answer2(first);
    first.resume();
    assert.equal((await whole).text.length, 8 * 1024 * 1024);
    client.destroy();
    await short.close();
  });

  test('F17 a reply nobody takes is broken off', async () => {
    const short = await start({stalledMsMax: 100});
    const client = session(short);
    const stream = open2(client, {path: '/large'});
    stream.pause();
    await until('the stream is reset', () => stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR || stream.closed);
    client.destroy();
    await short.close();
  });

  test('CVE-2023-44487 F21 opening and resetting streams without end closes the connection', async () => {
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
  test('CVE-2025-68121 another client CA is believed at once, and the old one no more, nor on a resumed connection', async () => {
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
    watching.on = sink => sink.write(Buffer.from('x'));
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
