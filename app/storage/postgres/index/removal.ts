// Removes messages, and takes them out of everything derived from them in the same transaction.
import { byteaArray, int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { BLOCK_NUMBERS } from './limits.ts';
import { periodsOf } from './periods.ts';
import { SEGMENT_OF } from './segments.ts';

/** The filling of lists and search waits for this, and this for it: what is listed cannot change in between. */
const LOCK = 'SELECT 1 FROM list_state l, search_state s FOR UPDATE';

const GONE = `WITH state AS (SELECT listed_seq FROM list_state
  ), gone AS (
    DELETE FROM messages m USING batches b
    WHERE m.message_id = ANY($1::bytea[]) AND m.ts_seconds < $2::int8 AND b.batch = m.batch
    RETURNING m.message_id, m.ts_seconds, m.ts_nanos, m.from_msisdn, m.batch, b.first_seq + m.ord AS seq
  ), buried AS (
    INSERT INTO tombstones SELECT substring(sha256(message_id) FOR 16) FROM gone ORDER BY 1 ON CONFLICT DO NOTHING
  ), listed AS MATERIALIZED (
    SELECT g.* FROM gone g, state WHERE g.seq <= state.listed_seq
  ), members AS (
    SELECT 0::int8 AS list, ts_seconds, ts_nanos, message_id FROM listed
    UNION ALL
    SELECT s.sender, ts_seconds, ts_nanos, message_id FROM listed JOIN senders s USING (from_msisdn) WHERE s.segmented
  ), segmented AS (
    UPDATE segments g SET messages = g.messages - r.messages
    FROM (SELECT ${SEGMENT_OF} AS segment, count(*) AS messages FROM members k GROUP BY 1) r WHERE g.segment = r.segment
  ), timed AS (
    UPDATE periods p SET messages = p.messages - r.messages
    FROM (${periodsOf('listed')}) AS r (unit, start, messages) WHERE p.unit = r.unit AND p.start = r.start
  ), sent AS (
    UPDATE senders s SET messages = s.messages - r.messages
    FROM (SELECT from_msisdn, count(*) AS messages FROM listed GROUP BY 1) r WHERE s.from_msisdn = r.from_msisdn
    RETURNING s.messages
  ), unsearched AS (
    DELETE FROM search_texts t USING gone g WHERE t.block = g.seq / ${BLOCK_NUMBERS} AND t.place = g.seq % ${BLOCK_NUMBERS}
  ), counted AS (
    UPDATE list_state SET removed = removed + (SELECT count(*) FROM gone),
      senders = senders - (SELECT count(*) FROM sent WHERE messages = 0)
  )
  SELECT batch, seq FROM gone`;

/** What nothing is left of. The last batch stays: numbers go on from it, and so do those that lists and search have yet to pass. */
const EMPTY_BATCHES = `DELETE FROM batches b USING list_state l, search_state s
  WHERE b.batch = ANY($1::int8[]) AND b.first_seq + b.width - 1 <= least(l.listed_seq, s.searched_seq)
    AND b.first_seq < (SELECT max(first_seq) FROM batches)
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.batch = b.batch)`;
const EMPTY_BLOCKS = `DELETE FROM search_blocks b WHERE b.block = ANY($1::int8[])
  AND NOT EXISTS (SELECT 1 FROM search_texts t WHERE t.block = b.block)`;
const EMPTY_SEGMENTS = `DELETE FROM segments g USING senders s WHERE g.list = s.sender AND s.messages = 0`;
const EMPTY_SENDERS = 'DELETE FROM senders WHERE messages = 0';
/**
 * An append whose snapshot is older than the tombstones must not commit: above READ COMMITTED, it fails here and is tried again. Last,
 * as appends wait for it.
 */
const NEW_TOMBSTONES = 'UPDATE commit_order SET one = true';

/**
 * Removes the messages with these ids, as far as they are there and their instant is before the second `beforeSeconds`; a tombstone
 * of each id stays. To be called in a transaction whose statements each see what was committed before them. Returns how many were
 * removed. Rejects with what the client throws.
 */
export async function removeMessages(
  session: Session,
  ids: readonly Uint8Array[],
  beforeSeconds: number,
): Promise<number> {
  await session.run(LOCK);
  const gone = await session.rows<[number, number]>(GONE, [byteaArray(ids), beforeSeconds]);
  if (gone.length === 0) return 0;
  const batches = new Set(gone.map(([batch]) => batch));
  const blocks = new Set(gone.map(([, seq]) => Math.floor(seq / BLOCK_NUMBERS)));
  await settled([
    session.run(EMPTY_BATCHES, [int8Array([...batches])]),
    session.run(EMPTY_BLOCKS, [int8Array([...blocks])]),
    session.run(EMPTY_SEGMENTS),
    session.run(EMPTY_SENDERS),
    session.run(NEW_TOMBSTONES),
  ]);
  return gone.length;
}
