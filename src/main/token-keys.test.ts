import assert from 'node:assert/strict';
import {createHmac, createPublicKey, createSign, generateKeyPairSync, type KeyObject} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {clientCa} from './pki.ts';
import {tokenKeys, tokenKeysOf} from './token-keys.ts';

const directory = mkdtempSync(join(tmpdir(), 'token-keys-'));
after(() => rmSync(directory, {recursive: true}));
const none = {rootDirectory: '', serviceAccountSigningKeyFile: '', serviceAccountPrivateKeyFile: '', serviceAccountKeyFile: []};

const rsa = generateKeyPairSync('rsa', {modulusLength: 2048});
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'});
const claims = {iss: 'us', sub: 'somebody', n: 1};

const encode = (value: string | object): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signed = (header: object, payload: string | object, by: KeyObject, hash = 'sha256'): string => {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${createSign(hash).update(text).sign({key: by, dsaEncoding: 'ieee-p1363'}).toString('base64url')}`;
};
const pem = (key: KeyObject, type: 'pkcs8' | 'spki'): string => key.export({type, format: 'pem'}) as string;

for (const [alg, pair] of [
  ['RS256', rsa],
  ['ES256', ec],
] as const) {
  test(`${alg}: what was signed is read back, and published without its private half`, async () => {
    const keys = tokenKeys(pair.privateKey);
    const token = await keys.sign(claims);
    assert.deepEqual(await keys.claimsOf(token), claims);
    const [published, ...more] = await keys.publicKeys();
    assert.deepEqual([published?.alg, published?.['use'], published?.['d'], more.length], [alg, 'sig', undefined, 0]);
    const header = JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString());
    assert.deepEqual(header, {alg, kid: published?.kid});
  });
}

test('js-jwt tokens of strangers', async () => {
  const keys = tokenKeys(rsa.privateKey);
  const kid = (await keys.publicKeys())[0]?.kid as string;
  const good = await keys.sign(claims);
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const head = {alg: 'RS256', kid};
  const hmac = (alg: string, secret: string | Buffer): string => {
    const text = `${encode({alg, kid})}.${payload}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const bad: readonly [what: string, token: string][] = [
    ['empty', ''],
    ['dots', '..'],
    ['one part', 'token'],
    ['four parts', `${good}.x`],
    ['no base64', 'ä.ö.ü'],
    ['padding', `${header}=.${payload}=.${signature}=`],
    ['a cut signature', good.slice(0, -8)],
    ['no signature', `${header}.${payload}.`],
    ['another payload', `${header}.${encode({...claims, sub: 'admin'})}.${signature}`],
    ['alg none', `${encode({alg: 'none', kid})}.${payload}.`],
    ['alg None, signed', signed({alg: 'None', kid}, claims, rsa.privateKey)],
    ['HS256 with the public key as its secret', hmac('HS256', pem(rsa.publicKey, 'spki'))],
    ['HS256 with its DER', hmac('HS256', rsa.publicKey.export({type: 'spki', format: 'der'}))],
    ['another hash', signed({alg: 'RS512', kid}, claims, rsa.privateKey, 'sha512')],
    ['another padding named', signed({alg: 'PS256', kid}, claims, rsa.privateKey)],
    ['a key of another kind', signed({alg: 'ES256', kid}, claims, ec.privateKey)],
    ['a stranger with our key id', signed(head, claims, generateKeyPairSync('rsa', {modulusLength: 2048}).privateKey)],
    ['no key id', signed({alg: 'RS256'}, claims, rsa.privateKey)],
    ['another key id', signed({alg: 'RS256', kid: 'other'}, claims, rsa.privateKey)],
    ['__proto__ as key id', signed({alg: 'RS256', kid: '__proto__'}, claims, rsa.privateKey)],
    ['a key id that is no text', signed({alg: 'RS256', kid: {a: 1}}, claims, rsa.privateKey)],
    ['a key of its own', signed({alg: 'RS256', jwk: rsa.publicKey.export({format: 'jwk'})}, claims, rsa.privateKey)],
    ['a key at a URL', signed({alg: 'RS256', jku: 'https://evil.example/keys'}, claims, rsa.privateKey)],
    ['an extension that must be understood', signed({...head, crit: ['x'], x: 1}, claims, rsa.privateKey)],
    ['a payload that is not encoded', signed({...head, crit: ['b64'], b64: false}, claims, rsa.privateKey)],
    ['a header that is no object', `${encode('[]')}.${payload}.${signature}`],
    ['a header that is no JSON', `${encode('{')}.${payload}.${signature}`],
    ['a deep header', `${encode(`${'['.repeat(100_000)}`)}.${payload}.${signature}`],
    ['a huge header', `${encode({...head, x: 'x'.repeat(1_000_000)})}.${payload}.${signature}`],
    ['a payload that is no JSON', signed(head, 'nonsense', rsa.privateKey)],
    ['a payload that is a list', signed(head, '[]', rsa.privateKey)],
    ['a payload that is no UTF-8', signed(head, Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), rsa.privateKey)],
  ];
  for (const [what, token] of bad) assert.equal(await keys.claimsOf(token), undefined, what);
  const odd = await keys.claimsOf(signed(head, '{"__proto__":{"sub":"admin"},"iss":"us"}', rsa.privateKey));
  assert.deepEqual([odd?.['sub'], Object.keys(odd ?? {})], [undefined, ['__proto__', 'iss']]);
});

test('a key is made once, for its owner alone', async () => {
  const config = {...none, rootDirectory: directory};
  const token = await tokenKeysOf(config).sign(claims);
  assert.equal(statSync(join(directory, 'sa.key')).mode & 0o777, 0o600);
  const again = tokenKeysOf(config);
  assert.deepEqual(await again.claimsOf(token), claims);
  const [published] = await again.publicKeys();
  assert.equal(published?.['n'], createPublicKey(readFileSync(join(directory, 'sa.key'))).export({format: 'jwk'}).n);
});

test('without a directory the key lives in memory', async () => {
  const token = await tokenKeysOf(none).sign(claims);
  assert.equal(await tokenKeysOf(none).claimsOf(token), undefined);
});

test('strangers have no key made', async () => {
  const keys = tokenKeys(() => assert.fail('made'));
  assert.equal(await keys.claimsOf(await tokenKeys(ec.privateKey).sign(claims)), undefined);
});

test('a key that could not be made is tried again', async () => {
  let tries = 0;
  const keys = tokenKeys(async () => {
    if (tries++ === 0) throw new Error('no room');
    return ec.privateKey;
  });
  await assert.rejects(keys.publicKeys(), /no room/);
  assert.equal((await keys.publicKeys()).length, 1);
});

test('keys of flags: one signs, those named are believed', async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const signing = file('signing.pem', pem(ec.privateKey, 'pkcs8'));
  const both = file('both.pem', pem(rsa.publicKey, 'spki') + pem(ec.publicKey, 'spki'));
  const keys = tokenKeysOf({...none, serviceAccountSigningKeyFile: signing, serviceAccountKeyFile: [both]});
  assert.deepEqual(
    (await keys.publicKeys()).map(({alg}) => alg),
    ['ES256', 'RS256'],
  );
  assert.deepEqual(await keys.claimsOf(await tokenKeys(rsa.privateKey).sign(claims)), claims);
  assert.deepEqual(await keys.claimsOf(await keys.sign(claims)), claims);
  const ca = await clientCa('', new Date());
  const certified = tokenKeysOf({
    ...none,
    serviceAccountPrivateKeyFile: file('ca.key', ca.key),
    serviceAccountKeyFile: [file('ca.crt', ca.cert)],
  });
  assert.deepEqual(await certified.claimsOf(await certified.sign(claims)), claims);
  const likewise = tokenKeysOf({...none, serviceAccountPrivateKeyFile: signing});
  assert.deepEqual(await keys.claimsOf(await likewise.sign(claims)), claims);
  const others = tokenKeysOf({
    ...none,
    serviceAccountSigningKeyFile: signing,
    serviceAccountKeyFile: [file('rsa.pem', pem(rsa.publicKey, 'spki'))],
  });
  assert.equal(await others.claimsOf(await others.sign(claims)), undefined);

  const broken = [
    file('none.pem', 'nothing'),
    file('small.pem', pem(generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey, 'pkcs8')),
  ];
  broken.push(file('curve.pem', pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8')));
  for (const path of broken) {
    assert.throws(() => tokenKeysOf({...none, serviceAccountSigningKeyFile: path}), /holds no private key of RSA/, path);
    assert.throws(() => tokenKeysOf({...none, serviceAccountKeyFile: [path]}), /holds no keys of RSA/, path);
  }
});
