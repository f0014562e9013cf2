// Builds the lists and counts of everything at once: sorting all messages is faster than many steps.
import { FIRST_KEY, KEY_COLUMNS } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { ALL, LIST_MESSAGES_MAX, SEGMENT_MESSAGES } from './limits.ts';
import { periodsOf } from './periods.ts';

/** Rows `(list, key, messages)` for a segmented list: its messages numbered by `OVER`, cut as `splitSegment` does. */
const segmentsOf = (list: string, source: string, partition: string): string =>
  `SELECT DISTINCT ON (list, part) list,
     CASE WHEN part = 0 THEN ${FIRST_KEY.seconds} ELSE ts_seconds END,
     CASE WHEN part = 0 THEN 0 ELSE ts_nanos END,
     CASE WHEN part = 0 THEN ''::bytea ELSE message_id END,
     count(*) OVER (PARTITION BY list, part)
   FROM (
     SELECT list, ${KEY_COLUMNS}, least(place / ${SEGMENT_MESSAGES}, greatest(messages / ${SEGMENT_MESSAGES}, 1) - 1) AS part
     FROM (SELECT ${list} AS list, ${KEY_COLUMNS}, row_number() OVER (${partition} ORDER BY ${KEY_COLUMNS}) - 1 AS place,
         count(*) OVER (${partition}) AS messages
       FROM ${source}) n
   ) p ORDER BY list, part, ${KEY_COLUMNS}`;

const STEPS: readonly string[] = [
  'DELETE FROM segments',
  'DELETE FROM periods',
  'DELETE FROM senders',
  `INSERT INTO senders (from_msisdn, messages, segmented)
   SELECT from_msisdn, count(*), count(*) > ${LIST_MESSAGES_MAX} FROM messages GROUP BY 1`,
  `INSERT INTO periods (unit, start, messages) ${periodsOf('messages')}`,
  `INSERT INTO segments (list, ${KEY_COLUMNS}, messages) ${segmentsOf(`${ALL}::int8`, 'messages', '')}`,
  `INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
   SELECT ${ALL}, ${FIRST_KEY.seconds}, 0, '', 0 WHERE NOT EXISTS (SELECT 1 FROM segments WHERE list = ${ALL})`,
  `INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
   ${segmentsOf('s.sender', 'messages m JOIN senders s USING (from_msisdn) WHERE s.segmented', 'PARTITION BY s.sender')}`,
  `UPDATE list_state SET listed_seq = coalesce(b.first_seq + b.width - 1, 0), listed_total = coalesce(b.total, 0),
     senders = (SELECT count(*) FROM senders)
   FROM (VALUES (1)) AS one LEFT JOIN (SELECT * FROM batches ORDER BY first_seq DESC LIMIT 1) b ON true`,
];

/**
 * Replaces all lists and counts by new ones. To be called in a transaction of one snapshot that has locked `list_state`. Rejects with
 * what the client throws.
 */
export async function rebuildLists(session: Session): Promise<void> {
  await session.run("SET LOCAL work_mem = '64MB'");
  for (const step of STEPS) await session.run(step);
}
