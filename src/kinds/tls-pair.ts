import {createPrivateKey, createPublicKey, X509Certificate} from 'node:crypto';

/** Blocks looked at: what comes first decides. */
const blocksMax = 10;

/** The names of the first blocks of PEM in a text. */
function blocksOf(pem: string): string[] {
  const names: string[] = [];
  for (let at = 0; names.length < blocksMax; ) {
    const begin = pem.indexOf(beginMark, at);
    const close = begin < 0 ? -1 : pem.indexOf('-----', begin + beginMark.length);
    if (close < 0) break;
    const name = pem.slice(begin + beginMark.length, close);
    const end = pem.indexOf(`-----END ${name}-----`, close);
    if (end < 0) break;
    names.push(name);
    at = end + name.length;
  }
  return names;
}

const beginMark = '-----BEGIN ';

/** What Go finds wrong with a certificate and its key, in PEM, as a list of one; undefined when they are a pair. */
export function keyPairTrouble(certificate: string, key: string): [string] | undefined {
  const trouble = blockTrouble(certificate, 'certificate', name => name === 'CERTIFICATE') ?? blockTrouble(key, 'key', isKey);
  if (trouble !== undefined) return [`tls: ${trouble}`];
  try {
    const inCertificate = new X509Certificate(certificate).publicKey;
    const ofKey = createPublicKey(createPrivateKey(key));
    return inCertificate.equals(ofKey) ? undefined : ['tls: private key does not match public key'];
  } catch {
    return ['tls: failed to parse certificate or private key'];
  }
}

const isKey = (name: string): boolean => name === 'PRIVATE KEY' || name.endsWith(' PRIVATE KEY');

function blockTrouble(pem: string, what: 'certificate' | 'key', wanted: (name: string) => boolean): string | undefined {
  const found = blocksOf(pem);
  if (found.length === 0) return `failed to find any PEM data in ${what} input`;
  if (found.some(wanted)) return undefined;
  if (what === 'certificate' && found.length === 1 && isKey(found[0]!))
    return 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  if (what === 'key' && found.length === 1 && found[0] === 'CERTIFICATE')
    return 'found a certificate rather than a key in the PEM for the private key';
  const names = found.join(' ');
  return what === 'certificate'
    ? `failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${names}]`
    : `failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${names}]`;
}
