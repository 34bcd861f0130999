/** What is done to Node and to the headers of a request before the server sees it (spec reliability-and-security K5, B5, F21), against a started one. */
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {connect as connectHttp2} from 'node:http2';
import {text} from 'node:stream/consumers';
import {test} from 'node:test';
import {connect as connectTls} from 'node:tls';
import type {ServerProcess} from '../support/process.ts';
import {folder, sleep, startServer} from '../support/process.ts';
import {closeOf, http2To, rawRequest, sayRaw, tlsTo} from '../support/raw.ts';
import {block, flags, frame, get, hello, kinds, preface, uint32} from './frames.ts';

const selfReviews = '/clusters/root/apis/authentication.k8s.io/v1/selfsubjectreviews';
const secrets = '/clusters/root/api/v1/secrets';

test('bytes on the wire', {timeout: 240_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  await t.test('K5 T3 js-hop-by-hop no header makes anybody another, by HTTP/1.1 and by HTTP/2', () => told(server));
  await t.test('K5 js-http no header that comes after the body, or twice, counts', () => late(server));
  await t.test('js-runtime what made Node break or leak in its time', () => published(server));
  await t.test('F21 js-http2 floods of frames hold nobody up, and no memory', t => floods(server, message => t.diagnostic(message)));
  await t.test('js-runtime js-tls-names handshakes with odd names and endings', () => handshakes(server));
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed|uncaught|unhandled/i);
  assert.equal((await server.call('/readyz')).body, 'ok');
  assert.equal((await server.stop()).code, 0);
});

const warrant = '{"user":"x","groups":["system:masters"]}';
const claims: readonly (readonly [string, string])[] = [
  ['X-Remote-User', 'system:admin'],
  ['X-REMOTE-USER', 'system:admin'],
  ['x_remote_user', 'system:admin'],
  ['X-Remote-Group', 'system:masters'],
  ['X-Remote-Group', 'a, system:masters'],
  ['X-Remote-Extra-Authorization.kcp.io%2Fwarrant', warrant],
  ['X-Remote-Extra-authorization.kcp.io%252fwarrant', warrant],
  ['X-Kubernetes-Cluster', '*'],
  ['X-Kcp-Internal-Deep-SubjectAccessReview', 'true'],
  ['Forwarded', 'for=127.0.0.1'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-Client-Cert', 'Subject="CN=root,O=system:masters"'],
  ['X-SSL-Client-S-DN', 'CN=root,O=system:masters'],
  ['Connection', 'close, Authorization, X-Remote-User'],
  ['Connection', 'keep-alive, x-remote-extra-scopes'],
  ['Proxy-Authorization', 'Basic YWRtaW46YWRtaW4='],
  ['Keep-Alive', 'timeout=1'],
];

async function told(server: ServerProcess): Promise<void> {
  const admin = server.token('kcp-admin');
  const who = (await server.call(selfReviews, {method: 'POST', body: {}})).json.status.userInfo;
  const length = ['Content-Type: application/json', 'Content-Length: 2'];
  for (const [name, value] of claims) {
    const lines = [`${name}: ${value}`];
    const stranger = rawRequest(server, secrets, lines).replace(`Authorization: Bearer ${admin}\r\n`, '');
    assert.match(await sayRaw(server, stranger), /^HTTP\/1\.1 403 [\s\S]*User \\"system:anonymous\\" cannot/, name);
    const known = await sayRaw(server, `${rawRequest(server, selfReviews, [...lines, ...length], 'POST')}{}`);
    // What names a connection says nothing of the request: who asks is who they were.
    assert.match(known, /^HTTP\/1\.1 201 /, name);
    assert.deepEqual(JSON.parse(known.slice(known.indexOf('\r\n\r\n') + 4)).status.userInfo, who, name);
  }
  const session = await http2To(server);
  for (const [name, value] of claims) {
    if (/^(connection|keep-alive)$/i.test(name)) continue; // is no header of HTTP/2
    const stream = session.request({':path': secrets, [name.toLowerCase()]: value});
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 403, name);
    assert.match(await text(stream), /system:anonymous/, name);
  }
  session.destroy();
}

/** Trailers, folded lines and headers that come twice. */
async function late(server: ServerProcess): Promise<void> {
  const admin = server.token('kcp-admin');
  const chunked = (trailers: string): string =>
    `${rawRequest(server, selfReviews, ['Content-Type: application/json', 'Transfer-Encoding: chunked', 'Trailer: Authorization'], 'POST').replace(`Authorization: Bearer ${admin}\r\n`, '')}2\r\n{}\r\n0\r\n${trailers}\r\n`;
  for (const trailers of [
    '',
    `Authorization: Bearer ${admin}\r\n`,
    'X-Remote-User: root\r\nX-Remote-Group: system:masters\r\n',
    'Impersonate-User: root\r\nImpersonate-Group: system:masters\r\n',
  ])
    assert.match(await sayRaw(server, chunked(trailers)), /^HTTP\/1\.1 (400|403) /, trailers);
  for (const lines of [
    ['Authorization: Bearer x'],
    [`authorization: Bearer ${admin}`],
    ['Host: b'],
    ['Impersonate-User: a', 'Impersonate-User: b'],
    ['Impersonate-User: a,b', 'Impersonate-User: c'],
  ])
    assert.match(await sayRaw(server, rawRequest(server, secrets, lines)), /^HTTP\/1\.1 400 /, lines.join());
  for (const lines of [
    ['X-A: b', ' Authorization: Bearer x'],
    ['Impersonate-User : root'],
    ['Impersonate-User\t: root'],
    ['Impersonate-User: ro\u0001ot'],
    ['Imperson\u0000ate-User: root'],
  ])
    assert.match(await sayRaw(server, rawRequest(server, secrets, lines)), /^HTTP\/1\.1 (400|403) /, lines.join());
}

/** One trigger for each of the published ways. */
async function published(server: ServerProcess): Promise<void> {
  const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__'];
  // CVE-2026-21710: such names break readers that collect headers in an object.
  for (const name of names)
    assert.match(await sayRaw(server, rawRequest(server, '/version', [`${name}: 1`, `${name}: 2`])), /^HTTP\/1\.1 200 /, name);
  for (const name of names) {
    const twice: readonly (readonly [string, string])[] = [
      [name.toLowerCase(), '1'],
      [name.toLowerCase(), '2'],
    ];
    const answered = await raw2(server, Buffer.concat([hello, get(1, '/version', twice)]), 300);
    assert.match(answered, /gitVersion/, name);
  }
  const h2: {readonly [what: string]: Buffer} = {
    'CVE-2025-59465 headers that are none': frame(
      kinds.headers,
      flags.endHeaders,
      1,
      Buffer.from([0x40, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ),
    'headers padded beyond their length': frame(kinds.headers, flags.endHeaders | flags.padded, 1, Buffer.from([255, 0x82])),
    'an index that is not in the table': frame(kinds.headers, flags.endHeaders, 1, Buffer.from([0xff, 0x80, 0x80, 0x80, 0x7f])),
    'a table of 4 GiB': frame(kinds.headers, flags.endHeaders, 1, Buffer.from([0x3f, 0xe1, 0xff, 0xff, 0xff, 0x0f])),
    'pseudo-headers twice': frame(
      kinds.headers,
      flags.endHeaders | flags.endStream,
      1,
      block([
        [':path', '/version'],
        [':path', '/readyz'],
        [':method', 'GET'],
        [':scheme', 'https'],
      ]),
    ),
    'pseudo-headers after others': frame(
      kinds.headers,
      flags.endHeaders | flags.endStream,
      1,
      block([
        ['a', 'b'],
        [':path', '/version'],
        [':method', 'GET'],
        [':scheme', 'https'],
      ]),
    ),
    'no path': frame(
      kinds.headers,
      flags.endHeaders | flags.endStream,
      1,
      block([
        [':method', 'GET'],
        [':scheme', 'https'],
      ]),
    ),
    'an empty path': get(1, ''),
    'capital letters': get(1, '/version', [['X-Remote-User', 'root']]),
    'connection headers': get(1, '/version', [
      ['connection', 'close'],
      ['transfer-encoding', 'chunked'],
    ]),
    'line breaks in a value': get(1, '/version', [['x', 'a\r\nauthorization: Bearer b']]),
    'a stream of an even number': get(2, '/version'),
    'a stream 0': get(0, '/version'),
    'data for nobody': frame(kinds.data, 0, 77, Buffer.alloc(10)),
    'CVE-2026-21714 a window beyond all measure': Buffer.concat([
      get(1, '/version'),
      frame(kinds.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
      frame(kinds.windowUpdate, 0, 0, uint32(2 ** 31 - 1)),
    ]),
    'a window of nothing': frame(kinds.windowUpdate, 0, 0, uint32(0)),
    'CVE-2025-23085 a good-bye, and on it goes': Buffer.concat([
      get(1, '/version'),
      frame(kinds.goAway, 0, 0, Buffer.concat([uint32(0), uint32(0)])),
      get(3, '/version'),
    ]),
    'settings of another length': frame(kinds.settings, 0, 0, Buffer.alloc(5)),
    'settings that cannot be': frame(kinds.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(2 ** 31)])),
    'a push from a client': frame(kinds.push, flags.endHeaders, 1, Buffer.concat([uint32(2), block([[':path', '/']])])),
    'a continuation of nothing': frame(kinds.continuation, flags.endHeaders, 1, block([['a', 'b']])),
    'a frame of an unknown kind': Buffer.concat([frame(0xee, 0xff, 1, randomBytes(100)), get(1, '/version')]),
    'a priority of itself': frame(kinds.priority, 0, 1, Buffer.concat([uint32(1), Buffer.from([0])])),
    'a prefix that breaks off': preface.subarray(0, 10),
  };
  for (const [what, bytes] of Object.entries(h2)) {
    for (let i = 0; i < 20; i++)
      await raw2(server, Buffer.concat([what.startsWith('a prefix') ? Buffer.alloc(0) : hello, bytes]), i === 0 ? 200 : 5);
    assert.equal((await server.call('/readyz')).body, 'ok', what);
  }
}

/** What comes back over HTTP/2 for these bytes, in so many ms. */
async function raw2(server: ServerProcess, bytes: Buffer, waitMs: number): Promise<string> {
  return sayRaw(server, bytes, {protocol: 'h2', waitMs});
}

/** Each is sent for seconds, as fast as it is taken; then memory and processor are looked at, and others still served. */
async function floods(server: ServerProcess, tell: (message: string) => void): Promise<void> {
  const headersOnly = frame(kinds.headers, 0, 1, block([['a', 'b']]));
  const cases: {readonly [what: string]: (n: number) => Buffer} = {
    'continuations without end': n => (n === 0 ? headersOnly : frame(kinds.continuation, 0, 1, block([['a'.repeat(60), 'b'.repeat(60)]]))),
    'empty continuations': n => (n === 0 ? headersOnly : frame(kinds.continuation, 0, 1)),
    pings: () => frame(kinds.ping, 0, 0, Buffer.alloc(8)),
    settings: () => frame(kinds.settings, 0, 0),
    'streams that are reset': n => Buffer.concat([get(2 * n + 1, '/version'), frame(kinds.reset, 0, 2 * n + 1, uint32(8))]),
    'streams that the server is made to reset': n =>
      Buffer.concat([get(2 * n + 1, '/version'), frame(kinds.windowUpdate, 0, 2 * n + 1, uint32(0))]),
    'empty data': n =>
      n === 0
        ? frame(
            kinds.headers,
            flags.endHeaders,
            1,
            block([
              [':method', 'POST'],
              [':scheme', 'https'],
              [':path', secrets],
              [':authority', 'a'],
            ]),
          )
        : frame(kinds.data, 0, 1),
    'windows of one byte': n => (n === 0 ? get(1, '/version') : frame(kinds.windowUpdate, 0, 0, uint32(1))),
    priorities: n => frame(kinds.priority, 0, 2 * (n % 1_000) + 1, Buffer.concat([uint32(0), Buffer.from([1])])),
  };
  for (const [what, make] of Object.entries(cases)) {
    const before = await server.rssBytes();
    const [waits, sent] = [[] as number[], {bytes: 0}];
    const socket = await tlsTo(server, 'h2');
    socket.resume();
    socket.write(hello);
    const end = Date.now() + floodMs;
    let n = 0;
    const flood = (async () => {
      while (Date.now() < end && !socket.destroyed) {
        const bytes = Buffer.concat(Array.from({length: 200}, () => make(n++)));
        sent.bytes += bytes.length;
        if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => undefined), closeOf(socket), sleep(200)]);
        else await sleep(0);
      }
    })();
    const other = (async () => {
      while (Date.now() < end) {
        const begun = performance.now();
        assert.equal((await server.call('/readyz')).body, 'ok', what);
        waits.push(performance.now() - begun);
        await sleep(20);
      }
    })();
    await Promise.all([flood, other]);
    const closed = socket.destroyed;
    socket.destroy();
    const grown = (await server.rssBytes()) - before;
    const median = waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)] as number;
    tell(
      `${what}: ${n} frames, ${sent.bytes} bytes, ${closed ? 'ended' : 'taken'}, others waited ${median.toFixed(1)} ms, memory ${(grown / 1e6).toFixed(1)} MB`,
    );
    assert.ok(grown < grownBytesMax, `${what}: the server grew by ${grown} bytes`);
    assert.ok(median < 500, `${what}: others waited ${median} ms`);
  }
}

const floodMs = 1_500;
const grownBytesMax = 150 * 1024 * 1024;

/** Names of servers that are none, protocols nobody has, connections that end in the middle. */
async function handshakes(server: ServerProcess): Promise<void> {
  const names = ['', 'a', '127.1', '__proto__', 'a'.repeat(250), 'xn--', '*', 'a..b', '%00', 'LOCALHOST'];
  for (const servername of names)
    for (const ALPNProtocols of [['http/1.1'], ['h2'], ['h3', 'x'], ['__proto__'], []]) {
      const socket = connectTls({
        host: '127.0.0.1',
        port: server.port,
        ca: server.ca,
        ...(servername && {servername}),
        ALPNProtocols,
        rejectUnauthorized: false,
      });
      socket.on('error', () => undefined);
      await Promise.race([once(socket, 'secureConnect').catch(() => undefined), closeOf(socket), sleep(1_000)]);
      socket.destroy();
    }
  // A session of one connection is no credential of another.
  const session = connectHttp2(server.url, {ca: server.ca});
  session.on('error', () => undefined);
  await once(session, 'connect');
  session.destroy();
  const key = readFileSync(`${server.root}/apiserver.key`, 'utf8');
  const cert = readFileSync(`${server.root}/apiserver.crt`, 'utf8');
  const {status, json} = await server.call(secrets, {token: '', identity: {cert, key}});
  assert.deepEqual([status, json.message.includes('system:anonymous')], [403, true], 'the certificate of the server is nobody’s');
}
