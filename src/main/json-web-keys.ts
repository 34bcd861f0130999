/** Public keys of strangers, as JSON Web Keys, and signatures checked with them. */
import {createPublicKey, type KeyObject} from 'node:crypto';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {ReadKey} from '../auth/jwt/ports.ts';

const rsaAlgorithms: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const curveAlgorithms: ReadonlyMap<string, string> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
]);

const rsaBitsMin = 2048;
/** To check one signature by a larger key takes too long. */
const rsaBitsMax = 8192;
/** In base64url; everybody's exponent is 65537. */
const exponentCharsMax = 8;
const fieldCharsMax = 4096;

/** Secrets are no keys here, so that nobody can sign with what is public. */
export const readKey: ReadKey = jwk => {
  const [use, only] = [digString(jwk, 'use'), digString(jwk, 'alg')];
  const key = use === undefined || use === 'sig' ? publicKey(jwk) : undefined;
  if (!key) return undefined;
  const algorithms = key.algorithms.filter(algorithm => only === undefined || algorithm === only);
  return {
    fits: algorithm => algorithms.includes(algorithm),
    async signed(token, algorithm) {
      if (!algorithms.includes(algorithm)) return false;
      const {compactVerify} = await import('jose/jws/compact/verify');
      return compactVerify(token, key.key, {algorithms: [algorithm]}).then(
        () => true,
        () => false,
      );
    },
  };
};

type Public = {readonly key: KeyObject; readonly algorithms: readonly string[]};

/** Only what makes up a public key is read. */
function publicKey(jwk: JsonObject): Public | undefined {
  const [kty, crv, n, e, x, y] = ['kty', 'crv', 'n', 'e', 'x', 'y'].map(name => digString(jwk, name)?.slice(0, fieldCharsMax));
  try {
    if (kty === 'RSA' && n !== undefined && e !== undefined && e.length <= exponentCharsMax) {
      const key = createPublicKey({key: {kty, n, e}, format: 'jwk'});
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return bits >= rsaBitsMin && bits <= rsaBitsMax ? {key, algorithms: rsaAlgorithms} : undefined;
    }
    const algorithm = kty === 'EC' && crv !== undefined ? curveAlgorithms.get(crv) : undefined;
    if (algorithm === undefined || crv === undefined || x === undefined || y === undefined) return undefined;
    return {key: createPublicKey({key: {kty: 'EC', crv, x, y}, format: 'jwk'}), algorithms: [algorithm]};
  } catch {
    return undefined;
  }
}
