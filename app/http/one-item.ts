// The answer to a request for one message or one event by its id.
import * as z from 'zod';
import type { Store } from '../storage/store.ts';
import { parseQuery } from './params/query.ts';
import { invalid, itemReply } from './replies.ts';
import type { Handler } from './route.ts';

/** Unlike in `from`, a raw `+` is a space here, as in every form: ids may hold both, and callers must percent-encode them. */
export const itemQuery = {
  id: z
    .string()
    .min(1)
    .describe('The id, percent-encoded: a raw `+` is a space.')
    .meta({ example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw' }),
};

/** Returns the handler that sends what `read` finds, JSON as the store has written it; 404 where it finds nothing. */
export function sendItem(read: (store: Store, id: string) => Promise<Uint8Array | null>): Handler {
  return async (exchange, { store, largeReplies }) => {
    const parsed = parseQuery(itemQuery, exchange.target.queryString);
    if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
    const { id } = parsed.query;
    return largeReplies.send(exchange, async () => itemReply(await read(store, id)));
  };
}
