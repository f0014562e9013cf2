// The Link header of a page (RFC 8288): where the first, the previous and the next page are.
import type { OrderKey } from '../../model/order.ts';
import type { Cursor, Direction, Page } from '../../model/page.ts';
import { encodeCursor } from './cursor.ts';

/** A page of a list: its address with its prefix, what it was requested with, and its order. */
export interface Listed {
  readonly path: string;
  readonly queryString: string;
  readonly order: Direction;
}

/** Returns the value of the header. The filters, the order and the limit stay in each link. */
export function linkHeader(listed: Listed, page: Pick<Page, 'prev' | 'next'>): string {
  const link = (rel: string, direction: Cursor['direction'], key: OrderKey | null): string[] =>
    key === null ? [] : [entry(listed, rel, encodeCursor({ direction, key }, listed.order))];
  return [
    entry(listed, 'first', null),
    ...link('prev', 'before', page.prev),
    ...link('next', 'after', page.next),
  ].join(', ');
}

function entry({ path, queryString }: Listed, rel: string, cursor: string | null): string {
  const parameters = new URLSearchParams(queryString);
  parameters.delete('offset');
  parameters.delete('cursor');
  if (cursor !== null) parameters.set('cursor', cursor);
  const query = parameters.toString();
  return `<${path}${query === '' ? '' : `?${query}`}>; rel="${rel}"`;
}
