// The tail: messages that are stored, but that the orders do not hold yet.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../model/order.ts';
import { counterReader } from './counters.ts';
import { type Entry, entryOf } from './ranks.ts';
import { prepared } from './statements.ts';

/** After an upgrade the whole file may be tail. Then a read waits for another time instead of loading all of it. */
const TAIL_MESSAGES_MAX = 65_536;

/** The tail's entries in order, of one sender where `from` is not null, from the key on where `least` is not null. */
export function tailEntries(
  database: DatabaseSync,
  from: string | null,
  least: OrderKey | null,
): Entry[] {
  const columns = 'SELECT ts_seconds, ts_nanos, message_id, seq FROM messages WHERE seq > ?';
  const counter = counterReader(database);
  const watermark = counter('ordered_seq');
  if (counter('last_seq') - watermark > TAIL_MESSAGES_MAX)
    throw new Error('the orders are being filled');
  const rows =
    from === null
      ? prepared(database, columns).all(watermark)
      : prepared(database, `${columns} AND +from_msisdn = ?`).all(watermark, from);
  const entries = rows.map(entryOf);
  return entries
    .filter((entry) => least === null || compareOrder(entry, least) >= 0)
    .toSorted(compareOrder);
}

/** Two ordered lists as one. */
export function merge(
  a: readonly Entry[],
  b: readonly Entry[],
  compare: (x: Entry, y: Entry) => number,
): Entry[] {
  if (b.length === 0) return [...a];
  return [...a, ...b].toSorted(compare);
}
