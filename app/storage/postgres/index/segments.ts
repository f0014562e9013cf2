// Segments: counted key ranges of a list, so that a position in it is found without walking to it.
import { FIRST_KEY, KEY_COLUMNS, keyOf, keyValues } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { ALL, SEGMENT_MESSAGES } from './limits.ts';

/** The tables whose rows have lists of their own, which have segments where they are long. */
type Lists = 'senders' | 'sources';

/** SQL for the segment of a list that holds the key of `k`; null where the list has none. */
export const SEGMENT_OF = `(SELECT g.segment FROM segments g WHERE g.list = k.list AND ${keyOf('g')} <= ${keyOf('k')}
  ORDER BY g.ts_seconds DESC, g.ts_nanos DESC, g.message_id DESC LIMIT 1)`;

/**
 * Cuts the segment `$1` into parts of SEGMENT_MESSAGES, the last one up to twice as large; `$2` is the last number that is listed, or counted.
 * What is not listed yet is not counted.
 */
const SPLIT = `WITH whole AS (
    SELECT g.*, s.from_msisdn, c.source FROM segments g LEFT JOIN senders s ON s.sender = g.list LEFT JOIN sources c ON c.list = g.list
    WHERE g.segment = $1::int8
  ), following AS (
    SELECT g.* FROM segments g, whole w WHERE g.list = w.list AND ${keyOf('g')} > ${keyOf('w')}
    ORDER BY g.ts_seconds, g.ts_nanos, g.message_id LIMIT 1
  ), bounds AS (
    SELECT w.list, w.from_msisdn, w.source, w.ts_seconds, w.ts_nanos, w.message_id,
      coalesce(f.ts_seconds, 999999999999) AS end_seconds, coalesce(f.ts_nanos, 0) AS end_nanos,
      coalesce(f.message_id, '') AS end_id
    FROM whole w LEFT JOIN following f ON true
  ), placed AS (
    SELECT k.*, row_number() OVER (ORDER BY k.${KEY_COLUMNS.replaceAll(', ', ', k.')}) - 1 AS place, count(*) OVER () / ${SEGMENT_MESSAGES} AS parts
    FROM bounds w CROSS JOIN LATERAL (SOURCE) k
    JOIN batches b ON b.batch = k.batch AND b.first_seq <= $2::int8
  ), parts AS (
    SELECT DISTINCT ON (part) part, ${KEY_COLUMNS}, count(*) OVER (PARTITION BY part) AS messages
    FROM (SELECT *, least(place / ${SEGMENT_MESSAGES}, greatest(parts, 1) - 1) AS part FROM placed) p
    ORDER BY part, ${KEY_COLUMNS}
  ), kept AS (
    UPDATE segments SET messages = p.messages FROM parts p WHERE segment = $1::int8 AND p.part = 0
  )
  INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
  SELECT w.list, p.${KEY_COLUMNS.replaceAll(', ', ', p.')}, p.messages FROM parts p, whole w WHERE p.part > 0`;

const RANGE = `${keyOf('m')} >= ${keyOf('w')} AND ${keyOf('m')} < (w.end_seconds, w.end_nanos, w.end_id)`;
const OF_ALL = `SELECT ${KEY_COLUMNS}, batch FROM messages m WHERE ${RANGE} OFFSET 0`;
const OF_SENDER = `SELECT ${KEY_COLUMNS}, batch FROM messages m WHERE m.from_msisdn = w.from_msisdn AND ${RANGE} OFFSET 0`;
const OF_SOURCE = `SELECT ${KEY_COLUMNS}, batch FROM origins m WHERE m.source = w.source AND ${RANGE} OFFSET 0`;

/** Cuts a segment that has become too large. To be called in the transaction that made it so. */
export async function splitSegment(
  session: Session,
  segment: number,
  listedSeq: number,
): Promise<void> {
  const [row] = await session.rows<[number]>('SELECT list FROM segments WHERE segment = $1', [
    segment,
  ]);
  if (row === undefined) return;
  const ofList = row[0] > ALL ? OF_SENDER : OF_SOURCE;
  const source = row[0] === ALL ? OF_ALL : ofList;
  await session.run(SPLIT.replace('SOURCE', source), [segment, listedSeq]);
}

/** Makes the segments of a list that has become one of many messages. To be called in the transaction that made it so. */
export async function segmentList(
  session: Session,
  lists: Lists,
  list: number,
  listedSeq: number,
): Promise<void> {
  const [row] = await session.rows<[number]>(
    `WITH many AS (UPDATE ${lists} SET segmented = true WHERE ${lists === 'senders' ? 'sender' : 'list'} = $1::int8 RETURNING messages)
     INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
     SELECT $1::int8, $2::int8, $3::int4, $4::bytea, messages FROM many RETURNING segment`,
    [list, ...keyValues(FIRST_KEY)],
  );
  if (row !== undefined) await splitSegment(session, row[0], listedSeq);
}
