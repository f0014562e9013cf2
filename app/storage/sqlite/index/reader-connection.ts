// A reader's connection: the database and its index, both read-only, and the snapshot that a query sees of them.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { Refusal } from '../../../model/refusal.ts';
import { openForReading } from '../file/connection.ts';
import { prepared } from '../file/statements.ts';
import { INDEX, attachReadOnly, createTables, indexPath, isDamage, isIndex } from './schema.ts';
import { type Standing, readStanding } from './state.ts';

/** Between the snapshots of the two files the indexer and a purge may both have gone on: then another pair is taken. */
const SNAPSHOTS_MAX = 5;

/** The index cannot be used. `damaged`: it is to be built again; else the indexer will find that out, or it was only overtaken. */
export class IndexUnusable extends Refusal {
  override readonly name = 'IndexUnusable';
  readonly damaged: boolean;

  constructor(message: string, damaged: boolean, options?: ErrorOptions) {
    super(message, options);
    this.damaged = damaged;
  }
}

/**
 * Opens the database for reading, with its index attached. Where there is none that can be used, an empty one in memory takes its place:
 * then every message is in the tail. Throws what SQLite throws of the database.
 */
export function openReader(path: string, useIndex = true): DatabaseSync {
  const database = openForReading(path);
  try {
    if (useIndex && attachIndex(database, path)) return database;
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
    if (error instanceof IndexUnusable) return openReader(path, false);
    throw error;
  }
}

/** Returns whether the index could be attached. */
function attachIndex(database: DatabaseSync, path: string): boolean {
  const file = indexPath(path);
  if (!existsSync(file)) return false;
  try {
    database.exec(attachReadOnly(file, INDEX));
  } catch {
    return false;
  }
  try {
    if (isIndex(database, INDEX)) return true;
  } catch {
    // No database, or a damaged one.
  }
  database.exec(`DETACH ${INDEX}`);
  return false;
}

/**
 * Runs `work` on one state of the database and an index that is not newer. Throws IndexUnusable, and what SQLite and `work` throw.
 */
export function inSnapshot<T>(database: DatabaseSync, work: (standing: Standing) => T): T {
  for (let attempt = 1; ; attempt += 1) {
    prepared(database, 'BEGIN').run();
    try {
      const standing = readStanding(database, INDEX, 'main');
      const { index, main, belongs } = standing;
      if (!belongs) throw new IndexUnusable('the index is of another database', false);
      // Removals that the index has not followed are merged in by their records: those must be there.
      if (index.listedSeq === 0 || index.removals >= main.purgedRemovals) return work(standing);
      if (attempt === SNAPSHOTS_MAX)
        throw new IndexUnusable('the index has missed removals', false);
    } catch (error) {
      if (isDamage(error))
        throw new IndexUnusable((error as Error).message, true, { cause: error });
      throw error;
    } finally {
      if (database.isTransaction) prepared(database, 'COMMIT').run();
    }
  }
}
