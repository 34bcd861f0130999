/** Users of a real provider of OpenID Connect. */
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {heavyLimits} from '../../src/server/heavy.ts';
import {identityProvider} from '../support/identity-provider.ts';
import {noTools} from '../support/kubectl.ts';
import {folder, startServer, until} from '../support/process.ts';
import {openShell} from './shell.ts';

const accounts = {
  ann: {email: 'ann@example.org', groups: ['admins', 'staff']},
  bob: {email: 'bob@example.com', groups: []},
};

test('who logged in at a provider is known to kubectl and to the server', {skip: noTools ?? false, timeout: 120_000}, async t => {
  const provider = await identityProvider(t, accounts);
  const root = folder(t);
  const path = join(folder(t), 'authentication.json');
  const config = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: {url: provider.issuer, audiences: [provider.clientId], certificateAuthority: provider.ca},
        claimValidationRules: [{expression: 'claims.exp - claims.iat <= 7200', message: 'tokens must be short-lived'}],
        claimMappings: {
          username: {expression: "'oidc:' + (claims.email_verified ? claims.email : '')"},
          groups: {expression: "claims.groups.map(g, g == 'admins' ? 'system:kcp:admin' : 'oidc:' + g)"},
          uid: {claim: 'sub'},
          extra: [{key: 'example.org/at', valueExpression: 'claims.email.split("@")[1]'}],
        },
        userValidationRules: [{expression: "user.extra['example.org/at'] == ['example.org']", message: 'only our own people'}],
      },
    ],
    anonymous: {enabled: true, conditions: [{path: '/livez'}]},
  };
  writeFileSync(path, JSON.stringify(config));
  const server = await startServer(t, {root, args: ['--v=4', '--authentication-config', path]});
  const shell = openShell(t, server, '1.35');
  const ann = await provider.login('ann');

  await t.test('kubectl says who one is', async () => {
    await shell.play([
      [`auth whoami --token=${ann}`, /^Username +oidc:ann@example\.org$/m],
      [`auth whoami --token=${ann}`, /^Groups +\[system:kcp:admin oidc:staff system:authenticated\]$/m],
      [`auth whoami --token=${ann}`, /^UID +ann$/m],
      [`auth whoami --token=${ann}`, /^Extra: example\.org\/at +\[example\.org\]$/m],
      [`create configmap mine --token=${ann} --from-literal=a=1`, 'configmap/mine created'],
    ]);
  });

  const review = async (token: string) =>
    (
      await server.call('/clusters/root/apis/authentication.k8s.io/v1/tokenreviews', {
        method: 'POST',
        body: {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {token}},
      })
    ).json.status;

  await t.test('a TokenReview tells it, too, and why somebody is nobody', async () => {
    const {authenticated, user, audiences} = await review(ann);
    assert.deepEqual([authenticated, user.username, audiences], [true, 'oidc:ann@example.org', ['https://kcp.default.svc']]);
    const bob = await provider.login('bob');
    const {authenticated: not, error} = await review(bob);
    assert.equal(not, undefined);
    assert.match(error, /^\[invalid bearer token, oidc: error evaluating user info validation rule: .* failed: only our own people\]$/);
    assert.equal((await server.call('/clusters/root/api', {token: bob})).status, 401);
    const [head, body] = ann.split('.');
    assert.match((await review(`${head}.${body}.AAAA`)).error, /failed to verify id token signature\]$/);
    await shell.play([[`! auth whoami --token=${head}.${body}.AAAA`, /^error: You must be logged in to the server \(Unauthorized\)/m]]);
  });

  await t.test('one may be anonymous where it is said, and nowhere else', async () => {
    const statuses: number[] = [];
    for (const at of ['/livez', '/readyz', '/version', '/clusters/root/api']) statuses.push((await server.call(at, {token: ''})).status);
    assert.deepEqual(statuses, [200, 401, 401, 401]);
  });

  await t.test('the thread for heavy requests knows the same people', async () => {
    const data = Object.fromEntries(Array.from({length: heavyLimits.jsonValuesMax + 1_000}, (_, i) => [`key-${i}`, 'value']));
    const configmaps = '/clusters/root/api/v1/namespaces/default/configmaps';
    const made = await server.call(configmaps, {method: 'POST', token: ann, body: {metadata: {name: 'heavy'}, data}});
    assert.equal(made.status, 201, made.body.slice(0, 500));
    assert.match(server.output(), /a thread for heavy requests is started/);
  });

  await t.test('a key that the provider changed is found', async () => {
    provider.rotate();
    const renewed = await provider.login('ann');
    await until(async () => (await review(renewed)).authenticated === true, 'the new key', 20_000);
    assert.equal((await server.call('/clusters/root/api', {token: renewed})).status, 200);
  });

  await t.test('a change of the configuration is taken over', async () => {
    const renewed = await provider.login('ann');
    writeFileSync(path, JSON.stringify({...config, jwt: []}));
    await until(async () => (await review(renewed)).error === 'invalid bearer token', 'the issuer to be forgotten', 20_000);
    assert.equal((await server.call('/clusters/root/api', {token: renewed})).status, 401);
  });

  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
});

test('a workspace believes the issuers of its type, and nobody else does', {skip: noTools ?? false, timeout: 120_000}, async t => {
  const provider = await identityProvider(t, {
    ann: {email: 'ann@example.org', groups: ['staff', 'system:masters', 'system:kcp:admin']},
    eve: {email: 'system:kcp-admin', groups: []},
  });
  const server = await startServer(t, {root: folder(t), args: ['--feature-gates=WorkspaceAuthentication=true']});
  const make = async (plural: string, version: string, kind: string, object: object) => {
    const body = {apiVersion: `tenancy.kcp.io/${version}`, kind, ...object};
    const answer = await server.call(`/clusters/root/apis/tenancy.kcp.io/${version}/${plural}`, {method: 'POST', body});
    assert.equal(answer.status, 201, answer.body);
    return answer.json;
  };
  const authenticators = (prefix: string) => [
    {
      issuer: {url: provider.issuer, audiences: [provider.clientId], certificateAuthority: provider.ca},
      claimMappings: {
        username: {claim: 'email', prefix},
        groups: {claim: 'groups', prefix},
        extra: [
          {key: 'authentication.kcp.io/scopes', valueExpression: "'cluster:root'"},
          {key: 'other.example.com/test', valueExpression: "'pass-value'"},
        ],
      },
    },
  ];
  const wac = await make('workspaceauthenticationconfigurations', 'v1alpha1', 'WorkspaceAuthenticationConfiguration', {
    metadata: {name: 'our-people'},
    spec: {jwt: authenticators('oidc:')},
  });
  await make('workspacetypes', 'v1alpha1', 'WorkspaceType', {
    metadata: {name: 'with-oidc'},
    spec: {authenticationConfigurations: [{name: 'our-people'}]},
  });
  await make('workspaces', 'v1alpha1', 'Workspace', {metadata: {name: 'team'}, spec: {type: {name: 'with-oidc', path: 'root'}}});
  await make('workspaces', 'v1alpha1', 'Workspace', {metadata: {name: 'plain'}, spec: {type: {name: 'universal', path: 'root'}}});
  const clusterOf = async (name: string): Promise<string> => {
    const read = async () => (await server.call(`/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/${name}`)).json;
    await until(async () => (await read()).status.phase === 'Ready', `workspace ${name}`);
    return (await read()).spec.cluster;
  };
  const [team] = [await clusterOf('team'), await clusterOf('plain')];
  const ann = await provider.login('ann');
  const review = async (workspace: string, token: string) =>
    (
      await server.call(`/clusters/${workspace}/apis/authentication.k8s.io/v1/tokenreviews`, {
        method: 'POST',
        body: {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {token}},
      })
    ).json.status;
  const scope = {'authentication.kcp.io/scopes': [`cluster:${team}`], 'authentication.kcp.io/cluster-name': [team]};

  await t.test('by path and by id, at the first try', async () => {
    for (const workspace of ['root:team', team]) {
      const {authenticated, user, audiences} = await review(workspace, ann);
      assert.deepEqual([authenticated, user.username, audiences], [true, 'oidc:ann@example.org', ['https://kcp.default.svc']]);
      assert.deepEqual(user.groups, ['oidc:staff', 'oidc:system:masters', 'oidc:system:kcp:admin', 'system:authenticated']);
      const {'authentication.kubernetes.io/credential-id': _, ...extra} = user.extra;
      assert.deepEqual(extra, {'other.example.com/test': ['pass-value'], ...scope});
    }
    const shell = openShell(t, server, '1.35');
    // Nobody gave her rights; who is forbidden something is known, and who is not known may not even ask.
    const list = (at: string): string => `! get --raw ${at}/api/v1/namespaces/default/configmaps --server=${server.url} --token=${ann}`;
    await shell.play([
      [list('/clusters/root:team'), /User "oidc:ann@example\.org" cannot list resource "configmaps"/],
      [list('/clusters/root:plain'), /Unauthorized/],
      [list('/clusters/root'), /Unauthorized/],
      [list(''), /Unauthorized/],
    ]);
  });

  await t.test('and not for names and groups of the system', async () => {
    const path = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaceauthenticationconfigurations/our-people';
    const changed = await server.call(path, {
      method: 'PUT',
      body: {...wac, spec: {jwt: authenticators('')}},
    });
    assert.equal(changed.status, 200, changed.body);
    const {user} = await review('root:team', ann);
    assert.deepEqual([user.username, user.groups], ['ann@example.org', ['staff', 'system:authenticated']]);
    const eve = await review('root:team', await provider.login('eve'));
    assert.equal(eve.error, '[invalid bearer token, oidc: user names that begin with system: are not for issuers of a workspace]');
    assert.equal((await server.call('/clusters/root:team/api', {token: await provider.login('eve')})).status, 401);
    assert.equal((await server.call(path, {method: 'DELETE'})).status, 200);
    assert.equal((await review('root:team', ann)).error, 'invalid bearer token');
  });

  assert.doesNotMatch(server.output(), /mistake of ours|a request failed/);
});
