// Compares batches and counts with the messages. The caller holds a snapshot.
import type { Session } from '../database/session.ts';
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
    'SELECT count(*) FROM messages m JOIN tombstones t ON t.id_hash = substring(sha256(m.message_id) FOR 16)',
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
