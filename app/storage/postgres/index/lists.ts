// Fills the lists and counts behind the commit: a step of messages, in the order of their numbers, in one transaction.
import { KEY_COLUMNS } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { ALL, LIST_MESSAGES_MAX, TAIL_MESSAGES_MAX } from './limits.ts';
import { periodsOf } from './periods.ts';
import { rebuildLists } from './rebuild.ts';
import { SEGMENT_OF, segmentList, splitSegment } from './segments.ts';

/** Messages of a step, about. */
const STEP_MESSAGES = 8_192;

const STATE = `SELECT l.listed_seq, l.listed_total, b.total, b.last_seq FROM list_state l,
  (SELECT total, first_seq + width - 1 AS last_seq FROM batches ORDER BY first_seq DESC LIMIT 1) b FOR UPDATE OF l`;

/** The last number and the total of the step: whole batches. */
const STEP_END = `SELECT first_seq + width - 1, total FROM (
    SELECT first_seq, width, total FROM batches WHERE first_seq > $1::int8 ORDER BY first_seq LIMIT ${STEP_MESSAGES}
  ) b WHERE total - $2::int8 <= ${STEP_MESSAGES} ORDER BY first_seq DESC LIMIT 1`;
const FIRST_BATCH = `SELECT first_seq + width - 1, total FROM batches WHERE first_seq > $1::int8 ORDER BY first_seq LIMIT 1`;

/** Batches that have no messages. */
const PASS = 'UPDATE list_state SET listed_seq = $1::int8 WHERE listed_seq < $1';

/** Everything that the step changes, but for segments that become too large. */
const ADD_STEP = `WITH step AS MATERIALIZED (
    SELECT m.${KEY_COLUMNS.replaceAll(', ', ', m.')}, m.from_msisdn FROM batches b
    CROSS JOIN LATERAL (SELECT i.* FROM messages i WHERE i.batch = b.batch OFFSET 0) m
    WHERE b.first_seq > $1::int8 AND b.first_seq <= $2::int8
  ), members AS (
    SELECT ${ALL}::int8 AS list, ${KEY_COLUMNS} FROM step
    UNION ALL
    SELECT s.sender, ${KEY_COLUMNS} FROM step JOIN senders s USING (from_msisdn) WHERE s.segmented
  ), by_sender AS (
    SELECT from_msisdn, count(*) AS messages FROM step GROUP BY 1 ORDER BY 1
  ), fresh AS (
    SELECT count(*) AS senders FROM by_sender n
    WHERE NOT EXISTS (SELECT 1 FROM senders s WHERE s.from_msisdn = n.from_msisdn)
  ), known AS (
    INSERT INTO senders (from_msisdn, messages) SELECT from_msisdn, messages FROM by_sender
    ON CONFLICT (from_msisdn) DO UPDATE SET messages = senders.messages + excluded.messages
    RETURNING sender, messages, segmented
  ), timed AS (
    INSERT INTO periods AS p (unit, start, messages) ${periodsOf('step')}
    ON CONFLICT (unit, start) DO UPDATE SET messages = p.messages + excluded.messages
  ), grown AS (
    UPDATE segments g SET messages = g.messages + a.messages
    FROM (SELECT ${SEGMENT_OF} AS segment, count(*) AS messages FROM members k GROUP BY 1) a
    WHERE g.segment = a.segment RETURNING g.segment, g.messages
  ), advanced AS (
    UPDATE list_state SET listed_seq = $2::int8, listed_total = $3::int8, senders = list_state.senders + fresh.senders FROM fresh
  )
  SELECT 'segment', segment FROM grown WHERE messages > ${LIST_MESSAGES_MAX}
  UNION ALL
  SELECT 'sender', sender FROM known WHERE NOT segmented AND messages > ${LIST_MESSAGES_MAX}`;

/** Lists the next messages. Returns whether there may be more. Rejects with what the client throws. */
export async function fillLists(session: Session): Promise<boolean> {
  return await inTransaction(session, async () => {
    // What is derived is never ahead of what it is derived from, so it need not be synced.
    await session.run('SET LOCAL synchronous_commit = off');
    const [state] = await session.rows<[number, number, number, number]>(STATE);
    if (state === undefined) return false;
    const [listedSeq, listedTotal, total, lastSeq] = state;
    const missing = total - listedTotal;
    if (missing <= 0) {
      await session.run(PASS, [lastSeq]);
      return false;
    }
    if (missing > TAIL_MESSAGES_MAX && missing > listedTotal) {
      await rebuildLists(session);
      return false;
    }
    const [whole] = await session.rows<[number, number]>(STEP_END, [listedSeq, listedTotal]);
    const [first] =
      whole === undefined ? await session.rows<[number, number]>(FIRST_BATCH, [listedSeq]) : [];
    const end = whole ?? first;
    if (end === undefined) return false;
    const [endSeq, endTotal] = end;
    const large = await session.rows<[string, number]>(ADD_STEP, [listedSeq, endSeq, endTotal]);
    for (const [kind, number] of large)
      await (kind === 'segment'
        ? splitSegment(session, number, endSeq)
        : segmentList(session, 'senders', number, endSeq));
    return endTotal < total;
  });
}
