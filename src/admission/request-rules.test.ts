import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {RequestRule, RequestTarget} from './request-rules.ts';
import {ruleMatches} from './request-rules.ts';

const rule = (resource: string, more: Partial<RequestRule> = {}): RequestRule => ({
  operations: ['*'],
  groups: ['*'],
  versions: ['*'],
  resources: [resource],
  scope: '*',
  names: [],
  ...more,
});
const target: RequestTarget = {
  operation: 'UPDATE',
  group: 'g',
  version: 'v1',
  plural: 'boxes',
  subresource: '',
  namespaced: true,
  name: 'a',
};

test('resources of rules: a star alone means no subresources', () => {
  const means = (resource: string, subresource: string): boolean => ruleMatches(rule(resource), {...target, subresource});
  const found = ['boxes', 'boxes/status', 'boxes/*', '*', '*/*', '*/status', 'other'].map(each => [
    each,
    means(each, ''),
    means(each, 'status'),
  ]);
  assert.deepEqual(found, [
    ['boxes', true, false],
    ['boxes/status', false, true],
    ['boxes/*', true, true],
    ['*', true, false],
    ['*/*', true, true],
    ['*/status', false, true],
    ['other', false, false],
  ]);
});

test('operations, groups, versions and scopes of rules must all hold', () => {
  assert.ok(
    ruleMatches(rule('*', {operations: ['UPDATE'], groups: ['g'], versions: ['v1'], scope: 'Namespaced', names: ['b', 'a']}), target),
  );
  for (const more of [{operations: ['CREATE']}, {groups: ['']}, {versions: ['v2']}, {scope: 'Cluster'}, {names: ['b']}])
    assert.ok(!ruleMatches(rule('*', more), target), JSON.stringify(more));
});
