// The instant of an item that reaches an engine: its `ts` has been validated before.
import { type Instant, parseInstant } from '../model/instant.ts';

/** Returns the instant of a `ts`. Throws where it is none: a bug of the caller. */
export function storedInstant(ts: string): Instant {
  const instant = parseInstant(ts);
  if (instant === null) throw new Error('an item with an invalid ts reached the store');
  return instant;
}
