// What `oncebox stats` shows: the result of `GET /stats`, and the gauges of the file.
import type { DatabaseSync } from 'node:sqlite';
import type { Stats } from '../../../model/stats.ts';
import type { DatabaseStats } from '../../admin.ts';
import { StoreUnavailable } from '../../store.ts';
import { ASCENDING, DESCENDING } from '../file/keys.ts';
import { schemaVersion } from '../file/migrations.ts';
import { isDamage } from '../index/damage.ts';
import { inSnapshot, openUsableReader } from '../index/reader-connection.ts';
import { readGauges } from '../read/gauges.ts';
import { selectSources } from '../read/items.ts';
import { TOP_SENDERS, selectStats } from '../read/stats.ts';
import { hasSources } from './archive.ts';

/** Opens the file for reading and returns all of that from one snapshot. Throws what SQLite throws. */
export function fileStats(path: string): DatabaseStats {
  const database = openUsableReader(path);
  try {
    return inSnapshot(database, (progress) => ({
      stats: counted(database, () => selectStats(database, progress)),
      sources: hasSources(database) ? selectSources(database, progress) : [],
      gauges: readGauges(database, progress, path),
      schemaVersion: schemaVersion(database),
      lastSeq: progress.main.lastSeq,
    }));
  } finally {
    database.close();
  }
}

/** Returns the stats from the index; without a usable one, as for a backup, by a scan. */
function counted(database: DatabaseSync, fromIndex: () => Stats): Stats {
  try {
    return fromIndex();
  } catch (error) {
    if (!(error instanceof StoreUnavailable) && !isDamage(error)) throw error;
    return scanned(database);
  }
}

function scanned(database: DatabaseSync): Stats {
  const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  const senders = database
    .prepare(
      `SELECT from_msisdn AS "from", count(*) AS count FROM messages GROUP BY 1
       ORDER BY count DESC, 1 LIMIT ${TOP_SENDERS}`,
    )
    .all();
  const ts = (order: string): string | null =>
    (value(`SELECT ts FROM messages ${order} LIMIT 1`) as string | undefined) ?? null;
  return {
    total_messages: Number(value('SELECT count(*) FROM messages')),
    senders_count: Number(value('SELECT count(DISTINCT from_msisdn) FROM messages')),
    messages_per_sender: senders.map((row) => ({
      from: String(row['from']),
      count: Number(row['count']),
    })),
    first_message_ts: ts(ASCENDING),
    last_message_ts: ts(DESCENDING),
  };
}
