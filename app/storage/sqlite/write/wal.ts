// Has the next commit restart the write-ahead log.
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS } from '../file/connection.ts';

/** Moves all of the WAL into the file. Readers have `waitMs` to end. Returns whether it could; never throws. */
export function restartWal(
  database: DatabaseSync,
  waitMs: number,
  mode: 'RESTART' | 'TRUNCATE',
): boolean {
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    return database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()?.['busy'] === 0;
  } catch {
    return false;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}
