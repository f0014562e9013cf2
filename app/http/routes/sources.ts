// GET /sources: each source, what is stored of it, and how its posts fare.
import type { ConfiguredSource, SourceCounts } from '../../model/source.ts';
import type { SourceActivity } from '../../observe/source-activity.ts';
import * as schemas from '../openapi/schemas.ts';
import { okJson } from '../replies.ts';
import type { Route } from '../route.ts';

type StoredCounts = Omit<SourceCounts, 'source'>;

/** What there is of a source of which nothing is stored. */
const NOTHING: StoredCounts = { messages: 0, events: 0, deliveries: 0, lastReceivedAt: null };

/** Returns what is stored of a source, as it is sent. */
function stored({ messages, events, deliveries, lastReceivedAt }: StoredCounts) {
  return { messages, events, deliveries, last_received_at: lastReceivedAt };
}

/** Returns a source that is configured. */
function configured(
  { source, scheme, path, previousSecret }: ConfiguredSource,
  counts: StoredCounts,
  activity: SourceActivity,
  basePath: string,
) {
  return {
    source,
    scheme,
    path: `${basePath}${path}`,
    previous_secret: previousSecret,
    ...stored(counts),
    last_delivery: activity.lastAcceptedAt,
    last_failure: activity.lastFailure,
    previous_secret_last_used: activity.previousUsedAt,
  };
}

/** Returns a source that is not configured any more, and of which something is stored. */
function former(counts: SourceCounts) {
  return {
    source: counts.source,
    scheme: null,
    path: null,
    previous_secret: false,
    ...stored(counts),
    last_delivery: null,
    last_failure: null,
    previous_secret_last_used: null,
  };
}

export const sources: Route = {
  path: '/sources',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, sources: known, activities, basePath }) {
        const counts = new Map((await store.sources()).map((one) => [one.source, one]));
        const data = known.map((one) => {
          const { source } = one;
          return configured(one, counts.get(source) ?? NOTHING, activities.of(source), basePath);
        });
        for (const { source } of known) counts.delete(source);
        exchange.send(okJson({ data: [...data, ...[...counts.values()].map(former)] }));
      },
      openapi: {
        operationId: 'listSources',
        tag: 'Read',
        summary: 'Show the sources and how their posts fare',
        description:
          'The default source, the configured ones in their order, then those that are not configured any more and of which ' +
          'something is stored. Counts are those of the store; `last_delivery`, `last_failure` and `previous_secret_last_used` are ' +
          'what this process has seen since it started; the posts of the default source are not looked at one by one.',
        responses: { 200: { description: 'All sources.', schema: schemas.sources } },
        failures: ['internal_error', 'unavailable'],
      },
    },
  },
};
