// The statistics of `GET /stats`: the counts that the lists keep, and those of the messages that they lack.
import type { Stats } from '../../../model/stats.ts';
import { DESCENDING, KEY_COLUMNS } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import type { Progress } from '../index/progress.ts';
import { assertListed, tail } from './list.ts';

/** Senders that the statistics list. */
export const TOP_SENDERS = 10;

/**
 * A sender among the first ten either has messages in the tail, or is among the first ten of the lists: the tail only adds. `new` are
 * senders that the lists do not know.
 */
const SENDERS = `WITH added AS MATERIALIZED (
    SELECT m.from_msisdn, count(*) AS messages FROM ${tail('$1')} GROUP BY 1
  ), counted AS (
    (SELECT from_msisdn, messages FROM senders ORDER BY messages DESC, from_msisdn LIMIT ${TOP_SENDERS})
    UNION SELECT s.from_msisdn, s.messages FROM added a JOIN senders s USING (from_msisdn)
    UNION ALL SELECT from_msisdn, messages FROM added
  ), ranked AS (
    SELECT from_msisdn, sum(messages)::int8 AS messages FROM counted GROUP BY 1
    ORDER BY 2 DESC, 1 LIMIT ${TOP_SENDERS}
  ), new AS (
    SELECT count(*) AS senders FROM added a WHERE NOT EXISTS (SELECT 1 FROM senders s WHERE s.from_msisdn = a.from_msisdn)
  )
  SELECT new.senders, r.from_msisdn, r.messages FROM new LEFT JOIN ranked r ON true ORDER BY r.messages DESC, r.from_msisdn`;

/** To be called inside the snapshot of `progress`. Rejects with StoreUnavailable where the tail is too long. */
export async function selectStats(session: Session, progress: Progress): Promise<Stats> {
  assertListed(progress);
  const end = async (order: string): Promise<string | null> => {
    const sql = `SELECT ts FROM messages ORDER BY ${order} LIMIT 1`;
    const [row] = await session.rows<[string]>(sql);
    return row?.[0] ?? null;
  };
  const [rows, first, last] = await settled([
    session.rows<[number, string | null, number]>(SENDERS, [progress.listedSeq]),
    end(KEY_COLUMNS),
    end(DESCENDING),
  ]);
  return {
    total_messages: progress.messages,
    senders_count: progress.senders + (rows[0]?.[0] ?? 0),
    messages_per_sender: rows.flatMap(([, from, count]) =>
      from === null ? [] : [{ from, count }],
    ),
    first_message_ts: first,
    last_message_ts: last,
  };
}
