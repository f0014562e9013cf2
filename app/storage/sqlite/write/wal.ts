// Copies the write-ahead log into the file between two commits, so that the next one restarts it.
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BUSY_TIMEOUT_MS, WAL_BYTES_KEPT } from '../file/connection.ts';

/** Of a WAL that has to be cut, a restart cuts no more than this: a commit waits for it, 70 to 85 ms where 200 MB are cut at once. */
const CUT_BYTES_MAX = 33_554_432;

/** Copies what it can of the WAL without waiting for anyone. Never throws. */
export function copyWal(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // The WAL keeps what could not be copied, so nothing is lost; a disk that fails shows itself at the next commit.
  }
}

/** Has the next restart cut the WAL of the database at `path` by CUT_BYTES_MAX at most, however long it has become. Never throws. */
export function limitCut(database: DatabaseSync, path: string): void {
  try {
    const { size } = statSync(`${path}-wal`);
    const limit = Math.max(WAL_BYTES_KEPT, size - CUT_BYTES_MAX);
    database.exec(`PRAGMA journal_size_limit = ${limit}`);
  } catch {
    // Without it the restart cuts what was allowed before.
  }
}

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
