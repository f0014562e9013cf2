// Removes deliveries whose items are removed.
import { int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';

/** An append that adds an item to one of them holds it until it commits: the statements that follow see that item. */
const LOCK =
  'SELECT 1 FROM deliveries WHERE delivery = ANY($1::int8[]) ORDER BY delivery FOR UPDATE';
const UNLINK_MESSAGES = 'UPDATE origins SET delivery = NULL WHERE delivery = ANY($1::int8[])';
const UNLINK_EVENTS = 'UPDATE events SET delivery = NULL WHERE delivery = ANY($1::int8[])';
const REMOVE = `WITH gone AS (
    DELETE FROM deliveries d USING batches b WHERE d.delivery = ANY($1::int8[]) AND b.batch = d.batch
      AND NOT EXISTS (SELECT FROM origins o WHERE o.delivery = d.delivery)
      AND NOT EXISTS (SELECT FROM events e WHERE e.delivery = d.delivery)
    RETURNING d.batch, d.source, b.first_seq + d.ord AS number
  ), received AS (
    UPDATE sources s SET deliveries = s.deliveries - r.deliveries
    FROM (SELECT source, count(*) AS deliveries FROM gone, source_state c WHERE number <= c.counted_seq GROUP BY 1) r WHERE s.source = r.source
  )
  SELECT batch, number FROM gone`;

/**
 * Removes the deliveries with these keys: those of which no item is left, or all of them where `withItems`; items that stay have none then.
 * To be called by a removal. Returns the batch and the number of each that was removed. Rejects with what the client throws.
 */
export async function removeDeliveries(
  session: Session,
  keys: readonly number[],
  withItems: boolean,
): Promise<(readonly [batch: number, number: number])[]> {
  if (keys.length === 0) return [];
  const values = [int8Array(keys)];
  await session.run(LOCK, values);
  if (withItems) {
    await session.run(UNLINK_MESSAGES, values);
    await session.run(UNLINK_EVENTS, values);
  }
  return await session.rows<[number, number]>(REMOVE, values);
}
