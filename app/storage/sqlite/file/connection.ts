// Opens the database file with the settings that durability depends on, and reads each of them back.
import { DatabaseSync } from 'node:sqlite';
import { Refusal } from '../../../model/refusal.ts';
import { foldCase } from '../../../model/search.ts';
import { checkForReading, statOf, UnusableFile } from './database-file.ts';

/**
 * Versions up to 3.51.2 can corrupt a database when a checkpoint resets the WAL at the wrong moment
 * (https://sqlite.org/wal.html, "The WAL-reset bug"), so they are refused.
 */
const SQLITE_VERSION_MIN = [3, 51, 3] as const;

/** How long a statement waits for another process's lock before it fails with SQLITE_BUSY. */
export const BUSY_TIMEOUT_MS = 2_000;

/**
 * Small on purpose: at each commit SQLite walks the whole hash table of the cache, and with 64 MB small commits
 * took a third longer. The operating system caches the pages as well.
 */
export const CACHE_KIB = 2_048;

/**
 * A WAL that grew beyond this, because something such as a backup read one state for long, is cut when it restarts:
 * twice what it needs otherwise (`write/checkpoints.ts`), so that no ordinary commit has to cut it.
 */
export const WAL_BYTES_KEPT = 268_435_456;

/** Opens the file for writing, creating it where it is absent. Throws UnusableFile, and what SQLite throws. */
export function openForWriting(path: string, cacheKib = CACHE_KIB): DatabaseSync {
  const database = open(path, false, cacheKib);
  try {
    setForWriting(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function setForWriting(database: DatabaseSync): void {
  // Only a new file can have this setting, and then shrinks in steps. An older one shrinks by VACUUM only.
  if (database.prepare('PRAGMA page_count').get()?.['page_count'] === 0)
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  requirePragma(database, 'journal_mode', 'wal', 'wal');
  // FULL syncs the WAL at every commit: without it a commit may be lost when the power fails.
  requirePragma(database, 'synchronous', 'FULL', 2);
  // A checkpoint inside a commit delays its messages: another thread runs the checkpoints.
  requirePragma(database, 'wal_autocheckpoint', '0', 0);
  requirePragma(database, 'journal_size_limit', String(WAL_BYTES_KEPT), WAL_BYTES_KEPT);
  // Deleted and moved content is overwritten with zeros, as far as that writes no additional page.
  requirePragma(database, 'secure_delete', 'FAST', 2);
}

/** Opens a file that is there as it is, without the settings for writing messages. Throws UnusableFile, and what SQLite throws. */
export function openExisting(path: string): DatabaseSync {
  return open(path, false);
}

/** Opens an existing file for reading only. Throws UnusableFile, and what SQLite throws. */
export function openForReading(path: string): DatabaseSync {
  if (statOf(path) === undefined) throw new UnusableFile('the database file does not exist');
  const database = open(path, true);
  database.function('fold_case', { deterministic: true }, (text) => foldCase(String(text)));
  return database;
}

function open(path: string, readOnly: boolean, cacheKib = CACHE_KIB): DatabaseSync {
  checkForReading(path);
  const database = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
  try {
    refuseOldSqlite(database);
    database.exec(`PRAGMA cache_size = -${cacheKib}`);
    database.exec('PRAGMA temp_store = MEMORY');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function refuseOldSqlite(database: DatabaseSync): void {
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  const parts = version.split('.').map(Number);
  for (const [index, least] of SQLITE_VERSION_MIN.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new Refusal(
        `SQLite ${version} has the WAL-reset bug: ${SQLITE_VERSION_MIN.join('.')} or newer is needed`,
      );
    }
  }
}

function requirePragma(
  database: DatabaseSync,
  name: string,
  value: string,
  expected: string | number,
): void {
  database.exec(`PRAGMA ${name} = ${value}`);
  const row = database.prepare(`PRAGMA ${name}`).get();
  // The column of the result does not always have the name of the pragma.
  const actual = row === undefined ? undefined : Object.values(row)[0];
  if (actual !== expected) {
    throw new Refusal(`the database refused PRAGMA ${name} = ${value}: it is ${String(actual)}`);
  }
}
