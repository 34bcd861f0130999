import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {test} from 'node:test';
import {base62Hash, clusterNameFrom, homeClusterName, isWorkspaceId, isWorkspacePath, shardHash, splitPath, startOf} from './cluster.ts';

// Vectors from spec kcp 2.2.
const homes = {alice: 'v1u4alow0iv9', bob: '2okdry95y5lkv', user172: '0f9mt7goyif7'};

test('home clusters are named as kcp names them', () => {
  for (const [user, name] of Object.entries(homes)) assert.equal(homeClusterName(user), name);
});

test('a path begins at an id, or at the home of a user', () => {
  assert.deepEqual(startOf('root:a:b'), {first: 'root', names: ['a', 'b']});
  assert.deepEqual(startOf('root'), {first: 'root', names: []});
  assert.deepEqual(startOf('user:bob:a:b'), {first: homes.bob, names: ['a', 'b']});
  assert.deepEqual(startOf('user:bob'), {first: homes.bob, names: []});
  assert.deepEqual(startOf('user'), {first: 'user', names: []});
  assert.deepEqual(startOf('root:user:bob'), {first: 'root', names: ['user', 'bob']});
});

test('a new cluster has sixteen characters, the same for the same bytes', () => {
  const bytes = new Uint8Array(32).fill(7);
  assert.match(clusterNameFrom(bytes), /^[a-z0-9]{16}$/);
  assert.equal(clusterNameFrom(bytes), clusterNameFrom(bytes));
});

test('a shard hash has eight characters', () => assert.match(shardHash('root'), /^[a-z0-9]{8}$/));

test('ids and paths', () => {
  for (const id of ['root', 'abc1', 'system:admin', 'system:system-crds']) assert.ok(isWorkspaceId(id), id);
  for (const id of ['', 'Root', 'root:a', '-a', 'a-', 'a/b', '*', 'system:', 'a'.repeat(64)]) assert.ok(!isWorkspaceId(id), id);
  for (const path of ['root', 'root:a', 'root:a-b:c1']) assert.ok(isWorkspacePath(path), path);
  for (const path of ['', ':root', 'root:', 'root::a', 'root:A', 'root/a']) assert.ok(!isWorkspacePath(path), path);
  assert.deepEqual(splitPath('root:a:b'), {parent: 'root:a', name: 'b'});
  assert.deepEqual(splitPath('root'), {parent: undefined, name: 'root'});
});

test('hashes are the big number that their bytes are', () => {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (let i = 0; i < 500; i++) {
    let rest = BigInt(`0x${createHash('sha224').update(`text ${i}`).digest('hex')}`);
    let expected = '';
    for (; rest > 0n; rest /= 62n) expected = alphabet[Number(rest % 62n)] + expected;
    assert.equal(base62Hash(`text ${i}`), expected);
  }
});
