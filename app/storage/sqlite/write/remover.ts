// Removes messages from the database: a tombstone of each id stays, and a record that the index follows.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader, counterWriter } from '../file/counters.ts';
import { KEY_COLUMNS, LAST_KEY } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { tombstoneOf } from '../../tombstones.ts';

/**
 * Removes the messages with these numbers, as far as they are there and their instant is before the second `beforeSeconds`.
 * To be called inside a transaction; it updates the counters as well. Returns how many were removed. Throws what SQLite throws.
 */
export function removeMessages(
  database: DatabaseSync,
  seqs: readonly number[],
  beforeSeconds: number = LAST_KEY.seconds,
): number {
  const counter = counterReader(database);
  const setCounter = counterWriter(database);
  const record = prepared(
    database,
    `INSERT INTO removals (number, seq, ${KEY_COLUMNS}, from_msisdn)
     SELECT ?, seq, ${KEY_COLUMNS}, from_msisdn FROM messages
     WHERE seq = ? AND ts_seconds < ? RETURNING message_id`,
  );
  const remove = prepared(database, 'DELETE FROM messages WHERE seq = ?');
  const ids: string[] = [];
  const first = counter('removals');
  for (const seq of seqs) {
    const row = record.get(first + ids.length + 1, seq, beforeSeconds);
    if (row === undefined) continue;
    remove.run(seq);
    ids.push(String(row['message_id']));
  }
  setCounter('removals', first + ids.length);
  setCounter('messages', counter('messages') - ids.length);
  setCounter('tombstones', counter('tombstones') + addTombstones(database, ids));
  return ids.length;
}

/** Deletes the records of removals up to the number, which the index has followed. Throws what SQLite throws. */
export function purgeRemovals(database: DatabaseSync, upTo: number): void {
  const counter = counterReader(database);
  if (counter('removals_purged') >= upTo || upTo > counter('removals')) return;
  prepared(database, 'DELETE FROM removals WHERE number <= ?').run(upTo);
  counterWriter(database)('removals_purged', upTo);
}

/** Adds a tombstone of each id. Returns how many of the ids had none yet. */
function addTombstones(database: DatabaseSync, ids: readonly string[]): number {
  const insert = prepared(database, 'INSERT OR IGNORE INTO tombstones (id_hash) VALUES (?)');
  // Sorted, so that neighbours go into the same page one after another.
  const hashes = ids.map(tombstoneOf).toSorted((a, b) => Buffer.compare(a, b));
  let added = 0;
  for (const hash of hashes) added += Number(insert.run(hash).changes);
  return added;
}
