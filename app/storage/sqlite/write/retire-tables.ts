// Empties and drops the derived tables of schema versions before 7, in steps that a commit can wait for.
import type { DatabaseSync } from 'node:sqlite';

/** The old tables, and how many of their rows a step deletes: those of the search index are up to 256 KiB long. */
const RETIRED: readonly (readonly [table: string, key: string, rows: number])[] = [
  ['by_time', 'ts_seconds, ts_nanos, message_id', 2_048],
  ['by_sender', 'sender_id, ts_seconds, ts_nanos, message_id', 2_048],
  ['segments', 'ts_seconds, ts_nanos, message_id', 2_048],
  ['sender_segments', 'sender_id, ts_seconds, ts_nanos, message_id', 2_048],
  ['senders', 'sender_id', 2_048],
  ['sender_progress', 'one', 2_048],
  ['search_postings', 'row_id', 16],
  ['search_blocks', 'block_id', 2_048],
];

/**
 * Deletes some rows of the first old table that has any, and drops the tables that have none. To be called inside a transaction.
 * Returns whether anything is left. Throws what SQLite throws.
 */
export function retireSome(database: DatabaseSync): boolean {
  const there = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map((row) => row['name']);
  for (const [table, key, rows] of RETIRED) {
    if (!there.includes(table)) continue;
    const { changes } = database
      .prepare(`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} LIMIT ?)`)
      .run(rows);
    if (changes === rows) return true;
    database.exec(`DROP TABLE ${table}`);
  }
  return false;
}
