// A batch that began first and commits last: it must get its number when it commits, or streams that have passed that number miss it.
import assert from 'node:assert/strict';
import { eventually } from '../support/bounded.ts';
import type { Cleaner } from '../support/cleanup.ts';
import { message } from '../support/message.ts';
import { postgresDatabase, queryOnce } from '../support/postgres.ts';
import type { Options } from '../support/service.ts';
import { connectTo } from './client.ts';
import { assertStreamed, keptMessages } from './kept.ts';
import { startReplicas } from './replicas.ts';
import { StreamReader } from './stream-reader.ts';

const INSERT_HELD = `INSERT INTO messages VALUES
  ('held', '+1', '+2', '2025-01-15T10:00:00Z', NULL, '', 1736935200, 0, 0, 0)`;
const WAITING = `SELECT count(*)::int AS waiting FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'transactionid'`;

/** Makes such a batch, on one of two replicas. Rejects unless streams on both show it after the batch that committed before it. */
export async function assertCommitOrder(t: Cleaner, options: Options = {}): Promise<void> {
  const url = await postgresDatabase(t);
  const [one, other] = await startReplicas(t, url, 2, options);
  assert.ok(one && other);
  const readers = [one, other].map(({ port }) => new StreamReader(t, () => port));
  const client = await connectTo(t, url);
  // A transaction that has the same id in hand makes the batch wait where it inserts.
  await client.query('BEGIN');
  await client.query(INSERT_HELD);
  const held = one.post(message({ message_id: 'held' }));
  await eventually('the batch to wait', async () => {
    const [row] = await queryOnce(url, WAITING);
    return row?.['waiting'] === 1 || undefined;
  });
  await other.store(message({ message_id: 'first' }));
  for (const reader of readers) await reader.take(1);
  await client.query('ROLLBACK');
  assert.equal((await held).status, 200);
  await other.store(message({ message_id: 'last' }));
  const kept = await keptMessages(url);
  assert.deepEqual(
    kept.map(({ message_id }) => message_id),
    ['first', 'held', 'last'],
  );
  for (const reader of readers) assertStreamed(await reader.take(3), kept);
}
