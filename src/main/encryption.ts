/** What is sealed on its way to the disk, and with which keys: by `--encryption-provider-config`, or by a file of the root directory that the first start makes. */
import {existsSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Chance, Timers} from '../api/world.ts';
import type {Embedded} from '../storage/embedded.ts';
import type {SealingPlan} from '../storage/sealing/sealer.ts';
import {decodeYaml} from '../wire/yaml.ts';
import {readEncryptionConfig} from './encryption-config.ts';
import {readIfThere, writeForGood} from './files.ts';
import type {Config} from './flags.ts';
import type {Log} from './log.ts';

const ownFile = 'encryption.json';
/** How often the file is looked at. */
const lookMs = 5_000;
const fileBytesMax = 1024 * 1024;

export type Encryption = {
  readonly plan: SealingPlan;
  /** Where the plan comes from, and where else a key may be that it lacks. For people. */
  readonly whereKeysAre: string;
  /** Puts a key that was made where it will be found again. To be called when the store has opened without another one, and before anything is written. */
  readonly save: (log: Log) => void;
  /** Brings the store in line with the plan, and with what the file says later, where that is asked for. Returns how to end it. */
  readonly keep: (store: Pick<Embedded, 'reseal'>, world: Timers, log: Log) => () => void;
};

type EncryptionFlags = Pick<Config, 'rootDirectory' | 'encryptionProviderConfig' | 'encryptionProviderConfigAutomaticReload'>;

/** @throws Error with a text for people, without secrets */
export function encryptionOf(flags: EncryptionFlags, chance: Pick<Chance, 'bytes'>): Encryption {
  const given = flags.encryptionProviderConfig;
  const own = join(flags.rootDirectory, ownFile);
  const path = given || own;
  const found = given === '' ? readIfThere(path) : readText(path);
  const text = found ?? firstConfig(chance.bytes(32));
  const plan = read(text, path);
  return {
    plan,
    whereKeysAre: given !== '' && existsSync(own) ? `${given} (the server's own key is in ${own})` : path,
    save(log) {
      if (found !== undefined) return;
      writeForGood(path, text);
      log.info('a key was made that Secrets are sealed with; without it they are lost, so keep a copy, and not beside those of the store', {
        file: path,
      });
    },
    keep: (store, world, log) =>
      keep({store, world, log, path, reload: given === '' || flags.encryptionProviderConfigAutomaticReload}, text, plan),
  };
}

/** Secrets, with one key. Plain ones, which another program may have left, are read. */
function firstConfig(secret: Uint8Array): string {
  const config = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [{aesgcm: {keys: [{name: 'key1', secret: Buffer.from(secret).toString('base64')}]}}, {identity: {}}],
      },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

type Keeping = {
  readonly store: Pick<Embedded, 'reseal'>;
  readonly world: Timers;
  readonly log: Log;
  readonly path: string;
  readonly reload: boolean;
};

function keep({store, world, log, path, reload}: Keeping, first: string, plan: SealingPlan): () => void {
  let ended = false;
  const follow = async (next: SealingPlan): Promise<void> => {
    try {
      const {changed, unreadable, traces} = await store.reseal(next);
      const names = [...new Set(next.rules.map(rule => rule.with?.name ?? 'none'))].join(', ');
      if (unreadable > 0) log.error('stored values cannot be opened; the keys of before are still needed', {changed, unreadable});
      else if (changed > 0) log.info('stored values are sealed as configured; former keys are no longer needed', {changed, keys: names});
      if (traces)
        log.warn('what was not sealed before may be found in unused parts of the store; stop the server and VACUUM it to be sure');
    } catch (err) {
      if (!ended) log.error('stored values are not yet sealed as configured', {file: path, why: (err as Error).message});
    }
  };
  let text = first;
  let trouble = '';
  const look = (): void => {
    try {
      const now = readText(path);
      if (now === text) return;
      text = now;
      trouble = '';
      const next = read(now, path);
      log.info('the encryption configuration was read again', {file: path});
      void follow(next);
    } catch (err) {
      const why = (err as Error).message;
      if (why !== trouble) log.error('the encryption configuration is unfit, and what it was before goes on', {why});
      trouble = why;
    }
  };
  const lookOn = (): (() => void) =>
    world.after(lookMs, () => {
      look();
      callOff = lookOn();
    });
  let callOff = reload ? lookOn() : () => {};
  void follow(plan);
  return () => {
    ended = true;
    callOff();
  };
}

function readText(path: string): string {
  if (statSync(path).size > fileBytesMax) throw new Error(`${path} is longer than ${fileBytesMax} bytes`);
  return readFileSync(path, 'utf8');
}

function read(text: string, path: string): SealingPlan {
  try {
    if (text === '') throw new Error('it is empty');
    const {value, duplicates} = decode(text);
    if (duplicates.length > 0) throw new Error(`strict decoding error: ${duplicates.join(', ')}`);
    return readEncryptionConfig(value);
  } catch (err) {
    throw new Error(`the encryption configuration in ${path}: ${(err as Error).message}`);
  }
}

/** What is neither YAML nor JSON is not quoted: it may be a key. */
function decode(text: string): ReturnType<typeof decodeYaml> {
  try {
    return decodeYaml(Buffer.from(text));
  } catch (err) {
    const line = /\bline \d+/.exec((err as Error).message)?.[0];
    throw new Error(`it is neither YAML nor JSON${line ? ` (${line})` : ''}`);
  }
}
