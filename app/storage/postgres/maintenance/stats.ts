// What `oncebox stats` shows: the result of `GET /stats`, and the gauges of the database.
import type { PostgresLocation } from '../../../model/database.ts';
import type { Stats } from '../../../model/stats.ts';
import type { DatabaseStats } from '../../admin.ts';
import { StoreUnavailable } from '../../store.ts';
import { schemaVersion } from '../database/migrations.ts';
import type { Session } from '../database/session.ts';
import { inSnapshot } from '../database/transaction.ts';
import { type Progress, readProgress } from '../index/progress.ts';
import { readGauges } from '../read/gauges.ts';
import { selectSources } from '../read/sources.ts';
import { selectStats, TOP_SENDERS } from '../read/stats.ts';
import { lastSeqOf } from '../read/stream.ts';
import { withSession } from './connection.ts';

const STATEMENT_MS_MAX = 3_600_000;
/** A command has no replica's connections to count. */
const OF_A_REPLICA = /_connections/;

/** Returns all of that from one snapshot. Rejects with Refusal. */
export async function databaseStats(location: PostgresLocation): Promise<DatabaseStats> {
  return await withSession(location, (session) =>
    inSnapshot(session, STATEMENT_MS_MAX, async () => {
      const progress = await readProgress(session);
      const gauges = [...(await readGauges(session, []))];
      return {
        stats: await counted(session, progress),
        sources: await selectSources(session, progress),
        gauges: new Map(gauges.filter(([name]) => !OF_A_REPLICA.test(name))),
        schemaVersion: await schemaVersion(session),
        lastSeq: progress.lastSeq,
      };
    }),
  );
}

/** Returns the last number that was given. Rejects with Refusal. */
export async function lastSeq(location: PostgresLocation): Promise<number> {
  return await withSession(location, lastSeqOf);
}

/** Returns the stats from the lists; where they lack too much, by a scan. */
async function counted(session: Session, progress: Progress): Promise<Stats> {
  try {
    return await selectStats(session, progress);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return await scanned(session);
  }
}

async function scanned(session: Session): Promise<Stats> {
  const [row] = await session.rows<[number, number, string | null, string | null]>(
    `SELECT count(*), count(DISTINCT from_msisdn),
       (SELECT ts FROM messages ORDER BY ts_seconds, ts_nanos, message_id LIMIT 1),
       (SELECT ts FROM messages ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC LIMIT 1)
     FROM messages`,
  );
  const senders = await session.rows<[string, number]>(
    `SELECT from_msisdn, count(*) FROM messages GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${TOP_SENDERS}`,
  );
  const [total, count, first, last] = row ?? [0, 0, null, null];
  return {
    total_messages: total,
    senders_count: count,
    messages_per_sender: senders.map(([from, messages]) => ({ from, count: messages })),
    first_message_ts: first,
    last_message_ts: last,
  };
}
