import assert from 'node:assert/strict';
import {once} from 'node:events';
import {describe, test} from 'node:test';
import {connect as connectTls, type TLSSocket} from 'node:tls';
import {type ClientOptions, WebSocket} from 'ws';
import {address, admin, listener, logged, raw, serving, start, until, watching, withListener} from './listen.suite.ts';
import type {Listener} from './listen.ts';
import {listenLimits} from './listen-limits.ts';

withListener();

type Opened = {readonly socket: WebSocket; readonly got: (string | Buffer)[]; readonly closed: Promise<number>};

/** A client whose handshake is done. */
async function open(of: Listener = listener, more: ClientOptions = {}): Promise<Opened> {
  const socket = new WebSocket(`${address(of).replace('https', 'wss')}/socket`, {ca: serving.ca, ...more});
  const got: (string | Buffer)[] = [];
  socket.on('message', (data, isBinary) => got.push(isBinary ? (data as Buffer) : data.toString()));
  const closed = new Promise<number>(resolve => socket.once('close', resolve));
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return {socket, got, closed};
}

const handshake = [
  'GET /socket HTTP/1.1',
  'Host: a',
  'Connection: keep-alive, Upgrade',
  'Upgrade: WebSocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const request = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

/** A connection that speaks for itself, from its handshake on. */
async function openRaw(
  of: Listener = listener,
  after: Uint8Array = new Uint8Array(),
): Promise<{socket: TLSSocket; got: () => string; closed: Promise<unknown>}> {
  const socket = connectTls({host: '127.0.0.1', port: of.port, ca: serving.ca, ALPNProtocols: ['http/1.1']});
  let got = '';
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.write(Buffer.concat([Buffer.from(request(handshake)), after]));
  await until('101', () => got.includes('\r\n\r\n'));
  return {socket, got: () => got.slice(got.indexOf('\r\n\r\n') + 4), closed};
}

const text = 1;
const [close, ping] = [8, 9];
const last = 0x80;

/** A frame of a client; its mask is zero. */
function frame(first: number, length: number, sent = length, masked = true): Buffer {
  const sizes = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, 0, 0, 0, 0, ...bytesOf(length)];
  return Buffer.concat([
    Buffer.from([first, (sizes[0] as number) | (masked ? 0x80 : 0), ...sizes.slice(1)]),
    Buffer.alloc(masked ? 4 : 0),
    Buffer.alloc(sent, 97),
  ]);
}
const bytesOf = (length: number): readonly number[] => [length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
const closeCode = (answer: string): number => Buffer.from(answer, 'latin1').subarray(-2).readUInt16BE();

describe('messages', () => {
  test('each write is one, and the end is a close in good order', async () => {
    watching.on = sink => {
      for (let i = 0; i < 100; i++) sink.write(Buffer.from(`${i}\n`));
      sink.write(Buffer.alloc(0));
      sink.write(Buffer.alloc(70_000, 97));
      setTimeout(() => {
        sink.write(Buffer.from('last'));
        sink.end();
        sink.write(Buffer.from('too late'));
      }, 20);
    };
    const {got, closed} = await open();
    assert.equal(await closed, 1000);
    assert.deepEqual(got, [...Array.from({length: 100}, (_, i) => `${i}\n`), 'a'.repeat(70_000), 'last']);
    watching.on = sink => {
      sink.write(Buffer.from([0xff, 0x00]));
      sink.end();
    };
    const binary = await open(listener, {headers: {'x-messages': 'binary'}});
    await binary.closed;
    assert.deepEqual(binary.got, [Buffer.from([0xff, 0x00])]);
  });

  test('the handshake: what the reply says, and no compression', async () => {
    watching.on = sink => sink.end();
    const socket = new WebSocket(`${address().replace('https', 'wss')}/socket`, {ca: serving.ca, perMessageDeflate: true});
    const [response] = await once(socket, 'upgrade');
    await once(socket, 'close');
    assert.deepEqual([response.headers['audit-id'], socket.extensions], ['some-id', '']);
  });

  test('who asks is who the certificate says', async () => {
    let name: string | undefined;
    watching.on = (sink, {peer}) => {
      name = peer?.commonName;
      sink.end();
    };
    await (await open(listener, admin)).closed;
    assert.equal(name, 'kcp-admin');
  });

  test('what a client has to say is not listened to, and its pings are answered', async () => {
    watching.on = sink => setTimeout(() => sink.write(Buffer.from('x')), 50);
    const {socket, got, closed} = await open();
    socket.send('hello');
    socket.send(Buffer.alloc(1000));
    socket.ping('there?');
    const [answered] = await once(socket, 'pong');
    assert.equal(String(answered), 'there?');
    await until('a message', () => got.length === 1);
    socket.close(1001);
    assert.equal(await closed, 1001);
  });

  test('a client that stops reading is seen in `buffered`, and can be broken off', async () => {
    let seen = 0;
    const happened: string[] = [];
    watching.on = (sink, {signal}) => {
      signal.addEventListener('abort', () => happened.push('aborted'));
      sink.onClose(() => happened.push('closed'));
      for (let i = 0; i < 64; i++) sink.write(Buffer.alloc(64 * 1024));
      setTimeout(() => {
        seen = sink.buffered;
        sink.destroy();
      }, 100);
    };
    const {socket, closed} = await open();
    socket.pause();
    await until('the sink closes', () => happened.length === 2);
    assert.ok(seen > 1024 * 1024, `${seen} bytes wait`);
    socket.resume();
    assert.equal(await closed, 1006);
  });

  test('a client that goes away, with and without a word', async () => {
    for (const leave of [(socket: WebSocket) => socket.close(), (socket: WebSocket) => socket.terminate()]) {
      let gone = false;
      watching.on = sink =>
        sink.onClose(() => {
          gone = true;
        });
      const {socket} = await open();
      leave(socket);
      await until('the sink closes', () => gone);
    }
  });

  test('a quiet one is left alone, and one that takes nothing is ended', async () => {
    const short = await start({idleMsMax: 60});
    watching.on = sink => {
      setTimeout(() => {
        sink.write(Buffer.from('late'));
        sink.end();
      }, 300);
    };
    const quiet = await open(short);
    await quiet.closed;
    assert.deepEqual(quiet.got, ['late']);
    let gone = false;
    watching.on = sink => {
      sink.onClose(() => {
        gone = true;
      });
      sink.write(Buffer.alloc(16 * 1024 * 1024));
    };
    const {socket} = await open(short);
    socket.pause();
    await until('the sink closes', () => gone);
    socket.terminate();
    await short.close();
  });

  test('closing the listener ends them in good order, and takes less than a second', async () => {
    const own = await start();
    watching.on = sink => sink.write(Buffer.from('x'));
    const polite = await open(own);
    const silent = await openRaw(own);
    await until('they are served', () => polite.got.length === 1 && silent.got().length > 0);
    const began = performance.now();
    await own.close();
    assert.ok(performance.now() - began < 1000);
    assert.equal(await polite.closed, 1000);
    await silent.closed;
    assert.equal(closeCode(silent.got()), 1000);
  });
});

describe('no WebSocket', () => {
  test('CVE-2018-1002105 other answers are what they are without one, and end the connection', async () => {
    for (const [path, answer] of [
      ['/refused', /^HTTP\/1.1 400 [\s\S]*connection: close[\s\S]*not this way/i],
      ['/broken', /^HTTP\/1.1 500 [\s\S]*connection: close/i],
      ['/empty', /^HTTP\/1.1 204 [\s\S]*connection: close/i],
      ['/pieces', /^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*aaaa$/i],
      ['/slow', /^HTTP\/1.1 200 [\s\S]*"slow"$/],
    ] as const)
      assert.match(await raw(request([`GET ${path} HTTP/1.1`, ...handshake.slice(1)])), answer);
    const large = await raw(request(['GET /large HTTP/1.1', ...handshake.slice(1)]));
    assert.equal(large.slice(large.indexOf('\r\n\r\n') + 4).length, 8 * 1024 * 1024);
    watching.on = sink => {
      sink.write(Buffer.from('part 1'));
      setTimeout(() => sink.end(), 20);
    };
    assert.match(await raw(request(['GET /watch HTTP/1.1', ...handshake.slice(1)])), /^HTTP\/1.1 200 [\s\S]*part 1\r\n0\r\n\r\n$/);
    assert.ok(logged.includes('error a request failed'));
  });

  test('a mistake of ours after the handshake ends the connection, and is logged', async () => {
    watching.on = () => {
      throw new Error('a secret of ours');
    };
    const {got, closed} = await openRaw();
    await closed;
    assert.equal(got(), '');
    assert.ok(logged.includes('error a WebSocket could not be served'));
  });

  test('a header that may come once comes once', async () => {
    assert.match(await raw(request([...handshake, 'Authorization: a', 'Authorization: b'])), /^HTTP\/1.1 400 [\s\S]*more than once/);
  });

  test('CVE-2018-1002105 what is no handshake is an ordinary request, and ends the connection too', async () => {
    const next = 'GET /peer HTTP/1.1\r\nHost: a\r\n\r\n';
    for (const [method, body, ...lines] of [
      ['GET', '', 'Connection: Upgrade', 'Upgrade: h2c'],
      ['GET', '', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'],
      ['GET', '', 'Upgrade: websocket'],
      ['GET', '', 'Connection: Upgrade', 'Upgrade: websocket, h2c'],
      ['POST', '', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 0'],
      ['GET', 'abc', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 3'],
      ['GET', '3\r\nabc\r\n0\r\n\r\n', 'Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked'],
    ]) {
      const got = await raw(`${request([`${method} /echo HTTP/1.1`, 'Host: a', ...lines])}${body}${next}`);
      assert.match(got, /^HTTP\/1.1 201 [\s\S]*connection: close/i, lines.join());
      assert.ok(got.endsWith(body === '' ? '\r\n\r\n' : '\r\n\r\nabc'), got);
    }
    assert.match(
      await raw(
        request(['GET /echo HTTP/1.1', 'Host: a', 'Connection: Upgrade']) + next.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
      ),
      /^HTTP\/1.1 201 [\s\S]*HTTP\/1.1 200 [\s\S]*null$/,
    );
    assert.match(await raw(request(['GET /socket HTTP/1.0', ...handshake.slice(1)])), /^HTTP\/1.1 200 /);
  });

  test('a handshake that the server would take and the library does not is ended', async () => {
    const lines = handshake.filter(line => !line.startsWith('Sec-WebSocket-Key'));
    assert.match(await raw(request(lines)), /^HTTP\/1.1 400 /);
    assert.match(await raw(request(handshake.with(4, 'Sec-WebSocket-Version: 7'))), /^HTTP\/1.1 400 /);
  });

  test('half a handshake is given up', async () => {
    const short = await start({headersMsMax: 50, checkMs: 20});
    assert.match(await raw(handshake.join('\r\n'), 'http/1.1', short), /^HTTP\/1.1 408 /);
    await short.close();
  });
});

describe('clients that mean harm', () => {
  const open1 = (): {closes: number} => {
    const counted = {closes: 0};
    watching.on = sink => sink.onClose(() => counted.closes++);
    return counted;
  };

  test('frames that are none end the connection with a word', async () => {
    for (const [what, bytes, code] of [
      ['not masked', frame(last | text, 3, 3, false), 1002],
      ['reserved bits', frame(last | 0x70 | text, 0), 1002],
      ['an unknown kind', frame(last | 3, 0), 1002],
      ['a continuation of nothing', frame(last, 3), 1002],
      ['a ping in pieces', frame(ping, 3), 1002],
      ['a ping beyond 125 bytes', frame(last | ping, 126), 1002],
      ['a close of one byte', frame(last | close, 1), 1002],
      ['a message beyond the limit', frame(last | text, listenLimits.webSocketMessageBytesMax + 1, 100), 1009],
      ['a message of 4 GiB', frame(last | text, 0xffff_ffff, 100), 1009],
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 1002],
    ] as const) {
      const counted = open1();
      const {socket, got, closed} = await openRaw();
      socket.write(bytes);
      await closed;
      assert.equal(closeCode(got()), code, what);
      await until('the sink closes', () => counted.closes === 1);
    }
  });

  test('frames that come with the handshake, before it is answered', async () => {
    const counted = open1();
    const {closed, got} = await openRaw(listener, Buffer.concat([frame(last | ping, 5), frame(last | close, 0)]));
    await closed;
    assert.ok(got().startsWith('\x8a\x05aaaaa\x88'));
    await until('the sink closes', () => counted.closes === 1);
  });

  test('a message in more pieces than it may have', async () => {
    open1();
    const {socket, got, closed} = await openRaw();
    socket.write(frame(text, 1));
    for (let i = 0; i < 10_000 && !socket.destroyed; i++) socket.write(frame(0, 0));
    await closed;
    assert.ok([1008, 1009].includes(closeCode(got())), got());
  });

  test('thousands of pings whose answers nobody takes', async () => {
    open1();
    const {socket, closed} = await openRaw();
    socket.pause();
    const many = Buffer.concat(Array.from({length: 1000}, () => frame(last | ping, 125)));
    for (let i = 0; i < 500 && !socket.destroyed && socket.writable; i++) {
      socket.write(many);
      if (i % 10 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    socket.resume();
    await closed;
  });

  test('bytes that come one by one are taken, and nothing is kept of them', async () => {
    let gone = false;
    watching.on = sink => {
      setTimeout(() => sink.write(Buffer.from('still here')), 100);
      sink.onClose(() => {
        gone = true;
      });
    };
    const {socket, got} = await openRaw();
    for (const byte of frame(last | text, 200)) {
      socket.write(Buffer.from([byte]));
      await new Promise(resolve => setImmediate(resolve));
    }
    await until('a message', () => got().includes('still here'));
    assert.equal(gone, false);
    socket.destroy();
  });
});
