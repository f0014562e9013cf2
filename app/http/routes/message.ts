// GET /message: one message with everything that is known of it.
import { itemQuery, sendItem } from '../one-item.ts';
import * as schemas from '../openapi/schemas.ts';
import type { Route } from '../route.ts';

export const message: Route = {
  path: '/message',
  access: 'api',
  methods: {
    GET: {
      handle: sendItem((store, id) => store.message(id)),
      openapi: {
        operationId: 'getMessage',
        tag: 'Read',
        summary: 'Show one message with its payload',
        description:
          'The message, where it came from, the item as its provider wrote it, and the events about it that are known: statuses ' +
          'and conflicts, at most the newest 100 of each, in the order of commit.',
        query: itemQuery,
        responses: { 200: { description: 'The message.', schema: schemas.messageDetail } },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
