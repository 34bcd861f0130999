/** The certificates of a running server: read from files or made in the root directory, and looked after while it runs. */
import {createPrivateKey, X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {readIfThere} from './files.ts';
import type {Config} from './flags.ts';
import type {Certificates} from './listen.ts';
import type {Log} from './log.ts';
import {clientCa, servingCertificate} from './pki.ts';

/** `ca`: what clients must trust, PEM. */
export type Served = Certificates & {readonly ca: string};

const dayMs = 24 * 60 * 60 * 1000;

/**
 * What to start with. A client CA of our own is believed if it is there; making one takes longer than the rest of a start, so that is left to
 * `keepCertificates`.
 */
export async function firstCertificates(config: Config, hosts: readonly string[]): Promise<Served> {
  const found = config.clientCaFile !== '' || (config.rootDirectory !== '' && readIfThere(join(config.rootDirectory, 'client-ca.crt')));
  const [serving, believed] = await Promise.all([servingPair(config, hosts), found ? clientCaOf(config) : undefined]);
  return {...serving, clientCa: believed};
}

/**
 * Looks at the certificates now and then once a day: makes the client CA, renews the serving certificate before its end, and takes over files that were
 * replaced. `renew` is called when something changed. What goes wrong is logged, and the certificates stay as they are.
 * @returns what ends it
 */
export function keepCertificates(
  config: Config,
  {
    hosts,
    first,
    renew,
    log,
  }: {
    readonly hosts: readonly string[];
    readonly first: Served;
    readonly renew: (certificates: Certificates) => void;
    readonly log: Log;
  },
): () => void {
  let current: Certificates = first;
  const look = async (): Promise<void> => {
    try {
      const [serving, believed] = await Promise.all([servingPair(config, hosts), clientCaOf(config)]);
      if (serving.cert === current.cert && serving.key === current.key && believed === current.clientCa) return;
      const next = {...serving, clientCa: believed};
      renew(next);
      current = next;
      log.debug('certificates were made or replaced');
    } catch (err) {
      log.warn('the certificates could not be renewed', {error: err});
    }
  };
  void look();
  const timer = setInterval(look, dayMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function servingPair(config: Config, hosts: readonly string[]): Promise<Omit<Served, 'clientCa'>> {
  if (config.tlsCertFile === '') return servingCertificate(config.certificateDirectory, hosts, new Date());
  const cert = readFileSync(config.tlsCertFile, 'utf8');
  const key = readFileSync(config.tlsPrivateKeyFile, 'utf8');
  if (!certificateIn(cert, '--tls-cert-file').checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key of --tls-private-key-file does not belong to the certificate of --tls-cert-file');
  return {cert, key, ca: cert};
}

/** Without a file and without a root directory nobody could sign with the CA, so there is none. */
async function clientCaOf(config: Config): Promise<string | undefined> {
  if (config.clientCaFile === '') return config.rootDirectory === '' ? undefined : (await clientCa(config.rootDirectory, new Date())).cert;
  const bundle = readFileSync(config.clientCaFile, 'utf8');
  certificateIn(bundle, '--client-ca-file');
  return bundle;
}

/** The first certificate of a PEM file. TLS would take a file without any, and believe nobody. */
function certificateIn(pem: string, flag: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error(`the file of ${flag} holds no certificate`);
  }
}
