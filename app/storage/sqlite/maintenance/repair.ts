// Rebuilds everything that is derived from the messages: SQLite's own indexes, the counters, the index file.
import type { DatabaseSync } from 'node:sqlite';
import type { OnProgress } from '../../admin.ts';
import { openForWriting } from '../file/connection.ts';
import { migrate } from '../file/migrations.ts';
import { numberOfClock, readNumbers, setLastSeq } from '../file/numbering.ts';
import { ServiceLock } from '../file/service-lock.ts';
import { Indexer } from '../index/indexer.ts';
import { deleteIndex } from '../index/schema.ts';

/** Steps of the indexer between two checkpoints. */
const CHECKPOINT_STEPS = 8;

/**
 * Throws InUseError while a service runs, and what SQLite throws where the messages themselves cannot be read.
 * If it is killed, the index is right up to its watermarks: the next start of the service fills the rest.
 */
export function repair(path: string, onProgress: OnProgress<'lists' | 'search'>): void {
  const lock = ServiceLock.exclusive(path);
  try {
    repairDatabase(path);
    deleteIndex(path);
    fillIndex(path, onProgress);
  } finally {
    lock.release();
  }
}

function repairDatabase(path: string): void {
  const database = openForWriting(path);
  try {
    migrate(database);
    recount(database);
    // The indexes of the tables themselves are derived as well.
    database.exec('REINDEX');
    recountSources(database);
    recountForwards(database);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Numbers that were assigned to messages or removals are never assigned again, even when they were deleted. */
function recount(database: DatabaseSync): void {
  const { highest, certain } = readNumbers(database, true);
  setLastSeq(database, certain ? highest : numberOfClock(highest));
  database.exec(`
    INSERT INTO counters (name, value) VALUES
      ('messages', (SELECT count(*) FROM messages NOT INDEXED)),
      ('events', (SELECT count(*) FROM events NOT INDEXED)),
      ('tombstones', (SELECT count(*) FROM tombstones NOT INDEXED)),
      ('removals', (SELECT coalesce(max(number), 0) FROM removals)),
      ('removals_purged', 0)
    ON CONFLICT (name) DO UPDATE SET
      value = iif(name IN ('messages', 'events', 'tombstones'), excluded.value, max(value, excluded.value));`);
}

/** Also forgets deliveries that are not there any more. One without items is kept: its items can be stored again from it. */
function recountSources(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    UPDATE messages SET delivery = NULL
      WHERE delivery IS NOT NULL AND delivery NOT IN (SELECT number FROM deliveries);
    UPDATE events SET delivery = NULL
      WHERE delivery IS NOT NULL AND delivery NOT IN (SELECT number FROM deliveries);
    DELETE FROM sources;
    INSERT INTO sources
      SELECT source, sum(message), sum(event), sum(delivery), max(received_at) FROM (
        SELECT source, 1 AS message, 0 AS event, 0 AS delivery, created_at AS received_at
          FROM messages NOT INDEXED WHERE source IS NOT NULL
        UNION ALL SELECT source, 0, 1, 0, created_at FROM events NOT INDEXED
        UNION ALL SELECT source, 0, 0, 1, NULL FROM deliveries NOT INDEXED)
      GROUP BY source;
    COMMIT;`);
}

/** A position that cannot be right is moved to the nearest that can: at worst, entries are sent again. */
function recountForwards(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    DELETE FROM forward_items WHERE forward NOT IN (SELECT forward FROM forwards);
    UPDATE forwards SET
      retrying = (SELECT count(*) FROM forward_items i WHERE i.forward = forwards.forward AND state = 'retry'),
      waiting = (SELECT count(*) FROM forward_items i WHERE i.forward = forwards.forward AND state = 'waiting'),
      dead = (SELECT count(*) FROM forward_items i WHERE i.forward = forwards.forward AND state = 'dead'),
      started_after = max(0, min(started_after, position)),
      position = max(0, min(position, (SELECT value FROM counters WHERE name = 'last_seq'))),
      finished = iif(json_valid(finished), finished, '[]'),
      report = iif(json_valid(report), report, NULL);
    COMMIT;`);
}

function fillIndex(path: string, onProgress: OnProgress<'lists' | 'search'>): void {
  const indexer = new Indexer(path);
  try {
    for (let steps = 1; ; steps += 1) {
      const step = indexer.step();
      const { index, main } = indexer.progress;
      if (step === 'none') break;
      if (steps % CHECKPOINT_STEPS === 0) indexer.checkpoint(true);
      if (step === 'search') onProgress('search', index.searchedSeq, main.lastSeq);
      else onProgress('lists', index.listedSeq, main.lastSeq);
    }
  } finally {
    indexer.close();
  }
}
