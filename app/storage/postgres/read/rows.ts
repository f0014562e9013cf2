// Rows of messages as they are read: their columns, their message, their key.
import type { Message } from '../../../model/message.ts';
import type { OrderKey } from '../../../model/order.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';

/** The columns of a MessageRow, of a row `m` of messages. */
export const MESSAGE_COLUMNS =
  'm.message_id, m.from_msisdn, m.to_msisdn, m.ts, m.text, m.ts_seconds, m.ts_nanos';

export type MessageRow = readonly [
  id: Buffer,
  from: string,
  to: string,
  ts: string,
  text: Buffer | null,
  seconds: number,
  nanos: number,
];

/** A row that has more columns after those of the message. */
type AtLeast = readonly [...MessageRow, ...unknown[]];

/** Rows of a page, one more than asked for where others follow; backward pages in descending order. */
export interface Slice {
  readonly rows: readonly MessageRow[];
  readonly total: number;
}

/** Returns SQL for whether a message `m` is of a source, and its parameters, the first of which has the number `first`. */
export function originIs(
  source: string,
  first: number,
): { readonly condition: string; readonly values: readonly string[] } {
  const exists = 'EXISTS (SELECT FROM origins o WHERE o.message_id = m.message_id';
  return source === DEFAULT_SOURCE
    ? { condition: `NOT ${exists})`, values: [] }
    : { condition: `${exists} AND o.source = $${first}::text)`, values: [source] };
}

export function messageOf([id, from, to, ts, text]: AtLeast): Message {
  return { message_id: id.toString(), from, to, ts, text: text?.toString() ?? null };
}

export function orderKeyOf([id, , , , , seconds, nanos]: AtLeast): OrderKey {
  return { seconds, nanos, messageId: id.toString() };
}
