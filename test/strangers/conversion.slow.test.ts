/** A real webhook converts the objects of a real server. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {boxVersions, byWebhook, truth} from '../support/boxes.ts';
import {httpsWebhook} from '../support/https-webhook.ts';
import {definition} from '../support/place.ts';
import type {ServerProcess} from '../support/process.ts';
import {folder, startServer} from '../support/process.ts';

const at = (version: string, name = ''): string =>
  `/clusters/root/apis/example.com/${version}/namespaces/default/boxes${name && `/${name}`}`;
const box = (name: string, size = '3x4') => ({apiVersion: 'example.com/v1', kind: 'Box', metadata: {name}, spec: {size}});

async function define(server: ServerProcess, clientConfig: object): Promise<void> {
  const path = '/clusters/root/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const spec = {versions: boxVersions('v2'), conversion: byWebhook(clientConfig)};
  const body = definition('boxes', 'Box', spec);
  const made = await server.call(path, {method: 'POST', body});
  if (made.status === 201) return;
  const patched = await server.call(`${path}/boxes.example.com`, {
    method: 'PATCH',
    body: {spec},
    headers: {'content-type': 'application/merge-patch+json'},
  });
  assert.equal(patched.status, 200, patched.body);
}

test('objects go through a webhook over HTTPS, and a hostile one only makes its own objects unreadable', {timeout: 120_000}, async t => {
  const webhook = await httpsWebhook({
    '/convert': (body, response) => response.end(JSON.stringify(truth(JSON.parse(body)))),
    '/endless': (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(256 * 1024, 'x')));
      };
      response.on('drain', more);
      more();
    },
    '/redirect': (_, response) => response.writeHead(307, {location: 'https://169.254.169.254/latest/meta-data'}).end(),
    '/page': (_, response) => response.writeHead(200, {'content-type': 'text/html'}).end('<html>secret</html>'),
    '/hang': () => {},
  });
  t.after(() => webhook.close());
  const server = await startServer(t, {root: folder(t)});
  const url = (path: string) => `https://localhost:${webhook.port}${path}`;
  const caBundle = Buffer.from(webhook.ca).toString('base64');
  const get = (path: string) => server.call(path);
  const rssBefore = await server.rssBytes();

  await define(server, {url: url('/convert'), caBundle});
  for (let i = 0; i < 50; i++) {
    const made = await server.call(at('v1'), {method: 'POST', body: box(`b${i}`)});
    assert.equal(made.status, 201, made.body);
    assert.equal(made.json.spec.size, '3x4');
  }
  assert.deepEqual((await get(at('v2', 'b7'))).json.spec, {width: 3, height: 4, unit: 'mm'});
  const before = webhook.asked.get('/convert') as number;
  const listed = await get(at('v1'));
  assert.equal(listed.json.items.length, 50);
  assert.equal(listed.json.items[49].spec.size, '3x4');
  assert.equal(webhook.asked.get('/convert'), before + 1, 'one call for the whole list');
  assert.ok(webhook.connections() < 5, 'connections are reused');

  const broken: readonly (readonly [object, RegExp])[] = [
    [{url: url('/endless'), caBundle}, /the answer is longer than 4194304 bytes/],
    [{url: url('/redirect'), caBundle}, /the server responded with the status code 307/],
    [{url: url('/page'), caBundle}, /the answer is not JSON/],
    [{url: url('/convert')}, /x509: certificate signed by unknown authority/],
    [{url: 'https://169.254.169.254/latest', caBundle}, /not called at link-local and other special addresses/],
    [{service: {namespace: 'default', name: 'hook'}}, /Post "https:\/\/hook\.default\.svc:443\/\?timeout=30s": service "hook" not found/],
  ];
  for (const [clientConfig, problem] of broken) {
    await define(server, {url: null, service: null, caBundle: null, ...clientConfig});
    for (const answer of [
      await get(at('v1')),
      await get(at('v1', 'b1')),
      await server.call(at('v1'), {method: 'POST', body: box('new')}),
    ]) {
      assert.equal(answer.status, 500, answer.body);
      assert.match(answer.json.message, /^Internal error occurred: conversion webhook for example\.com\/v[12], Kind=Box failed: /);
      assert.match(answer.json.message, problem);
      assert.ok(!answer.body.includes('secret'));
    }
  }

  await t.test('while one hangs, everybody else is served, and it ends in time', async () => {
    await define(server, {url: url('/hang'), caBundle, service: null});
    const startedMs = performance.now();
    const hanging = Array.from({length: 16}, () => get(at('v1', 'b1')));
    for (let i = 0; i < 20; i++) {
      const sinceMs = performance.now();
      assert.equal((await get('/clusters/root/api/v1/namespaces')).status, 200);
      assert.ok(performance.now() - sinceMs < 500);
    }
    assert.equal((await get(at('v2'))).json.items.length, 50, 'nothing was half written');
    assert.equal(webhook.asked.get('/hang'), 8, 'a workspace has a share of calls');
    for (const answer of await Promise.all(hanging)) assert.match(answer.json.message, /context deadline exceeded$/);
    assert.ok(performance.now() - startedMs < 35_000);
  });
  await define(server, {url: url('/convert'), caBundle, service: null});
  assert.equal((await get(at('v1', 'b1'))).json.spec.size, '3x4');
  assert.ok((await server.rssBytes()) - rssBefore < 120 * 1024 * 1024);
});

test('js-ssrf where others can reach the server, no webhook leads into the network around it', {timeout: 60_000}, async t => {
  const webhook = await httpsWebhook({'/convert': (body, response) => response.end(JSON.stringify(truth(JSON.parse(body))))});
  t.after(() => webhook.close());
  const server = await startServer(t, {root: folder(t), args: ['--webhooks-to-private-addresses=false']});
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    await define(server, {url: `https://${host}:${webhook.port}/convert`, caBundle: Buffer.from(webhook.ca).toString('base64')});
    const made = await server.call(at('v1'), {method: 'POST', body: box('a')});
    assert.equal(made.status, 500);
    assert.match(made.json.message, /webhooks are not called at loopback and private addresses/);
  }
  assert.equal(webhook.connections(), 0);
});
