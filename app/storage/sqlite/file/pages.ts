// The pages of a file: how many there are, how many are free, and whether those can be returned in steps.
import type { DatabaseSync } from 'node:sqlite';

/** The value of `PRAGMA auto_vacuum` for a file that shrinks on request. */
const INCREMENTAL = 2;

export interface Pages {
  readonly total: number;
  readonly free: number;
  readonly bytesEach: number;
  /** Whether `PRAGMA incremental_vacuum` returns free pages to the file system. */
  readonly shrinkable: boolean;
}

/** Returns the page counts of the main database. Throws what SQLite throws. */
export function pagesOf(database: DatabaseSync): Pages {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  return {
    total: pragma('page_count'),
    free: pragma('freelist_count'),
    bytesEach: pragma('page_size'),
    shrinkable: pragma('auto_vacuum') === INCREMENTAL,
  };
}
