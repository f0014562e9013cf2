// Several reads on one state of the database.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from './statements.ts';

/** Runs `work` inside one read transaction. */
export function inSnapshot<T>(database: DatabaseSync, work: () => T): T {
  prepared(database, 'BEGIN').run();
  try {
    return work();
  } finally {
    if (database.isTransaction) prepared(database, 'COMMIT').run();
  }
}
