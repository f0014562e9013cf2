// Compares the indexes of the server with their tables. The caller holds a snapshot.
import type { Depth } from '../../admin.ts';
import type { Session } from '../database/session.ts';
import { difference } from './difference.ts';

/** The indexes that have an entry for each row of their table, by what they are ordered by. */
const INDEXES = [
  ['messages', 'messages_pkey', 'message_id'],
  ['messages', 'messages_by_batch', 'batch, ord'],
  ['messages', 'messages_by_time', 'ts_seconds, ts_nanos, message_id'],
  ['messages', 'messages_by_sender', 'from_msisdn, ts_seconds, ts_nanos, message_id'],
  ['origins', 'origins_pkey', 'message_id'],
  ['origins', 'origins_by_source', 'source, ts_seconds, ts_nanos, message_id'],
  ['events', 'events_pkey', 'event_id'],
  ['events', 'events_by_batch', 'batch, ord'],
  ['events', 'events_by_time', 'ts_seconds, ts_nanos, event_id'],
  ['events', 'events_by_source', 'source, ts_seconds, ts_nanos, event_id'],
  ['events', 'events_by_type', 'left(type, 64), ts_seconds, ts_nanos, event_id'],
  ['deliveries', 'deliveries_pkey', 'delivery'],
  ['deliveries', 'deliveries_by_batch', 'batch, ord'],
] as const;
type Table = (typeof INDEXES)[number][0];

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
  const rows = new Map<Table, number>();
  for (const [table] of INDEXES) {
    if (rows.has(table)) continue;
    const [row] = await session.rows<[number]>(`SELECT count(*) FROM ${table}`);
    rows.set(table, row?.[0] ?? 0);
  }
  await session.run('SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on');
  await session.run('SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
  for (const [table, name, columns] of INDEXES) {
    const [row] = await session.rows<[number, number]>(walkOf(table, columns));
    const [entries, misplaced] = row ?? [0, 0];
    problems.push(...difference(`entries of ${name}`, entries, rows.get(table) ?? 0));
    if (misplaced > 0) problems.push(`${misplaced} entries of ${name} are out of order`);
  }
  await session.run('SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on');
  await session.run('SET LOCAL enable_bitmapscan = on');
  return problems;
}

/** How many entries an index has, and how many do not follow the one before. */
const walkOf = (table: Table, columns: string): string =>
  `SELECT count(*), count(*) FILTER (WHERE previous >= entry) FROM (
     SELECT ROW(${columns}) AS entry, lag(ROW(${columns})) OVER (ORDER BY ${columns}) AS previous FROM ${table}
   ) e`;
