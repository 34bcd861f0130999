/**
 * The file of the audit log. Lines are appended before the request goes on; a file that has grown too large is put aside under a name with the time, and
 * what was put aside goes when there is too much of it or it is too old. A disk that takes no more costs lines and a warning.
 */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs';
import {rename, rm, unlink} from 'node:fs/promises';
import {basename, dirname, extname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';
import type {Timers} from '../api/world.ts';
import type {Log} from './log.ts';

export type AuditFileOptions = {
  readonly path: string;
  /** Of the file before it is put aside; 0: it never is. */
  readonly bytesMax: number;
  /** How many files that were put aside are kept, and how long; 0: for ever. */
  readonly backupsMax: number;
  readonly ageMsMax: number;
  /** Whether they are compressed. */
  readonly compress: boolean;
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
};

/** Where lines go. */
export type LineSink = {
  /** False when the line could not be kept. */
  write(line: string): boolean;
  /** Writes what waits, and ends. */
  close(): Promise<void>;
};

/** How often it is said that lines are being lost. */
const warnEveryMs = 10_000;

/** Opens or makes the file, mode 0600. @throws Error of the system when that is not possible */
export function auditFile(options: AuditFileOptions): LineSink {
  const file = new AuditFile(options);
  return {write: line => file.write(line), close: () => file.close()};
}

class AuditFile {
  readonly #options: AuditFileOptions;
  #descriptor: number | undefined;
  #size = 0;
  #lost = 0;
  #warnedMs = Number.NEGATIVE_INFINITY;
  #tidying: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: AuditFileOptions) {
    this.#options = options;
    mkdirSync(dirname(options.path), {recursive: true, mode: 0o700});
    this.#open();
    this.#tidy();
  }

  write(line: string): boolean {
    if (this.#closed) return false;
    const bytes = Buffer.from(line);
    const {bytesMax} = this.#options;
    try {
      if (this.#descriptor === undefined) this.#open();
      if (bytesMax > 0 && this.#size > 0 && this.#size + bytes.length > bytesMax) this.#rotate();
      this.#append(bytes);
    } catch (err) {
      this.#lose(err);
      return false;
    }
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    await this.#tidying;
  }

  #open(): void {
    this.#descriptor = openSync(this.#options.path, 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  #append(bytes: Buffer): void {
    const descriptor = this.#descriptor as number;
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(descriptor, bytes, at);
    } catch (err) {
      // Half a line would spoil the next one.
      if (at > 0) ftruncateSync(descriptor, this.#size);
      throw err;
    }
    this.#size += bytes.length;
  }

  #rotate(): void {
    const {path, now} = this.#options;
    const ext = extname(path);
    const aside = join(dirname(path), `${basename(path, ext)}-${stampOf(now())}${ext}`);
    closeSync(this.#descriptor as number);
    this.#descriptor = undefined;
    renameSync(path, aside);
    this.#open();
    this.#tidy();
  }

  #lose(err: unknown): void {
    const {now, log, path} = this.#options;
    this.#lost++;
    if (now() - this.#warnedMs < warnEveryMs) return;
    this.#warnedMs = now();
    log.warn('lines of the audit log are lost', {path, lost: this.#lost, error: String(err)});
  }

  /** Beside the requests, one time after the other. */
  #tidy(): void {
    this.#tidying = this.#tidying
      .then(() => tidy(this.#options))
      .catch(err => this.#options.log.warn('old files of the audit log could not be put in order', {error: String(err)}));
  }
}

/** `2026-11-28T21-54-33.900`, as the names of Kubernetes' have it. */
const stampOf = (ms: number): string => new Date(ms).toISOString().slice(0, -1).replaceAll(':', '-');
const stampPattern = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

type Aside = {readonly name: string; readonly ms: number; readonly packed: boolean};

/** Removes and compresses what was put aside, newest first kept. */
async function tidy({path, backupsMax, ageMsMax, compress, now}: AuditFileOptions): Promise<void> {
  const folder = dirname(path);
  const found = asideOf(path).toSorted((a, b) => b.ms - a.ms);
  const cutoff = ageMsMax > 0 ? now() - ageMsMax : Number.NEGATIVE_INFINITY;
  for (const [i, {name, ms, packed}] of found.entries()) {
    if ((backupsMax > 0 && i >= backupsMax) || ms < cutoff) await unlink(join(folder, name));
    else if (compress && !packed) await pack(join(folder, name));
  }
}

function asideOf(path: string): readonly Aside[] {
  const ext = extname(path);
  const prefix = `${basename(path, ext)}-`;
  return readdirSync(dirname(path)).flatMap(name => {
    const packed = name.endsWith('.gz');
    const bare = packed ? name.slice(0, -'.gz'.length) : name;
    if (!bare.startsWith(prefix) || !bare.endsWith(ext)) return [];
    const [, day, hours, minutes, seconds] = stampPattern.exec(bare.slice(prefix.length, bare.length - ext.length)) ?? [];
    const ms = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
    return Number.isNaN(ms) ? [] : [{name, ms, packed}];
  });
}

async function pack(path: string): Promise<void> {
  const half = `${path}.tmp`;
  // One that a crash left keeps its mode, whatever that is.
  await rm(half, {force: true});
  await pipeline(createReadStream(path), createGzip(), createWriteStream(half, {flags: 'wx', mode: 0o600}));
  await rename(half, `${path}.gz`);
  await unlink(path);
}

/** Events that wait to be written, and how long, where requests do not wait for them. */
export type Batching = {
  readonly eventsMax: number;
  readonly waitMs: number;
  readonly timers: Pick<Timers, 'after'>;
  readonly log: Pick<Log, 'warn'>;
};

/** Of all events that wait; a write of so much takes some ten milliseconds. */
const waitingCharsMax = 16 * 1024 * 1024;

/** Lines are written together, a while later. What comes faster than `eventsMax` or `waitingCharsMax` in that while is lost, and told. */
export function batched(sink: LineSink, {eventsMax, waitMs, timers, log}: Batching): LineSink {
  let waiting: string[] = [];
  let chars = 0;
  let lost = 0;
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (lost > 0) log.warn('events of the audit log came too fast and were lost', {lost});
    lost = 0;
    if (waiting.length > 0) sink.write(waiting.join(''));
    waiting = [];
    chars = 0;
  };
  return {
    write(line) {
      if (waiting.length >= eventsMax || chars + line.length > waitingCharsMax) lost++;
      else {
        waiting.push(line);
        chars += line.length;
      }
      cancel ??= timers.after(waitMs, flush);
      return true;
    },
    async close() {
      flush();
      await sink.close();
    },
  };
}
