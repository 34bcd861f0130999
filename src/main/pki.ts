/**
 * The certificates of the root directory: a CA of our own with a serving certificate, and a CA that signs client certificates. What is there, valid and
 * fitting is used; the rest is made. An empty directory name keeps everything in memory.
 */
import {createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, X509Certificate} from 'node:crypto';
import {isIP} from 'node:net';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {issue, type Subject, subjectOf} from './certificate.ts';
import {readIfThere, writeWhole} from './files.ts';

/** A certificate (or a bundle that begins with it) and its key, as PEM. */
export type KeyPair = {readonly cert: string; readonly key: string};

/** What TLS serves with. `cert` holds the leaf and the CA; `ca` is what clients must trust. */
export type ServingCertificate = KeyPair & {readonly ca: string; readonly notAfter: Date};

const dayMs = 24 * 60 * 60 * 1000;
const caDays = 3650;
const leafDays = 365;
/** A certificate nearer to its end than this is made anew. */
const renewDaysLeft = 30;
/** Clocks of clients may run behind ours. */
const clockSkewMs = 60 * 60 * 1000;

const makeKeys = promisify(generateKeyPair);
type Keys = {readonly publicKey: KeyObject; readonly privateKey: KeyObject};
type Authority = KeyPair & Keys & {readonly subject: Subject};

/**
 * The serving certificate for `hosts` (DNS names and IP addresses; the loopback names are always in). Files: `apiserver.crt` (leaf and CA), `apiserver.key`,
 * `serving-ca.crt`, `serving-ca.key`. The CA stays when only the leaf is renewed, so that kubeconfigs stay good.
 */
export async function servingCertificate(directory: string, hosts: readonly string[], now: Date): Promise<ServingCertificate> {
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts.filter(isName)])];
  const ca = await authority(directory, {name: 'serving-ca', commonName: 'kcp-serving-ca', rsa: false, now});
  const stored = read(directory, 'apiserver');
  if (stored && serves(stored, ca, {names, now})) return {...stored, ca: ca.cert, notAfter: endOf(stored)};

  const keys = await makeKeys('ec', {namedCurve: 'P-256'});
  const leaf = issue({
    subject: {commonName: names.find(name => isIP(name) === 0 && name !== 'localhost') ?? 'localhost'},
    publicKey: keys.publicKey,
    issuer: ca,
    purpose: 'server',
    hosts: names,
    ...lifetime(now, leafDays),
  });
  const made = {cert: leaf + ca.cert, key: keyText(keys.privateKey)};
  write(directory, 'apiserver', made);
  return {...made, ca: ca.cert, notAfter: endOf(made)};
}

/** What a certificate may name: no underscores, no wildcards, nothing longer than DNS takes. */
const isName = (host: string): boolean =>
  isIP(host) !== 0 || (host.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(host));

function serves(pair: KeyPair, ca: Authority, wanted: {readonly names: readonly string[]; readonly now: Date}): boolean {
  const leaf = new X509Certificate(pair.cert);
  return (
    lasts(leaf, wanted.now) &&
    leaf.verify(ca.publicKey) &&
    pair.cert.includes(ca.cert.trim()) &&
    wanted.names.every(name => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined)
  );
}

/**
 * The CA of client certificates: `client-ca.crt` and `client-ca.key`, an RSA key of 2048 bits, since tools that sign with it expect RSA. Making it takes a
 * tenth of a second on a thread of its own.
 */
export async function clientCa(directory: string, now: Date): Promise<KeyPair> {
  const {cert, key} = await authority(directory, {name: 'client-ca', commonName: 'kcp-client-ca', rsa: true, now});
  return {cert, key};
}

/** A client certificate that logs in as `subject`, signed by a client CA. `days` of validity. */
export async function clientCertificate(ca: KeyPair, subject: Subject, days: number, now: Date): Promise<KeyPair> {
  const keys = await makeKeys('ec', {namedCurve: 'P-256'});
  const cert = issue({subject, publicKey: keys.publicKey, issuer: authorityOf(ca), purpose: 'client', ...lifetime(now, days)});
  return {cert, key: keyText(keys.privateKey)};
}

type AuthorityPlan = {readonly name: string; readonly commonName: string; readonly rsa: boolean; readonly now: Date};

async function authority(directory: string, plan: AuthorityPlan): Promise<Authority> {
  const stored = read(directory, plan.name);
  if (stored && lasts(new X509Certificate(stored.cert), plan.now)) return authorityOf(stored);
  // A CA that others may rely on is never replaced because we cannot read it.
  if (!stored && directory !== '' && readIfThere(join(directory, `${plan.name}.crt`)))
    throw new Error(`${join(directory, plan.name)}.crt has no key of its own beside it; remove both files to have them made anew`);

  const keys = plan.rsa ? await makeKeys('rsa', {modulusLength: 2048}) : await makeKeys('ec', {namedCurve: 'P-256'});
  const subject = {commonName: `${plan.commonName}@${Math.floor(plan.now.getTime() / 1000)}`};
  const cert = issue({
    subject,
    publicKey: keys.publicKey,
    issuer: {subject, ...keys},
    purpose: 'ca',
    ...lifetime(plan.now, caDays),
  });
  const made = {cert, key: keyText(keys.privateKey)};
  write(directory, plan.name, made);
  return {...made, ...keys, subject};
}

function authorityOf(pair: KeyPair): Authority {
  const subject = subjectOf(new X509Certificate(pair.cert).raw);
  if (!subject) throw new Error('the certificate of the CA has no common name');
  const privateKey = createPrivateKey(pair.key);
  return {...pair, subject, privateKey, publicKey: createPublicKey(privateKey)};
}

/** A pair of the directory, if both files are there and belong together. */
function read(directory: string, name: string): KeyPair | undefined {
  if (directory === '') return undefined;
  const cert = readIfThere(join(directory, `${name}.crt`));
  const key = readIfThere(join(directory, `${name}.key`));
  if (!cert || !key) return undefined;
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? {cert, key} : undefined;
  } catch {
    return undefined; // cut off or foreign: made anew
  }
}

function write(directory: string, name: string, pair: KeyPair): void {
  if (directory === '') return;
  writeWhole(join(directory, `${name}.key`), pair.key);
  writeWhole(join(directory, `${name}.crt`), pair.cert);
}

const lasts = (certificate: X509Certificate, now: Date): boolean =>
  certificate.validFromDate <= now && certificate.validToDate.getTime() - now.getTime() > renewDaysLeft * dayMs;

const lifetime = (now: Date, days: number): {readonly notBefore: Date; readonly notAfter: Date} => ({
  notBefore: new Date(now.getTime() - clockSkewMs),
  notAfter: new Date(now.getTime() + days * dayMs),
});

const endOf = (pair: KeyPair): Date => new X509Certificate(pair.cert).validToDate;

const keyText = (key: KeyObject): string => key.export({type: 'pkcs8', format: 'pem'}) as string;
