/** Files the process owns: written whole or not at all, readable by their owner only. */
import {chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Config} from './flags.ts';
import type {Log} from './log.ts';

/**
 * Writes by a temporary file and a rename, so that no reader ever sees half of it. Makes missing folders. Files get mode 0600 and folders 0700, whatever the
 * umask would let through.
 */
export function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const temporary = `${path}.${process.pid}.tmp`;
  // Never through a link, and never into a file of another mode that somebody left there.
  rmSync(temporary, {force: true});
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** The same for what must not be lost with the power: not even its name. That costs some milliseconds more. */
export function writeForGood(path: string, content: string): void {
  writeWhole(path, content);
  const names = openSync(dirname(path), 'r');
  try {
    fsyncSync(names);
  } finally {
    closeSync(names);
  }
}

/** The text of a file, or undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw err;
  }
}

const forOthers = 0o077;

/** Whether others than the owner may read or change what is there. */
function isOpen(path: string): boolean {
  const found = statSync(path, {throwIfNoEntry: false});
  return found !== undefined && (found.mode & forOthers) !== 0;
}

/** What we keep in a root directory that nobody else may see. */
const kept = [
  'encryption.json',
  'apiserver.key',
  'serving-ca.key',
  'client-ca.key',
  'sa.key',
  ...['store.db', 'store.db-wal', 'store.db-shm'].map(name => join('data', name)),
  'data',
];

type SecretFiles = Pick<
  Config,
  | 'rootDirectory'
  | 'kubeconfigPath'
  | 'adminTokenPath'
  | 'certificateDirectory'
  | 'encryptionProviderConfig'
  | 'tokenAuthFile'
  | 'tlsPrivateKeyFile'
  | 'serviceAccountSigningKeyFile'
  | 'serviceAccountPrivateKeyFile'
  | 'shardClientKeyFile'
  | 'authorizationWebhookConfigFile'
>;

/**
 * Closes to others what is ours, and was opened to them by a backup or a copy; warns of files of others that flags name, which may be mounted so.
 * Whoever could read them may have done so.
 */
export function guardSecrets(config: SecretFiles, log: Pick<Log, 'warn'>): void {
  const {rootDirectory, certificateDirectory} = config;
  const ours = [
    ...(rootDirectory === '' ? [] : kept.map(name => join(rootDirectory, name))),
    ...(certificateDirectory === '' || certificateDirectory === rootDirectory
      ? []
      : ['apiserver.key', 'serving-ca.key'].map(name => join(certificateDirectory, name))),
    config.kubeconfigPath,
    config.adminTokenPath,
  ];
  for (const path of ours.filter(isOpen)) {
    const {mode} = statSync(path);
    const about = {path, mode: octal(mode)};
    try {
      chmodSync(path, mode & ~forOthers);
      log.warn('others could read this file and no longer can; make new keys if you cannot trust them', about);
    } catch {
      // A volume may belong to another user, and be open to the group that is ours.
      log.warn('others can read this file, which holds a secret', about);
    }
  }
  const theirs = [
    config.encryptionProviderConfig,
    config.tokenAuthFile,
    config.tlsPrivateKeyFile,
    config.serviceAccountSigningKeyFile,
    config.serviceAccountPrivateKeyFile,
    config.shardClientKeyFile,
    config.authorizationWebhookConfigFile,
  ];
  for (const path of theirs.filter(isOpen))
    log.warn('others can read this file, which holds a secret', {path, mode: octal(statSync(path).mode)});
}

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');
