// GET /event: one event with its payload.
import { itemQuery, sendItem } from '../one-item.ts';
import * as schemas from '../openapi/schemas.ts';
import type { Route } from '../route.ts';

export const event: Route = {
  path: '/event',
  access: 'api',
  methods: {
    GET: {
      handle: sendItem((store, id) => store.event(id)),
      openapi: {
        operationId: 'getEvent',
        tag: 'Read',
        summary: 'Show one event with its payload',
        query: itemQuery,
        responses: { 200: { description: 'The event.', schema: schemas.eventDetail } },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
