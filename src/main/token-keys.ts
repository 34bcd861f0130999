/** The keys of service-account tokens: read from files, or made once in the root directory; and JSON Web Signatures made and checked with them. */
import {createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {JsonObject} from '../api/json.ts';
import {isObject} from '../api/json.ts';
import {parse} from '../api/parse-json.ts';
import type {PublicKey, TokenKeys} from '../auth/token-keys.ts';
import {readIfThere, writeWhole} from './files.ts';
import type {Config} from './flags.ts';

const keyFile = 'sa.key';
const rsaBits = 2048;

type KeyFlags = Pick<Config, 'rootDirectory' | 'serviceAccountSigningKeyFile' | 'serviceAccountPrivateKeyFile' | 'serviceAccountKeyFile'>;

/**
 * The keys that flags name. Without a signing key there, `sa.key` of the root directory signs, which is made when it is first needed: that takes
 * longer than the rest of a start. With --service-account-key-file only those keys are believed.
 * @throws Error when a file holds no key of RSA or of the NIST curves
 */
export function tokenKeysOf(config: KeyFlags): TokenKeys {
  const {rootDirectory} = config;
  const given = config.serviceAccountSigningKeyFile || config.serviceAccountPrivateKeyFile;
  const path = given || (rootDirectory && join(rootDirectory, keyFile));
  const pem = given ? readFileSync(given, 'utf8') : path ? readIfThere(path) : undefined;
  const found = pem === undefined ? undefined : privateKeyIn(pem, path);
  const believed = config.serviceAccountKeyFile.flatMap(file => publicKeysIn(readFileSync(file, 'utf8'), file));
  return tokenKeys(found ?? (() => makeKey(path)), believed);
}

async function makeKey(path: string): Promise<KeyObject> {
  const {privateKey} = await promisify(generateKeyPair)('rsa', {modulusLength: rsaBits});
  if (path !== '') writeWhole(path, privateKey.export({type: 'pkcs8', format: 'pem'}) as string);
  return privateKey;
}

function privateKeyIn(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    algorithmOf(key);
    return key;
  } catch {
    throw new Error(`${path} holds no private key of RSA (2048 bits or more) or of a NIST curve`);
  }
}

/** All the keys of a file; a private key and a certificate stand for their public keys. */
function publicKeysIn(pem: string, path: string): readonly KeyObject[] {
  try {
    const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? [];
    const keys = blocks.filter(block => !block.startsWith('-----BEGIN EC PARAMETERS')).map(block => createPublicKey(block));
    for (const key of keys) algorithmOf(key);
    if (keys.length > 0) return keys;
  } catch {}
  throw new Error(`${path} holds no keys of RSA (2048 bits or more) or of NIST curves`);
}

type Signing = {readonly key: KeyObject; readonly kid: string; readonly alg: string};
type Ring = {readonly signing: Signing; readonly keys: ReadonlyMap<string, Verifying>; readonly published: readonly PublicKey[]};
type Verifying = {readonly key: KeyObject; readonly alg: string};

/**
 * Signs with one private key, and believes it or, when there are any, the public keys given. `signing` may be a function that makes the key:
 * it is called when a key is first needed, and again after it failed.
 */
export function tokenKeys(signing: KeyObject | (() => Promise<KeyObject>), given: readonly KeyObject[] = []): TokenKeys {
  let ring: Promise<Ring> | undefined;
  const open = (): Promise<Ring> => {
    ring ??= makeRing(signing, given).catch(err => {
      ring = undefined;
      throw err;
    });
    return ring;
  };
  return {
    async sign(claims) {
      const [{signing: by}, {CompactSign}] = await Promise.all([open(), import('jose/jws/compact/sign')]);
      return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({alg: by.alg, kid: by.kid}).sign(by.key);
    },
    async claimsOf(token) {
      // With no key there is no token of ours, and strangers are not to have one made.
      if (!ring && given.length === 0 && typeof signing === 'function') return undefined;
      try {
        const [{keys}, {compactVerify}] = await Promise.all([open(), import('jose/jws/compact/verify')]);
        // Which key is told by its id alone, and which algorithm by the key: nothing else of the header is believed.
        const {payload} = await compactVerify(token, ({alg, kid}) => {
          const key = kid === undefined ? undefined : keys.get(kid);
          if (!key || key.alg !== alg) throw new Error('no key of ours');
          return key.key;
        });
        const claims = parse(utf8.decode(payload));
        return isObject(claims) ? claims : undefined;
      } catch {
        // The token is anything a stranger may send.
        return undefined;
      }
    },
    publicKeys: async () => (await open()).published,
  };
}

const utf8 = new TextDecoder('utf-8', {fatal: true});

async function makeRing(signing: KeyObject | (() => Promise<KeyObject>), given: readonly KeyObject[]): Promise<Ring> {
  const key = typeof signing === 'function' ? await signing() : signing;
  const own = createPublicKey(key);
  const believed = given.length > 0 ? given : [own];
  const published = believed.map(
    (one): PublicKey => ({use: 'sig', kid: keyId(one), alg: algorithmOf(one), ...(one.export({format: 'jwk'}) as JsonObject)}),
  );
  return {
    signing: {key, kid: keyId(own), alg: algorithmOf(own)},
    keys: new Map(believed.map(one => [keyId(one), {key: one, alg: algorithmOf(one)}])),
    published: published.sort((a, b) => Number(b.kid === keyId(own)) - Number(a.kid === keyId(own))),
  };
}

/** As Kubernetes names keys: the SHA-256 of the public key's DER. */
const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({type: 'spki', format: 'der'}))
    .digest('base64url');

const curveAlgorithms: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/** The one algorithm a key is used with. */
function algorithmOf({asymmetricKeyType, asymmetricKeyDetails}: KeyObject): string {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= rsaBits) return 'RS256';
  const algorithm = asymmetricKeyType === 'ec' ? curveAlgorithms.get(asymmetricKeyDetails?.namedCurve ?? '') : undefined;
  if (!algorithm) throw new Error('not a key that tokens are signed with');
  return algorithm;
}
