// What a status says, which is in the id of its event: that of the message, a colon, and the provider's word.
import type { EventEntry } from './item-api.ts';

const STATUS = 'status';
/** What providers call a message that did not arrive. */
const FAILED: readonly string[] = ['failed', 'undelivered', 'canceled'];

/** Returns the provider's word; null where the event is no status, or its id is too long to have it. */
export function statusOf({ type, event_id: id, subject }: EventEntry): string | null {
  if (type !== STATUS || subject === null || !id.startsWith(`${subject}:`)) return null;
  return id.slice(subject.length + 1);
}

export function isFailure(status: string | null): boolean {
  return status !== null && FAILED.includes(status);
}
