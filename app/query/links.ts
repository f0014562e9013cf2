// The Link header of a page (RFC 8288): where the first, the previous and the next page are.
import type { OrderKey } from '../model/order.ts';
import type { Cursor, Page } from '../model/page.ts';
import { encodeCursor } from './cursor.ts';

/** The header's value for a page at this path, with its prefix, that was asked for with this query string. */
export function linkHeader(path: string, queryString: string, page: Page): string {
  const link = (rel: string, direction: Cursor['direction'], key: OrderKey | null): string[] =>
    key === null ? [] : [entry(path, queryString, rel, encodeCursor({ direction, key }))];
  return [
    entry(path, queryString, 'first', null),
    ...link('prev', 'before', page.prev),
    ...link('next', 'after', page.next),
  ].join(', ');
}

function entry(path: string, queryString: string, rel: string, cursor: string | null): string {
  const parameters = new URLSearchParams(queryString);
  parameters.delete('offset');
  parameters.delete('cursor');
  if (cursor !== null) parameters.set('cursor', cursor);
  const query = parameters.toString();
  return `<${path}${query === '' ? '' : `?${query}`}>; rel="${rel}"`;
}
