import assert from 'node:assert/strict';
import {once} from 'node:events';
import {test} from 'node:test';
import {openWatch} from '../strangers/watch.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer, until} from '../support/process.ts';
import {closeOf, http2To, openStream, rawHandshake, rawRequest, tlsTo} from '../support/raw.ts';

const updates = 3000;
const objectBytes = 40_000;
/** Each changes an object of its own. */
const writers = 8;
/** Of the server's memory, while 120 MB go by that some do not take. */
const growthBytesMax = 300 * 1024 * 1024;

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';

test('F18 watchers that stop reading are ended; they cost others nothing, and the server little', {timeout: 120_000}, async t => {
  const server = await startServer(t, {root: folder(t)});
  for (let i = 0; i < writers; i++) {
    const body = {metadata: {name: `large-${i}`}, data: {filling: 'x'.repeat(objectBytes), n: '0'}};
    assert.equal((await server.call(configmaps, {method: 'POST', body})).status, 201);
  }
  const since = `resourceVersion=${(await server.call(configmaps)).json.metadata.resourceVersion}`;
  const stalled = [await stallHttp1(server, since), await stallHttp2(server, since), await stallWebSocket(server, since)];
  const reader = await openWatch(server, configmaps, since);
  // The first updates warm the server up.
  await update(server, 0, updates / 5);
  const before = await server.rssBytes();
  let most = before;
  const look = setInterval(async () => (most = Math.max(most, await server.rssBytes())), 500);
  await update(server, updates / 5, updates);
  clearInterval(look);

  await until(() => reader.events.length >= updates, 'every update', 30_000);
  const seen = reader.events.map(({object}) => Number(object.metadata.resourceVersion));
  assert.equal(seen.length, updates);
  assert.ok(seen.every((version, i) => i === 0 || version > (seen[i - 1] as number)));
  reader.end();

  for (const ended of stalled) {
    const bytes = await ended();
    assert.ok(bytes < updates * objectBytes * 0.5, `${bytes} bytes were sent to one who took nothing`);
  }
  assert.ok(most - before < growthBytesMax, `the server grew from ${before} to ${most} bytes`);
});

/** Updates number `from` to `to`, by several writers at once. */
async function update(server: ServerProcess, from: number, to: number): Promise<void> {
  const session = await http2To(server);
  let next = from;
  const write = async (writer: number): Promise<void> => {
    while (next < to) {
      const stream = openStream(server, session, {
        ':path': `${configmaps}/large-${writer}`,
        ':method': 'PATCH',
        'content-type': 'application/merge-patch+json',
      });
      stream.end(`{"data":{"n":"${++next}"}}`);
      const [headers] = await once(stream, 'response');
      assert.equal(headers[':status'], 200);
      stream.resume();
      await once(stream, 'end');
    }
  };
  await Promise.all(Array.from({length: writers}, (_, writer) => write(writer)));
  session.destroy();
}

/** A watch that takes the headers and nothing more. What it returns waits for the end, and tells how many bytes came. */
const stallHttp1 = (server: ServerProcess, query: string) => stallRaw(server, rawRequest(server, `${configmaps}?watch=true&${query}`));

const stallWebSocket = (server: ServerProcess, query: string) =>
  stallRaw(server, rawHandshake(server, `${configmaps}?watch=true&${query}`));

async function stallRaw(server: ServerProcess, bytes: string): Promise<() => Promise<number>> {
  const socket = await tlsTo(server);
  socket.write(bytes);
  await once(socket, 'readable');
  const closed = closeOf(socket);
  return async () => {
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
    await closed;
    return bytes;
  };
}

async function stallHttp2(server: ServerProcess, query: string): Promise<() => Promise<number>> {
  const session = await http2To(server);
  const stream = openStream(server, session, {':path': `${configmaps}?watch=true&${query}`});
  await once(stream, 'response');
  stream.pause();
  const closed = closeOf(stream);
  return async () => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
    await closed;
    assert.notEqual(stream.rstCode, 0, 'the stream was reset');
    session.destroy();
    return bytes;
  };
}
