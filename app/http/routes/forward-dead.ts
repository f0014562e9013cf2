// GET /forwards/{name}/dead: a page of the dead letters of a destination.
import type { DeadLetter } from '../../storage/store.ts';
import { isDestination, namePath } from '../destination-name.ts';
import { instantOf } from '../instant-of.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import { integer } from '../params/integer.ts';
import { listParameters } from '../params/list.ts';
import { optional, parseQuery } from '../params/query.ts';
import { errorReply, invalid, okJson } from '../replies.ts';
import type { Route } from '../route.ts';

const query = {
  limit: listParameters.limit,
  cursor: optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER })).describe(
    'Where to go on: `next_cursor` of the page before.',
  ),
};

function deadJson(letter: DeadLetter) {
  const { id, seq, source, type, party, attempts, firstMs, lastMs, error } = letter;
  return {
    id,
    seq,
    source,
    type,
    party,
    attempts,
    first_attempt_at: instantOf(firstMs),
    last_attempt_at: instantOf(lastMs),
    error,
  };
}

export const forwardDead: Route = {
  path: '/forwards/{name}/dead',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, services) {
        const { name, queryString } = exchange.target;
        const parsed = parseQuery(query, queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        if (!(await isDestination(services, name))) return exchange.send(errorReply('not_found'));
        const { limit, cursor = 0 } = parsed.query;
        const found = await services.store.forwards.dead(name, cursor, limit + 1);
        const data = found.slice(0, limit);
        const last = found.length > limit ? data.at(-1) : undefined;
        const next = last === undefined ? null : String(last.seq);
        return exchange.send(okJson({ data: data.map(deadJson), next_cursor: next }));
      },
      openapi: {
        operationId: 'listDeadLetters',
        tag: 'Forward',
        summary: 'List dead letters',
        description:
          'What a destination did not take until `FORWARD_<NAME>_RETRY_HOURS` were over, in the order of commit.',
        path: namePath,
        query,
        responses: { 200: { description: 'One page.', schema: schemas.deadPage } },
        failures: ['no_such_destination', 'validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
