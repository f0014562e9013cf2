// GET /forwards: every destination, how far it is, and what keeps it.
import { behindOf } from '../../forward/behind.ts';
import type { ForwardSettings } from '../../model/forward.ts';
import { shownUrl } from '../../model/shown-url.ts';
import type { ForwardStatus } from '../../storage/store.ts';
import * as schemas from '../openapi/forward-schemas.ts';
import { okJson } from '../replies.ts';
import type { Route } from '../route.ts';

/** What there is of a destination that was not opened yet. */
const NOTHING: Omit<ForwardStatus, 'name'> = {
  position: 0,
  finished: [],
  startedAfter: 0,
  lastSeq: 0,
  delivered: 0,
  retrying: 0,
  waiting: 0,
  dead: 0,
  oldest: null,
  report: null,
};

/** Returns a destination as it is sent; without settings where it is not configured any more. */
function destinationJson(
  name: string,
  settings: ForwardSettings | null,
  status: Omit<ForwardStatus, 'name'>,
) {
  const { position, lastSeq, oldest, retrying, waiting, dead, delivered, report } = status;
  const seen = settings === null ? null : report;
  return {
    name,
    mode: settings?.mode ?? null,
    order: settings?.order ?? null,
    url: settings === null ? null : shownUrl(settings.url),
    state: settings === null ? 'removed' : (seen?.state ?? 'running'),
    reason: seen?.reason ?? null,
    position,
    last_seq: lastSeq,
    behind: behindOf(status),
    oldest_unfinished: oldest,
    retrying,
    waiting,
    dead,
    delivered,
    rate_per_second: seen?.ratePerSecond ?? 0,
    last_error: report?.lastError ?? null,
    last_error_at: report?.lastErrorAt ?? null,
  };
}

export const forwards: Route = {
  path: '/forwards',
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, forwards: configured }) {
        const statuses = new Map((await store.forwards.statuses()).map((one) => [one.name, one]));
        const data = configured.map((one) =>
          destinationJson(one.name, one, statuses.get(one.name) ?? NOTHING),
        );
        for (const { name } of configured) statuses.delete(name);
        const removed = [...statuses.values()].map((one) => destinationJson(one.name, null, one));
        exchange.send(okJson({ data: [...data, ...removed] }));
      },
      openapi: {
        operationId: 'listDestinations',
        tag: 'Forward',
        summary: 'Show the destinations and how far they are',
        description:
          'The configured destinations in the order of `FORWARDS`, then those that are not configured any more and of which something ' +
          'is kept. State, rate and errors are what the process that forwards said last.',
        responses: { 200: { description: 'All destinations.', schema: schemas.destinations } },
        failures: ['internal_error', 'unavailable'],
      },
    },
  },
};
