/**
 * The thread that writes. It takes everything that is queued, commits it in one transaction with one sync, and answers all of it at once:
 * under load the cost of a sync is shared by all who wait for it, and alone a commit waits for nothing.
 */
import {parentPort, receiveMessageOnPort, workerData} from 'node:worker_threads';
import type {SealingPlan} from '../sealing/sealer.ts';
import type {Batch, FromWriter, Resealed, ToWriter} from './batch.ts';
import {type Connection, connect, prepare} from './database.ts';
import {Seals} from './seals.ts';
import {openWriter} from './writer.ts';

export type WorkerData = {
  readonly path: string;
  readonly connection: Connection;
  readonly sealing: SealingPlan;
  readonly fileBytesMax?: number;
};

const port = parentPort!;
const {path, connection, sealing, fileBytesMax} = workerData as WorkerData;

/** A transaction takes no further batch once it has this much, so that nobody waits long for the commits of others. */
const transactionBytesMax = 8 * 1024 * 1024;

/**
 * Pages in the write-ahead log that are carried over into the file: in a quiet moment when there are so many, and under load when there
 * are too many. Commits wait meanwhile, but never the ones just answered.
 */
const walPagesWanted = 1_000;
const walPagesMax = 4_000;

const db = connect(path, connection);
if (fileBytesMax !== undefined) {
  const [pageBytes] = db.prepare('PRAGMA page_size').get() as unknown as [number];
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(fileBytesMax / pageBytes))}`);
}
db.exec('PRAGMA wal_autocheckpoint = 0');
const seals = new Seals(db, sealing);
const writer = openWriter(db, seals);
const walState = prepare<[busy: number, pages: number, carriedOver: number]>(db, 'PRAGMA wal_checkpoint(NOOP)');
const carryOver = prepare(db, 'PRAGMA wal_checkpoint(PASSIVE)');

const queue: Batch[] = [];
/** Up to where to compact, while that goes on. */
let compacting: number | undefined;
/** What came of bringing values in line with the plan so far, while that goes on. */
let resealing: (Resealed & {readonly turn: number}) | undefined;
let closing = false;

// The thread ends when its port is closed.
port.on('message', (message: ToWriter) => {
  take(message);
  work();
});

const tell = (message: FromWriter): void => port.postMessage(message);

function take(message: ToWriter): void {
  if ('batch' in message) queue.push(message.batch);
  else if ('compact' in message) compacting = message.compact;
  else if ('reseal' in message) follow(message.reseal, message.turn);
  else {
    closing = true;
    compacting = undefined;
    resealing = undefined;
  }
}

/** Returns when nothing is left to do. Commits and steps of longer work take turns, so that none waits long for the others. */
function work(): void {
  takeAll();
  do {
    if (queue.length > 0) write();
    if (compacting !== undefined) sweep(compacting);
    if (resealing) reseal(resealing);
    takeAll();
    checkpoint();
  } while (queue.length > 0 || compacting !== undefined || resealing);
  if (closing) close();
}

function takeAll(): void {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message as ToWriter);
}

function write(): void {
  const batches: Batch[] = [];
  for (let size = 0; queue.length > 0 && size < transactionBytesMax; ) {
    const batch = queue.shift()!;
    size += batch.values.length;
    batches.push(batch);
  }
  try {
    const done = writer.write(batches);
    port.postMessage(done satisfies FromWriter, [done.outcomes.buffer as ArrayBuffer]);
  } catch (err) {
    const count = batches.reduce((sum, batch) => sum + batch.lengths.length, 0);
    tell({refused: (err as Error).message, count});
    if (isFatal(err)) port.close();
  }
}

function sweep(compacted: number): void {
  try {
    if (writer.sweep(compacted)) return;
    tell({compacted});
  } catch (err) {
    tell({compacted, failed: (err as Error).message});
  }
  compacting = undefined;
}

const nothingYet: Resealed = {changed: 0, unreadable: 0, traces: false};

function follow(plan: SealingPlan, turn: number): void {
  // What was sent before may need keys that the new plan lacks.
  while (queue.length > 0) write();
  try {
    seals.follow(plan);
    resealing = {turn, ...nothingYet};
  } catch (err) {
    tell({lacking: (err as Error).message, turn});
  }
}

function reseal({turn, ...before}: NonNullable<typeof resealing>): void {
  let failed: string | undefined;
  let now: Resealed = before;
  try {
    if (!seals.isSettled()) {
      const {changed, unreadable, more} = writer.reseal();
      now = {...before, changed: before.changed + changed, unreadable: before.unreadable + unreadable};
      if (more) {
        resealing = {turn, ...now};
        return;
      }
    }
    if (seals.hasTraces()) now = {...now, traces: !seals.wipe()};
  } catch (err) {
    failed = (err as Error).message;
  }
  resealing = undefined;
  tell({resealed: now, turn, ...(failed !== undefined && {failed})});
}

function checkpoint(): void {
  const [, pages, carriedOver] = walState.get()!;
  const due = pages - carriedOver;
  if (due > walPagesMax || (due > walPagesWanted && queue.length === 0)) carryOver.get();
}

function close(): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  port.close();
}

/**
 * After a failed sync the kernel may have dropped what it could not write, and the next sync would wrongly succeed; a damaged file gets no
 * better by writing to it. Other errors, such as a full disk, leave the file as it was.
 */
function isFatal(err: unknown): boolean {
  const code = (err as {errcode?: number}).errcode ?? 0;
  return fatalCodes.has(code) || fatalCodes.has(code & 0xff);
}
const fatalCodes = new Set([11 /* CORRUPT */, 26 /* NOTADB */, 1034 /* IOERR_FSYNC */, 1290 /* IOERR_DIR_FSYNC */]);
