// The figures of the file: what it says of itself, and what it takes on the disk.
import { statSync, statfsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Stats } from '../../model/stats.ts';
import type { StoreFigures } from '../../model/store.ts';
import { openForReading } from './connection.ts';
import { counterReader } from './counters.ts';
import { schemaVersion } from './migrations.ts';
import { BLOCK_MESSAGES } from './search/blocks.ts';
import { readProgress } from './sender-progress.ts';
import { inSnapshot } from './snapshot.ts';
import { selectStats } from './stats.ts';

/** Counts and sizes of an open file. A block of the search index is begun when all its messages are there. */
export function figuresOf(database: DatabaseSync, path: string): StoreFigures {
  const counter = counterReader(database);
  const last = counter('last_seq');
  const messages = counter('messages');
  const lastBlockEnd = Math.floor(last / BLOCK_MESSAGES) * BLOCK_MESSAGES;
  return {
    messages,
    // Until they are filled, numbers that no message has are part of the difference: it is no more than there is.
    orderBacklog: Math.min(messages, last - readProgress(database).filledSeq),
    searchBacklog: Math.min(messages, lastBlockEnd - counter('searched_seq')),
    databaseBytes: statSync(path).size,
    walBytes: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    diskFreeBytes: diskFreeBytes(path),
  };
}

/** Blocks that are kept back for root do not count: a service runs without it. */
function diskFreeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

export interface FileStats {
  readonly stats: Stats;
  readonly figures: StoreFigures;
  readonly schemaVersion: number | null;
  readonly lastSeq: number;
}

/** Opens the file for reading and gives all of that from one snapshot. Throws what SQLite throws. */
export function fileStats(path: string): FileStats {
  const database = openForReading(path);
  try {
    return inSnapshot(database, () => ({
      stats: selectStats(database),
      figures: figuresOf(database, path),
      schemaVersion: schemaVersion(database),
      lastSeq: counterReader(database)('last_seq'),
    }));
  } finally {
    database.close();
  }
}
