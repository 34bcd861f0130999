import type {DatabaseSync} from 'node:sqlite';
import {bounds} from '../ranges.ts';
import {type Entry, type Event, type Key, type Range, type Revision, Unreadable} from '../storage.ts';
import {Kind, prepare} from './database.ts';

/** A row of the table of keys: what is newest in the file, which may be ahead of what was acknowledged. */
export type KeyRow = readonly [key: Key, revision: Revision, deleted: number];

/** Makes of the bytes under a key its value. @throws Unreadable */
export type OpenValue = (key: Key, bytes: Uint8Array) => Uint8Array;

/** Every question the store asks its file. Each answers at once, and callers keep what they ask for small. What has a value throws `Unreadable`. */
export type Reader = {
  /** The newest row of a key, and its value. */
  newest(key: Key): readonly [revision: Revision, deleted: number, value: Uint8Array | null] | undefined;
  /** The newest row of a key. */
  row(key: Key): KeyRow | undefined;
  /** The revision of a key before the one given; 0 where there is none, or where compaction took it. */
  before(revision: Revision): Revision;
  /** The entry that was written at a revision; undefined when that was a delete, or is compacted away. */
  written(key: Key, revision: Revision): Entry | undefined;
  /** The terms that were written at a revision. */
  terms(revision: Revision): readonly string[];
  /** Keys of a range after one, in order. */
  keys(range: Range, after: string, max: number): readonly KeyRow[];
  /**
   * Counts the first `max` keys of a range after one: the living at or before `at`; those written later, of which this says nothing; how
   * many were looked at; and the last of them.
   */
  countKeys(range: Range, window: {readonly after: string; readonly at: Revision; readonly max: number}): Counted;
  /** Keys that have a term now, after one, in order. */
  keysOf(term: string, after: string, max: number): readonly Key[];
  /** The first term after one that any key has now. */
  termAfter(term: string): string | undefined;
  /** The keys written after a moment. Of all others the newest row was so at that moment already. */
  writtenAfter(at: Revision): readonly Key[];
  /** The events of a range after `after` up to `upTo`, read from the log one by one. */
  events(range: Range, after: Revision, upTo: Revision): IterableIterator<Event | Lost>;
};

/** In place of an event whose value cannot be read. */
export type Lost = {readonly lost: Revision; readonly why: Unreadable};

export type Counted = {readonly living: number; readonly later: number; readonly looked: number; readonly last: string | null};

export function openReader(db: DatabaseSync, open: OpenValue): Reader {
  const newest = prepare<readonly [Revision, number, Uint8Array | null]>(
    db,
    'SELECT k.revision, k.deleted, l.value FROM keys k LEFT JOIN log l ON l.revision = k.revision WHERE k.key = ?',
  );
  const row = prepare<KeyRow>(db, 'SELECT key, revision, deleted FROM keys WHERE key = ?');
  const before = prepare<[Revision]>(db, 'SELECT before FROM log WHERE revision = ?');
  const written = prepare<[number, Uint8Array | null]>(db, 'SELECT kind, value FROM log WHERE revision = ?');
  const terms = prepare<[string]>(db, 'SELECT terms FROM log WHERE revision = ?');
  const keys = prepare<KeyRow>(db, 'SELECT key, revision, deleted FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?');
  const countKeys = prepare<[number, number, number, string | null]>(
    db,
    `SELECT ifnull(sum(revision <= ?1 AND NOT deleted), 0), ifnull(sum(revision > ?1), 0), count(*), max(key)
     FROM (SELECT key, revision, deleted FROM keys WHERE key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4)`,
  );
  const keysOf = prepare<[Key]>(db, 'SELECT key FROM terms WHERE term = ? AND key > ? ORDER BY key LIMIT ?');
  const termAfter = prepare<[string]>(db, 'SELECT term FROM terms WHERE term > ? ORDER BY term LIMIT 1');
  const writtenAfter = prepare<[Key]>(db, 'SELECT DISTINCT key FROM log WHERE revision > ?');
  const events = prepare<EventRow>(
    db,
    `SELECT l.revision, l.before, l.kind, l.key, CASE l.kind WHEN ${Kind.delete} THEN b.value ELSE l.value END
     FROM log l LEFT JOIN log b ON l.kind = ${Kind.delete} AND b.revision = l.before
     WHERE l.revision > ? AND l.revision <= ? AND l.key >= ? AND l.key < ? ORDER BY l.revision`,
  );

  return {
    newest: key => {
      const row = newest.get(key);
      return row?.[2] ? [row[0], row[1], open(key, row[2])] : row;
    },
    row: key => row.get(key),
    before: revision => before.get(revision)?.[0] ?? (0 as Revision),
    written: (key, revision) => {
      const row = written.get(revision);
      return row && row[0] !== Kind.delete ? {key, revision, value: row[1] ? open(key, row[1]) : nothing()} : undefined;
    },
    terms: revision => {
      const text = terms.get(revision)?.[0] ?? '';
      return text === '' ? [] : JSON.parse(text);
    },
    keys: (range, after, max) => {
      const {from, to} = bounds(range, after);
      return keys.all(from, to, max);
    },
    countKeys: (range, {after, at, max}) => {
      const {from, to} = bounds(range, after);
      const [living, later, looked, last] = countKeys.get(at, from, to, max)!;
      return {living, later, looked, last};
    },
    keysOf: (term, after, max) => keysOf.all(term, after, max).map(([key]) => key),
    termAfter: term => termAfter.get(term)?.[0],
    writtenAfter: at => writtenAfter.all(at).map(([key]) => key),
    *events(range, after, upTo) {
      const {from, to} = bounds(range);
      for (const row of events.iterate(after, upTo, from, to)) yield eventOf(row, open);
    },
  };
}

type EventRow = readonly [revision: Revision, before: Revision, kind: number, key: Key, value: Uint8Array | null];

function eventOf([revision, before, kind, key, bytes]: EventRow, open: OpenValue): Event | Lost {
  let value: Uint8Array;
  try {
    value = bytes ? open(key, bytes) : nothing();
  } catch (err) {
    if (err instanceof Unreadable) return {lost: revision, why: err};
    throw err;
  }
  if (kind === Kind.create) return {type: 'create', key, revision, value};
  return {type: kind === Kind.update ? 'update' : 'delete', key, revision, value, before};
}

/** SQLite and NULL do not tell apart an empty value; the kind of the row does. */
const nothing = (): Uint8Array => new Uint8Array(0);
