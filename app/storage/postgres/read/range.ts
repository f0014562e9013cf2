// The part of an ordered list that a page is read from, and what of the rows that were read is shown.
import type { Instant } from '../../../model/instant.ts';
import { type OrderKey, compareOrder } from '../../../model/order.ts';
import type { Cursor, Direction } from '../../../model/page.ts';
import { FIRST_KEY, LAST_KEY } from '../database/keys.ts';

/** What queries of messages and of events have in common. */
interface RangeQuery {
  readonly since: Instant | null;
  readonly until: Instant | null;
  readonly order: Direction;
  readonly cursor: Cursor | null;
}

/** Keys between which entries are. No entry has the key of an instant alone: its id would be empty. */
export interface Bounds {
  /** The first key that is part of them. */
  readonly from: OrderKey;
  /** The first one after that which is not. */
  readonly below: OrderKey;
}

/** Returns the least key after a key: ids are ordered by their bytes. */
export function keyAfter(key: OrderKey): OrderKey {
  return { ...key, messageId: `${key.messageId}\0` };
}

/** Returns the order in which a page is read: one before a cursor is read from its end. */
export function directionOf({ order, cursor }: Pick<RangeQuery, 'order' | 'cursor'>): Direction {
  return (order === 'asc') === (cursor?.direction !== 'before') ? 'asc' : 'desc';
}

/** Returns the bounds of the filter alone. */
export function filterBounds({ since, until }: Pick<RangeQuery, 'since' | 'until'>): Bounds {
  return {
    from: since === null ? FIRST_KEY : { ...since, messageId: '' },
    below: until === null ? LAST_KEY : { ...until, messageId: '' },
  };
}

/** Returns the bounds of the filter and the cursor. Each is one key, so that an index is entered at the right place. */
export function boundsOf(query: RangeQuery): Bounds {
  const { from, below } = filterBounds(query);
  const key = query.cursor?.key;
  if (key === undefined) return { from, below };
  if (directionOf(query) === 'desc')
    return { from, below: compareOrder(key, below) < 0 ? key : below };
  const next = keyAfter(key);
  return { from: compareOrder(next, from) > 0 ? next : from, below };
}

/**
 * Of the rows that were read, one more than `limit` where there are so many, returns those of the page in its order, and whether others
 * come before and after them.
 */
export function shownOf<Row>(
  rows: readonly Row[],
  query: { readonly cursor: Cursor | null; readonly limit: number; readonly offset: number },
): { readonly shown: readonly Row[]; readonly prev: boolean; readonly next: boolean } {
  const { cursor, limit, offset } = query;
  const more = rows.length > limit;
  const backward = cursor?.direction === 'before';
  const shown = backward ? rows.slice(0, limit).toReversed() : rows.slice(0, limit);
  return {
    shown,
    prev: backward ? more : cursor !== null || offset > 0,
    next: backward ? shown.length > 0 : more,
  };
}
