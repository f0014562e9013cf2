// GET /sources: each source, what is stored of it, and how its posts fare.
import type { SourceCounts, SourceState } from '../../model/source.ts';
import * as schemas from '../openapi/schemas.ts';
import { okJson } from '../replies.ts';
import type { Route } from '../route.ts';

/** What there is of a source of which nothing is stored. */
const NOTHING = { messages: 0, events: 0, deliveries: 0, lastReceivedAt: null };

/** Returns one source as it is sent. `state` null: it is not configured any more. */
function described(
  source: string,
  state: SourceState | null,
  counts: Omit<SourceCounts, 'source'>,
  basePath: string,
) {
  return {
    source,
    scheme: state?.scheme ?? null,
    path: state === null ? null : `${basePath}${state.path}`,
    previous_secret: state?.previousSecret ?? false,
    messages: counts.messages,
    events: counts.events,
    deliveries: counts.deliveries,
    last_received_at: counts.lastReceivedAt,
    last_delivery: state?.lastDelivery ?? null,
    last_failure: state?.lastFailure ?? null,
    previous_secret_last_used: state?.previousSecretLastUsed ?? null,
  };
}

export const sources: Route = {
  path: '/sources',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, sourceStates, basePath }) {
        const stored = new Map((await store.sources()).map((counts) => [counts.source, counts]));
        const states = sourceStates();
        const configured = new Set(states.map(({ source }) => source));
        const data = [
          ...states.map((state) =>
            described(state.source, state, stored.get(state.source) ?? NOTHING, basePath),
          ),
          ...[...stored.values()]
            .filter(({ source }) => !configured.has(source))
            .map((counts) => described(counts.source, null, counts, basePath)),
        ];
        exchange.send(okJson({ data }));
      },
      openapi: {
        operationId: 'listSources',
        tag: 'Read',
        summary: 'Show the sources and how their posts fare',
        description:
          'The default source, the configured ones in their order, then those that are not configured any more and of which ' +
          'something is stored. Counts are those of the store; `last_delivery`, `last_failure` and `previous_secret_last_used` are ' +
          'what this process has seen since it started.',
        responses: { 200: { description: 'All sources.', schema: schemas.sources } },
        failures: ['internal_error', 'unavailable'],
      },
    },
  },
};
