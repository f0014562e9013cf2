// A page of the ordered list: out of the orders that the file keeps, with the tail put in where it belongs.
import type { DatabaseSync } from 'node:sqlite';
import type { Message } from '../../model/message.ts';
import { compareOrder, type OrderKey } from '../../model/order.ts';
import type { Cursor, MessageQuery, Page } from '../../model/page.ts';
import { type Entry, type Order, orderOfAll, orderOfSender } from './ranks.ts';
import { searchEntries } from './search/find.ts';
import { prepared } from './statements.ts';
import { merge, tailEntries } from './tail.ts';

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
    data: shown.map((entry) => messageAt(database, entry.seq)),
    total,
    prev: prev ? key(shown[0]) : null,
    next: next ? key(shown.at(-1)) : null,
  };
}

function list(database: DatabaseSync, query: MessageQuery): Stretch {
  const order = query.from === null ? orderOfAll(database) : orderOfSender(database, query.from);
  const least = query.since === null ? null : { ...query.since, messageId: '' };
  const tail = tailEntries(database, query.from, least);
  const skipped = least === null ? 0 : order.rank(least);
  const total = order.count() - skipped + tail.length;
  const count = query.limit + 1;
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
  let high = tail.length;
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

function messageAt(database: DatabaseSync, seq: number): Message {
  const row = prepared(
    database,
    'SELECT message_id, from_msisdn, to_msisdn, ts, text FROM messages WHERE seq = ?',
  ).get(seq);
  if (row === undefined) throw new Error('the orders name a message that is not there');
  return {
    message_id: row['message_id'] as string,
    from: row['from_msisdn'] as string,
    to: row['to_msisdn'] as string,
    ts: row['ts'] as string,
    text: row['text'] as string | null,
  };
}
