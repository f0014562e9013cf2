// Tables of any size for the benchmarks of reads: filled once, in pieces that a later run goes on from, and kept.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseInstant } from '../app/model/instant.ts';
import { counterReader, counterWriter } from '../app/storage/sqlite/file/counters.ts';
import { migrate } from '../app/storage/sqlite/file/migrations.ts';
import { OrderFiller } from '../app/storage/sqlite/order-filler.ts';
import { inSnapshot } from '../app/storage/sqlite/file/snapshot.ts';
import { verifyCounts } from '../app/storage/sqlite/maintenance/verify.ts';
import { Corpus } from './corpus.ts';
import { progress, progressPart } from './report.ts';

const CACHE = join(tmpdir(), 'oncebox-bench');
/** To be changed with what this file makes, so that an older table is not taken for one of today's. */
const FORMAT = 1;
/** Messages a transaction: ids are random, so a piece changes each page of their index, and few pieces change it seldom. */
const PIECE_MESSAGES = 500_000;
/** The index of ten million random ids fits in, so that no page of it is read or written twice in a piece. */
const CACHE_KIB = 2_097_152;
/** A filled table holds the messages of this year, evenly spread, in the order in which they came. */
export const YEAR_START_MS = Date.UTC(2025, 0, 1);
export const YEAR_MS = 365 * 86_400_000;

export interface Filled {
  readonly path: string;
  /** Time the filling took; null when the file was there from an earlier run. */
  readonly fillSeconds: number | null;
}

/**
 * Gives a database file with `rows` messages, in `directory` or else in the system's for temporary files. Whoever
 * changes it must work on a copy. An older file is brought to today's schema as any user's is.
 */
export function filledTable(rows: number, directory = ''): Filled {
  const home = directory === '' ? CACHE : directory;
  mkdirSync(home, { recursive: true });
  const path = join(home, `${contentKey()}-${rows}.db`);
  if (existsSync(path)) return { path, fillSeconds: null };
  const startMs = performance.now();
  const partial = `${path}.partial`;
  fill(partial, rows);
  renameSync(partial, path);
  return { path, fillSeconds: (performance.now() - startMs) / 1_000 };
}

/** Changes with the messages, so that a file made of other ones is not taken for one of today's. */
function contentKey(): string {
  const source = readFileSync(new URL('./corpus.ts', import.meta.url));
  return `${FORMAT}-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`;
}

/**
 * The rows and counters that the service's writer would leave, by the schema and the filler of orders that it uses, but in
 * large transactions without syncs. A kill leaves the last piece that was committed, and the next run goes on from it.
 */
function fill(path: string, rows: number): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = wal; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA cache_spill = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY`);
  migrate(database);
  const counter = counterReader(database);
  const order = new OrderFiller(database);
  while (counter('last_seq') < rows) {
    const first = counter('last_seq');
    const count = Math.min(PIECE_MESSAGES, rows - first);
    inTransaction(database, () => insertPiece(database, first, count, rows));
    inTransaction(database, () => order.fill(PIECE_MESSAGES));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  while (order.backlog() > 0) inTransaction(database, () => order.fill(PIECE_MESSAGES));
  progress(`checking the table of ${rows.toLocaleString('en')}`);
  const differences = inSnapshot(database, () => verifyCounts(database));
  if (differences.length > 0) throw new Error(differences.join('; '));
  database.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

function insertPiece(database: DatabaseSync, first: number, count: number, rows: number): void {
  const insert = database.prepare(
    `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // Each piece has a seed of its own, so that one can be made without those before it.
  const corpus = new Corpus(1 + first / PIECE_MESSAGES);
  const createdAt = new Date().toISOString();
  for (let index = first; index < first + count; index += 1) {
    const message = corpus.plantedMessage(index, YEAR_START_MS + (index / rows) * YEAR_MS);
    const { message_id, from, to, ts, text } = message;
    const instant = parseInstant(ts);
    if (instant === null) throw new Error('the corpus made an instant that is none');
    const { seconds, nanos } = instant;
    insert.run(message_id, from, to, ts, text, createdAt, index + 1, seconds, nanos);
    progressPart(`filling a table of ${rows.toLocaleString('en')}`, index, rows);
  }
  counterWriter(database)('last_seq', first + count);
  counterWriter(database)('messages', first + count);
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec('COMMIT');
}
