// Where a follower of the stream wants to begin, or the fault of what it sent.
import { boundedInput, type Fault } from '../model/fault.ts';
import { wholeNumber } from './parameters.ts';

/** `after` null: from now on. */
export type StreamStart = { readonly after: number | null } | { readonly faults: readonly Fault[] };

/**
 * Reads the `after` parameter and the `Last-Event-ID` header, which counts before it: a browser that reconnects
 * sends the header along with the address that it began with.
 */
export function parseStreamStart(
  queryString: string,
  lastEventId: string | undefined,
): StreamStart {
  const faults: Fault[] = [];
  const range = { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER };
  const after = new URLSearchParams(queryString).getAll('after').at(-1);
  const id = lastEventId || undefined;
  if (id === undefined && after === undefined) return { after: null };
  const start = wholeNumber('after', id ?? after, range, faults);
  if (faults.length === 0) return { after: start };
  const loc = id === undefined ? ['query', 'after'] : ['header', 'last-event-id'];
  return { faults: faults.map((fault) => ({ ...fault, loc })) };
}

/** The fault of a number that no message has had yet: what comes next would be taken for what is known already. */
export function aheadOfStream(after: number, lastSeq: number): Fault {
  const msg = `Input should be less than or equal to ${lastSeq}`;
  return { type: 'less_than_equal', loc: ['query', 'after'], msg, input: boundedInput(after) };
}
