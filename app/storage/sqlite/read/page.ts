// A page of the ordered list: out of the orders that the file keeps, with the tail put in where it belongs.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { Cursor, MessageQuery, Page } from '../../../model/page.ts';
import { type Entry, type Order, orderOfAll, orderOfSender } from './ordered-list.ts';
import { searchEntries } from '../search/find.ts';
import { preparedArrays } from '../file/statements.ts';
import { merge, readTail } from './tail.ts';

/** A stretch of the list, one longer than asked for where more follow. */
interface Stretch {
  readonly entries: readonly Entry[];
  readonly total: number;
}

/** One page and the total that matches it. To be called inside a snapshot. */
export function selectPage(database: DatabaseSync, query: MessageQuery): Page {
  const { entries, total } =
    query.text === null ? list(database, query) : searchEntries(database, query, query.text);
  const more = entries.length > query.limit;
  if (query.cursor?.direction === 'before') {
    // These came the nearest first.
    const shown = entries.slice(0, query.limit).toReversed();
    return page(database, shown, total, more, shown.length > 0);
  }
  return page(
    database,
    entries.slice(0, query.limit),
    total,
    query.cursor !== null || query.offset > 0,
    more,
  );
}

function page(
  database: DatabaseSync,
  shown: readonly Entry[],
  total: number,
  prev: boolean,
  next: boolean,
): Page {
  const key = (entry: Entry | undefined): OrderKey | null =>
    entry === undefined
      ? null
      : { seconds: entry.seconds, nanos: entry.nanos, messageId: entry.messageId };
  return {
    json: messagesJson(database, shown),
    total,
    prev: prev ? key(shown[0]) : null,
    next: next ? key(shown.at(-1)) : null,
  };
}

function list(database: DatabaseSync, query: MessageQuery): Stretch {
  const least = query.since === null ? null : { ...query.since, messageId: '' };
  const { entries: tail, all } = readTail(database, query.from, least);
  const order =
    query.from === null ? orderOfAll(database, all) : orderOfSender(database, query.from);
  const skipped = least === null ? 0 : order.rank(least);
  const total = order.count() - skipped + tail.length;
  const count = query.limit + 1;
  // The page begins at an instant: there is no place to look for.
  if (query.cursor === null && query.offset === 0 && least !== null)
    return {
      entries: merge(order.after(least, count), tail, compareOrder).slice(0, count),
      total,
    };
  if (query.cursor === null)
    return { entries: fromPlace(order, tail, skipped, query.offset, count), total };
  return { entries: fromCursor(order, tail, least, query.cursor, count), total };
}

/** `count` entries from the place `offset` of the merged list, whose ordered part begins at `skipped`. */
function fromPlace(
  order: Order,
  tail: readonly Entry[],
  skipped: number,
  offset: number,
  count: number,
): Entry[] {
  // How many of the tail come before the place: its entry j stands at its rank among the ordered ones, plus j.
  let low = 0;
  let high = offset === 0 ? 0 : tail.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const place = order.rank(tail[middle] as Entry) - skipped + middle;
    if (place < offset) low = middle + 1;
    else high = middle;
  }
  return merge(
    order.at(skipped + offset - low, count),
    tail.slice(low, low + count),
    compareOrder,
  ).slice(0, count);
}

function fromCursor(
  order: Order,
  tail: readonly Entry[],
  least: OrderKey | null,
  { direction, key }: Cursor,
  count: number,
): Entry[] {
  if (direction === 'after') {
    if (least !== null && compareOrder(key, least) < 0)
      return fromPlace(order, tail, order.rank(least), 0, count);
    const later = tail.filter((entry) => compareOrder(entry, key) > 0);
    return merge(order.after(key, count), later, compareOrder).slice(0, count);
  }
  const earlier = tail.filter((entry) => compareOrder(entry, key) < 0);
  const ordered = order
    .before(key, count)
    .filter((entry) => least === null || compareOrder(entry, least) >= 0);
  return merge(ordered, earlier, (a, b) => compareOrder(b, a)).slice(0, count);
}

/** A message as it is listed. SQLite writes the JSON, and its bytes travel as they are: objects of the rows would take three times as long. */
const MESSAGE_JSON = `json_object('message_id', m.message_id, 'from', m.from_msisdn, 'to', m.to_msisdn, 'ts', m.ts, 'text', m.text)`;

/** The messages of the entries, in their order, as a JSON array. */
function messagesJson(database: DatabaseSync, entries: readonly Entry[]): Uint8Array {
  // CROSS JOIN keeps the order of the two: the numbers as they are given, and for each its message.
  const row = preparedArrays(
    database,
    `SELECT count(*), CAST('[' || coalesce(group_concat(${MESSAGE_JSON}), '') || ']' AS BLOB) FROM json_each(?) e CROSS JOIN messages m ON m.seq = e.value`,
  ).get(JSON.stringify(entries.map((entry) => entry.seq))) as unknown as [number, Uint8Array];
  if (row[0] !== entries.length) throw new Error('the orders name a message that is not there');
  return row[1];
}
