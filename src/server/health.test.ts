import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {HealthCheck} from './health.ts';
import {health} from './health.ts';

const well = (name: string): HealthCheck => ({name, check: () => undefined});
const ill: HealthCheck = {name: 'etcd', check: () => 'the disk is full'};
const ask = (target: string, ...checks: readonly HealthCheck[]): readonly [number, string] => {
  const [rest = '', query] = target.split('?');
  const {status, text} = health('readyz', rest, new URLSearchParams(query), checks);
  return [status, text];
};

test('all is well', () => {
  assert.deepEqual(ask('', well('ping'), well('etcd')), [200, 'ok']);
  const verbose = '[+]ping ok\n[+]etcd ok\nreadyz check passed\n';
  for (const query of ['?verbose', '?verbose=true', '?verbose=false'])
    assert.deepEqual(ask(query, well('ping'), well('etcd')), [200, verbose], query);
});

test('a failure is told with every check, but not its reason', () => {
  assert.deepEqual(ask('', well('ping'), ill), [500, '[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n']);
});

test('excluded checks are not asked, and unknown ones are warned of', () => {
  assert.deepEqual(ask('?exclude=etcd', well('ping'), ill), [200, 'ok']);
  assert.deepEqual(ask('?verbose&exclude=etcd&exclude=ping', well('ping'), ill), [
    200,
    '[+]ping excluded: ok\n[+]etcd excluded: ok\nreadyz check passed\n',
  ]);
  assert.deepEqual(ask('?verbose&exclude=moon&exclude=a%0Ab', well('ping')), [
    200,
    '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for "a\\nb", "moon"\nreadyz check passed\n',
  ]);
});

test('single checks, also of names with a slash', () => {
  const hook = well('poststarthook/kcp-bootstrap-policy');
  assert.deepEqual(ask('poststarthook/kcp-bootstrap-policy', hook), [200, 'ok']);
  assert.deepEqual(ask('etcd', hook, ill), [500, 'internal server error: the disk is full\n']);
  assert.deepEqual(ask('constructor', hook), [404, '404 page not found\n']);
});
