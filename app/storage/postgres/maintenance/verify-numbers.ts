// Compares batches and counts with the items. The caller holds a snapshot.
import type { Session } from '../database/session.ts';
import { eventTombstone, messageTombstone } from '../database/tombstones.ts';
import { difference } from './difference.ts';

/** What must not be, as a count: a sentence, and how many there are. */
const WRONG: readonly (readonly [what: string, sql: string])[] = [
  [
    'messages without a batch',
    'SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM batches b WHERE b.batch = m.batch)',
  ],
  [
    'messages beyond the numbers of their batch',
    'SELECT count(*) FROM messages m JOIN batches b USING (batch) WHERE m.ord < 0 OR m.ord >= b.width',
  ],
  [
    'batches with numbers of another one',
    `SELECT count(*) FROM (SELECT first_seq + width > lead(first_seq) OVER (ORDER BY first_seq) AS is_wrong FROM batches) b
     WHERE is_wrong`,
  ],
  [
    'batches with more messages than they began with',
    `SELECT count(*) FROM batches b JOIN (SELECT batch, count(*) AS messages FROM messages GROUP BY 1) m USING (batch)
     WHERE m.messages > b.created`,
  ],
  [
    'batches with a total below that of the ones before',
    `SELECT count(*) FROM (SELECT total - created < lag(total) OVER (ORDER BY first_seq) AS is_wrong FROM batches) b WHERE is_wrong`,
  ],
  [
    'stored messages whose ids are remembered as removed',
    `SELECT count(*) FROM messages m JOIN tombstones t ON t.id_hash = ${messageTombstone('m.message_id')}`,
  ],
  [
    'events without a batch',
    'SELECT count(*) FROM events e WHERE NOT EXISTS (SELECT 1 FROM batches b WHERE b.batch = e.batch)',
  ],
  [
    'events beyond the numbers of their batch',
    'SELECT count(*) FROM events e JOIN batches b USING (batch) WHERE e.ord < 0 OR e.ord >= b.width',
  ],
  [
    'numbers that a message and an event have',
    'SELECT count(*) FROM events e JOIN messages m ON m.batch = e.batch AND m.ord = e.ord',
  ],
  [
    'stored events whose ids are remembered as removed',
    `SELECT count(*) FROM events e JOIN tombstones t ON t.id_hash = ${eventTombstone('e.event_id')}`,
  ],
  [
    'origins that are not those of their message',
    `SELECT count(*) FROM origins o LEFT JOIN messages m USING (message_id)
     WHERE (m.batch, m.ts_seconds, m.ts_nanos) IS DISTINCT FROM (o.batch, o.ts_seconds, o.ts_nanos)`,
  ],
  [
    'batches that have items of sources, and are not known to have so many',
    `SELECT count(*) FROM (
       SELECT batch, count(*) AS items FROM (SELECT batch FROM origins UNION ALL SELECT batch FROM events) i GROUP BY 1
     ) i LEFT JOIN (source_batches s JOIN batches b USING (batch, first_seq)) USING (batch) WHERE s.items IS NULL OR i.items > s.items`,
  ],
];

const KEPT = `SELECT coalesce((SELECT total FROM batches ORDER BY first_seq DESC LIMIT 1), 0) - removed,
  (SELECT count(*) FROM messages) FROM list_state`;

/** Returns a sentence for each thing that is wrong. Rejects with what the client throws. */
export async function verifyNumbers(session: Session): Promise<string[]> {
  const [counts] = await session.rows<[number, number]>(KEPT);
  const [kept, scanned] = counts ?? [0, 0];
  const problems = difference('messages', kept, scanned);
  for (const [what, sql] of WRONG) {
    const [row] = await session.rows<[number]>(sql);
    if (row !== undefined && row[0] > 0) problems.push(`${row[0]} ${what}`);
  }
  return problems;
}
