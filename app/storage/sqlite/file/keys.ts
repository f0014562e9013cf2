// The order of messages in SQL: instant, then message_id by the bytes of its UTF-8.
import type { OrderKey } from '../../../model/order.ts';

/** The columns of the key, in every table that holds one. */
export const KEY_COLUMNS = 'ts_seconds, ts_nanos, message_id';
/** The key as a row value, to be compared with `(?, ?, ?)`. */
export const KEY = `(${KEY_COLUMNS})`;
export const ASCENDING = `ORDER BY ${KEY_COLUMNS}`;
export const DESCENDING = 'ORDER BY ts_seconds DESC, ts_nanos DESC, message_id DESC';

/** A message's position in the order, with its sequence number. */
export interface Entry extends OrderKey {
  readonly seq: number;
}

/** Keys that no message has, before and after all of them. */
export const FIRST_KEY: OrderKey = { seconds: -99_999_999_999, nanos: 0, messageId: '' };
export const LAST_KEY: OrderKey = { seconds: 999_999_999_999, nanos: 0, messageId: '' };

/** A row of `KEY_COLUMNS` and `seq`, as an array. */
export type EntryRow = readonly [seconds: number, nanos: number, messageId: string, seq: number];

/** Returns the entry of a row of `KEY_COLUMNS, seq`. */
export function entryOf([seconds, nanos, messageId, seq]: EntryRow): Entry {
  return { seconds, nanos, messageId, seq };
}

/** Returns the parameters for `(?, ?, ?)`. */
export function keyValues(key: OrderKey): [seconds: number, nanos: number, messageId: string] {
  return [key.seconds, key.nanos, key.messageId];
}
