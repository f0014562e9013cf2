// Events as they are listed.
import type { Instant } from './instant.ts';
import type { OrderKey } from './order.ts';
import type { Cursor, Direction } from './page.ts';

/** Which events, in the order of instant and `event_id`. Null filters do not restrict. */
export interface EventQuery {
  readonly limit: number;
  readonly source: string | null;
  readonly type: string | null;
  readonly subject: string | null;
  readonly since: Instant | null;
  /** The first instant that is left out. */
  readonly until: Instant | null;
  readonly order: Direction;
  /** Where the page starts or ends; `messageId` of its key is an `event_id`. */
  readonly cursor: Cursor | null;
}

export interface EventPage {
  /** The events as a JSON array in UTF-8, without their payloads. */
  readonly json: Uint8Array;
  /** The keys of the first and last event of the page, where others that match come before or after it. */
  readonly prev: OrderKey | null;
  readonly next: OrderKey | null;
}
