// Counts what is stored of each source behind the commit, and keeps the lists of named sources: a step of batches in one transaction.
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { qualified } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { LIST_MESSAGES_MAX } from './limits.ts';
import { SEGMENT_OF, segmentList, splitSegment } from './segments.ts';

/** Items of a step, about, and batches. */
const STEP_ITEMS = 8_192;

/** SQL for the messages `m` of named sources in the batches `b` that meet a condition, with their origins `o`; `more` are further joins. */
export function sourcedMessages(condition: string, more = ''): string {
  return `source_batches b CROSS JOIN LATERAL (SELECT i.* FROM messages i WHERE i.batch = b.batch OFFSET 0) m
    JOIN origins o ON o.message_id = m.message_id ${more} WHERE ${condition}`;
}

/** SQL for rows (source, messages, events, deliveries, when it arrived), one for each item and delivery of the batches `b` that meet a condition. */
export function sourceRows(condition: string): string {
  const others = (table: string): string =>
    `source_batches b CROSS JOIN LATERAL (SELECT i.* FROM ${table} i WHERE i.batch = b.batch OFFSET 0) e WHERE ${condition}`;
  return `SELECT o.source, 1, 0, 0, m.created_at FROM ${sourcedMessages(condition)}
    UNION ALL SELECT e.source, 0, 1, 0, e.created_at FROM ${others('events')}
    UNION ALL SELECT e.source, 0, 0, 1, NULL FROM ${others('deliveries')}`;
}

/** SQL for when the newest message of the default source arrived, in the batches `b` that meet a condition. */
export function newestOfDefault(condition: string): string {
  return `SELECT m.created_at FROM batches b CROSS JOIN LATERAL (
      SELECT i.created_at FROM messages i
      WHERE i.batch = b.batch AND NOT EXISTS (SELECT FROM origins o WHERE o.message_id = i.message_id) ORDER BY i.ord DESC LIMIT 1
    ) m WHERE ${condition} ORDER BY b.first_seq DESC LIMIT 1`;
}

const STATE = `SELECT counted_seq, coalesce((SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1), 0)
  FROM source_state FOR UPDATE`;
/** The first number that is not part of the step: whole batches. */
const STEP_END = `SELECT first_seq FROM (
    SELECT first_seq, sum(items) OVER (ORDER BY first_seq) - items AS before FROM source_batches WHERE first_seq > $1::int8 ORDER BY first_seq LIMIT ${STEP_ITEMS + 1}
  ) b WHERE before > 0 AND before >= ${STEP_ITEMS} ORDER BY first_seq LIMIT 1`;

const IN_STEP = 'b.first_seq > $1::int8 AND b.first_seq <= $2::int8';
const ADD_STEP = `WITH totals AS (
    SELECT source, sum(messages)::int8 AS messages, sum(events)::int8 AS events, sum(deliveries)::int8 AS deliveries, max(arrived) AS arrived
    FROM (${sourceRows(IN_STEP)}
      UNION ALL SELECT '${DEFAULT_SOURCE}', 0, 0, 0, d.created_at FROM (${newestOfDefault(IN_STEP)}) d
    ) r (source, messages, events, deliveries, arrived) GROUP BY 1
  ), members AS (
    SELECT s.list, ${qualified('m')} FROM ${sourcedMessages(`s.segmented AND ${IN_STEP}`, 'JOIN sources s ON s.source = o.source')}
  ), known AS (
    INSERT INTO sources AS s (source, messages, events, deliveries, last_received_at)
    SELECT source, messages, events, deliveries, arrived FROM totals ORDER BY 1
    ON CONFLICT (source) DO UPDATE SET messages = s.messages + excluded.messages, events = s.events + excluded.events,
      deliveries = s.deliveries + excluded.deliveries, last_received_at = greatest(s.last_received_at, excluded.last_received_at)
    RETURNING s.list, s.messages, s.segmented
  ), grown AS (
    UPDATE segments g SET messages = g.messages + a.messages
    FROM (SELECT ${SEGMENT_OF} AS segment, count(*) AS messages FROM members k GROUP BY 1) a
    WHERE g.segment = a.segment RETURNING g.segment, g.messages
  ), advanced AS (
    UPDATE source_state SET counted_seq = $2::int8
  )
  SELECT 'segment', segment FROM grown WHERE messages > ${LIST_MESSAGES_MAX}
  UNION ALL
  SELECT 'source', list FROM known WHERE NOT segmented AND messages > ${LIST_MESSAGES_MAX}`;

/** Counts the next items. Returns whether there may be more. Rejects with what the client throws. */
export async function fillSources(session: Session): Promise<boolean> {
  return await inTransaction(session, async () => {
    // What is derived is never ahead of what it is derived from, so it need not be synced.
    await session.run('SET LOCAL synchronous_commit = off');
    const [state] = await session.rows<[number, number]>(STATE);
    if (state === undefined) return false;
    const [countedSeq, lastSeq] = state;
    if (countedSeq >= lastSeq) return false;
    const [following] = await session.rows<[number]>(STEP_END, [countedSeq]);
    const endSeq = following === undefined ? lastSeq : following[0] - 1;
    const large = await session.rows<[string, number]>(ADD_STEP, [countedSeq, endSeq]);
    for (const [kind, number] of large)
      await (kind === 'segment'
        ? splitSegment(session, number, endSeq)
        : segmentList(session, 'sources', number, endSeq));
    return endSeq < lastSeq;
  });
}
