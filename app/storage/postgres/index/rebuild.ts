// Builds the lists and counts of everything at once: sorting all messages is faster than many steps.
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import { FIRST_KEY, KEY_COLUMNS } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { ALL, LIST_MESSAGES_MAX, SEGMENT_MESSAGES } from './limits.ts';
import { periodsOf } from './periods.ts';
import { newestOfDefault, sourceRows } from './sources.ts';

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
  `DELETE FROM segments WHERE list >= ${ALL}`,
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

const SOURCE_STEPS: readonly string[] = [
  `DELETE FROM segments WHERE list < ${ALL}`,
  'DELETE FROM source_batches s WHERE NOT EXISTS (SELECT FROM batches b WHERE b.batch = s.batch AND b.first_seq = s.first_seq)',
  `INSERT INTO source_batches AS s (first_seq, batch, items)
   SELECT b.first_seq, b.batch, i.items FROM batches b JOIN (
     SELECT batch, sum(items)::int4 AS items FROM (
       SELECT batch, 1 AS items FROM origins UNION ALL SELECT batch, 1 FROM events UNION ALL SELECT batch, 0 FROM deliveries
     ) r GROUP BY 1
   ) i USING (batch) ON CONFLICT (first_seq) DO UPDATE SET items = greatest(s.items, excluded.items)`,
  `UPDATE sources s SET messages = 0, events = 0, deliveries = 0, segmented = false`,
  `INSERT INTO sources AS s (source, messages, events, deliveries, last_received_at, segmented)
   SELECT source, sum(messages), sum(events), sum(deliveries), max(arrived), sum(messages) > ${LIST_MESSAGES_MAX}
   FROM (${sourceRows('true')}) r (source, messages, events, deliveries, arrived) GROUP BY 1
   ON CONFLICT (source) DO UPDATE SET messages = excluded.messages, events = excluded.events, deliveries = excluded.deliveries,
     last_received_at = greatest(s.last_received_at, excluded.last_received_at), segmented = excluded.segmented`,
  `UPDATE sources SET last_received_at = greatest(last_received_at, (${newestOfDefault('true')})) WHERE source = '${DEFAULT_SOURCE}'`,
  `INSERT INTO segments (list, ${KEY_COLUMNS}, messages)
   ${segmentsOf('s.list', 'origins m JOIN sources s USING (source) WHERE s.segmented', 'PARTITION BY s.list')}`,
  `UPDATE source_state SET counted_seq = coalesce((SELECT first_seq + width - 1 FROM batches ORDER BY first_seq DESC LIMIT 1), 0)`,
];

/**
 * Replaces all lists and counts by new ones, but for those of sources. To be called in a transaction of one snapshot that has locked `list_state`. Rejects with
 * what the client throws.
 */
export async function rebuildLists(session: Session): Promise<void> {
  await session.run("SET LOCAL work_mem = '64MB'");
  for (const step of STEPS) await session.run(step);
}

/** Replaces all counts and lists of sources by new ones. To be called likewise. */
export async function rebuildSources(session: Session): Promise<void> {
  for (const step of SOURCE_STEPS) await session.run(step);
}
