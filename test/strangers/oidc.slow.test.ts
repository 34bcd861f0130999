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
