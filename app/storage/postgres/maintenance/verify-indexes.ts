// Compares the indexes of the server with their tables. The caller holds a snapshot.
import type { Depth } from '../../admin.ts';
import type { Session } from '../database/session.ts';
import { difference } from './difference.ts';

/** The indexes of the messages, by the columns in whose order they are read. */
const INDEXES = [
  ['messages_pkey', 'message_id'],
  ['messages_by_batch', 'batch, ord'],
  ['messages_by_time', 'ts_seconds, ts_nanos, message_id'],
  ['messages_by_sender', 'from_msisdn, ts_seconds, ts_nanos, message_id'],
] as const;

const CHECKSUM_FAILURES =
  'SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()';

/**
 * Returns a sentence for each index that does not have what its table has, and one about pages that the server found damaged. Rejects
 * with what the client throws.
 */
export async function verifyIndexes(session: Session, depth: Depth): Promise<string[]> {
  const [failures] = await session.rows<[number]>(CHECKSUM_FAILURES);
  const problems =
    failures === undefined || failures[0] === 0
      ? []
      : [`the server has read ${failures[0]} pages with a wrong checksum`];
  if (depth === 'quick') return problems;
  await session.run('SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off');
  await session.run('SET LOCAL enable_bitmapscan = off');
  const [inTable] = await session.rows<[number]>('SELECT count(*) FROM messages');
  await session.run('SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on');
  await session.run('SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
  for (const [name, columns] of INDEXES) {
    const [row] = await session.rows<[number, number]>(walkOf(columns));
    const [entries, misplaced] = row ?? [0, 0];
    problems.push(...difference(`entries of ${name}`, entries, inTable?.[0] ?? 0));
    if (misplaced > 0) problems.push(`${misplaced} entries of ${name} are out of order`);
  }
  await session.run('SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on');
  await session.run('SET LOCAL enable_bitmapscan = on');
  return problems;
}

/** How many entries an index has, and how many do not follow the one before. */
const walkOf = (columns: string): string =>
  `SELECT count(*), count(*) FILTER (WHERE previous >= entry) FROM (
     SELECT ROW(${columns}) AS entry, lag(ROW(${columns})) OVER (ORDER BY ${columns}) AS previous FROM messages
   ) e`;
