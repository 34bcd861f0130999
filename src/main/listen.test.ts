import assert from 'node:assert/strict';
import {constants} from 'node:http2';
import {request as requestHttp1} from 'node:https';
import {describe, test} from 'node:test';
import {bodyBytesMax} from '../server/http.ts';
import {
  address,
  admin,
  answer2,
  ask1,
  ask2,
  calls,
  listener,
  logged,
  open2,
  rogue,
  serving,
  session,
  until,
  watching,
  withListener,
} from './listen.suite.ts';

withListener();

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
    watching.on = sink => {
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
    watching.on = sink => {
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
    watching.on = (sink, request) => {
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
