import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parse, stringify} from 'yaml';
import {externalHost, serverUrl, servingHosts} from './address.ts';
import {adminKubeconfig, shardAdminTokenOf} from './kubeconfig.ts';

const tokens = {kcpAdmin: 'k-1', shardAdmin: 's-1', user: undefined, newStore: undefined, users: []};

test('names, URLs and users as kcp has them, the CA inline', () => {
  const config = parse(adminKubeconfig('https://127.0.0.1:6443', 'PEM', tokens));
  const ca = Buffer.from('PEM').toString('base64');
  const cluster = (name: string, path: string): object => ({
    name,
    cluster: {server: `https://127.0.0.1:6443${path}`, 'certificate-authority-data': ca},
  });
  assert.deepEqual(config.clusters, [
    cluster('base', ''),
    cluster('root', '/clusters/root'),
    cluster('system:admin', '/clusters/system:admin'),
  ]);
  assert.deepEqual(
    config.contexts.map((c: {name: string; context: {cluster: string; user: string}}) => [c.name, c.context.cluster, c.context.user]),
    [
      ['base', 'base', 'kcp-admin'],
      ['root', 'root', 'kcp-admin'],
      ['shard-base', 'base', 'shard-admin'],
      ['system:admin', 'system:admin', 'shard-admin'],
    ],
  );
  assert.deepEqual(config.users, [
    {name: 'kcp-admin', user: {token: 'k-1'}},
    {name: 'shard-admin', user: {token: 's-1'}},
  ]);
  assert.deepEqual([config.kind, config.apiVersion, config['current-context']], ['Config', 'v1', 'root']);
});

test('the battery adds a user and a context', () => {
  const config = parse(adminKubeconfig('https://a:1', 'PEM', {...tokens, user: 'u-1'}));
  assert.deepEqual(config.users.at(-1), {name: 'user', user: {token: 'u-1'}});
  assert.deepEqual(config.contexts.at(-1), {name: 'user', context: {cluster: 'root', user: 'user'}});
});

test('the token of shard-admin is found again, also after a tool rewrote the file', async () => {
  const ours = adminKubeconfig('https://a:1', 'PEM', tokens);
  assert.equal(await shardAdminTokenOf(ours), 's-1');
  assert.equal(await shardAdminTokenOf(stringify(parse(ours))), 's-1');
  assert.equal(await shardAdminTokenOf(JSON.stringify(parse(ours))), 's-1');
  for (const other of ['', 'users: []', 'users: [{name: shard-admin}]', '- a', '{{ a: ['])
    assert.equal(await shardAdminTokenOf(other), undefined, other);
});

test('the host that clients are told', () => {
  const machine = {hostname: 'box', addresses: ['192.0.2.1']};
  const config = {bindAddress: '0.0.0.0', shardBaseUrl: '', shardExternalUrl: 'https://front.example.com:6443'};
  assert.equal(externalHost(config, machine), '192.0.2.1');
  assert.equal(externalHost(config, {...machine, addresses: []}), '127.0.0.1');
  assert.equal(externalHost({...config, bindAddress: '127.0.0.1'}, machine), '127.0.0.1');
  assert.equal(externalHost({...config, shardBaseUrl: 'https://[2001:db8::1]:6444'}, machine), '2001:db8::1');
  assert.deepEqual(servingHosts(config, machine), ['box', '192.0.2.1', 'front.example.com']);
  assert.equal(serverUrl('2001:db8::1', 6443), 'https://[2001:db8::1]:6443');
});
