import assert from 'node:assert/strict';
import {existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import type {TestContext} from 'node:test';
import {test} from 'node:test';
import {connectionOf} from './connection.ts';
import type {Kubeconfig} from './kubeconfig.ts';
import {KubeconfigError, loadKubeconfig} from './kubeconfig.ts';
import {saveKubeconfig} from './kubeconfig-save.ts';

function folder(t: TestContext, files: {readonly [path: string]: string}): string {
  const top = mkdtempSync(join(tmpdir(), 'kcp-kubeconfig-'));
  t.after(() => rmSync(top, {recursive: true}));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(top, path, '..'), {recursive: true});
    writeFileSync(join(top, path), text);
  }
  return top;
}
const load = (top: string, ...names: readonly string[]): Kubeconfig =>
  loadKubeconfig({list: names.map(name => join(top, name)).join(delimiter), home: top, cwd: top});

const first = `# first
current-context: one
clusters:
- name: c1 # named
  cluster:
    server: "https://one"
    extensions:
      - name: unknown

contexts: [] # later
`;
const second = `current-context: two
clusters:
- {name: c1, cluster: {server: https://shadowed}}
- {name: c2, cluster: {server: https://two, certificate-authority: ca.pem}}
contexts:
- {name: two, context: {cluster: c2, user: u1}}
users:
- {name: u1, user: {token: t}}
`;

test('the first file to say something wins; missing files count as empty', t => {
  const top = folder(t, {a: first, b: second});
  const config = load(top, 'missing', 'a', 'b');
  assert.equal(config.currentContext, 'one');
  assert.equal(config.clusters.get('c1')?.body['server'], 'https://one');
  assert.deepEqual([...config.clusters.keys()], ['c1', 'c2']);
  assert.equal(config.users.get('u1')?.file, join(top, 'b'));
});

test('the flag goes before the list, the list before the home directory', t => {
  const top = folder(t, {a: first, b: second, '.kube/config': 'current-context: home'});
  const where = {home: top, cwd: top};
  assert.equal(loadKubeconfig({...where, flag: 'b', list: join(top, 'a')}).currentContext, 'two');
  assert.equal(loadKubeconfig({...where, list: ''}).currentContext, 'home');
  assert.throws(
    () => loadKubeconfig({...where, flag: 'none'}),
    new KubeconfigError(`stat ${join(top, 'none')}: no such file or directory`),
  );
});

test('files of strange content do no harm', t => {
  const top = folder(t, {
    empty: '',
    list: '[1, 2]',
    odd: 'clusters: [3, {name: __proto__, cluster: {server: x}}]',
    broken: 'a: [',
    folder: '',
  });
  assert.equal(load(top, 'empty', 'list').clusters.size, 0);
  assert.deepEqual([...load(top, 'odd').clusters.keys()], ['__proto__']);
  assert.throws(() => load(top, 'broken'), KubeconfigError);
});

test('changes go to the file they belong to, and touch nothing else', t => {
  const top = folder(t, {a: first, b: second});
  const config = load(top, 'a', 'b');
  const c2 = config.clusters.get('c2')!;
  saveKubeconfig(config, {clusters: [{...c2, body: {...c2.body, server: 'https://new'}}], currentContext: 'two'});
  assert.equal(readFileSync(join(top, 'a'), 'utf8'), first.replace('context: one', 'context: two').replace('      - name', '    - name'));
  assert.match(readFileSync(join(top, 'b'), 'utf8'), /name: c1, cluster: \{ server: https:\/\/shadowed \}/);
  const after = load(top, 'b', 'a');
  assert.equal(after.clusters.get('c2')?.body['server'], 'https://new');
  assert.equal(after.currentContext, 'two');
});

test('what moves to another folder keeps its files', t => {
  const top = folder(t, {'x/a': first, 'y/b': second, 'y/ca.pem': 'CA'});
  const config = load(top, 'x/a', 'y/b');
  const c2 = config.clusters.get('c2')!;
  // c1 stands in x/a, and gets the body of c2, which stands in y/b.
  saveKubeconfig(config, {clusters: [{...c2, name: 'c1'}]});
  assert.equal(load(top, 'x/a').clusters.get('c1')?.body['certificate-authority'], join(top, 'y', 'ca.pem'));
});

test('an empty list in brackets grows as a list of lines', t => {
  const top = folder(t, {a: first});
  saveKubeconfig(load(top, 'a'), {contexts: [{name: 'new', file: join(top, 'a'), body: {cluster: 'c1'}}]});
  assert.match(readFileSync(join(top, 'a'), 'utf8'), /contexts:.*\n- context:\n {4}cluster: c1\n {2}name: new\n/);
});

test('a file that does not exist yet is made, for its owner alone', t => {
  const top = folder(t, {});
  const config = loadKubeconfig({home: top, cwd: top});
  const file = join(top, '.kube', 'config');
  saveKubeconfig(config, {contexts: [{name: 'new', file, body: {cluster: 'c'}}], currentContext: 'new'});
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /^apiVersion: v1\nkind: Config\n/);
  assert.equal(loadKubeconfig({home: top, cwd: top}).contexts.get('new')?.body['cluster'], 'c');
});

test('a link stays a link, and no lock is left', t => {
  const top = folder(t, {real: first});
  symlinkSync(join(top, 'real'), join(top, 'link'));
  saveKubeconfig(load(top, 'link'), {currentContext: 'x'});
  assert.ok(lstatSync(join(top, 'link')).isSymbolicLink());
  assert.equal(load(top, 'real').currentContext, 'x');
  assert.ok(!existsSync(join(top, 'real.lock')));
});

test('a file locked by another process is left alone', t => {
  const top = folder(t, {a: first, 'a.lock': ''});
  assert.throws(() => saveKubeconfig(load(top, 'a'), {currentContext: 'x'}), /kubeconfig is locked by another process/);
  assert.equal(readFileSync(join(top, 'a'), 'utf8'), first);
  assert.ok(existsSync(join(top, 'a.lock')));
});

test('connections: data before files, files beside their config, secrets as headers', t => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const top = folder(t, {
    'k/config': `
clusters:
- {name: c, cluster: {server: "https://h:443/clusters/root/", certificate-authority: ca.pem, tls-server-name: n}}
contexts:
- {name: cert, context: {cluster: c, user: cert}}
- {name: token, context: {cluster: c, user: token}}
- {name: basic, context: {cluster: c, user: basic}}
- {name: exec, context: {cluster: c, user: exec}}
- {name: lost, context: {cluster: nowhere}}
users:
- {name: cert, user: {client-certificate-data: ${base64('CERT')}, client-certificate: ignored, client-key: key.pem, as: bob, as-groups: [g]}}
- {name: token, user: {token: old, tokenFile: token}}
- {name: basic, user: {username: u, password: p}}
- {name: exec, user: {exec: {command: ./bin/login, args: [a], env: [{name: E, value: '1'}], apiVersion: v}}}
`,
    'k/ca.pem': 'CA',
    'k/key.pem': 'KEY',
    'k/token': 'fresh\n',
  });
  const config = load(top, 'k/config');
  const connect = (name: string, overrides = {}): object => connectionOf(config, config.contexts.get(name)!, overrides);
  const server = {server: 'https://h:443/clusters/root', ca: 'CA', tlsServerName: 'n'};
  assert.deepEqual(connect('cert'), {
    ...server,
    clientCert: 'CERT',
    clientKey: 'KEY',
    headers: {'impersonate-user': 'bob', 'impersonate-group': ['g']},
  });
  assert.deepEqual(connect('token'), {...server, headers: {authorization: 'Bearer fresh'}});
  assert.deepEqual(connect('basic'), {...server, headers: {authorization: `Basic ${base64('u:p')}`}});
  assert.deepEqual(connect('exec', {token: 'given'}), {...server, headers: {authorization: 'Bearer given'}});
  const exec = {
    command: join(top, 'k', 'bin', 'login'),
    args: ['a'],
    env: {E: '1'},
    apiVersion: 'v',
    provideClusterInfo: false,
    installHint: '',
  };
  assert.deepEqual(connect('exec'), {...server, headers: {}, exec});
  assert.throws(() => connect('basic', {server: 'h:443'}), /not the URL of a server: "h:443"/);
  assert.throws(() => connect('lost'), /context "lost" names no cluster with a server/);
  assert.throws(() => connect('cert', {user: 'nobody'}), /auth info "nobody" does not exist/);
});
