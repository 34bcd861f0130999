import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FakeWorld} from './fake-world.suite.ts';
import {workspace} from './workspace.ts';

const forest = {
  root: {logicalClusterPhase: 'Ready'},
  'root:a': {logicalClusterPhase: 'Ready'},
  'root:a:deep': {logicalClusterPhase: 'Initializing', phase: 'Initializing'},
  'root:a:going': {deleting: true},
  'root:b': {spec: {URL: 'https://elsewhere.test/x', mount: {ref: {}}}},
  'root:c': {spec: {URL: ''}, phase: 'Scheduling'},
  'root:d': {closed: true},
};

const pictures: {readonly [words: string]: string} = {
  tree: `.
└── root
    ├── a
    │   └── deep
    ├── b [m]
    ├── c
    └── d

`,
  'tree --full': `.
└── root
    ├── root:a
    │   └── root:a:deep
    ├── root:b [m]
    ├── root:c
    └── root:d

`,
  'tree -w a --full': `.
└── root:a
    └── root:a:deep

`,
  'tree --wide': `.
└── root          ws=-             lc=Ready
    ├── a         ws=Ready         lc=Ready
    │   └── deep  ws=Initializing  lc=Initializing
    ├── b [m]     ws=Ready         lc=Unknown
    ├── c         ws=Scheduling    lc=Unknown
    └── d         ws=Ready         lc=Unknown
`,
};

for (const [words, picture] of Object.entries(pictures)) {
  test(`ws ${words}`, async t => {
    const printed = await new FakeWorld(t, forest).run(workspace, ...words.split(' '));
    assert.equal(printed.out, picture);
    assert.equal(printed.code, 0);
  });
}

test('a closed door is told', async t => {
  const printed = await new FakeWorld(t, forest).run(workspace, 'tree');
  assert.equal(printed.err, 'Warning: cannot list the workspaces of "d": forbidden: User "alice" cannot access root:d\n');
});

test('a closed door at the top is the answer', async t => {
  const printed = await new FakeWorld(t, {root: {closed: true}}).run(workspace, 'tree');
  assert.deepEqual(printed, {code: 1, out: '', err: 'Error: forbidden: User "alice" cannot access root\n'});
});

test('a URL that leads nowhere', async t => {
  const printed = await new FakeWorld(t, {'root:x': {spec: {URL: 'https://elsewhere.test'}}}).run(workspace, 'tree');
  assert.equal(printed.err, 'Error: current config context URL "https://elsewhere.test" does not point to workspace\n');
});

test('outside of workspaces there is no tree', async t => {
  const printed = await new FakeWorld(t, {}, 'https://kcp.test/other').run(workspace, 'tree');
  assert.deepEqual(printed, {
    code: 0,
    out: 'current context URL "https://kcp.test/other" does not point directly to a kcp workspace\n',
    err: '',
  });
});
