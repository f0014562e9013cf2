// Which messages a prune removes, and how many they are.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Instant } from '../../../model/instant.ts';
import { counterReader } from '../file/counters.ts';
import {
  type Entry,
  type EntryRow,
  LAST_KEY,
  entryOf,
  orderOfAll,
  orderOfSender,
} from '../read/ordered-list.ts';
import { IN_SENDER_ORDER, progressValues, readProgress } from '../sender-progress.ts';
import { prepared, preparedArrays } from '../file/statements.ts';

/** Messages whose instant is before `before`, and of the sender `from`; null does not restrict. Not both are null. */
export interface Selection {
  readonly before: Instant | null;
  readonly from: string | null;
}

const COLUMNS = 'ts_seconds, ts_nanos, message_id, seq';
const BEFORE = '(ts_seconds, ts_nanos) < (?, ?)';

/** The first of the selected messages that both orders hold, in their order, `limit` at most. */
export function selectedEntries(
  database: DatabaseSync,
  selection: Selection,
  limit: number,
): Entry[] {
  const { seconds, nanos } = selection.before ?? LAST_KEY;
  const order = 'AND seq <= ? ORDER BY ts_seconds, ts_nanos, message_id LIMIT ?';
  const { filledSeq } = readProgress(database);
  if (selection.from === null) {
    const sql = `SELECT ${COLUMNS} FROM by_time WHERE ${BEFORE} ${order}`;
    return entries(database, sql, [seconds, nanos, filledSeq, limit]);
  }
  const sql = `SELECT ${COLUMNS} FROM by_sender WHERE sender_id =
    (SELECT sender_id FROM senders WHERE from_msisdn = ?) AND ${BEFORE} ${order}`;
  return entries(database, sql, [selection.from, seconds, nanos, filledSeq, limit]);
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
  const lacking = from === null ? timeTail(database) : senderTail(database, from);
  const row = prepared(
    database,
    `SELECT count(*) AS count FROM messages m WHERE ${lacking.where} AND ${BEFORE}`,
  ).get(...lacking.parameters, end.seconds, end.nanos);
  return order.rank(end) + Number(row?.['count']);
}

/** Which messages an order lacks. */
interface Lacking {
  readonly where: string;
  readonly parameters: readonly SQLInputValue[];
}

function timeTail(database: DatabaseSync): Lacking {
  return { where: 'm.seq > ?', parameters: [counterReader(database)('ordered_seq')] };
}

function senderTail(database: DatabaseSync, from: string): Lacking {
  const progress = readProgress(database);
  return {
    where: `m.seq > ? AND NOT ${IN_SENDER_ORDER} AND +m.from_msisdn = ?`,
    parameters: [progress.filledSeq, ...progressValues(progress), from],
  };
}
