// GET /events: a page of the ordered list of events, filtered.
import * as z from 'zod';
import * as schemas from '../openapi/schemas.ts';
import { linkHeader } from '../params/links.ts';
import { cursorOrderIssues, listParameters } from '../params/list.ts';
import { optional, parseQuery } from '../params/query.ts';
import { eventPageReply, invalid } from '../replies.ts';
import type { Route } from '../route.ts';

const path = '/events';

const { limit, source, since, until, order, cursor } = listParameters;
const query = {
  limit,
  source,
  type: optional(z.string())
    .describe('The exact type, such as `status`.')
    .meta({ example: 'status' }),
  subject: optional(z.string())
    .describe('The exact id that it is about, percent-encoded: a raw `+` is a space.')
    .meta({ example: 'whatsapp:wamid.HBgMOTE5ODc2NTQzMjEw' }),
  since,
  until,
  order,
  cursor,
};

export const events: Route = {
  path,
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, basePath }) {
        const { queryString } = exchange.target;
        const parsed = parseQuery(query, queryString, cursorOrderIssues);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const { query: values } = parsed;
        const page = await store.events({
          limit: values.limit,
          source: values.source ?? null,
          type: values.type ?? null,
          subject: values.subject ?? null,
          since: values.since ?? null,
          until: values.until ?? null,
          order: values.order,
          cursor: values.cursor?.cursor ?? null,
        });
        const listed = { path: `${basePath}${path}`, queryString, order: values.order };
        return exchange.send(eventPageReply(page, values.limit, linkHeader(listed, page)));
      },
      openapi: {
        operationId: 'listEvents',
        tag: 'Read',
        summary: 'List events',
        description:
          'Everything from named sources that is no message: delivery statuses, account updates, posts that cannot be parsed, and ' +
          'conflicts, which are other content that came under an id. Ordered by instant, then by `event_id`. Filters combine with AND.',
        query,
        responses: {
          200: {
            description: 'One page.',
            schema: schemas.eventPage,
            headers: {
              Link: 'RFC 8288: the addresses of the pages `first`, `prev` and `next`.',
            },
          },
        },
        failures: ['validation_error', 'internal_error', 'unavailable'],
      },
    },
  },
};
