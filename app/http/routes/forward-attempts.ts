// GET /forwards/attempts: what became of one item at each destination.
import { type AttemptsOf, attemptsOf } from '../../forward/attempts-of.ts';
import { instantOf } from '../instant-of.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import { integer } from '../params/integer.ts';
import { parseQuery } from '../params/query.ts';
import { errorReply, invalid, okJson } from '../replies.ts';
import type { Route } from '../route.ts';

const query = {
  seq: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).describe(
    'The number of a message or an event: its `seq`.',
  ),
};

function attemptsJson({ name, state, row }: AttemptsOf) {
  return {
    name,
    state,
    attempts: row?.attempts ?? 0,
    first_attempt_at: instantOf(row?.firstMs ?? null),
    last_attempt_at: instantOf(row?.lastMs ?? null),
    next_attempt_at: instantOf(row?.dueMs ?? null),
    error: row?.error ?? null,
  };
}

export const forwardAttempts: Route = {
  path: '/forwards/attempts',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, forwards }) {
        const parsed = parseQuery(query, exchange.target.queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const found = await attemptsOf(store.forwards, forwards, parsed.query.seq);
        return exchange.send(
          found === null ? errorReply('not_found') : okJson({ data: found.map(attemptsJson) }),
        );
      },
      openapi: {
        operationId: 'getAttempts',
        tag: 'Forward',
        summary: 'Show what became of an item at the destinations',
        description:
          'Of each configured destination that wants the item and did not begin after it. In mode `raw` it is what became of the post ' +
          'that the item came with.',
        query,
        responses: { 200: { description: 'One entry a destination.', schema: schemas.attempts } },
        failures: ['validation_error', 'no_such_item', 'internal_error', 'unavailable'],
      },
    },
  },
};
