// The parameters that both lists have, of messages and of events.
import * as z from 'zod';
import type { Direction } from '../../model/page.ts';
import { PAGE_MESSAGES_DEFAULT, PAGE_MESSAGES_MAX } from '../../model/page-size.ts';
import { SOURCE_NAME } from '../../model/source.ts';
import type { ValidationIssue } from '../../model/validation-issue.ts';
import { type OrderedCursor, cursor } from './cursor.ts';
import { instant } from './instant.ts';
import { integer } from './integer.ts';
import { type TextOf, optional, orDefault, ruleIssue } from './query.ts';

export const listParameters = {
  limit: integer({ min: 1, max: PAGE_MESSAGES_MAX })
    .default(PAGE_MESSAGES_DEFAULT)
    .describe('The most on a page.'),
  source: optional(z.string().regex(SOURCE_NAME).meta({ example: 'whatsapp' })).describe(
    'Only of this source; `default` is that of `POST /webhook`.',
  ),
  since: optional(instant()).describe('Only at this instant and later.'),
  until: optional(instant()).describe('Only before this instant.'),
  order: orDefault(z.enum(['asc', 'desc']), 'asc').describe(
    'Oldest first, or newest first: pages, offsets and cursors follow it.',
  ),
  cursor: optional(cursor()).describe('Where to go on, from a `Link` header.'),
};

/** Returns the issue of a cursor of a list in the other order: its position would be the wrong end of the page. */
export function cursorOrderIssues(
  values: { readonly order?: Direction; readonly cursor?: OrderedCursor | undefined },
  textOf: TextOf,
): readonly ValidationIssue[] {
  const { order, cursor: start } = values;
  if (order === undefined || start === undefined || start.order === order) return [];
  return [ruleIssue('cursor', `Input should be a cursor of a list with order=${order}`, textOf)];
}
