import assert from 'node:assert/strict';
import {test} from 'node:test';
import {homeOf} from './home-workspace.ts';

const user = (name: string, cluster?: string) => ({
  name,
  groups: [],
  ...(cluster && {extra: {'authentication.kcp.io/cluster-name': [cluster]}}),
});

test('homes are where kcp has them', () => {
  const known: readonly (readonly [name: string, id: string, path?: string])[] = [
    ['user-1', '285xjbwx8vocb', 'user:user-1'],
    ['bob', '2okdry95y5lkv', 'user:bob'],
    ['système ☃', '214948fb33f6b'],
    ['alice@example.com', '8lzxt8ta0j0c'],
    ['system:serviceaccount:default:sa', '1ajpcd3q1wnm7'],
    ['', '36ks9xj4a2n61'],
  ];
  for (const [name, id, path = id] of known) assert.deepEqual(homeOf(user(name)), {id, path}, name);
});

test('service accounts have homes by the names they have abroad', () => {
  const [a, b, none] = [user('system:serviceaccount:default:sa', 'a'), user('system:serviceaccount:default:sa', 'b'), user('x', 'a')];
  assert.deepEqual(homeOf(a), homeOf(user('system:kcp:serviceaccount:a:default:sa')));
  assert.notEqual(homeOf(a).id, homeOf(b).id);
  assert.deepEqual(homeOf(none), homeOf(user('x')), 'nobody else has two');
});
