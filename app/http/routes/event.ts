// GET /event: one event with its payload.
import * as schemas from '../openapi/schemas.ts';
import { itemId } from '../params/item-id.ts';
import { parseQuery } from '../params/query.ts';
import { invalid, itemReply } from '../replies.ts';
import type { Route } from '../route.ts';

const query = { id: itemId() };

export const event: Route = {
  path: '/event',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, largeReplies }) {
        const parsed = parseQuery(query, exchange.target.queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const { id } = parsed.query;
        return largeReplies.send(exchange, async () => itemReply(await store.event(id)));
      },
      openapi: {
        operationId: 'getEvent',
        tag: 'Read',
        summary: 'Show one event with its payload',
        query,
        responses: { 200: { description: 'The event.', schema: schemas.eventDetail } },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
