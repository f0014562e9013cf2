// The tail: messages that are stored, but that the orders do not hold yet.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../model/order.ts';
import { counterReader } from './counters.ts';
import { type Entry, type EntryRow, entryOf } from './ranks.ts';
import { readSenderTail } from './sender-tail.ts';
import { preparedArrays } from './statements.ts';
import { refuseLongTail } from './tail-limit.ts';

/**
 * The tail's entries in order, of one sender where `from` is not null, from the key on where `least` is not null;
 * and how many messages of all times that order lacks. To be called inside a snapshot.
 */
export function readTail(
  database: DatabaseSync,
  from: string | null,
  least: OrderKey | null,
): { entries: Entry[]; all: number } {
  const all = from === null ? readTimeTail(database) : readSenderTail(database, from);
  const entries = least === null ? all : all.filter((entry) => compareOrder(entry, least) >= 0);
  return { entries, all: all.length };
}

function readTimeTail(database: DatabaseSync): Entry[] {
  const watermark = counterReader(database)('ordered_seq');
  refuseLongTail(database, watermark);
  return preparedArrays(
    database,
    'SELECT ts_seconds, ts_nanos, message_id, seq FROM messages WHERE seq > ?',
  )
    .all(watermark)
    .map((row) => entryOf(row as unknown as EntryRow))
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
