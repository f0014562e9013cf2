// A reader's connection: the database and its index, both read-only, and the snapshot that a query sees of them.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openForReading } from '../file/connection.ts';
import { prepared } from '../file/statements.ts';
import { IndexUnusable, isDamage } from './damage.ts';
import { INDEX, attachReadOnly, createTables, indexPath, isIndex } from './schema.ts';
import { type IndexProgress, readProgress } from './state.ts';
import { matchesWal } from './wal-consistency.ts';

/** Between the snapshots of the two files the indexer and a purge may both have advanced: then another pair is taken. */
const SNAPSHOTS_MAX = 5;

/**
 * How an index that cannot be used is handled. `opened`: an error; the indexer has opened it before, so its files belong together.
 * `checked`: an error, also where they do not. `if usable`: the connection works without it. `none`: it is not opened.
 */
type IndexUse = 'opened' | 'checked' | 'if usable' | 'none';

/**
 * Opens the database for reading, with its index attached. Where there is none that can be used, an empty one in memory is attached:
 * then every message is in the tail. Throws what SQLite throws of the database; of the index, and IndexUnusable, as `use` says.
 */
export function openReader(path: string, use: IndexUse = 'if usable'): DatabaseSync {
  const database = openForReading(path);
  try {
    if (use !== 'none' && attachIndex(database, path, use)) return database;
    database.exec(`ATTACH 'file:none?mode=memory' AS ${INDEX}`);
    createTables(database, INDEX);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** For a command: opens a reader, without the index where that cannot be used. Throws what SQLite throws of the database. */
export function openUsableReader(path: string): DatabaseSync {
  const database = openReader(path);
  try {
    inSnapshot(database, () => undefined);
    return database;
  } catch (error) {
    database.close();
    if (error instanceof IndexUnusable) return openReader(path, 'none');
    throw error;
  }
}

/** Returns whether the index is attached. Where there is none, or one that is empty or of another version, it is not. */
function attachIndex(database: DatabaseSync, path: string, use: IndexUse): boolean {
  const file = indexPath(path);
  if (!existsSync(file)) return false;
  let attached = false;
  try {
    database.exec(attachReadOnly(file, INDEX));
    attached = true;
    if (isIndex(database, INDEX)) {
      if (use === 'opened' || matchesWal(database, INDEX, file)) return true;
      throw new IndexUnusable(
        'the index file and its write-ahead log do not belong together',
        true,
      );
    }
  } catch (error) {
    if (use !== 'if usable') throw unusable(error);
  }
  if (attached) database.exec(`DETACH ${INDEX}`);
  return false;
}

/** The error, as IndexUnusable where it says that the file is damaged. */
function unusable(error: unknown): unknown {
  if (error instanceof IndexUnusable || !isDamage(error)) return error;
  return new IndexUnusable((error as Error).message, true, { cause: error });
}

/**
 * Runs `work` on one state of the database and an index that is not newer. Throws IndexUnusable, and what SQLite and `work` throw.
 */
export function inSnapshot<T>(database: DatabaseSync, work: (progress: IndexProgress) => T): T {
  for (let attempt = 1; ; attempt += 1) {
    prepared(database, 'BEGIN').run();
    try {
      const progress = readProgress(database, INDEX, 'main');
      const { index, main, isIndexOfThisDatabase } = progress;
      if (!isIndexOfThisDatabase)
        throw new IndexUnusable('the index is of another database', false);
      // Removals that the index has not followed are merged in by their records: those must be there.
      if (index.listedSeq === 0 || index.removals >= main.purgedRemovals) return work(progress);
      if (attempt === SNAPSHOTS_MAX)
        throw new IndexUnusable('the index has missed removals', false);
    } catch (error) {
      throw unusable(error);
    } finally {
      end(database);
    }
  }
}

/** Runs `work` on one state of the database, whatever its index is like. Throws what SQLite and `work` throw. */
export function inDatabaseSnapshot<T>(database: DatabaseSync, work: () => T): T {
  prepared(database, 'BEGIN').run();
  try {
    return work();
  } finally {
    end(database);
  }
}

/** Ends the transaction. On a damaged file even that may be an error, which must not hide the one before. */
function end(database: DatabaseSync): void {
  try {
    if (database.isTransaction) prepared(database, 'COMMIT').run();
  } catch {
    // What was read was read; where the connection is broken, the next query fails.
  }
}
