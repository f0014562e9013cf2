// A page of messages, and the query that it is the result of.
import type { Instant } from './instant.ts';
import type { OrderKey } from './order.ts';

/** Which messages, and which slice of them. Null filters do not restrict. */
export interface MessageQuery {
  readonly limit: number;
  readonly offset: number;
  readonly from: string | null;
  readonly since: Instant | null;
  /** The first instant that is left out. */
  readonly until: Instant | null;
  /** DEFAULT_SOURCE included. */
  readonly source: string | null;
  readonly order: Direction;
  readonly text: string | null;
  /** Where the page starts or ends, instead of `offset`: only messages after the key, or the last ones before it. */
  readonly cursor: Cursor | null;
}

/** By instant, then by id: `asc` is oldest first. `offset` and cursors count in this order. */
export type Direction = 'asc' | 'desc';

/** `after` and `before` are those of the list as it is ordered. */
export interface Cursor {
  readonly direction: 'after' | 'before';
  readonly key: OrderKey;
}

/** A slice of the ordered list (instant, then message_id by UTF-8 bytes), and how many match in all. */
export interface Page {
  /** The messages as a JSON array in UTF-8, serialized by the thread that read them, so that the HTTP thread need not. */
  readonly json: Uint8Array;
  readonly total: number;
  /** The keys of the first and last message of the page, where messages that match come before or after it. */
  readonly prev: OrderKey | null;
  readonly next: OrderKey | null;
}
