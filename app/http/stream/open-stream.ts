// Opens a stream: where it begins, and whether there is room for another.
import * as z from 'zod';
import type { StreamScope } from '../../model/stream.ts';
import { type ValidationIssue, boundedInput } from '../../model/validation-issue.ts';
import type { Exchange } from '../exchange.ts';
import { integer } from '../params/integer.ts';
import { atMost, parameterIssue, textsOf } from '../params/query.ts';
import { STREAM_HEADERS, errorReply, invalid } from '../replies.ts';
import type { Services } from '../route.ts';
import { Subscriber } from './subscriber.ts';

const sequenceNumber = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** The parameters of every stream. */
export const streamQuery = {
  after: sequenceNumber
    .optional()
    .describe('Begin after this number; 0 is the beginning. Without it, from now on.'),
};
export const streamRequestHeaders = {
  'Last-Event-ID': z
    .string()
    .regex(/^[0-9]*$/)
    .optional()
    .describe('Counts before `after`.'),
};

/** `after` null: from now on. `loc`: where that was said. */
type Start =
  | { readonly after: number | null; readonly loc: readonly string[] }
  | { readonly issues: readonly ValidationIssue[] };

/**
 * Returns where the stream begins, or what is wrong with what was sent. `Last-Event-ID` counts before `after`: a browser
 * that reconnects sends the header along with the address that it began with.
 */
function startOf({ target, request }: Exchange): Start {
  const header = request.headers['last-event-id'];
  const id = typeof header === 'string' && header !== '' ? header : undefined;
  const text = id ?? textsOf(target.queryString)('after');
  const result = streamQuery.after.safeParse(text);
  const loc = id === undefined ? ['query', 'after'] : ['header', 'last-event-id'];
  if (result.success) return { after: result.data ?? null, loc };
  return { issues: [parameterIssue(result.error.issues, loc, text)] };
}

/** Returns the issue of a number that no item has had yet: what comes next would be taken for what is known already. */
function aheadOfStream(after: number, lastSeq: number, loc: readonly string[]): ValidationIssue {
  const { type, msg } = atMost(lastSeq);
  return { type, loc, msg, input: boundedInput(after) };
}

/** Sends the stream of a scope until either side ends it, or why it cannot be opened. Rejects with StoreUnavailable. */
export async function openStream(
  exchange: Exchange,
  { store, broadcaster }: Services,
  scope: StreamScope,
): Promise<void> {
  const start = startOf(exchange);
  if ('issues' in start) return exchange.send(invalid(start.issues));
  const { refusal } = broadcaster;
  if (refusal !== null) return exchange.send(errorReply(refusal));
  const { lastSeq } = await store.after(0, 0);
  // Other streams may have been opened meanwhile, or the service may be stopping.
  const { refusal: lateRefusal } = broadcaster;
  if (lateRefusal !== null) return exchange.send(errorReply(lateRefusal));
  if (start.after !== null && start.after > lastSeq)
    return exchange.send(invalid([aheadOfStream(start.after, lastSeq, start.loc)]));
  const response = exchange.open(STREAM_HEADERS);
  if (response === null) return undefined;
  const subscriber = new Subscriber(response, scope, start.after ?? lastSeq);
  response.on('drain', () => broadcaster.resume());
  response.once('close', () => broadcaster.remove(subscriber));
  broadcaster.add(subscriber);
  return undefined;
}
