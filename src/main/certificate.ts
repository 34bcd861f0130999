/**
 * X.509 certificates, as far as an API server makes and reads them itself: a CA, a serving certificate, a client certificate, and whom one of those
 * names. Checking signatures and chains is TLS's work, not ours (docs/decisions/0002-certificates.md says why no library does this).
 */
import {createHash, type KeyObject, randomBytes, sign} from 'node:crypto';
import {isIP} from 'node:net';
import {bits, boolean, bytes, type Element, element, elements, integer, oid, sequence, tagged, tags, time, utf8} from '../api/der.ts';

/** Whom a certificate names: Kubernetes takes the common name for the user and the organizations for groups. */
export type Subject = {readonly commonName: string; readonly organizations?: readonly string[]; readonly uid?: string};

export type CertificatePlan = {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  readonly issuer: {readonly subject: Subject; readonly publicKey: KeyObject; readonly privateKey: KeyObject};
  readonly purpose: 'ca' | 'server' | 'client';
  /** DNS names and IP addresses of a server. */
  readonly hosts?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
};

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  /** Where Kubernetes reads a user's uid. */
  uid: '1.3.6.1.4.1.57683.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
} as const;

/** A certificate signed by its issuer, as PEM. EC and RSA issuers sign with SHA-256. */
export function issue(plan: CertificatePlan): string {
  const algorithm =
    plan.issuer.privateKey.asymmetricKeyType === 'rsa'
      ? sequence(oid(oids.sha256WithRsa), element(0x05))
      : sequence(oid(oids.ecdsaWithSha256));
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(serial()),
    algorithm,
    name(plan.issuer.subject),
    sequence(time(plan.notBefore), time(plan.notAfter)),
    name(plan.subject),
    plan.publicKey.export({type: 'spki', format: 'der'}),
    tagged(3, sequence(...extensions(plan))),
  );
  return pem(sequence(body, algorithm, bits(sign('sha256', body, plan.issuer.privateKey))));
}

function serial(): Buffer {
  const random = randomBytes(16);
  random[0] = ((random[0] as number) & 0x7f) | 0x40; // positive, and of the same length always
  return random;
}

const name = (subject: Subject): Buffer =>
  sequence(
    ...(subject.organizations ?? []).map(organization => attribute(oids.organization, organization)),
    attribute(oids.commonName, subject.commonName),
    ...(subject.uid === undefined ? [] : [attribute(oids.uid, subject.uid)]),
  );

const attribute = (type: string, value: string): Buffer => element(tags.set, sequence(oid(type), utf8(value)));

function extensions(plan: CertificatePlan): readonly Buffer[] {
  const ca = plan.purpose === 'ca';
  const hosts = plan.hosts ?? [];
  return [
    extension(oids.basicConstraints, true, ca ? sequence(boolean(true)) : sequence()),
    extension(oids.keyUsage, true, ca ? bits(Buffer.from([0x86]), 1) : bits(Buffer.from([0xa0]), 5)),
    extension(oids.subjectKeyIdentifier, false, bytes(keyIdentifier(plan.publicKey))),
    extension(oids.authorityKeyIdentifier, false, sequence(element(0x80, keyIdentifier(plan.issuer.publicKey)))),
    ...(ca ? [] : [extension(oids.extendedKeyUsage, false, sequence(oid(plan.purpose === 'server' ? oids.serverAuth : oids.clientAuth)))]),
    ...(hosts.length > 0 ? [extension(oids.subjectAltName, false, sequence(...hosts.map(generalName)))] : []),
  ];
}

const extension = (type: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), bytes(value));

/** A digest of the public key: the same for the same key, which is all that matching issuers and subjects needs. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({type: 'spki', format: 'der'}))
    .digest()
    .subarray(0, 20);

function generalName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return element(0x82, Buffer.from(host));
  return element(0x87, family === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(address: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, lead, a, b, c, d] = dotted ?? [];
  const hex = dotted
    ? `${lead}${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`
    : address.replace(/%.*$/, '');
  const [head = '', tail] = hex.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap(group => [group >> 8, group & 0xff]));
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/**
 * Whom the certificate names, read from its bytes and not from a printed form, where a name could hold another attribute. Undefined when it names nobody
 * clearly: no common name or several, control characters, an unusual encoding, or bytes that are no certificate.
 */
export function subjectOf(der: Buffer): Subject | undefined {
  try {
    return subjectOfFields(fieldsOf(der));
  } catch {
    return undefined;
  }
}

/** The fields of the signed part from the serial number on. */
function fieldsOf(der: Buffer): readonly Element[] {
  const [certificate] = elements(der);
  const [body] = elements(certificate?.content ?? Buffer.alloc(0));
  const fields = elements(body?.content ?? Buffer.alloc(0));
  return fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
}

function subjectOfFields([, , , , subject]: readonly Element[]): Subject | undefined {
  if (!subject) return undefined;
  const values = (type: string): readonly string[] => {
    const wanted = oid(type);
    return attributes(subject)
      .filter(([found]) => found?.whole.equals(wanted))
      .map(([, value]) => plainText(value));
  };
  const [commonName, ...others] = values(oids.commonName);
  const [uid, ...uids] = values(oids.uid);
  if (commonName === undefined || others.length > 0 || uids.length > 0) return undefined;
  return {commonName, organizations: values(oids.organization), ...(uid !== undefined && {uid})};
}

const attributes = (subject: Element): readonly (readonly Element[])[] =>
  elements(subject.content).flatMap(set => elements(set.content).map(pair => elements(pair.content)));

function plainText(value: Element | undefined): string {
  if (!value || (value.tag !== tags.utf8 && value.tag !== tags.printable && value.tag !== tags.ia5)) throw new Error('no plain text');
  const text = new TextDecoder('utf-8', {fatal: true}).decode(value.content);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) throw new Error('no plain text');
  return text;
}
