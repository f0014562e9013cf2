// Builds everything that is derived from the messages again: orders, counts, segments, senders, the search index.
import type { DatabaseSync } from 'node:sqlite';
import { openForWriting } from './connection.ts';
import { counterReader } from './counters.ts';
import { migrate } from './migrations.ts';
import { numberOfClock, readNumbers, setLastSeq } from './numbering.ts';
import { OrderFiller } from './order-filler.ts';
import { applyPiece } from './search/indexer.ts';
import { SearchWork } from './search/work.ts';
import { ServiceLock } from './service-lock.ts';

/** Messages that are put into the orders in one transaction. */
const FILL_MESSAGES = 20_000;
/** Pieces of the search index that share a transaction, and transactions that share a checkpoint. */
const PIECES = 64;
const CHECKPOINT_EVERY = 8;

/** Told what is being built, and up to which message. */
type TellRepair = (what: 'orders' | 'search', done: number, all: number) => void;

/**
 * Throws InUseError while a service runs, and what SQLite throws where the messages themselves cannot be read.
 * Killed in between, it leaves watermarks that are right: the next start of the service fills the rest.
 */
export function repair(path: string, tell: TellRepair): void {
  const lock = ServiceLock.exclusive(path);
  try {
    const database = openForWriting(path);
    try {
      migrate(database);
      rebuild(database, tell);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
  } finally {
    lock.release();
  }
}

function rebuild(database: DatabaseSync, tell: TellRepair): void {
  inTransaction(database, () => forget(database));
  // The indexes of the tables themselves are derived as well.
  database.exec('REINDEX');
  checkpoint(database);
  const counter = counterReader(database);
  const all = counter('last_seq');
  const order = new OrderFiller(database);
  for (let turn = 1; order.backlog() > 0; turn += 1) {
    inTransaction(database, () => order.fill(FILL_MESSAGES));
    if (turn % CHECKPOINT_EVERY === 0) checkpoint(database);
    tell('orders', counter('ordered_seq'), all);
  }
  const work = new SearchWork(database, 1);
  let piece = work.next();
  for (let turn = 1; piece !== null; turn += 1) {
    inTransaction(database, () => {
      for (let count = 0; count < PIECES && piece !== null; count += 1) {
        applyPiece(database, piece);
        piece = work.next();
      }
    });
    if (turn % CHECKPOINT_EVERY === 0) checkpoint(database);
    tell('search', counter('searched_seq'), all);
  }
}

/** Empties what is derived. Numbers that were given to messages are never given again, whatever was deleted. */
function forget(database: DatabaseSync): void {
  const { highest, certain } = readNumbers(database, true);
  setLastSeq(database, certain ? highest : numberOfClock(highest));
  database.exec(`
    DELETE FROM by_time; DELETE FROM by_sender; DELETE FROM senders;
    DELETE FROM segments; DELETE FROM sender_segments;
    DELETE FROM search_blocks; DELETE FROM search_postings;
    INSERT INTO segments VALUES (-99999999999, 0, '', 0);
    INSERT OR REPLACE INTO sender_progress VALUES (1, 0, 0, '', 0);
    INSERT INTO counters (name, value) VALUES
      ('messages', (SELECT count(*) FROM messages NOT INDEXED)),
      ('ordered_seq', 0), ('searched_seq', 0),
      ('tombstones', (SELECT count(*) FROM tombstones))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;`);
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function checkpoint(database: DatabaseSync): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}
