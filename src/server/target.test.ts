import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ApiError} from '../api/errors.ts';
import {flag, integer, parseTarget} from './target.ts';

const good: [string, string | undefined, string[]][] = [
  ['/', undefined, []],
  ['/api/v1', undefined, ['api', 'v1']],
  ['/apis/', undefined, ['apis']],
  ['/clusters/root', 'root', []],
  ['/clusters/root/', 'root', []],
  ['/clusters/root:a:b/api/v1/namespaces/x', 'root:a:b', ['api', 'v1', 'namespaces', 'x']],
  ['/clusters/system:admin/version', 'system:admin', ['version']],
  ['/clusters/*/api/v1/configmaps', '*', ['api', 'v1', 'configmaps']],
  ['/clusters/root/clusters/root/api', 'root', ['clusters', 'root', 'api']],
  ['/clusters/root/apis/x.y/v1/clusters/test', 'root', ['apis', 'x.y', 'v1', 'clusters', 'test']],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aadmin',
    undefined,
    ['apis', 'rbac.authorization.k8s.io', 'v1', 'clusterroles', 'system:admin'],
  ],
];

test('targets are taken apart', () => {
  for (const [raw, cluster, segments] of good) {
    const target = parseTarget(raw);
    assert.deepEqual([target.cluster, [...target.segments]], [cluster, segments], raw);
  }
  assert.equal(parseTarget('/api/v1/pods?limit=5&labelSelector=a%3Db').query.get('labelSelector'), 'a=b');
});

const bad = [
  '',
  'api',
  'http://h/api',
  '//api',
  '/api//v1',
  '/clusters//api',
  '/clusters',
  '/clusters/',
  '/clusters/Root',
  '/clusters/root:',
  '/clusters/:root',
  '/clusters/root::a/api',
  '/clusters/root/../system:admin/api',
  '/clusters/root/./api',
  '/clusters/root/%2e%2e/x',
  '/clusters/root/%2E/x',
  '/clusters/ro%2fot/api',
  '/api/v1/a%2Fb',
  '/api/%zz',
  '/api/%00',
  '/api/%ff',
  '/api\\v1',
  '/api/v1#x',
  '/api/ü',
  '/api/ x',
  `/${'a'.repeat(70_000)}`,
  '/clusters/root%00/api',
  '/clusters/**/api',
];

test('what is not canonical is refused', () => {
  for (const raw of bad)
    assert.throws(
      () => parseTarget(raw),
      (err: unknown) => err instanceof ApiError && err.code === 400,
      raw,
    );
});

test('parameters are read as Go reads them', () => {
  const {query} = parseTarget('/x?a&b=false&c=0&d=FALSE&e=maybe&n=12&m=abc&o=');
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].map(name => flag(query, name)),
    [true, false, false, false, true, false],
  );
  assert.equal(integer(query, 'n'), 12);
  assert.equal(integer(query, 'o'), undefined);
  assert.throws(() => integer(query, 'm'), /strconv.ParseInt: parsing "abc": invalid syntax/);
});
