import type {DatabaseSync} from 'node:sqlite';
import {keyId, Sealer, type SealingPlan, sealedWith} from '../sealing/sealer.ts';
import {type Key, Unreadable} from '../storage.ts';
import {prepare} from './database.ts';

/** A plan lacks keys that values of the file are sealed with. */
export class MissingKeys extends Error {}

/** @throws MissingKeys that names them as they were called when they were first used */
export function checkKeys(db: DatabaseSync, {keys, rules}: SealingPlan): void {
  const known = new Set([...keys, ...rules.flatMap(rule => rule.with ?? [])].map(({secret}) => keyId(secret)));
  const seals = prepare<[id: string, name: string]>(db, 'SELECT id, name FROM seals ORDER BY id').all();
  const missing = seals.filter(([id]) => !known.has(id)).map(([id, name]) => `${JSON.stringify(name)} (id ${id})`);
  if (missing.length > 0)
    throw new MissingKeys(
      `values in the store are sealed with a key that is not there: ${missing.join(', ')}; one of the same name is not enough`,
    );
}

/** How a step of bringing the file in line with the plan went. */
export type SealStep = {
  /** Values that were written anew. */
  readonly changed: number;
  /** Values that nobody can open; they stay as they are. */
  readonly unreadable: number;
  readonly more: boolean;
};

/** What a step looks at, at most. Commits wait for a step. */
const stepRowsMax = 100;
const stepBytesMax = 256 * 1024;

/** A file of this size is written anew in about a second, in which no commit is written. */
const wipedBytesMax = 128 * 1024 * 1024;

/**
 * The sealing side of the thread that writes. Which keys the file needs is written down in the same transaction as the first value that is sealed with one, and
 * forgotten when a walk over everything has shown that no value is.
 */
export class Seals {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareAll>;
  #sealer: Sealer;
  #names: ReadonlyMap<string, string>;
  /** Keys that are written down. */
  #noted = new Set<string>();
  /** How far the walk has come. */
  #walked = 0;
  #unreadable = 0;

  constructor(db: DatabaseSync, plan: SealingPlan) {
    this.#db = db;
    this.#statements = prepareAll(db);
    this.#sealer = new Sealer(plan);
    this.#names = namesOf(plan);
    this.#unsettle();
  }

  /** Within a transaction: the bytes to write. */
  seal(key: Key, value: Uint8Array): Uint8Array {
    const id = this.#sealer.idFor(key);
    if (id !== undefined && !this.#noted.has(id)) {
      this.#statements.note.run(id, this.#names.get(id)!);
      this.#noted.add(id);
    }
    return this.#sealer.seal(key, value);
  }

  open(key: Key, bytes: Uint8Array): Uint8Array {
    return this.#sealer.open(key, bytes);
  }

  /** What the transaction wrote down is gone with it. */
  rolledBack(): void {
    this.#noted = new Set();
  }

  /** Follows a plan from here on; the walk begins anew. @throws MissingKeys, and goes on as before */
  follow(plan: SealingPlan): void {
    checkKeys(this.#db, plan);
    this.#sealer = new Sealer(plan);
    this.#names = namesOf(plan);
    this.#noted = new Set();
    this.#walked = 0;
    this.#unreadable = 0;
    this.#unsettle();
  }

  /** What follows another plan is about to be written: who comes back to the former one has to look again. */
  #unsettle(): void {
    if (!this.isSettled()) this.#statements.unsettle.run();
  }

  /** Whether every value follows the plan already, as far as was written down. */
  isSettled(): boolean {
    return this.#statements.settled.get()?.[0] === this.#sealer.fingerprint;
  }

  /** Within a transaction: a step of the walk over all values up to `head`, beyond which everything is new. */
  step(head: number): SealStep {
    let changed = 0;
    let bytes = 0;
    let rows = 0;
    const due: [revision: number, key: Key, value: Uint8Array][] = [];
    let walked = head;
    for (const [revision, key, value] of this.#statements.rows.iterate(this.#walked, head)) {
      if (value && this.#sealer.isDue(key, value)) due.push([revision, key, value]);
      bytes += value?.length ?? 0;
      if (++rows < stepRowsMax && bytes < stepBytesMax) continue;
      walked = revision;
      break;
    }
    let unreadable = 0;
    for (const [revision, key, value] of due) {
      if (sealedWith(value) === undefined) this.#statements.leaveTraces.run();
      try {
        this.#statements.set.run(this.seal(key, this.#sealer.open(key, value)), revision);
        changed++;
      } catch (err) {
        if (!(err instanceof Unreadable)) throw err;
        unreadable++;
      }
    }
    this.#walked = walked;
    this.#unreadable += unreadable;
    const more = walked < head;
    if (!more && this.#unreadable === 0) this.#settle();
    return {changed, unreadable, more};
  }

  /** All values follow the plan. */
  #settle(): void {
    for (const [id] of this.#statements.ids.all()) if (!this.#sealer.writes(id)) this.#statements.drop.run(id);
    this.#statements.settle.run(this.#sealer.fingerprint);
  }

  /** Whether unused parts of the file may still have values that were plain. */
  hasTraces(): boolean {
    return this.#statements.traces.get() !== undefined;
  }

  /** Outside of transactions: writes the whole file anew, and cuts off the write-ahead log, if that is quickly done. False when traces are left. */
  wipe(): boolean {
    const [[pages], [bytes]] = [this.#statements.pageCount.get()!, this.#statements.pageBytes.get()!];
    if (pages * bytes > wipedBytesMax) return false;
    this.#db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    this.#statements.wiped.run();
    return true;
  }
}

const namesOf = ({keys, rules}: SealingPlan): ReadonlyMap<string, string> =>
  new Map([...rules.flatMap(rule => rule.with ?? []), ...keys].map(({name, secret}) => [keyId(secret), name]));

const prepareAll = (db: DatabaseSync) => ({
  note: prepare(db, 'INSERT OR IGNORE INTO seals (id, name) VALUES (?, ?)'),
  ids: prepare<[string]>(db, 'SELECT id FROM seals'),
  drop: prepare(db, 'DELETE FROM seals WHERE id = ?'),
  settled: prepare<[string]>(db, "SELECT text FROM notes WHERE name = 'sealed'"),
  settle: prepare(db, "INSERT OR REPLACE INTO notes (name, text) VALUES ('sealed', ?)"),
  unsettle: prepare(db, "DELETE FROM notes WHERE name = 'sealed'"),
  rows: prepare<[number, Key, Uint8Array | null]>(
    db,
    'SELECT revision, key, value FROM log WHERE revision > ? AND revision <= ? ORDER BY revision',
  ),
  leaveTraces: prepare(db, "INSERT OR IGNORE INTO notes (name, text) VALUES ('traces', '')"),
  traces: prepare<[string]>(db, "SELECT text FROM notes WHERE name = 'traces'"),
  wiped: prepare(db, "DELETE FROM notes WHERE name = 'traces'"),
  pageCount: prepare<[number]>(db, 'PRAGMA page_count'),
  pageBytes: prepare<[number]>(db, 'PRAGMA page_size'),
  set: prepare(db, 'UPDATE log SET value = ? WHERE revision = ?'),
});
