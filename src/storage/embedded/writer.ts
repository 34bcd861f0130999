import type {DatabaseSync} from 'node:sqlite';
import type {Key} from '../storage.ts';
import {absent, allHeld, type Batch, Code, type Commit, commitsOf, type FromWriter} from './batch.ts';
import {Kind, mark, newestRevision, prepare} from './database.ts';
import type {SealStep, Seals} from './seals.ts';
import {Tallies} from './tallies.ts';

/** The work of the thread that writes, each call one transaction. */
export type Writer = {
  /** Judges and applies the commits of the batches in order. They are durable on return; when it throws, nothing of them happened. */
  write(batches: readonly Batch[]): Extract<FromWriter, {outcomes: unknown}>;
  /** Sets the oldest moment, and removes a step's worth of what only earlier ones could see. False when nothing is left to remove. */
  sweep(compacted: number): boolean;
  /** A step of bringing old values in line with what is sealed with which key. */
  reseal(): SealStep;
};

/** How much log a step of compaction looks through. Commits wait for a step at most. */
const sweepRowsMax = 400;

export function openWriter(db: DatabaseSync, seals: Seals): Writer {
  const statements = {...prepareAll(db), seals};
  const tallies = new Tallies(db);
  let head = newestRevision(db);
  let swept = mark(db, 'swept');

  const inTransaction = <T>(work: () => T): T => {
    statements.begin.run();
    const before = head;
    try {
      const result = work();
      statements.commit.run();
      return result;
    } catch (err) {
      head = before;
      seals.rolledBack();
      tallies.forget();
      // Some errors have ended the transaction already.
      if (db.isTransaction) statements.rollback.run();
      throw err;
    }
  };

  return {
    write: batches =>
      inTransaction(() => {
        const outcomes = new Float64Array(2 * batches.reduce((sum, batch) => sum + batch.lengths.length, 0));
        const lasts: Uint8Array[] = [];
        let at = 0;
        for (const batch of batches) {
          for (const commit of commitsOf(batch)) {
            const found = commit.keys.map((key, i) => (commit.codes[i] === Code.count ? undefined : statements.find.get(key)));
            const state = (i: number): number =>
              commit.codes[i] === Code.count ? tallies.count(commit.keys[i]!, commit.terms[i]!) : actual(found[i]);
            const failed = found.findIndex((_, i) => !isHeld(commit, i, state(i)));
            outcomes[at++] = failed < 0 ? allHeld : failed;
            outcomes[at++] = failed < 0 ? 0 : state(failed);
            if (failed < 0) head = apply(statements, {commit, found, head, lasts, tallies});
          }
        }
        return {outcomes, head, lasts};
      }),

    sweep: compacted => {
      const upTo = Math.min(compacted, swept + sweepRowsMax);
      inTransaction(() => {
        sweepRows(statements, swept, upTo);
        statements.setMark.run(compacted, 'compacted');
        statements.setMark.run(upTo, 'swept');
      });
      swept = upTo;
      return swept < compacted;
    },

    reseal: () => inTransaction(() => seals.step(head)),
  };
}

type Found = readonly [revision: number, deleted: number, terms: string];

const prepareAll = (db: DatabaseSync) => ({
  begin: prepare(db, 'BEGIN IMMEDIATE'),
  commit: prepare(db, 'COMMIT'),
  rollback: prepare(db, 'ROLLBACK'),
  find: prepare<Found>(db, 'SELECT revision, deleted, terms FROM keys WHERE key = ?'),
  value: prepare<[Uint8Array | null]>(db, 'SELECT value FROM log WHERE revision = ?'),
  log: prepare(db, 'INSERT INTO log (revision, before, kind, key, terms, value) VALUES (?, ?, ?, ?, ?, ?)'),
  addKey: prepare(db, 'INSERT INTO keys (key, revision, deleted, terms) VALUES (?, ?, 0, ?)'),
  setKey: prepare(db, 'UPDATE keys SET revision = ?, deleted = ?, terms = ? WHERE key = ?'),
  addTerm: prepare(db, 'INSERT OR IGNORE INTO terms (term, key) VALUES (?, ?)'),
  dropTerm: prepare(db, 'DELETE FROM terms WHERE term = ? AND key = ?'),
  logRows: prepare<[number, number, number, string]>(
    db,
    'SELECT revision, before, kind, key FROM log WHERE revision > ? AND revision <= ? ORDER BY revision',
  ),
  dropLog: prepare(db, 'DELETE FROM log WHERE revision = ?'),
  dropKey: prepare(db, 'DELETE FROM keys WHERE key = ? AND revision = ?'),
  setMark: prepare(db, 'UPDATE marks SET revision = ? WHERE name = ?'),
});
type Statements = ReturnType<typeof prepareAll> & {readonly seals: Seals};

/** What an expectation is compared with. */
const actual = (row: Found | undefined): number => (row && !row[1] ? row[0] : absent);

/** Whether what was found is what op number `i` expects. */
const isHeld = ({codes, expects}: Commit, i: number, state: number): boolean =>
  codes[i] === Code.count ? state < expects[i]! : state === expects[i];

type Application = {
  readonly commit: Commit;
  /** The row of each of its keys. As no key comes twice, they hold for the whole commit. */
  readonly found: readonly (Found | undefined)[];
  readonly head: number;
  /** Takes the values that unseen deletes remove. */
  readonly lasts: Uint8Array[];
  readonly tallies: Tallies;
};

/** Writes a commit whose expectations hold; returns the new head. */
function apply(statements: Statements, {commit, found, head, lasts, tallies}: Application): number {
  let revision = head;
  for (const [i, key] of commit.keys.entries()) {
    const code = commit.codes[i];
    if (code === Code.check || code === Code.count) continue;
    revision++;
    const terms = commit.terms[i]!;
    const isDelete = code !== Code.put;
    const kind = isDelete ? Kind.delete : commit.expects[i] === absent ? Kind.create : Kind.update;
    const old = found[i];
    const before = old ? old[0] : 0;
    if (code === Code.dropUnseen) {
      const last = statements.value.get(before)![0];
      lasts.push(last ? statements.seals.open(key as Key, last) : new Uint8Array(0));
    }
    statements.log.run(revision, before, kind, key, terms, isDelete ? null : statements.seals.seal(key as Key, commit.value(i)));
    if (old) statements.setKey.run(revision, isDelete ? 1 : 0, terms, key);
    else statements.addKey.run(key, revision, terms);
    index(statements, tallies, key, {old: old ? old[2] : '', terms});
  }
  return revision;
}

/** Brings the index of terms from what the key had to what it has. Both are JSON arrays, or empty. */
function index(statements: Statements, tallies: Tallies, key: string, {old, terms}: {readonly old: string; readonly terms: string}): void {
  if (old === terms) return;
  const before: readonly string[] = old === '' ? [] : JSON.parse(old);
  const after: readonly string[] = terms === '' ? [] : JSON.parse(terms);
  for (const term of before) if (!after.includes(term) && statements.dropTerm.run(term, key).changes !== 0) tallies.moved(term, key, -1);
  for (const term of after) if (!before.includes(term) && statements.addTerm.run(term, key).changes !== 0) tallies.moved(term, key, 1);
}

/** Every row supersedes the one it names as before, and a delete leaves nothing at all. */
function sweepRows(statements: Statements, after: number, upTo: number): void {
  for (const [revision, before, kind, key] of statements.logRows.all(after, upTo)) {
    if (before > 0) statements.dropLog.run(before);
    if (kind !== Kind.delete) continue;
    statements.dropLog.run(revision);
    statements.dropKey.run(key, revision);
  }
}
