// Which messages a prune removes, and how many they are.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import { counterReader } from '../counters.ts';
import {
  type Entry,
  type EntryRow,
  LAST_KEY,
  entryOf,
  orderOfAll,
  orderOfSender,
} from '../ranks.ts';
import { prepared, preparedArrays } from '../statements.ts';

/** Messages whose instant is before `before`, and of the sender `from`; null does not restrict. Not both are null. */
export interface Selection {
  readonly before: Instant | null;
  readonly from: string | null;
}

const COLUMNS = 'ts_seconds, ts_nanos, message_id, seq';
const BEFORE = '(ts_seconds, ts_nanos) < (?, ?)';

/** The first of the selected messages that the orders hold, in their order, `limit` at most. */
export function selectedEntries(
  database: DatabaseSync,
  selection: Selection,
  limit: number,
): Entry[] {
  const { seconds, nanos } = selection.before ?? LAST_KEY;
  const order = 'ORDER BY ts_seconds, ts_nanos, message_id LIMIT ?';
  if (selection.from === null) {
    const sql = `SELECT ${COLUMNS} FROM by_time WHERE ${BEFORE} ${order}`;
    return entries(database, sql, [seconds, nanos, limit]);
  }
  const sql = `SELECT ${COLUMNS} FROM by_sender WHERE sender_id =
    (SELECT sender_id FROM senders WHERE from_msisdn = ?) AND ${BEFORE} ${order}`;
  return entries(database, sql, [selection.from, seconds, nanos, limit]);
}

function entries(database: DatabaseSync, sql: string, parameters: SQLInputValue[]): Entry[] {
  return preparedArrays(database, sql)
    .all(...parameters)
    .map((row) => entryOf(row as unknown as EntryRow));
}

/** How many messages are selected, those that the orders lack among them. To be called inside a snapshot. */
export function countSelected(database: DatabaseSync, { before, from }: Selection): number {
  const end = { ...(before ?? LAST_KEY), messageId: '' };
  const order = from === null ? orderOfAll(database) : orderOfSender(database, from);
  const parameters: SQLInputValue[] = [
    counterReader(database)('ordered_seq'),
    end.seconds,
    end.nanos,
  ];
  const tail = `SELECT count(*) AS count FROM messages WHERE seq > ? AND ${BEFORE}`;
  const row =
    from === null
      ? prepared(database, tail).get(...parameters)
      : prepared(database, `${tail} AND +from_msisdn = ?`).get(...parameters, from);
  return order.rank(end) + Number(row?.['count']);
}
