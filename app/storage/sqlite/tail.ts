// The tail: messages that are stored, but that the orders do not hold yet.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../model/order.ts';
import { counterReader } from './counters.ts';
import type { Entry } from './ranks.ts';
import { preparedArrays } from './statements.ts';

/** After an upgrade the whole file may be tail. Then a read waits for another time instead of loading all of it. */
const TAIL_MESSAGES_MAX = 65_536;

/**
 * The tail's entries in order, of one sender where `from` is not null, from the key on where `least` is not null;
 * and how many there are of all senders and times.
 */
export function readTail(
  database: DatabaseSync,
  from: string | null,
  least: OrderKey | null,
): { entries: Entry[]; all: number } {
  const columns =
    'SELECT ts_seconds, ts_nanos, message_id, seq, from_msisdn FROM messages WHERE seq > ?';
  const counter = counterReader(database);
  const watermark = counter('ordered_seq');
  if (counter('last_seq') - watermark > TAIL_MESSAGES_MAX)
    throw new Error('the orders are being filled');
  const rows = preparedArrays(database, columns).all(watermark) as unknown as TailRow[];
  const entries: Entry[] = [];
  for (const [seconds, nanos, messageId, seq, sender] of rows) {
    const entry = { seconds, nanos, messageId, seq };
    if (from !== null && sender !== from) continue;
    if (least === null || compareOrder(entry, least) >= 0) entries.push(entry);
  }
  return { entries: entries.toSorted(compareOrder), all: rows.length };
}

type TailRow = readonly [
  seconds: number,
  nanos: number,
  messageId: string,
  seq: number,
  from: string,
];

/** Two ordered lists as one. */
export function merge(
  a: readonly Entry[],
  b: readonly Entry[],
  compare: (x: Entry, y: Entry) => number,
): Entry[] {
  if (b.length === 0) return [...a];
  return [...a, ...b].toSorted(compare);
}
