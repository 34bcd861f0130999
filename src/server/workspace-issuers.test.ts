import assert from 'node:assert/strict';
import {test} from 'node:test';
import {virtualWorld} from '../../test/support/virtual-world.ts';
import type {WorkspaceId} from '../api/cluster.ts';
import {root} from '../api/cluster.ts';
import type {JsonObject} from '../api/json.ts';
import type {ReadKey} from '../auth/jwt/ports.ts';
import {builtInSection, keyOf} from '../registry/keys.ts';
import {logicalClusterKey} from '../registry/logical-clusters.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Key} from '../storage/storage.ts';
import {annotations} from '../tenancy/names.ts';
import {workspaceIssuers} from './workspace-issuers.ts';

const url = 'https://issuer.example';
const team = 'team1234' as WorkspaceId;
const other = 'other123' as WorkspaceId;
const kindKey = (resource: string, name: string): Key =>
  keyOf({group: 'tenancy.kcp.io', resource, section: builtInSection}, root, undefined, name);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What is signed is not the question here: every signature of the one key is good. */
const readKey: ReadKey = ({kid}) => ({fits: () => true, signed: async token => kid === 'one' && token.endsWith('.good')});

async function setUp() {
  const store = memoryStorage();
  const world = virtualWorld('issuers');
  const asked: string[] = [];
  const warnings: string[] = [];
  const documents = {
    async get({url: at}: {readonly url: string}) {
      asked.push(at);
      const found = at.endsWith('/jwks')
        ? {keys: [{kid: 'one'}]}
        : {issuer: at.replace('/.well-known/openid-configuration', ''), jwks_uri: `${at}/jwks`};
      return {bytes: Buffer.from(JSON.stringify(found))};
    },
  };
  const log = {
    info() {},
    error() {},
    warn: (_: string, fields?: {readonly [name: string]: unknown}) => void warnings.push(String(fields?.['why'])),
  };
  const {identify} = workspaceIssuers(store, {documents, readKey, clock: world, log}, ['https://kcp.default.svc']);
  const put = async (key: Key, object: JsonObject): Promise<void> => {
    const before = await store.get(key);
    await store.commit([{put: key, value: Buffer.from(JSON.stringify(object)), expect: before?.revision ?? 'absent'}]);
  };
  const logicalCluster = (id: WorkspaceId, type: string) =>
    put(logicalClusterKey(id), {metadata: {name: 'cluster', annotations: {[annotations.type]: type}}, spec: {}});
  const configuration = (name: string, issuer: JsonObject, mappings: JsonObject = {}) =>
    put(kindKey('workspaceauthenticationconfigurations', name), {
      metadata: {name},
      spec: {jwt: [{issuer: {url, audiences: ['us'], ...issuer}, claimMappings: {username: {claim: 'sub', prefix: ''}, ...mappings}}]},
    });
  const type = (name: string, ...configurations: string[]) =>
    put(kindKey('workspacetypes', name), {
      metadata: {name},
      spec: {authenticationConfigurations: configurations.map(each => ({name: each}))},
    });
  const token = (more: JsonObject = {}, signature = 'good'): string =>
    `${part({alg: 'RS256', kid: 'one'})}.${part({iss: url, aud: 'us', sub: 'ann', exp: world.now() / 1000 + 60, ...more})}.${signature}`;
  const who = async (workspace: WorkspaceId, of = token()): Promise<string> => {
    const found = await identify(of, workspace);
    return found === undefined
      ? 'not ours'
      : 'why' in found
        ? found.why
        : `${found.user.name} of ${found.user.extra?.['authentication.kcp.io/scopes']}`;
  };
  await logicalCluster(team, 'root:with-oidc');
  await logicalCluster(other, 'root:plain');
  await type('with-oidc', 'people');
  await type('plain');
  await configuration('people', {});
  return {who, asked, warnings, logicalCluster, configuration, type, token, store};
}

test('a token is believed in the workspaces of a type, and in no other', async () => {
  const {who, asked, logicalCluster, token} = await setUp();
  assert.equal(await who(team), 'ann of cluster:team1234');
  const second = 'second12' as WorkspaceId;
  await logicalCluster(second, 'root:with-oidc');
  assert.equal(await who(second), 'ann of cluster:second12');
  for (const workspace of [other, root, 'nowhere1' as WorkspaceId]) assert.equal(await who(workspace), 'not ours');
  assert.match(await who(team, token({jti: 'x'}, 'bad')), /failed to verify id token signature$/);
  assert.equal(await who(team, token({iss: 'https://stranger.example'})), 'not ours');
  assert.equal(await who(team, 'opaque'), 'not ours');
  assert.equal(asked.length, 2, 'keys are shared by the workspaces of a type');
});

test('configurations count as they are now', async () => {
  const {who, asked, configuration, type, store} = await setUp();
  assert.equal(await who(team), 'ann of cluster:team1234');
  await configuration('people', {}, {username: {claim: 'sub', prefix: 'oidc:'}});
  assert.equal(await who(team), 'oidc:ann of cluster:team1234');
  for (let i = 0; i < 50; i++) {
    await configuration('people', {audiences: ['us', `more ${i}`], audienceMatchPolicy: 'MatchAny'});
    assert.equal(await who(team), 'ann of cluster:team1234');
  }
  assert.equal(asked.length, 2, 'writing in a loop does not have keys fetched in one');
  await configuration('people', {}, {username: {claim: 'sub', prefix: 'oidc:'}});
  await type('with-oidc');
  assert.equal(await who(team), 'not ours');
  await type('with-oidc', 'missing', 'people');
  assert.equal(await who(team), 'oidc:ann of cluster:team1234');
  const key = kindKey('workspaceauthenticationconfigurations', 'people');
  await store.commit([{delete: key, expect: (await store.get(key))?.revision ?? assert.fail()}]);
  assert.equal(await who(team), 'not ours');
});

test('an unfit configuration is told and passed over, and the next one is asked', async () => {
  const {who, configuration, type, warnings, token} = await setUp();
  await configuration('people', {audiences: []});
  assert.equal(await who(team), 'not ours');
  assert.equal(await who(team), 'not ours');
  assert.deepEqual(warnings, ['jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required']);
  await configuration('ours', {url: 'https://kcp.default.svc'});
  await configuration('good', {});
  await type('with-oidc', 'people', 'ours', 'good');
  assert.equal(await who(team), 'ann of cluster:team1234');
  assert.equal(await who(team, token({iss: 'https://kcp.default.svc'})), 'not ours');
  assert.match(warnings.at(-1) ?? '', /URL must not overlap with disallowed issuers/);
  await configuration('good', {discoveryURL: `https://issuer.example/${'x'.repeat(256 * 1024)}`});
  assert.equal(await who(team), 'not ours');
  assert.equal(warnings.at(-1), 'it is longer than 262144 bytes');
  const extra = Array.from({length: 9}, (_, i) => ({key: `example.org/${i}`, valueExpression: `'${'x'.repeat(2_000)}'`}));
  await configuration('good', {}, {extra});
  assert.equal(await who(team), 'not ours');
  assert.equal(warnings.at(-1), 'its expressions are longer than 16384 characters');
  await configuration('good', {});
  await type('with-oidc', ...Array(16).fill('people'), 'good');
  assert.equal(await who(team), 'not ours');
});

test('kcp-workspace-oidc users of the system are nobody’s', async () => {
  const {who, token} = await setUp();
  assert.match(await who(team, token({sub: 'system:admin'})), /user names that begin with system:/);
});
