// The order of messages in SQL: instant, then message_id by the bytes of its UTF-8.
import type { OrderKey } from '../../../model/order.ts';
import type { Value } from './session.ts';

/** The columns of the key, in every table that holds one. */
export const KEY_COLUMNS = 'ts_seconds, ts_nanos, message_id';
export const DESCENDING = 'ts_seconds DESC, ts_nanos DESC, message_id DESC';

/** The columns of the key of a row of `table`, in ascending order. */
export function qualified(table: string, columns = KEY_COLUMNS): string {
  return columns.replaceAll(/\b(?=ts_|message_)/g, `${table}.`);
}

export { FIRST_KEY, LAST_KEY } from '../../range.ts';

/** SQL for the key of a row of `table`, as a row value. */
export function keyOf(table: string): string {
  return `(${table}.ts_seconds, ${table}.ts_nanos, ${table}.message_id)`;
}

/** SQL for a key that is given by three parameters from number `first` on (`keyValues`). */
export function keyParameter(first: number): string {
  return `($${first}::int8, $${first + 1}::int4, $${first + 2}::bytea)`;
}

/** Returns the parameters of a key. */
export function keyValues(key: OrderKey): [seconds: Value, nanos: Value, messageId: Value] {
  return [key.seconds, key.nanos, Buffer.from(key.messageId)];
}
