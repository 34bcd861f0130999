import {createPublicKey, type KeyObject, constants as rsa, verify} from 'node:crypto';
import {type Element, elements, firstElement, oid, tags} from '../api/der.ts';
import {pemBlocks} from './pem.ts';

/** A request for a certificate (PKCS #10, RFC 2986), as far as a server looks into it. */
export type SigningRequest = {
  /** The organizations of the subject: what Kubernetes takes for groups. */
  readonly organizations: readonly string[];
  /** Checks that who asks has the key. @throws Error where not; its text is for clients */
  readonly checkSignature: () => void;
};

/**
 * Reads a request out of the bytes of `spec.request`.
 * @throws Error whose text is for clients, in Kubernetes' words as far as they do not come from its decoder
 */
export function parseSigningRequest(pem: Uint8Array): SigningRequest {
  const [block] = pemBlocks(Buffer.from(pem).toString('latin1'));
  if (block?.label !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const parts = partsOf(block.bytes);
  return {organizations: parts.organizations, checkSignature: () => checkSignature(parts)};
}

type Parts = {
  readonly organizations: readonly string[];
  /** What is signed. */
  readonly body: Buffer;
  /** DER of the public key and the dotted form of its algorithm's parts. */
  readonly key: Element;
  readonly algorithm: Element;
  readonly signature: Buffer;
};

function partsOf(der: Buffer): Parts {
  const request = read(() => firstElement(der));
  if (request.whole.length < der.length) throw new Error('asn1: syntax error: trailing data');
  const [body, algorithm, signature] = within(request, tags.sequence);
  const [version, subject, key] = within(body, tags.sequence);
  if (version?.tag !== tags.integer || key?.tag !== tags.sequence || algorithm?.tag !== tags.sequence || signature?.tag !== tags.bits)
    throw malformed();
  // The first byte tells how many bits at the end are none: signatures are whole bytes.
  if (signature.content[0] !== 0) throw malformed();
  return {
    organizations: organizationsOf(subject),
    body: (body as Element).whole,
    key,
    algorithm,
    signature: signature.content.subarray(1),
  };
}

const malformed = (): Error => new Error('asn1: structure error: not a certificate request');

function read<T>(from: () => T): T {
  try {
    return from();
  } catch {
    throw malformed();
  }
}

function within(element: Element | undefined, tag: number): readonly Element[] {
  if (element?.tag !== tag) throw malformed();
  return read(() => elements(element.content));
}

const organization = oid('2.5.4.10');

function organizationsOf(subject: Element | undefined): readonly string[] {
  const pairs = within(subject, tags.sequence).flatMap(set => within(set, tags.set).map(pair => within(pair, tags.sequence)));
  return pairs.filter(([type]) => type?.whole.equals(organization)).map(([, value]) => textOf(value));
}

const bmpString = 0x1e;

function textOf(value: Element | undefined): string {
  if (!value) throw malformed();
  if (value.tag !== bmpString) return value.content.toString();
  return Buffer.from(value.content.subarray(0, value.content.length & ~1))
    .swap16()
    .toString('utf16le');
}

type KeyKind = 'rsa' | 'ec' | 'ed25519';
type Algorithm = {readonly name: string; readonly key: KeyKind; readonly hash: string | null; readonly insecure?: true};

const algorithms: ReadonlyMap<string, Algorithm> = named([
  ['1.2.840.113549.1.1.2', {name: 'MD2-RSA', key: 'rsa', hash: '', insecure: true}],
  ['1.2.840.113549.1.1.4', {name: 'MD5-RSA', key: 'rsa', hash: '', insecure: true}],
  ['1.2.840.113549.1.1.5', {name: 'SHA1-RSA', key: 'rsa', hash: 'sha1'}],
  ['1.2.840.113549.1.1.11', {name: 'SHA256-RSA', key: 'rsa', hash: 'sha256'}],
  ['1.2.840.113549.1.1.12', {name: 'SHA384-RSA', key: 'rsa', hash: 'sha384'}],
  ['1.2.840.113549.1.1.13', {name: 'SHA512-RSA', key: 'rsa', hash: 'sha512'}],
  ['1.2.840.10045.4.1', {name: 'ECDSA-SHA1', key: 'ec', hash: 'sha1'}],
  ['1.2.840.10045.4.3.2', {name: 'ECDSA-SHA256', key: 'ec', hash: 'sha256'}],
  ['1.2.840.10045.4.3.3', {name: 'ECDSA-SHA384', key: 'ec', hash: 'sha384'}],
  ['1.2.840.10045.4.3.4', {name: 'ECDSA-SHA512', key: 'ec', hash: 'sha512'}],
  ['1.3.101.112', {name: 'Ed25519', key: 'ed25519', hash: null}],
]);
const pss = oid('1.2.840.113549.1.1.10');
/** The hashes that an RSA-PSS signature may name. */
const pssHashes: ReadonlyMap<string, string> = named([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const keyKinds: ReadonlyMap<string, KeyKind> = named([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.112', 'ed25519'],
]);
/** P-224, P-256, P-384 and P-521. Curves that a key describes by itself are nobody's. */
const curves: ReadonlyMap<string, true> = named([
  ['1.3.132.0.33', true],
  ['1.2.840.10045.3.1.7', true],
  ['1.3.132.0.34', true],
  ['1.3.132.0.35', true],
]);

/** Object identifiers as they stand in DER, which is how they are looked up. */
function named<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  return new Map(pairs.map(([dotted, value]) => [oid(dotted).toString('latin1'), value]));
}
const find = <T>(map: ReadonlyMap<string, T>, element: Element | undefined): T | undefined =>
  map.get(element?.whole.toString('latin1') ?? '');

const unimplemented = 'x509: cannot verify signature: algorithm unimplemented';
const goKeys: {readonly [kind in KeyKind]: string} = {rsa: '*rsa.PublicKey', ec: '*ecdsa.PublicKey', ed25519: 'ed25519.PublicKey'};
const goFamilies: {readonly [kind in KeyKind]: string} = {rsa: 'RSA', ec: 'ECDSA', ed25519: 'Ed25519'};
const failures: {readonly [kind in KeyKind]: string} = {
  rsa: 'crypto/rsa: verification error',
  ec: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
};

function checkSignature({body, key, algorithm, signature}: Parts): void {
  const how = algorithmOf(algorithm);
  if (!how) throw new Error(unimplemented);
  if (how.insecure) throw new Error(`x509: cannot verify signature: insecure algorithm ${how.name}`);
  const kind = keyKindOf(key);
  if (!kind) throw new Error(unimplemented);
  if (kind !== how.key)
    throw new Error(
      `x509: signature algorithm specifies an ${goFamilies[how.key]} public key, but have public key of type ${goKeys[kind]}`,
    );
  const padding = how.padding === undefined ? {} : {padding: how.padding, saltLength: rsa.RSA_PSS_SALTLEN_DIGEST};
  if (!isSigned(how.hash, body, {key: publicKeyOf(key), ...padding}, signature)) throw new Error(failures[kind]);
}

function algorithmOf(algorithm: Element): (Algorithm & {readonly padding?: number}) | undefined {
  const [type, parameters] = within(algorithm, tags.sequence);
  if (!type?.whole.equals(pss)) return find(algorithms, type);
  const [hash] = parameters ? within(parameters, tags.sequence) : [];
  const [named] = hash?.tag === 0xa0 ? read(() => elements(hash.content)) : [];
  const name = named && find(pssHashes, within(named, tags.sequence)[0]);
  return name === undefined ? undefined : {name: `${name}-RSAPSS`, key: 'rsa', hash: name, padding: rsa.RSA_PKCS1_PSS_PADDING};
}

function keyKindOf(key: Element): KeyKind | undefined {
  const [algorithm] = within(key, tags.sequence);
  const [type, parameters] = within(algorithm, tags.sequence);
  const kind = find(keyKinds, type);
  return kind === 'ec' && !find(curves, parameters) ? undefined : kind;
}

function publicKeyOf(key: Element): KeyObject {
  try {
    return createPublicKey({key: key.whole, format: 'der', type: 'spki'});
  } catch {
    throw new Error('x509: malformed public key');
  }
}

/** What cannot even be read as a signature is none. */
function isSigned(hash: string | null, body: Buffer, key: Parameters<typeof verify>[2], signature: Buffer): boolean {
  try {
    return verify(hash, body, key, signature);
  } catch {
    return false;
  }
}
