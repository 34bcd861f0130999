import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {WorkspaceId} from '../../api/cluster.ts';
import {withinWorkspace} from './workspace-user.ts';

const workspace = 'abc' as WorkspaceId;
const scope = {'authentication.kcp.io/scopes': ['cluster:abc'], 'authentication.kcp.io/cluster-name': ['abc']};

test('a user of a workspace is known in that workspace, and brings nothing of kcp along', () => {
  const user = {
    name: 'ann',
    uid: '1',
    groups: ['staff', 'system:masters', 'system:kcp:admin', 'system'],
    extra: {
      'authentication.kcp.io/scopes': ['cluster:other'],
      'authentication.kcp.io/cluster-name': ['other'],
      'authorization.kcp.io/warrant': ['{}'],
      'kcp.io/test': ['x'],
      'KCP.IO/test': ['x'],
      'other.example.com/test': ['kept'],
    },
  };
  assert.deepEqual(withinWorkspace({user}, workspace), {
    user: {name: 'ann', uid: '1', groups: ['staff', 'system'], extra: {'other.example.com/test': ['kept'], ...scope}},
  });
  assert.deepEqual(withinWorkspace({user: {name: 'bob', groups: []}}, workspace), {user: {name: 'bob', groups: [], extra: scope}});
  assert.deepEqual(withinWorkspace({why: 'oidc: late'}, workspace), {why: 'oidc: late'});
});

test('kcp-workspace-oidc nobody is taken for one of the system, however it is written', () => {
  const why = 'oidc: user names that begin with system: are not for issuers of a workspace';
  const spellings = [
    'system:admin',
    'System:admin',
    ' system:admin',
    '\tsystem:admin',
    'ｓｙｓｔｅｍ：admin',
    'sys\u200Btem:admin',
    '\u0000system:x',
    '\uFEFFsystem:x',
  ];
  for (const name of spellings) {
    assert.deepEqual(withinWorkspace({user: {name, groups: []}}, workspace), {why}, JSON.stringify(name));
    assert.deepEqual(withinWorkspace({user: {name: 'ann', groups: [name]}}, workspace), {user: {name: 'ann', groups: [], extra: scope}});
  }
  fc.assert(
    fc.property(
      fc.string({unit: 'binary'}),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.array(fc.string())),
      (name, groups, extra) => {
        const found = withinWorkspace({user: {name, groups, extra}}, workspace);
        if ('why' in found) return;
        assert.ok(!found.user.name.startsWith('system:') && !found.user.groups.some(group => group.startsWith('system:')));
        const kcps = Object.keys(found.user.extra ?? {}).filter(key => key.includes('kcp.io'));
        assert.deepEqual(kcps.sort(), Object.keys(scope).sort());
      },
    ),
  );
});
