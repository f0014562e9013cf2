// What is kept of a removed item: enough of a hash of its id to recognise the id, and nothing else.
import { hash } from 'node:crypto';

/** With a billion tombstones, the odds that a new id collides with one of them are 1 to 3 × 10^29. */
const TOMBSTONE_BYTES = 16;
/** In front of the id of an event: no text in UTF-8 has this byte, so no message has the tombstone of an event. */
const EVENT_PREFIX = Uint8Array.of(0xff);

/** Returns the tombstone of a message: the first half of the SHA-256 of its id in UTF-8. */
export function tombstoneOf(messageId: string): Uint8Array {
  return hash('sha256', messageId, 'buffer').subarray(0, TOMBSTONE_BYTES);
}

/** Returns the tombstone of an event: messages and events have ids of their own. */
export function eventTombstoneOf(eventId: string): Uint8Array {
  const bytes = Buffer.concat([EVENT_PREFIX, Buffer.from(eventId)]);
  return hash('sha256', bytes, 'buffer').subarray(0, TOMBSTONE_BYTES);
}
