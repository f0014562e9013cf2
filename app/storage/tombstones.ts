// What is kept of a removed message: enough of a hash of its id to recognise the id, and nothing else.
import { hash } from 'node:crypto';

/** With a billion tombstones, the odds that a new id collides with one of them are 1 to 3 × 10^29. */
const TOMBSTONE_BYTES = 16;

/** Returns the first half of the SHA-256 of the id in UTF-8. */
export function tombstoneOf(messageId: string): Uint8Array {
  return hash('sha256', messageId, 'buffer').subarray(0, TOMBSTONE_BYTES);
}
