// GET /messages: a page of the ordered list, filtered.
import * as z from 'zod';
import type { MessageQuery } from '../../model/page.ts';
import * as schemas from '../openapi/schemas.ts';
import { integer } from '../params/integer.ts';
import { linkHeader } from '../params/links.ts';
import { cursorOrderIssues, listParameters } from '../params/list.ts';
import { type Values, optional, parseQuery, ruleIssue } from '../params/query.ts';
import { sender } from '../params/sender.ts';
import { invalid, pageReply } from '../replies.ts';
import type { Route } from '../route.ts';

const path = '/messages';

const { limit, source, since, until, order, cursor } = listParameters;
const query = {
  limit,
  offset: integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    .default(0)
    .describe('Messages to leave out first.'),
  from: optional(sender()).describe('The exact sender.'),
  since,
  until,
  source,
  q: optional(z.string()).describe(
    'A part of the text, whatever its case; no character is a wildcard.',
  ),
  order,
  cursor: cursor.describe('Where to go on, from a `Link` header; instead of `offset`.'),
};

/** Parses the query string. A cursor and an offset exclude each other: each is where the page begins. */
function parse(queryString: string) {
  return parseQuery(query, queryString, (values, textOf) =>
    values.cursor !== undefined && (values.offset ?? 0) !== 0
      ? [ruleIssue('cursor', 'Input should not come with an offset', textOf)]
      : cursorOrderIssues(values, textOf),
  );
}

function queryOf(values: Values<typeof query>): MessageQuery {
  return {
    limit: values.limit,
    offset: values.offset,
    from: values.from ?? null,
    since: values.since ?? null,
    until: values.until ?? null,
    source: values.source ?? null,
    order: values.order,
    text: values.q ?? null,
    cursor: values.cursor?.cursor ?? null,
  };
}

export const messages: Route = {
  path,
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, basePath, largeReplies }) {
        const { queryString } = exchange.target;
        const parsed = parse(queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        // The links carry the prefix whether or not a proxy has stripped it from this request.
        const listed = { path: `${basePath}${path}`, queryString, order: parsed.query.order };
        return largeReplies.send(exchange, async () => {
          const page = await store.page(queryOf(parsed.query));
          return pageReply(page, parsed.query, linkHeader(listed, page));
        });
      },
      openapi: {
        operationId: 'listMessages',
        tag: 'Read',
        summary: 'List and search messages',
        description:
          'Ordered by instant, then by `message_id`, of all sources. Filters combine with AND.',
        query,
        responses: {
          200: {
            description: 'One page, and how many match in all.',
            schema: schemas.page,
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
