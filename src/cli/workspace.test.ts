import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {parse} from 'yaml';
import {FakeWorld} from './fake-world.suite.ts';
import {workspace} from './workspace.ts';

const org = {'root:org': {type: 'root:organization'}, 'root:org:team': {}};
const atServer = (path: string): string => `https://kcp.test:6443/clusters/${path}`;
const serverOf = (fake: FakeWorld, cluster: string): string | undefined =>
  (parse(fake.config()) as {clusters: {name: string; cluster: {server: string}}[]}).clusters.find(c => c.name === cluster)?.cluster.server;

// Where one is, what is typed, what is printed, and where one is then.
const moves: readonly (readonly [from: string, typed: string, out: string, to: string])[] = [
  ['root', 'org', "Current workspace is 'root:org' (type root:organization).\n", 'root:org'],
  ['root', 'org:team', "Current workspace is 'root:org:team' (type root:universal).\n", 'root:org:team'],
  ['root', 'org/team', "Current workspace is 'root:org:team' (type root:universal).\n", 'root:org:team'],
  ['root:org', './team', "Current workspace is 'root:org:team' (type root:universal).\n", 'root:org:team'],
  ['root:org:team', '..', "Current workspace is 'root:org' (type root:organization).\n", 'root:org'],
  ['root:org:team', '..:..', "Current workspace is 'root' (type root).\n", 'root'],
  ['root:org:team', ':root:org', "Current workspace is 'root:org' (type root:organization).\n", 'root:org'],
  ['root:org:team', ':', "Current workspace is 'root'.\n", 'root'],
  ['root', '~', "Current workspace is 'user:alice'.\n", 'user:alice'],
  ['root', '/home/alice', "Current workspace is 'user:alice'.\n", 'user:alice'],
  ['root', '/home/alice/x', "Current workspace is 'user:alice:x' (type root:universal).\n", 'user:alice:x'],
];

for (const [from, typed, out, to] of moves) {
  test(`ws ${typed} in ${from}`, async t => {
    const fake = new FakeWorld(t, {...org, 'user:alice': {}, 'user:alice:x': {}}, from);
    assert.deepEqual(await fake.run(workspace, typed), {code: 0, out, err: ''});
    assert.equal(serverOf(fake, 'workspace.kcp.io/current'), atServer(to));
    assert.equal(serverOf(fake, 'kcp'), atServer(from), 'the context one came from stays as it was');
    assert.match(fake.config(), /current-context: workspace\.kcp\.io\/current/);
  });
}

const refusals: readonly (readonly [from: string, words: string, text: string])[] = [
  ['root', 'nowhere', 'workspace "root:nowhere" not found'],
  ['root', 'closed', 'access to workspace "root:closed" denied'],
  ['root', '..', 'cannot go up from root'],
  ['root', 'Bad', 'invalid workspace path: Bad'],
  ['root', '-', 'no previous workspace found in kubeconfig'],
  ['root', '-i org', 'interactive mode does not accept arguments'],
  ['root', '--nonsense', 'unknown flag: --nonsense'],
  ['root', '--context other .', 'context "other" does not exist'],
  ['root', 'tree --full=maybe', 'invalid argument "maybe" for "-f, --full" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ['root', 'tree -w ..', 'cannot go above the root workspace'],
  ['https://kcp.test/other', 'org', 'current URL "https://kcp.test/other" does not point to a workspace'],
];

for (const [from, words, text] of refusals) {
  test(`ws ${words} in ${from} is refused`, async t => {
    const fake = new FakeWorld(t, {'root:closed': {closed: true}}, from);
    const before = fake.config();
    assert.deepEqual(await fake.run(workspace, ...words.split(' ')), {code: 1, out: '', err: `Error: ${text}\n`});
    assert.equal(fake.config(), before);
  });
}

test('without an argument one goes home, with a note', async t => {
  const fake = new FakeWorld(t, {'user:alice': {}});
  const printed = await fake.run(workspace);
  assert.equal(printed.out, "Current workspace is 'user:alice'.\n");
  assert.equal(
    printed.err,
    "Note: 'kubectl ws' now matches 'cd' semantics: go to home workspace. 'kubectl ws -' to go back. 'kubectl ws .' to print current workspace.\n",
  );
});

test('root: without a colon in front is forgiven, with a note', async t => {
  const fake = new FakeWorld(t, org, 'root:org:team');
  const printed = await fake.run(workspace, 'root:org', '--short');
  assert.equal(printed.out, 'root:org\n');
  assert.match(printed.err, /^Note: Using 'root:' to define an absolute path is no longer supported\./);
});

test('the current workspace is printed without asking the server', async t => {
  const fake = new FakeWorld(t, org, 'root:org');
  const long = {code: 0, out: "Current workspace is 'root:org'.\n", err: ''};
  assert.deepEqual(await fake.run(workspace, '.'), long);
  assert.deepEqual(await fake.run(workspace, 'current'), long);
  assert.equal((await fake.run(workspace, 'current', '--short')).out, 'root:org\n');
  assert.equal((await fake.run(workspace, '--short', '.')).out, 'root:org\n');
  assert.deepEqual(fake.calls, []);
});

test('a URL that is no workspace is told as it is', async t => {
  const fake = new FakeWorld(t, {}, 'https://kcp.test/other');
  assert.equal((await fake.run(workspace, '.')).out, 'Current workspace is the URL "https://kcp.test/other".\n');
  assert.equal((await fake.run(workspace, '.', '--short')).out, '');
});

test('- goes back and forth', async t => {
  const fake = new FakeWorld(t, org);
  await fake.run(workspace, 'org');
  await fake.run(workspace, 'use', 'team');
  assert.equal((await fake.run(workspace, '-')).out, "Current workspace is 'root:org'.\n");
  assert.equal((await fake.run(workspace, '-')).out, "Current workspace is 'root:org:team'.\n");
  assert.equal((await fake.run(workspace, 'cd', ':root')).out, "Current workspace is 'root' (type root).\n");
  assert.equal(serverOf(fake, 'workspace.kcp.io/previous'), atServer('root:org:team'));
});

test('comments and unknown fields survive, and are copied with their cluster', async t => {
  const fake = new FakeWorld(t, org);
  await fake.run(workspace, 'org');
  assert.match(fake.config(), /# my servers\n/);
  assert.match(fake.config(), /clusters\/root # the one\n/);
  assert.equal(fake.config().match(/x-unknown: 1/g)?.length, 2);
});

test('a view is left for the plain workspaces of its server', async t => {
  const fake = new FakeWorld(t, org, 'https://kcp.test:6443/services/apiexport/root/x/clusters/root');
  await fake.run(workspace, 'org');
  assert.ok(fake.calls.includes('GET /clusters/root:org/apis'), fake.calls.join('\n'));
  assert.equal(serverOf(fake, 'workspace.kcp.io/current'), 'https://kcp.test:6443/services/apiexport/root/x/clusters/root:org');
});

test('claims without an answer are told, one warning each', async t => {
  const claim = {group: 'example.com', resource: 'widgets', verbs: ['list', 'get']};
  const binding = (name: string, claims: object[]): object => ({
    metadata: {name},
    spec: {permissionClaims: claims},
    status: {exportPermissionClaims: [claim]},
  });
  const bindings = [
    binding('silent', []),
    binding('open', [claim]),
    binding('narrow', [{...claim, state: 'Accepted', verbs: ['get']}]),
    binding('fine', [{...claim, state: 'Accepted'}]),
  ] as never;
  const fake = new FakeWorld(t, {'root:org': {bindings}});
  assert.equal(
    (await fake.run(workspace, 'org')).err,
    `Warning: claim for widgets.example.com exported but not specified on APIBinding silent
Add this claim to the APIBinding's Spec.
Warning: claim for widgets.example.com specified on APIBinding open but not accepted or rejected.
Warning: allowed verbs (get) on claim for widgets.example.com on APIBinding narrow do not match expected verbs (get,list).
`,
  );
});

test('create-context copies the current context', async t => {
  const fake = new FakeWorld(t, org, 'root:org');
  assert.equal((await fake.run(workspace, 'create-context')).out, 'Created context "root:org" and switched to it.\n');
  assert.equal(serverOf(fake, 'root:org'), atServer('root:org'));
  assert.equal(
    (await fake.run(workspace, 'create-context')).err,
    'Error: context "root:org" already exists in kubeconfig, use --overwrite to update it\n',
  );
  assert.equal((await fake.run(workspace, 'create-context', '--overwrite')).out, 'Updated context "root:org".\n');
  assert.equal((await fake.run(workspace, 'create-context', 'mine')).out, 'Created context "mine" and switched to it.\n');
});

test('flags reach the connection, before a verb and behind it', async t => {
  const fake = new FakeWorld(t, org);
  await fake.run(workspace, '--token', 't1', 'current');
  await fake.run(workspace, 'tree', '--token=t2', '-s', 'https://other.test/clusters/root');
  assert.deepEqual(
    fake.connections.map(c => [c.server, c.headers['authorization']]),
    [
      [atServer('root'), 'Bearer t1'],
      ['https://other.test/clusters/root', 'Bearer t2'],
    ],
  );
});

test('without a kubeconfig there is no context', async t => {
  const fake = new FakeWorld(t, {});
  writeFileSync(fake.file, '');
  assert.equal((await fake.run(workspace, '.')).err, 'Error: current "" context not found\n');
});

test('help and version', async t => {
  const fake = new FakeWorld(t, {});
  assert.match((await fake.run(workspace, '--help')).out, /Usage:\n {2}kubectl ws \[create\|/);
  assert.match((await fake.run(workspace, 'a', 'b')).out, /Usage:/);
  assert.match((await fake.run(workspace, 'tree', '-h')).out, /Usage:\n {2}kubectl ws tree/);
  assert.equal((await fake.run(workspace, '--version')).out, 'workspace version v1.2.3\n');
});
