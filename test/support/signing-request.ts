import {generateKeyPairSync, type KeyObject, constants as rsa, sign} from 'node:crypto';
import {bits, element, integer, oid, sequence, tagged, tags, utf8} from '../../src/api/der.ts';

/** Keys to ask with; `named` is what the request says it is signed by. */
export type Signer = {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly hash: string | null;
  readonly named: Uint8Array;
  readonly pss?: true;
};

/** An algorithm by its number, with the empty parameters of RSA or none. */
export const algorithm = (dotted: string, parameters: 'null' | 'none' = 'none'): Buffer =>
  sequence(oid(dotted), ...(parameters === 'null' ? [element(0x05)] : []));

export function ecSigner(curve = 'P-256', hash = 'sha256', named = algorithm('1.2.840.10045.4.3.2')): Signer {
  return {...generateKeyPairSync('ec', {namedCurve: curve}), hash, named};
}
export function rsaSigner(hash = 'sha256', named = algorithm('1.2.840.113549.1.1.11', 'null')): Signer {
  return {...generateKeyPairSync('rsa', {modulusLength: 2048}), hash, named};
}
export const edSigner = (): Signer => ({...generateKeyPairSync('ed25519'), hash: null, named: algorithm('1.3.101.112')});

/** The DER of a request, signed with its key. */
export function requestDer(signer: Signer, commonName = 'jane', organizations: readonly string[] = []): Buffer {
  const {publicKey, privateKey, hash, named, pss} = signer;
  const attribute = (type: string, value: string): Buffer => element(tags.set, sequence(oid(type), utf8(value)));
  const name = sequence(...organizations.map(one => attribute('2.5.4.10', one)), attribute('2.5.4.3', commonName));
  const body = sequence(integer(Buffer.from([0])), name, publicKey.export({type: 'spki', format: 'der'}), tagged(0));
  const padding = pss ? {padding: rsa.RSA_PKCS1_PSS_PADDING, saltLength: rsa.RSA_PSS_SALTLEN_DIGEST} : {};
  return sequence(body, named, bits(sign(hash, body, {key: privateKey, ...padding})));
}

export const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

const shared = ecSigner();

/** The base64 for `spec.request`, of a request for somebody. */
export const requestFor = (commonName: string, organizations: readonly string[] = []): string =>
  Buffer.from(pem('CERTIFICATE REQUEST', requestDer(shared, commonName, organizations))).toString('base64');
