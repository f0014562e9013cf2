// GET /stats: how many messages there are, and from whom.
import * as schemas from '../openapi/schemas.ts';
import { okJson } from '../replies.ts';
import type { Route } from '../route.ts';

export const stats: Route = {
  path: '/stats',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store }) {
        exchange.send(okJson(await store.stats()));
      },
      openapi: {
        operationId: 'getStats',
        tag: 'Read',
        summary: 'Count messages and senders',
        responses: { 200: { description: 'Statistics of all messages.', schema: schemas.stats } },
        failures: ['internal_error', 'unavailable'],
      },
    },
  },
};
