import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseCall} from './call.ts';
import type {HttpRequest} from './http.ts';

const request = (method: string, target: string): HttpRequest => ({
  method,
  target,
  headers: [],
  remoteAddress: '',
  body: async () => new Uint8Array(),
  signal: new AbortController().signal,
});

/** method, target → verb, group, version, plural, namespace, name, subresource */
const resources: [string, string, string][] = [
  ['GET', '/api/v1/namespaces', 'list  v1 namespaces - - -'],
  ['GET', '/api/v1/namespaces/x', 'get  v1 namespaces - x -'],
  ['GET', '/api/v1/namespaces/x/status', 'get  v1 namespaces - x status'],
  ['PUT', '/api/v1/namespaces/x/finalize', 'update  v1 namespaces - x finalize'],
  ['GET', '/api/v1/namespaces/x/configmaps', 'list  v1 configmaps x - -'],
  ['GET', '/api/v1/namespaces/x/configmaps?watch=1', 'watch  v1 configmaps x - -'],
  ['GET', '/api/v1/configmaps?watch=false', 'list  v1 configmaps - - -'],
  ['HEAD', '/api/v1/namespaces/x/configmaps/y', 'get  v1 configmaps x y -'],
  ['POST', '/apis/g.io/v1/clusters', 'create g.io v1 clusters - - -'],
  ['GET', '/clusters/root/apis/g.io/v1/clusters/test/status', 'get g.io v1 clusters - test status'],
  ['GET', '/apis/g.io/v1/namespaces/default/clusters/test/status', 'get g.io v1 clusters default test status'],
  ['DELETE', '/api/v1/namespaces/x/configmaps', 'deletecollection  v1 configmaps x - -'],
  ['DELETE', '/api/v1/namespaces/x/configmaps/y', 'delete  v1 configmaps x y -'],
  ['PATCH', '/api/v1/namespaces/x/configmaps/y', 'patch  v1 configmaps x y -'],
  ['GET', '/api/v1/watch/namespaces/x/configmaps', 'watch  v1 configmaps x - -'],
];

test('resource requests are understood', () => {
  for (const [method, target, expected] of resources) {
    const r = parseCall(request(method, target), 'id').resource;
    assert.ok(r, target);
    assert.equal(
      [r.verb, r.group, r.version, r.plural, r.namespace ?? '-', r.name ?? '-', r.subresource ?? '-'].join(' '),
      expected,
      target,
    );
  }
});

test('everything else is a path', () => {
  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/g',
    '/apis/g/v1',
    '/version',
    '/openapi/v3/apis/g/v1',
    '/clusters',
    '/metrics',
  ]) {
    const call = parseCall(request('GET', path === '/clusters' ? '/clusters/root/clusters/root/api/v1/configmaps' : path), 'id');
    assert.equal(call.resource, undefined, path);
  }
});

test('unknown methods and too long paths are refused', () => {
  assert.throws(() => parseCall(request('BREW', '/api/v1/configmaps'), 'id'), /does not allow this method/);
  assert.throws(() => parseCall(request('GET', '/api/v1/namespaces/a/b/c/d/e'), 'id'), /could not find the requested resource/);
});
