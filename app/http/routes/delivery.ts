// GET /delivery: a post of a named source as it came.
import * as z from 'zod';
import * as schemas from '../openapi/schemas.ts';
import { integer } from '../params/integer.ts';
import { orDefault, parseQuery } from '../params/query.ts';
import { deliveryReply, invalid } from '../replies.ts';
import type { Route } from '../route.ts';

const query = {
  id: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).describe(
    'Its number: `delivery` of a message or an event.',
  ),
  part: orDefault(z.enum(['body', 'headers']), 'body').describe(
    'The bytes of the body, or what is known of the post, as JSON.',
  ),
};

export const delivery: Route = {
  path: '/delivery',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, largeReplies }) {
        const parsed = parseQuery(query, exchange.target.queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const { id, part } = parsed.query;
        return largeReplies.send(exchange, async () =>
          deliveryReply(await store.delivery(id), part),
        );
      },
      openapi: {
        operationId: 'getDelivery',
        tag: 'Read',
        summary: 'Show a post as it came',
        description:
          'The body byte for byte, compressed where it came so, and the headers that its scheme keeps. ' +
          'A post is kept as long as one of its items is.',
        query,
        responses: {
          200: {
            description: 'The body, or with `part=headers` the rest.',
            type: 'application/octet-stream',
            schema: schemas.deliveryBody,
            also: { 'application/json': schemas.deliveryHeaders },
            headers: {
              'Oncebox-Delivery':
                'The JSON of `part=headers` as base64url. `headers` is null in it where they are too long for a header.',
            },
          },
        },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
