// Epochs: the first write of each process begins one, so that an index recognises the database it was built from.
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from './counters.ts';

/** Epochs that are kept, the last ones. An index that was not updated for longer is rebuilt. */
const EPOCHS_MAX = 64;

/** Begins an epoch at the last numbers assigned. To be called inside a transaction. Throws what SQLite throws. */
export function beginEpoch(database: DatabaseSync): void {
  const counter = counterReader(database);
  database
    .prepare('INSERT INTO epochs (epoch, first_seq, first_removal) VALUES (?, ?, ?)')
    .run(randomUUID(), counter('last_seq'), counter('removals'));
  database
    .prepare('DELETE FROM epochs WHERE number <= (SELECT max(number) FROM epochs) - ?')
    .run(EPOCHS_MAX);
}

/**
 * Deletes all epochs and begins one, so that every index of this database is deleted and rebuilt: its files then hold nothing
 * of what was removed. To be called inside a transaction. Throws what SQLite throws.
 */
export function renewEpochs(database: DatabaseSync): void {
  database.exec('DELETE FROM epochs');
  beginEpoch(database);
}
