/** Requests that another thread answers: nobody is to notice, but for what they do not wait for. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {heavyLimits} from '../../src/server/heavy.ts';
import type {CallOptions, ServerProcess} from '../support/process.ts';
import {folder, startServer, until} from '../support/process.ts';
import {openWatch} from './watch.ts';

const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';
const keys = heavyLimits.jsonValuesMax + 1_000;
const data = Object.fromEntries(Array.from({length: keys}, (_, i) => [`key-${i}`, `value ${i}`]));
const mergePatch = {'content-type': 'application/merge-patch+json'};

test('heavy requests', {timeout: 120_000}, async t => {
  const server = await startServer(t, {root: folder(t), args: ['--v=4']});
  const threads = (): number => server.output().split('a thread for heavy requests is started').length - 1;
  await server.call(configmaps, {method: 'POST', body: {metadata: {name: 'light'}, data: {a: '1'}}});
  assert.equal(threads(), 0, 'a light request needs no other thread');

  await t.test('are answered as others are, in the order of their writes', () => wholeLife(server));
  await t.test('are refused as others are', () => refusals(server));
  await t.test('are those of many objects, too', () => collection(server));
  await t.test('are those that are slow to read or to write', () => slowForms(server));
  await t.test('are answered in numbers', () => numbers(server));

  await until(() => threads() > 0, 'the line in the log');
  assert.equal(threads(), 1);
  assert.doesNotMatch(server.output(), /mistake of ours|a request failed|hangs|the thread for heavy requests ended/);
  const {code, ms} = await server.stop();
  assert.deepEqual([code, ms < 1_000], [0, true], `ended after ${ms} ms`);
});

async function wholeLife(server: ServerProcess): Promise<void> {
  const watch = await openWatch(server, configmaps, 'fieldSelector=metadata.name=heavy');
  const ask = async (status: number, path: string, options: CallOptions): Promise<ReturnType<typeof server.call>> => {
    const answer = await server.call(path, options);
    assert.equal(answer.status, status, answer.body.slice(0, 500));
    return answer;
  };
  const made = await ask(201, configmaps, {method: 'POST', body: {metadata: {name: 'heavy'}, data}});
  assert.deepEqual(made.json.data, data);
  // The first thread knows of it at once, and the other one of what the first writes.
  const got = await ask(200, `${configmaps}/heavy`, {});
  assert.deepEqual(got.json, made.json);
  const patched = await ask(200, `${configmaps}/heavy`, {method: 'PATCH', headers: mergePatch, body: {data: {'key-0': 'patched'}}});
  assert.equal(patched.json.data['key-0'], 'patched');
  const applied = await ask(200, `${configmaps}/heavy?fieldManager=m`, {
    method: 'PATCH',
    headers: {'content-type': 'application/apply-patch+yaml'},
    body: {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'heavy', labels: {a: 'b'}}},
  });
  assert.equal(applied.json.metadata.labels.a, 'b');
  const replaced = await ask(200, `${configmaps}/heavy`, {method: 'PUT', body: {...applied.json, data: {...data, 'key-1': 'replaced'}}});
  await ask(409, `${configmaps}/heavy`, {method: 'PUT', body: applied.json});
  const shrunk = await ask(200, `${configmaps}/heavy`, {method: 'PUT', body: {metadata: {name: 'heavy'}, data: {a: '1'}}});
  await ask(200, `${configmaps}/heavy`, {method: 'DELETE'});
  const versions = [made, patched, applied, replaced, shrunk].map(({json}) => json.metadata.resourceVersion as string);
  await until(() => watch.events.length >= 6, 'every event');
  assert.deepEqual(
    watch.events.map(({type}) => type),
    ['ADDED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED'],
  );
  assert.deepEqual(
    watch.events.slice(0, 5).map(({object}) => object.metadata.resourceVersion),
    versions,
  );
  watch.end();
}

async function refusals(server: ServerProcess): Promise<void> {
  const body = {metadata: {name: 'refused'}, data};
  assert.equal((await server.call(configmaps, {method: 'POST', body, token: 'nobody'})).status, 401);
  const invalid = await server.call(configmaps, {method: 'POST', body: {...body, metadata: {name: 'Bad_Name'}}});
  assert.deepEqual([invalid.status, invalid.json.reason], [422, 'Invalid']);
  const elsewhere = '/clusters/root/api/v1/namespaces/absent/configmaps';
  const absent = await server.call(elsewhere, {method: 'POST', body});
  assert.deepEqual([absent.status, absent.json.message], [404, 'namespaces "absent" not found']);
  const unknown = await server.call(`${configmaps}?fieldValidation=Strict`, {method: 'POST', body: {...body, surplus: 1}});
  assert.match(unknown.json.message, /strict decoding error: unknown field "surplus"/);
  assert.equal((await server.call(`${configmaps}/refused`)).status, 404);
}

async function collection(server: ServerProcess): Promise<void> {
  const count = 600;
  const make = (i: number) => server.call(configmaps, {method: 'POST', body: {metadata: {name: `many-${i}`, labels: {many: 'yes'}}}});
  await Promise.all(Array.from({length: count}, (_, i) => make(i)));
  const removed = await server.call(`${configmaps}?labelSelector=many=yes`, {method: 'DELETE'});
  assert.deepEqual([removed.status, removed.json.items.length], [200, count]);
  assert.equal((await server.call(`${configmaps}?labelSelector=many=yes`)).json.items.length, 0);
}

async function slowForms(server: ServerProcess): Promise<void> {
  const lines = Array.from({length: 1_000}, (_, i) => `  key-${i}: "${i}"`);
  const body = `metadata: {name: yaml}\ndata:\n${lines.join('\n')}\n`;
  const made = await server.call(configmaps, {method: 'POST', body, headers: {'content-type': 'application/yaml'}});
  assert.equal(made.status, 201, made.body.slice(0, 500));
  const shown = await server.call(configmaps, {headers: {accept: 'application/yaml'}});
  assert.deepEqual([shown.body.startsWith('apiVersion: v1\nitems:\n'), shown.body.includes('\n      key-999: "999"\n')], [true, true]);
}

async function numbers(server: ServerProcess): Promise<void> {
  const answers = await Promise.all(
    Array.from({length: 20}, (_, i) => server.call(`${configmaps}?dryRun=All`, {method: 'POST', body: {metadata: {name: `n-${i}`}, data}})),
  );
  assert.deepEqual(
    answers.map(({json}) => json.metadata.name),
    answers.map((_, i) => `n-${i}`),
  );
}
