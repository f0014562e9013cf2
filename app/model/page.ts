// A page of messages, and the question that it answers.
import type { Instant } from './instant.ts';
import type { Message } from './message.ts';

/** Which messages, and which stretch of them. Null filters do not restrict. */
export interface MessageQuery {
  readonly limit: number;
  readonly offset: number;
  readonly from: string | null;
  readonly since: Instant | null;
  readonly text: string | null;
}

/** A stretch of the ordered list (instant, then message_id by UTF-8 bytes), and how many match in all. */
export interface Page {
  readonly data: readonly Message[];
  readonly total: number;
}
