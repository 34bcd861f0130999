import {chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';

/** A directory that belongs to this process until `release`, or until it dies. */
export type Claim = {readonly database: string; readonly release: () => void};

/** Earlier versions of SQLite could lose commits when two connections checkpoint at the same time. */
const sqliteVersionMin = [3, 51, 3] as const;

/**
 * Claims a directory, which is made where missing, for this process alone. `holder` is what others are told who come too late.
 *
 * The claim is a lock on a file of its own, taken through SQLite because Node has no file locks; the kernel drops it when the process ends.
 * That file and the database must never be opened in another way: closing any handle of a file drops all locks the process has on it.
 */
export function claim(directory: string, holder: string): Claim {
  makeDirectory(directory);
  const path = join(directory, 'lock');
  const holderPath = join(directory, 'holder');
  const database = join(directory, 'store.db');
  const isNew = !existsSync(database);
  createFile(path);
  const lock = new DatabaseSync(path);
  try {
    checkVersion(lock);
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (err) {
    lock.close();
    if ((err as {errcode?: number}).errcode !== sqliteBusy) throw err;
    const other = existsSync(holderPath) ? readFileSync(holderPath, 'utf8') : 'another process';
    throw new Error(`the store in ${directory} is in use by ${other}`);
  }
  writeFileSync(holderPath, holder, {mode: 0o600});
  createFile(database);
  if (isNew) syncDirectory(directory);
  return {database, release: () => lock.close()};
}

const sqliteBusy = 5;

function checkVersion(db: DatabaseSync): void {
  const {version} = db.prepare('SELECT sqlite_version() AS version').get() as {version: string};
  const parts = version.split('.').map(Number);
  for (const [i, min] of sqliteVersionMin.entries()) {
    if (parts[i]! > min) return;
    if (parts[i]! < min) throw new Error(`SQLite ${version} is too old; ${sqliteVersionMin.join('.')} or newer is needed`);
  }
}

/** Only the owner may look: the store holds Secrets. A directory that was there keeps its mode. */
function makeDirectory(directory: string): void {
  const made = mkdirSync(directory, {recursive: true, mode: 0o700});
  if (made === undefined) return;
  chmodSync(directory, 0o700);
  syncDirectory(dirname(directory));
}

/** SQLite gives its side files the mode of the file they belong to. */
function createFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

/** Makes the names in a directory durable. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
