// The Link header of a page (RFC 8288): where the first, the previous and the next page are.
import type { OrderKey } from '../../model/order.ts';
import type { Cursor, Page } from '../../model/page.ts';
import { encodeCursor } from './cursor.ts';

/**
 * Returns the value of the header. `path` is that of the page with its prefix, `queryString` what it was requested with;
 * the filters and the limit stay in each link.
 */
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
