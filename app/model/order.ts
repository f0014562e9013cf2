// The order of messages: instant, then message_id by the bytes of its UTF-8.
import type { Instant } from './instant.ts';

/** The position of a message in the list. It is unique. */
export interface OrderKey extends Instant {
  readonly messageId: string;
}

/** Returns a number that is negative, zero or positive as `a` comes before, at or after `b`. */
export function compareOrder(a: OrderKey, b: OrderKey): number {
  if (a.seconds !== b.seconds) return a.seconds - b.seconds;
  if (a.nanos !== b.nanos) return a.nanos - b.nanos;
  // Strings compare by UTF-16 units, which puts U+FFFD after the characters beyond U+FFFF; bytes do not.
  return Buffer.compare(Buffer.from(a.messageId), Buffer.from(b.messageId));
}
