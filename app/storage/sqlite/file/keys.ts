// The order of messages in SQL: instant, then message_id by the bytes of its UTF-8.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import { preparedArrays } from './statements.ts';

/** The columns of the key, in every table that holds one. */
export const KEY_COLUMNS = 'ts_seconds, ts_nanos, message_id';
/** The key as a row value, to be compared with `(?, ?, ?)`. */
export const KEY = `(${KEY_COLUMNS})`;
export const ASCENDING = `ORDER BY ${KEY_COLUMNS}`;
export const DESCENDING = 'ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC';

/** Ends of a WHERE for the entries after a key, and before one in descending order. */
export const AFTER_KEY = `AND ${KEY} > (?, ?, ?)`;
export const BEFORE_KEY = `AND ${KEY} < (?, ?, ?)`;
export const AFTER = `${AFTER_KEY} ${ASCENDING} LIMIT ?`;
export const BEFORE = `${BEFORE_KEY} ${DESCENDING} LIMIT ?`;

/** A message's position in the order, with its sequence number. */
export interface Entry extends OrderKey {
  readonly seq: number;
}

export { FIRST_KEY, LAST_KEY } from '../../range.ts';

/** A row of `KEY_COLUMNS`, as an array. */
export type KeyValues = [seconds: number, nanos: number, messageId: string];

/** Returns the entry of a row of `KEY_COLUMNS, seq`. */
export function entryOf([seconds, nanos, messageId, seq]: readonly [...KeyValues, number]): Entry {
  return { seconds, nanos, messageId, seq };
}

/** Returns the entries of a query for `KEY_COLUMNS, seq`. */
export function readEntries(
  database: DatabaseSync,
  sql: string,
  ...parameters: readonly SQLInputValue[]
): Entry[] {
  return preparedArrays<[...KeyValues, number]>(database, sql)
    .all(...parameters)
    .map((row) => entryOf(row));
}

/** Returns the parameters for `(?, ?, ?)`. */
export function keyValues(key: OrderKey): KeyValues {
  return [key.seconds, key.nanos, key.messageId];
}
