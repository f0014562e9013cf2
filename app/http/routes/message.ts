// GET /message: one message with everything that is known of it.
import * as schemas from '../openapi/schemas.ts';
import { itemId } from '../params/item-id.ts';
import { parseQuery } from '../params/query.ts';
import { invalid, itemReply } from '../replies.ts';
import type { Route } from '../route.ts';

const query = { id: itemId() };

export const message: Route = {
  path: '/message',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, largeReplies }) {
        const parsed = parseQuery(query, exchange.target.queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const { id } = parsed.query;
        return largeReplies.send(exchange, async () => itemReply(await store.message(id)));
      },
      openapi: {
        operationId: 'getMessage',
        tag: 'Read',
        summary: 'Show one message with its payload',
        description:
          'The message, where it came from, the item as its provider wrote it, and the events about it that are known: statuses ' +
          'and conflicts, at most the newest 100 of each, in the order of commit.',
        query,
        responses: { 200: { description: 'The message.', schema: schemas.messageDetail } },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
