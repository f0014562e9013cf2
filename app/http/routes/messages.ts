// GET /messages: a page of the ordered list, filtered.
import * as z from 'zod';
import { PAGE_MESSAGES_DEFAULT, PAGE_MESSAGES_MAX } from '../../model/page-size.ts';
import * as schemas from '../openapi/schemas.ts';
import { cursor } from '../params/cursor.ts';
import { instant } from '../params/instant.ts';
import { integer } from '../params/integer.ts';
import { linkHeader } from '../params/links.ts';
import { optional, parseQuery, ruleIssue } from '../params/query.ts';
import { sender } from '../params/sender.ts';
import { invalid, pageReply } from '../replies.ts';
import type { Route } from '../route.ts';

const path = '/messages';

const query = {
  limit: integer({ min: 1, max: PAGE_MESSAGES_MAX })
    .default(PAGE_MESSAGES_DEFAULT)
    .describe('Messages a page.'),
  offset: integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    .default(0)
    .describe('Messages to leave out first.'),
  from: optional(sender()).describe('The exact sender.'),
  since: optional(instant()).describe('Messages at this instant and later.'),
  q: optional(z.string()).describe(
    'A part of the text, whatever its case; no character is a wildcard.',
  ),
  cursor: optional(cursor()).describe('Where to go on, from a Link header; instead of `offset`.'),
};

/** Parses the query string. A cursor and an offset exclude each other: each is where the page begins. */
function parse(queryString: string) {
  return parseQuery(query, queryString, ({ offset = 0, cursor: start }, textOf) =>
    start !== undefined && offset !== 0
      ? [ruleIssue('cursor', 'Input should not come with an offset', textOf)]
      : [],
  );
}

export const messages: Route = {
  path,
  access: 'api',
  methods: {
    GET: {
      async handle(exchange, { store, basePath }) {
        const { queryString } = exchange.target;
        const parsed = parse(queryString);
        if ('issues' in parsed) return exchange.send(invalid(parsed.issues));
        const {
          limit,
          offset,
          from = null,
          since = null,
          q = null,
          cursor: start = null,
        } = parsed.query;
        const page = await store.page({ limit, offset, from, since, text: q, cursor: start });
        // The links carry the prefix whether or not a proxy has stripped it from this request.
        const link = linkHeader(`${basePath}${path}`, queryString, page);
        return exchange.send(pageReply(page, parsed.query, link));
      },
      openapi: {
        operationId: 'listMessages',
        tag: 'Read',
        summary: 'List and search messages',
        description: 'Ordered by instant, then by `message_id`. Filters combine with AND.',
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
