// The number of an instant: where in the order of commit the items are that were received then.
import { type Instant, parseInstant } from '../model/instant.ts';
import type { Store } from '../storage/store.ts';

/**
 * Returns the first number of an item that was received at the instant or later, by bisection; the last number and 1 where there is
 * none. It takes the order of commit for that of receipt: imported items, which keep the time at which they were first received, are
 * not where that would be. Rejects with StoreUnavailable.
 */
export async function firstSeqSince(
  store: Pick<Store, 'after'>,
  instant: Instant,
): Promise<number> {
  const { lastSeq } = await store.after(0, 0, 'items');
  let before = 0;
  let since = lastSeq + 1;
  while (before + 1 < since) {
    const middle = Math.floor((before + since) / 2);
    const [entry] = (await store.after(middle - 1, 1, 'items')).entries;
    if (entry === undefined || !isBefore(receivedAt(entry.json), instant)) since = middle;
    else before = entry.seq;
  }
  return since;
}

/** `json`: an item as streams send it. */
function receivedAt(json: string): Instant {
  const { received_at } = JSON.parse(json) as { readonly received_at: string };
  return parseInstant(received_at) ?? { seconds: 0, nanos: 0 };
}

function isBefore(a: Instant, b: Instant): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}
