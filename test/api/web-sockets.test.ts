/** Watches over WebSockets, up to where sockets begin: spec kubernetes-api 1.9, 10.1, 13.4. What a process does with them: test/strangers. */
import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import type {Api, Headers, Watching} from '../support/api-client.ts';
import {configMap, newPlace, paths, refused, succeeded, widget} from '../support/place.ts';
import {inProcess, startPlane, users} from '../support/plane.ts';

const plane = await startPlane();
after(() => plane.stop());
const {configMaps, widgets} = paths;
const own = 'fieldSelector=metadata.name!%3Dkube-root-ca.crt';
const metaV1 = 'v=v1;g=meta.k8s.io';

const shaken = {'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='};
const open = (api: Api, path: string, headers: Headers = {}): Promise<Watching> =>
  api.watch(path, {...shaken, ...headers}, {webSocket: true});
const texts = (watching: Watching) => watching.pieces.map(piece => Buffer.from(piece).toString());

test('105 each message is an event as the stream has it', inProcess, async () => {
  const api = await newPlace(plane);
  for (const name of ['a', 'b']) succeeded(await api.post(widgets, widget(name)), 201);
  for (const accept of [
    '*/*',
    'application/json',
    `application/json;as=Table;${metaV1}`,
    `application/json;as=PartialObjectMetadata;${metaV1}`,
  ]) {
    const query = '?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const [stream, socket] = [await api.watch(`${widgets}${query}`, {accept}), await open(api, `${widgets}${query}`, {accept})];
    await plane.eventually(() => stream.events.length === 3 && socket.events.length === 3);
    assert.deepEqual([socket.status, socket.messages], [101, 'text'], accept);
    assert.deepEqual(texts(socket), texts(stream), accept);
    assert.deepEqual(
      texts(socket).map(text => (JSON.parse(text) as {type: string}).type),
      ['ADDED', 'ADDED', 'BOOKMARK'],
    );
    for (const watching of [stream, socket]) watching.close();
  }
});

test('105 protobuf is binary, and no length stands before it', inProcess, async () => {
  const api = await newPlace(plane);
  for (const name of ['a', 'b']) succeeded(await api.post(configMaps, configMap(name)), 201);
  const accept = 'application/vnd.kubernetes.protobuf';
  const [stream, socket] = [await api.watch(`${configMaps}?${own}`, {accept}), await open(api, `${configMaps}?${own}`, {accept})];
  await plane.eventually(() => stream.pieces.length === 2 && socket.pieces.length === 2);
  assert.equal(socket.messages, 'binary');
  assert.deepEqual(
    socket.pieces.map(piece => Buffer.from(piece)),
    stream.pieces.map(piece => Buffer.from(piece.subarray(4))),
  );
  for (const watching of [stream, socket]) watching.close();
});

test('105 what ends a watch is told, and the end is in good order', inProcess, async () => {
  const api = await newPlace(plane);
  const since = await plane.revision();
  succeeded(await api.post(configMaps, configMap('a')), 201);
  await plane.store.compact(plane.store.revision());
  for (const [accept, messages] of [
    ['application/json', 'text'],
    ['application/vnd.kubernetes.protobuf', 'binary'],
  ] as const) {
    const watching = await open(api, `${configMaps}?resourceVersion=${since}`, {accept});
    await plane.eventually(() => watching.over() === 'ended');
    assert.deepEqual([watching.messages, watching.pieces.length], [messages, 1]);
    for (const part of ['ERROR', 'Expired', 'too old resource version']) assert.ok(watching.bytes().includes(part), part);
  }
});

test('105 what is known before is answered as without a WebSocket', inProcess, async () => {
  const api = await newPlace(plane);
  const ask = async (path: string, headers: Headers = {}, as = api) => {
    const problem = await open(as, path, headers).then(
      () => assert.fail('it was opened'),
      (err: Error) => err.message,
    );
    return problem.slice('no watch but '.length);
  };
  assert.match(await ask('/api/v1/nothings'), /^404 NotFound: the server could not find the requested resource/);
  assert.match(await ask(`${configMaps}?sendInitialEvents=true`), /^422 Invalid: /);
  assert.match(
    await ask(configMaps, {accept: 'application/yaml'}),
    /^406 NotAcceptable: only .*: application\/json;stream=watch, application\/vnd.kubernetes.protobuf;stream=watch /,
  );
  assert.match(await ask(configMaps, {}, api.as('nobody')), /^401 Unauthorized: Unauthorized/);
  assert.match(await ask(configMaps, {}, api.as(users.user1)), /^403 Forbidden: /);
});

test('105 a handshake that is none', inProcess, async () => {
  const api = await newPlace(plane);
  for (const [headers, problem] of [
    [{'sec-websocket-version': '8'}, /^400 BadRequest: only version 13 .*"sec-websocket-version":"13"/],
    [{'sec-websocket-version': ''}, /^400 BadRequest: only version 13/],
    [{'sec-websocket-key': ''}, /^400 BadRequest: a WebSocket needs a Sec-WebSocket-Key/],
    [{'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ='}, /^400 BadRequest: /],
    [{'sec-websocket-key': '_GhlIHNhbXBsZSBub25jZQ=='}, /^400 BadRequest: /],
    [{'sec-websocket-protocol': 'a, b'}, /^400 BadRequest: .*offer one at most/],
    [{'sec-websocket-protocol': 'a/b'}, /^400 BadRequest: the subprotocol of the WebSocket is malformed/],
    [{origin: 'null'}, /^403 Forbidden: forbidden: this origin/],
  ] as const)
    await assert.rejects(open(api, configMaps, headers as Headers), (err: Error) =>
      problem.test(err.message.slice('no watch but '.length)),
    );
  const chosen = await open(api, configMaps, {'sec-websocket-protocol': ' v1.example '});
  assert.equal(chosen.headers['sec-websocket-protocol'], 'v1.example');
  chosen.close();
});

const bearer = (token: string): string => `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;

test('105 a token among the subprotocols', inProcess, async () => {
  const api = (await newPlace(plane)).as('');
  const watching = await open(api, configMaps, {'sec-websocket-protocol': `${bearer(users.kcpAdmin)}, v1.example`});
  assert.equal(watching.headers['sec-websocket-protocol'], 'v1.example');
  watching.close();
  for (const offered of [
    bearer(users.kcpAdmin),
    `${bearer('nobody')}, v1`,
    `${bearer(users.kcpAdmin)}, ${bearer(users.kcpAdmin)}, v1`,
    `${bearer(users.kcpAdmin)}=, v1`,
    `${bearer(`${users.kcpAdmin} `)}, v1`,
    `${bearer(`\u{1f511}`)}, v1`,
    `${bearer('')}, v1`,
    'base64url.bearer.authorization.k8s.io.!!!, v1',
  ])
    await assert.rejects(
      open(api, configMaps, {'sec-websocket-protocol': offered}),
      /no watch but 401 Unauthorized: Unauthorized/,
      offered,
    );
  // It is one for WebSockets alone.
  const headers = {'sec-websocket-protocol': `${bearer(users.kcpAdmin)}, v1`};
  refused(await api.get(configMaps, headers), 403, /Forbidden: .*system:anonymous/);
});

test('105 the certificate of a visitor is not for pages of others', inProcess, async () => {
  const peer = {commonName: 'admin', organizations: ['system:masters']};
  const api = await newPlace(plane);
  const from = (headers: Headers) =>
    api.as('').watch(configMaps, {...shaken, host: 'kcp.example:443', ...headers}, {webSocket: true, peer});
  await assert.rejects(
    from({origin: 'https://elsewhere.example'}),
    /no watch but 403 Forbidden: forbidden: this origin may not use the WebSocket/,
  );
  await assert.rejects(from({origin: 'https://kcp.example:8443'}), /no watch but 403/);
  for (const headers of [{}, {origin: 'https://kcp.example'}, {origin: 'https://kcp.example:443'}])
    (await from(headers as Headers)).close();
  // Who has to bring a token is known to have it.
  (await open(api, configMaps, {origin: 'https://elsewhere.example'})).close();
});
