import assert from 'node:assert/strict';
import {generateKeyPairSync} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {CompactSign} from 'jose/jws/compact/sign';
import {httpsWebhook} from '../../test/support/https-webhook.ts';
import {virtualWorld} from '../../test/support/virtual-world.ts';
import type {JsonObject} from '../api/json.ts';
import {authenticationOf} from './authentication-config.ts';
import {type Config, FlagError, parseFlags} from './flags.ts';

const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
const provider = await httpsWebhook({
  '/.well-known/openid-configuration': (_, response) => response.end(JSON.stringify({issuer: url, jwks_uri: `${url}/jwks`})),
  '/jwks': (_, response) => response.end(JSON.stringify({keys: [{...publicKey.export({format: 'jwk'}), kid: 'one'}]})),
});
const url = `https://127.0.0.1:${provider.port}`;
const folder = mkdtempSync(join(tmpdir(), 'kcp-authn-'));
after(() => {
  provider.close();
  rmSync(folder, {recursive: true});
});

const world = virtualWorld('authn');
const token = (claims: JsonObject, alg = 'RS256'): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify({iss: url, aud: 'us', exp: world.now() / 1000 + 3600, ...claims})))
    .setProtectedHeader({alg, kid: 'one'})
    .sign(privateKey);

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const flags = (...argv: string[]): Config => {
  const parsed = parseFlags(argv, folder);
  assert.ok('config' in parsed);
  return parsed.config;
};
function open(config: Config) {
  const told: string[] = [];
  const tell = (message: string, fields?: {readonly [name: string]: unknown}): void =>
    void told.push(`${message}: ${JSON.stringify(fields)}`);
  const {issued, anonymous, close} = authenticationOf(config, world, {info: tell, warn: tell, error: tell});
  const who = async (of: Promise<string>): Promise<string> => {
    const found = await issued.identify(await of);
    return found === undefined ? 'not ours' : 'why' in found ? found.why : `${found.user.name} of ${found.user.groups.join()}`;
  };
  return {who, told, anonymous, close};
}

const config = (prefix: string, more = ''): string => `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${url}
    audiences: [us]
    certificateAuthority: |
${provider.ca.trim().replace(/^/gm, '      ')}
  claimMappings:
    username: {claim: sub, prefix: "${prefix}"}
    groups: {expression: claims.roles}
${more}`;

test('a file of issuers, read again when it changes', async () => {
  const path = file('authn.yaml', config('a:'));
  const {who, told, close} = open(flags('--authentication-config=authn.yaml'));
  const ann = token({sub: 'ann', roles: ['x', 'y']});
  assert.equal(await who(ann), 'a:ann of x,y');
  assert.equal(await who(token({sub: 'ann', roles: 'z'}, 'PS256')), 'a:ann of z');
  writeFileSync(path, config('b:'));
  assert.equal(await who(ann), 'a:ann of x,y');
  await world.advance(5_000);
  assert.equal(await who(ann), 'b:ann of x,y');
  assert.deepEqual(told, ['the authentication configuration was read again: {"issuers":1}']);

  for (const [text, why] of [
    [config('c:').replace('claim: sub, ', ''), /jwt\[0\]\.claimMappings\.username: Required value: claim or expression is required/],
    [config('c:', 'anonymous: {enabled: false}\n'), /anonymous: Forbidden: changed from initial configuration file/],
    ['{', /--authentication-config: it is neither YAML nor JSON/],
    [config('c:').replace('kind: A', 'kind: B'), /expected an AuthenticationConfiguration/],
    [config('c:', 'jwt: []\n'), /strict decoding error: line \d+: key \\"jwt\\" already set in map/],
  ] as const) {
    writeFileSync(path, text);
    await world.advance(5_000);
    assert.match(told.at(-1) ?? '', why);
    assert.equal(await who(ann), 'b:ann of x,y');
  }
  rmSync(path);
  await world.advance(5_000);
  assert.match(told.at(-1) ?? '', /unfit.*ENOENT/);
  writeFileSync(path, JSON.stringify({apiVersion: 'apiserver.config.k8s.io/v1beta1', kind: 'AuthenticationConfiguration', jwt: []}));
  await world.advance(5_000);
  assert.equal(await who(ann), 'not ours');
  close();
  assert.equal(world.timers(), 0);
});

test('an unfit file keeps the server from starting, and tells why', () => {
  const refused = (text: string, why: RegExp, ...more: string[]): void => {
    file('unfit.yaml', text);
    assert.throws(() => open(flags('--authentication-config=unfit.yaml', ...more)), why);
  };
  refused(config('').replace('https:', 'http:'), /^Error: jwt\[0\]\.issuer\.url: Invalid value: .*: URL scheme must be https$/);
  refused(
    config('').replaceAll(url, 'https://kcp.default.svc'),
    /URL must not overlap with disallowed issuers: \[https:\/\/kcp\.default\.svc\]$/,
  );
  refused(config('', 'anonymous: {enabled: true}\n'), /--anonymous-auth flag cannot be set/, '--anonymous-auth=false');
  assert.throws(() => open(flags('--authentication-config=none.yaml')), /ENOENT/);
});

test('where one may be anonymous', () => {
  assert.deepEqual(open(flags()).anonymous, {enabled: true, conditions: []});
  assert.deepEqual(open(flags('--anonymous-auth=false')).anonymous, {enabled: false, conditions: []});
  file('anonymous.yaml', config('', 'anonymous: {enabled: true, conditions: [{path: /livez}]}\n'));
  const {anonymous, close} = open(flags('--authentication-config=anonymous.yaml'));
  close();
  assert.deepEqual(anonymous, {enabled: true, conditions: [{path: '/livez'}]});
});

test('the flags of former times', async () => {
  file('ca.crt', provider.ca);
  const base = [`--oidc-issuer-url=${url}`, '--oidc-client-id=us', '--oidc-ca-file=ca.crt'];
  const ann = {sub: 'ann', email: 'ann@x', roles: ['x'], hd: 'a,b'};
  const who = (...more: string[]) => open(flags(...base, ...more)).who(token(ann));
  assert.equal(await who(), `${url}#ann of `);
  assert.equal(await who('--oidc-username-prefix=-'), 'ann of ');
  assert.equal(await who('--oidc-username-prefix=p:', '--oidc-groups-claim=roles', '--oidc-groups-prefix=g:'), 'p:ann of g:x');
  assert.equal(await who('--oidc-username-claim=email'), 'ann@x of ');
  assert.equal(await who('--oidc-required-claim=hd=a,b', '--oidc-required-claim=sub=ann'), `${url}#ann of `);
  assert.match(await who('--oidc-required-claim=hd=c'), /required claim hd value does not match\. Got = a,b, want = c$/);
  assert.match(await who('--oidc-signing-algs=ES256'), /unsupported algorithm, expected \["ES256"\] got "RS256"$/);

  const refused = (argv: readonly string[], message: string): void =>
    assert.throws(
      () => flags(...argv),
      (err: unknown) => err instanceof FlagError && err.message === message,
    );
  const together = 'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set';
  refused([`--oidc-issuer-url=${url}`], together);
  refused(['--oidc-groups-claim=roles'], together);
  refused([...base, '--authentication-config=x'], 'authentication-config file and oidc-* flags are mutually exclusive');
  refused([...base, '--oidc-signing-algs=RS256,HS256'], 'oidc: unsupported signing alg: "HS256"');
  refused(
    [...base, '--oidc-required-claim=x'],
    'invalid argument "x" for "--oidc-required-claim" flag: malformed pair, expect string=string',
  );
});
