// The part of an ordered list that a page is read from, and what of the entries that were read is shown: the same for every engine.
import type { Instant } from '../model/instant.ts';
import { type OrderKey, compareOrder } from '../model/order.ts';
import type { Cursor, Direction } from '../model/page.ts';

/** Keys that no entry has, before and after all of them. */
export const FIRST_KEY: OrderKey = { seconds: -99_999_999_999, nanos: 0, messageId: '' };
export const LAST_KEY: OrderKey = { seconds: 999_999_999_999, nanos: 0, messageId: '' };

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

/** Returns the order in which a page is read: one that ends before a cursor is read from its end, and then reversed. */
export function directionOf({ order, cursor }: Pick<RangeQuery, 'order' | 'cursor'>): Direction {
  return (order === 'asc') !== (cursor?.direction === 'before') ? 'asc' : 'desc';
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
 * Of the entries that were read, one more than `limit` where there are so many, returns those of the page in its order, and the keys of its
 * first and its last one where others come before and after them. `offset`: how many the query leaves out first.
 */
export function shownOf<Entry>(
  entries: readonly Entry[],
  query: { readonly cursor: Cursor | null; readonly limit: number; readonly offset?: number },
  keyOf: (entry: Entry) => OrderKey,
): {
  readonly shown: readonly Entry[];
  readonly prev: OrderKey | null;
  readonly next: OrderKey | null;
} {
  const { cursor, limit, offset = 0 } = query;
  const more = entries.length > limit;
  const backward = cursor?.direction === 'before';
  const page = entries.slice(0, limit);
  const shown = backward ? page.toReversed() : page;
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return { shown, prev: null, next: null };
  return {
    shown,
    prev: (backward ? more : cursor !== null || offset > 0) ? keyOf(first) : null,
    next: backward || more ? keyOf(last) : null,
  };
}
