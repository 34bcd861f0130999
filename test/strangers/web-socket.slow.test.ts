/** Watches over WebSockets, as fabric8's Java client and browsers open them, and as those open them who mean harm. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {test} from 'node:test';
import {type ClientOptions, WebSocket} from 'ws';
import {listenLimits} from '../../src/main/listen-limits.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer, until} from '../support/process.ts';
import {closeOf, rawHandshake, sayRaw, tlsTo} from '../support/raw.ts';

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';
/** As fabric8 asks. */
const query = 'allowWatchBookmarks=true&timeoutSeconds=600&watch=true';

test('watches over WebSockets', {timeout: 120_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  await t.test('105 each event is a message, in order, until the client closes', () => events(server));
  await t.test('105 a token among the subprotocols is one', () => browsers(server));
  await t.test('105 what is refused is a Status, and the connection ends', () => refusals(server));
  await t.test('a watch whose time is up ends in good order', () => timeUp(server));
  await t.test('thousands that come and go leave nothing behind', () => manyOpened(server));
  await t.test('frames that nobody asked for', () => floods(server));

  assert.equal((await server.call('/readyz')).body, 'ok');
  const {body} = await server.call('/metrics', {token: server.token('shard-admin')});
  assert.match(body, /^apiserver_request_total\{(?=.*verb="WATCH")(?=.*resource="configmaps")(?=.*code="101").*\} \d+$/m);
  const {socket} = await open(server, `${configmaps}?${query}`);
  const closed = once(socket, 'close');
  const {code, ms} = await server.stop();
  assert.deepEqual([code, ms < 1000], [0, true], `ended after ${ms} ms`);
  assert.equal((await closed)[0], 1000);
  assert.doesNotMatch(server.output(), /mistake of ours|ERROR|Warning/);
});

type Event = {readonly type: string; readonly object: {readonly metadata: {readonly name: string; readonly resourceVersion: string}}};

async function open(server: ServerProcess, target: string, options: ClientOptions = {}, protocols: readonly string[] = []) {
  const socket = new WebSocket(server.url.replace('https', 'wss') + target, [...protocols], {
    ca: server.ca,
    origin: server.url,
    headers: protocols.length > 0 ? {} : {authorization: `Bearer ${server.token('kcp-admin')}`},
    ...options,
  });
  const events: Event[] = [];
  socket.on('message', (data, isBinary) => {
    assert.equal(isBinary, false);
    events.push(JSON.parse(data.toString()) as Event);
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return {socket, events};
}

async function events(server: ServerProcess): Promise<void> {
  const list = await server.call(configmaps);
  const {socket, events} = await open(server, `${configmaps}?resourceVersion=${list.json.metadata.resourceVersion}&${query}`);
  for (let i = 0; i < 50; i++) {
    const body = {metadata: {name: `cm-${i}`}, data: {filling: 'x'.repeat(i * 2000)}};
    assert.equal((await server.call(configmaps, {method: 'POST', body})).status, 201);
  }
  assert.equal((await server.call(`${configmaps}/cm-0`, {method: 'DELETE'})).status, 200);
  await until(() => events.length === 51, 'all events');
  assert.deepEqual(
    events.map(({type, object}) => `${type} ${object.metadata.name}`),
    [...Array.from({length: 50}, (_, i) => `ADDED cm-${i}`), 'DELETED cm-0'],
  );
  socket.close(1000);
  assert.equal((await once(socket, 'close'))[0], 1000);
}

async function browsers(server: ServerProcess): Promise<void> {
  const token = `base64url.bearer.authorization.k8s.io.${Buffer.from(server.token('kcp-admin')).toString('base64url')}`;
  const options = {origin: 'https://console.example'};
  const {socket, events} = await open(server, `${configmaps}?watch=true`, options, [token, 'v1.watch.example']);
  assert.equal(socket.protocol, 'v1.watch.example');
  await until(() => events.length > 0, 'events');
  socket.terminate();
}

async function refusals(server: ServerProcess): Promise<void> {
  const watch = `${configmaps}?watch=true`;
  for (const [bytes, answer] of [
    [rawHandshake(server, '/clusters/root/api/v1/nothings?watch=true'), /^HTTP\/1\.1 404 [\s\S]*"reason":"NotFound"/],
    [rawHandshake(server, watch).replace(/Bearer .*/, 'Bearer nobody'), /^HTTP\/1\.1 401 [\s\S]*"reason":"Unauthorized"/],
    [rawHandshake(server, watch).replace(/Authorization.*\r\n/, ''), /^HTTP\/1\.1 403 [\s\S]*"reason":"Forbidden"/],
    [rawHandshake(server, watch).replace('-Version: 13', '-Version: 12'), /^HTTP\/1\.1 400 [\s\S]*sec-websocket-version: 13/],
    [rawHandshake(server, `${watch}&resourceVersion=x`), /^HTTP\/1\.1 400 [\s\S]*"reason":"BadRequest"/],
    [rawHandshake(server, '/clusters/root/../root/api/v1/secrets?watch=true'), /^HTTP\/1\.1 400 /],
    [rawHandshake(server, configmaps), /^HTTP\/1\.1 200 [\s\S]*"kind":"ConfigMapList"/],
    [rawHandshake(server, '/readyz'), /^HTTP\/1\.1 200 [\s\S]*ok$/],
  ] as const) {
    const start = performance.now();
    assert.match(await sayRaw(server, bytes), answer);
    assert.ok(performance.now() - start < 2500, 'the connection was ended');
  }
}

async function timeUp(server: ServerProcess): Promise<void> {
  const {socket} = await open(server, `${configmaps}?watch=true&timeoutSeconds=1`);
  assert.equal((await once(socket, 'close'))[0], 1000);
}

async function manyOpened(server: ServerProcess): Promise<void> {
  const wave = async (): Promise<void> => {
    const sockets = await Promise.all(Array.from({length: 50}, () => tlsTo(server)));
    await Promise.all(
      sockets.map(async (socket, i) => {
        socket.write(rawHandshake(server, `${configmaps}?watch=true`));
        // Some go away before they are answered.
        if (i % 3 > 0) await once(socket, 'data');
        if (i % 3 > 1) socket.end();
        else socket.destroy();
        socket.resume();
        await closeOf(socket);
      }),
    );
  };
  const stretch = async (): Promise<number> => {
    const before = await server.rssBytes();
    for (let i = 0; i < 14; i++) await wave();
    return (await server.rssBytes()) - before;
  };
  // What is left behind grows in each stretch; garbage that nobody has collected yet does not.
  const grown: number[] = [];
  for (let i = 0; i < 5; i++) grown.push(await stretch());
  assert.ok(Math.min(...grown) < 8 * 1024 * 1024, `the server grew by ${grown.join(', ')} bytes`);
}

/** A frame of a client, masked by zeros. */
const frame = (first: number, bytes: number): Buffer =>
  Buffer.concat([
    bytes < 126 ? Buffer.from([first, 0x80 | bytes]) : Buffer.from([first, 0x80 | 126, bytes >> 8, bytes & 255]),
    Buffer.alloc(4),
    Buffer.alloc(bytes, 97),
  ]);

const floodBytes = 20_000_000;

/** Messages without end are read and forgotten; pings without end too, until their answers are not taken. */
async function floods(server: ServerProcess): Promise<void> {
  const before = await server.rssBytes();
  for (const [what, first, bytes] of [
    ['messages', 0x81, 60_000],
    ['small messages', 0x82, 1],
    ['pings', 0x89, 125],
    ['messages too long', 0x81, listenLimits.webSocketMessageBytesMax - 1],
  ] as const) {
    const socket = await tlsTo(server);
    socket.write(rawHandshake(server, `${configmaps}?watch=true`));
    await once(socket, 'data');
    socket.pause();
    const many = Buffer.concat(Array.from({length: Math.ceil(200_000 / (bytes + 6))}, () => frame(first, bytes)));
    const closed = closeOf(socket);
    for (let sent = 0; sent < floodBytes && socket.writable; sent += many.length)
      if (!socket.write(many)) await Promise.race([closed, new Promise(resolve => socket.once('drain', resolve))]);
    socket.destroy();
    assert.equal((await server.call('/readyz')).body, 'ok', what);
  }
  const grown = (await server.rssBytes()) - before;
  assert.ok(grown < 100 * 1024 * 1024, `the server grew by ${grown} bytes`);
}
