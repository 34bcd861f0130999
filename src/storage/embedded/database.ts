import {DatabaseSync, type SQLInputValue} from 'node:sqlite';

/**
 * The tables of the embedded store. A value is written once, into the log; everything else points to it by revision.
 * Each row of the log names the one of the same key before it, so that any moment since the compaction is found by walking back.
 * In the log the long columns come last, so that walks do not read them.
 */
const tables = `
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY,
    before INTEGER NOT NULL,  -- the key's log row before this one, also over a delete; 0: none
    kind INTEGER NOT NULL,    -- see Kind
    key TEXT NOT NULL,
    terms TEXT NOT NULL,      -- JSON array, or empty
    value BLOB                -- NULL on delete
  ) STRICT;
  CREATE TABLE keys (         -- each key's newest log row; a deleted key stays until it is compacted
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    terms TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE terms (
    term TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (term, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE marks (        -- 'compacted': the oldest moment to read; 'swept': up to where its garbage is gone
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO marks VALUES ('compacted', 0), ('swept', 0);
`;
/** What layout 2 has beyond layout 1. */
const sealingTables = `
  CREATE TABLE seals (        -- every key that some value of the log may be sealed with
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL        -- as it was called when it was first used
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE notes (        -- 'sealed': the plan that every value follows
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
const layout = 2;

/** The values of `log.kind`. */
export const Kind = {create: 0, update: 1, delete: 2} as const;

const pageBytes = 8192;
/** How long a connection waits for a lock. Locks are held for moments only, while another connection opens or closes. */
const busyMsMax = 5_000;

export type Connection = {
  /** Pages cached on the heap of SQLite. */
  readonly cacheBytes: number;
  /** How much of the file is read through a memory map. */
  readonly mapBytes: number;
};

/** Opens the file, which is created where missing, in the mode all connections share. Rows are arrays. */
export function connect(path: string, {cacheBytes, mapBytes}: Connection): DatabaseSync {
  const db = new DatabaseSync(path, {timeout: busyMsMax, returnArrays: true});
  db.exec(`
    PRAGMA page_size = ${pageBytes};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = ${-Math.ceil(cacheBytes / 1024)};
    PRAGMA mmap_size = ${mapBytes};
    PRAGMA temp_store = MEMORY;
  `);
  return db;
}

/** Makes the tables of a new file, brings those of the former layout to this one, and refuses others. */
export function prepareTables(db: DatabaseSync): void {
  const [version] = prepare<[number]>(db, 'PRAGMA user_version').get()!;
  if (version === layout) return;
  if (version > layout) throw new Error(`the store has layout ${version}; this program knows layout ${layout}`);
  db.exec(`BEGIN IMMEDIATE; ${version === 0 ? tables : ''} ${sealingTables} PRAGMA user_version = ${layout}; COMMIT`);
}

/** A prepared statement whose rows are known. */
export type Statement<Row> = {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): IterableIterator<Row>;
  run(...values: SQLInputValue[]): {readonly changes: number | bigint};
};
export const prepare = <Row>(db: DatabaseSync, sql: string): Statement<Row> => db.prepare(sql) as unknown as Statement<Row>;

/** The newest revision ever given. Compaction may have removed its row, but then it is not before the compaction. */
export function newestRevision(db: DatabaseSync): number {
  const [newest] = prepare<[number]>(
    db,
    "SELECT max(ifnull((SELECT max(revision) FROM log), 0), revision) FROM marks WHERE name = 'compacted'",
  ).get()!;
  return newest;
}

export function mark(db: DatabaseSync, name: 'compacted' | 'swept'): number {
  return prepare<[number]>(db, 'SELECT revision FROM marks WHERE name = ?').get(name)![0];
}
