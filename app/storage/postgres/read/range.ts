// The part of an ordered list that a page is read from, and what of the rows that were read is shown.
import { type OrderKey, compareOrder } from '../../../model/order.ts';
import type { Instant } from '../../../model/instant.ts';
import type { Cursor, Direction } from '../../../model/page.ts';
import { FIRST_KEY, LAST_KEY } from '../database/keys.ts';

/** What messages and events have in common. */
interface RangeQuery {
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly order: Direction;
  readonly cursor: Cursor | null;
}

/** Keys between which the entries are, without them: no entry has the key of an instant alone, as its id would be empty. */
export interface Bounds {
  readonly above: OrderKey;
  readonly below: OrderKey;
}

/** The order in which a page is read: a page before a cursor is read from its end. */
export function directionOf({ order, cursor }: Pick<RangeQuery, 'order' | 'cursor'>): Direction {
  return (order === 'asc') === (cursor?.direction !== 'before') ? 'asc' : 'desc';
}

/** The bounds of the filter alone. */
export function filterBounds({ since, until }: Pick<RangeQuery, 'since' | 'until'>): Bounds {
  return {
    above: since === null ? FIRST_KEY : { ...since, messageId: '' },
    below: until === null ? LAST_KEY : { ...until, messageId: '' },
  };
}

/** The bounds of the filter and the cursor. Each is one key, so that an index is entered at the right place. */
export function boundsOf(query: RangeQuery): Bounds {
  const { above, below } = filterBounds(query);
  const key = query.cursor?.key;
  if (key === undefined) return { above, below };
  return directionOf(query) === 'asc'
    ? { above: compareOrder(key, above) > 0 ? key : above, below }
    : { above, below: compareOrder(key, below) < 0 ? key : below };
}

/** Of the rows that were read, one more than `limit` where there are so many: those of the page in its order, and whether others surround it. */
export function shownOf<Row>(
  rows: readonly Row[],
  {
    cursor,
    limit,
    offset,
  }: { readonly cursor: Cursor | null; readonly limit: number; readonly offset: number },
): { readonly shown: readonly Row[]; readonly prev: boolean; readonly next: boolean } {
  const more = rows.length > limit;
  const backward = cursor?.direction === 'before';
  const shown = backward ? rows.slice(0, limit).toReversed() : rows.slice(0, limit);
  return {
    shown,
    prev: backward ? more : cursor !== null || offset > 0,
    next: backward ? shown.length > 0 : more,
  };
}
