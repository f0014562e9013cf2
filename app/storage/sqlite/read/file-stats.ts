// What `oncebox stats` shows: the figures of `GET /stats`, and what the file says of itself.
import type { DatabaseSync } from 'node:sqlite';
import type { Stats } from '../../../model/stats.ts';
import { StoreUnavailable } from '../../store.ts';
import { ASCENDING, DESCENDING } from '../file/keys.ts';
import { schemaVersion } from '../file/migrations.ts';
import { IndexUnusable } from '../index/damage.ts';
import { inSnapshot, openReader } from '../index/reader-connection.ts';
import { type GaugeName, readGauges } from './gauges.ts';
import { selectStats } from './stats.ts';

const TOP_SENDERS = 10;

export interface FileStats {
  readonly stats: Stats;
  readonly gauges: Readonly<Record<GaugeName, number>>;
  readonly schemaVersion: number | null;
  readonly lastSeq: number;
}

/** Opens the file for reading and returns all of that from one snapshot. Throws what SQLite throws. */
export function fileStats(path: string): FileStats {
  try {
    return readStats(openReader(path), path);
  } catch (error) {
    if (!(error instanceof IndexUnusable)) throw error;
    return readStats(openReader(path, 'none'), path);
  }
}

function readStats(database: DatabaseSync, path: string): FileStats {
  try {
    return inSnapshot(database, (standing) => ({
      stats: counted(database, () => selectStats(database, standing)),
      gauges: Object.fromEntries(readGauges(database, standing, path)) as Record<GaugeName, number>,
      schemaVersion: schemaVersion(database),
      lastSeq: standing.main.lastSeq,
    }));
  } finally {
    database.close();
  }
}

/** From the index; without one that can be used, as of a backup, by a scan. */
function counted(database: DatabaseSync, fromIndex: () => Stats): Stats {
  try {
    return fromIndex();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
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
