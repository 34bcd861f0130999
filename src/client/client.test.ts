import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError, toStatus} from '../api/errors.ts';
import {asObject} from '../api/object.ts';
import type {Call, Client, Reply} from './client.ts';
import {clientOver} from './client.ts';

type Scripted = {readonly client: Client; readonly calls: Call[]; readonly pausesMs: number[]};

/** A client whose server gives these answers, one after the other. */
function scripted(...replies: readonly Partial<Reply>[]): Scripted {
  const calls: Call[] = [];
  const pausesMs: number[] = [];
  const client = clientOver({
    prefix: '/clusters/root:org',
    fetch: async call => {
      calls.push(call);
      return {status: 200, headers: {}, body: '{"metadata":{"name":"x"}}', ...replies[calls.length - 1]};
    },
    sleep: async ms => void pausesMs.push(ms),
  });
  return {client, calls, pausesMs};
}

const widgets = {group: 'example.com', version: 'v1', resource: 'widgets'};
const configMaps = {group: '', version: 'v1', resource: 'configmaps', namespace: 'default'};
const object = asObject({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'a'}});

const calls: {readonly [line: string]: (client: Client) => Promise<unknown>} = {
  'GET /clusters/root:org/apis/example.com/v1/widgets/a': c => c.get(widgets, 'a'),
  'GET /clusters/root:org/apis/example.com/v1/widgets/~': c => c.get(widgets, '~'),
  'GET /clusters/root:org/apis/example.com/v1/widgets/..%2F..': c => c.get(widgets, '../..'),
  'GET /clusters/root:org/api/v1/namespaces/default/configmaps?labelSelector=a%3Db&limit=2': c =>
    c.list(configMaps, {labelSelector: 'a=b', limit: 2}),
  'POST /clusters/root:org/apis/example.com/v1/widgets {"a":1}': c => c.create(widgets, {a: 1}),
  'PUT /clusters/root:org/api/v1/namespaces/default/configmaps/a/status {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}':
    c => c.update(configMaps, object, 'status'),
  'PATCH /clusters/root:org/apis/example.com/v1/widgets/a?fieldManager=me&force=true {"b":2}': c =>
    c.patch(widgets, 'a', {b: 2}, {type: 'apply', fieldManager: 'me', force: true}),
  'DELETE /clusters/root:org/apis/example.com/v1/widgets/a': c => c.remove(widgets, 'a'),
  'GET /clusters/root:org/apis': c => c.read('/apis'),
};

for (const [line, act] of Object.entries(calls)) {
  test(`sends ${line}`, async () => {
    const {client, calls: sent} = scripted();
    await act(client);
    assert.deepEqual(
      sent.map(call => `${call.method} ${call.target}${call.body === undefined ? '' : ` ${call.body}`}`),
      [line],
    );
  });
}

test('a patch says its type', async () => {
  const {client, calls: sent} = scripted();
  await client.patch(widgets, 'a', {}, {type: 'merge'});
  assert.equal(sent[0]?.headers['content-type'], 'application/merge-patch+json');
});

test('errors come back as they were thrown', async () => {
  const thrown = new ApiError('AlreadyExists', 'widgets.example.com "a" already exists', {name: 'a', kind: 'widgets'});
  const {client} = scripted({status: 409, body: JSON.stringify(toStatus(thrown))});
  await assert.rejects(client.create(widgets, {}), err => {
    assert.ok(err instanceof ApiError);
    assert.deepEqual(toStatus(err), toStatus(thrown));
    return true;
  });
});

const strange: readonly (readonly [reply: Partial<Reply>, reason: string, message: string])[] = [
  [{status: 403, body: 'go away'}, 'Forbidden', 'go away'],
  [{status: 502, body: ''}, 'InternalError', 'the server answered with HTTP 502'],
  [{status: 404, body: '{"kind":"Status","reason":"toString","message":"m"}'}, 'NotFound', 'm'],
  [{status: 200, body: '<html>'}, 'InternalError', 'the server answered with something that is not JSON'],
  [{status: 200, body: '[]'}, 'InternalError', 'the server answered with something that is no object'],
];

for (const [reply, reason, message] of strange) {
  test(`understands ${JSON.stringify(reply)}`, async () => {
    await assert.rejects(scripted(reply).client.get(widgets, 'a'), {reason, message});
  });
}

test('lists page after page', async () => {
  const {client, calls: sent} = scripted(
    {body: '{"metadata":{"continue":"c/1"},"items":[{"metadata":{"name":"a"}}]}'},
    {body: '{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"b"}}]}'},
  );
  assert.deepEqual(
    (await client.listAll(widgets)).map(each => each.metadata.name),
    ['a', 'b'],
  );
  assert.match(sent[1]?.target ?? '', /limit=500&continue=c%2F1$/);
});

test('waits when the server asks for it, but not forever', async () => {
  const wait = {status: 429, headers: {'retry-after': '1'}, body: 'Creating the home workspace'};
  const patient = scripted(wait, wait);
  await patient.client.get(widgets, 'a');
  assert.deepEqual(patient.pausesMs, [1000, 1000]);
  const endless = scripted(...Array.from({length: 20}, () => wait));
  await assert.rejects(endless.client.get(widgets, 'a'), {reason: 'TooManyRequests', message: 'Creating the home workspace'});
  assert.equal(endless.calls.length, 11);
});

test('integers keep all their digits, there and back', async () => {
  const body = '{"metadata":{"name":"a"},"big":12345678901234567890,"text":"12345678901234567890","float":1.2345678901234567}';
  const {client, calls: sent} = scripted({body});
  const found = await client.get(widgets, 'a');
  await client.update(widgets, found);
  assert.equal(sent[1]?.body, body);
});
