// A page of messages with the total that matches it, and whether others come before and after it.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { type MessageQuery, type Page, isAscending } from '../../../model/page.ts';
import { type Entry, FIRST_KEY, LAST_KEY } from '../file/keys.ts';
import { oneRow, preparedArrays } from '../file/statements.ts';
import type { IndexProgress } from '../index/state.ts';
import { IndexUnusable } from '../index/damage.ts';
import { MergedList } from './merged-list.ts';
import { searchEntries, type Slice } from './search.ts';

/**
 * SQL for the message `m` as `GET /messages` and the stream list it. SQLite writes the JSON, and its bytes are passed
 * on unchanged: building objects from the rows takes three times as long.
 */
export const MESSAGE_JSON = `json_object('message_id', m.message_id, 'from', m.from_msisdn, 'to', m.to_msisdn, 'ts', m.ts, 'text', m.text)`;

/** To be called inside the snapshot of `progress`. Throws StoreUnavailable, IndexUnusable, and what SQLite throws. */
export function selectPage(
  database: DatabaseSync,
  progress: IndexProgress,
  query: MessageQuery,
): Page {
  const { cursor, from, limit, offset, source, text } = query;
  const { entries, total } =
    text === null && (from === null || source === null)
      ? listEntries(database, progress, query)
      : searchEntries(database, progress, query);
  const more = entries.length > limit;
  const backward = cursor?.direction === 'before';
  const shown = backward ? entries.slice(0, limit).toReversed() : entries.slice(0, limit);
  const prev = backward ? more : cursor !== null || offset > 0;
  const next = backward ? shown.length > 0 : more;
  return {
    json: messagesJson(database, shown),
    total,
    prev: prev ? keyOf(shown[0]) : null,
    next: next ? keyOf(shown.at(-1)) : null,
  };
}

function listEntries(database: DatabaseSync, progress: IndexProgress, query: MessageQuery): Slice {
  const { from, source, since, until } = query;
  const list = new MergedList(database, progress, from, source);
  const least = since === null ? FIRST_KEY : { ...since, messageId: '' };
  const end = until === null ? LAST_KEY : { ...until, messageId: '' };
  if (compareOrder(least, end) >= 0) return { entries: [], total: 0 };
  const total = list.count(least, end);
  return { entries: entriesOf(list, query, { least, end }, total), total };
}

/** The keys of a range: that of its first instant, and that of the first one after it. No message has the key of an instant alone. */
interface Bounds {
  readonly least: OrderKey;
  readonly end: OrderKey;
}

/** One entry more than a page has; of a backward page in the order in which they are found. */
function entriesOf(
  list: MergedList,
  { cursor, limit, offset, order }: MessageQuery,
  { least, end }: Bounds,
  total: number,
): readonly Entry[] {
  if (isAscending(order, cursor)) {
    const start = cursor !== null && compareOrder(cursor.key, least) > 0 ? cursor.key : least;
    const entries =
      cursor === null ? list.at(offset, limit + 1, least) : list.after(start, limit + 1);
    return end === LAST_KEY ? entries : entries.filter((entry) => compareOrder(entry, end) < 0);
  }
  if (cursor !== null || offset === 0) {
    const start = cursor !== null && compareOrder(cursor.key, end) < 0 ? cursor.key : end;
    return list.before(start, limit + 1, least);
  }
  // Position p from the end is position `total` - 1 - p from the start.
  const last = total - offset;
  const first = Math.max(0, last - limit - 1);
  return last <= 0 ? [] : list.at(first, last - first, least).toReversed();
}

function keyOf(entry: Entry | undefined): OrderKey | null {
  if (entry === undefined) return null;
  const { seconds, nanos, messageId } = entry;
  return { seconds, nanos, messageId };
}

/** The messages of the entries, in their order, as a JSON array. */
function messagesJson(database: DatabaseSync, entries: readonly Entry[]): Uint8Array {
  // CROSS JOIN keeps the order of the two: the numbers in the order of the parameter, and for each its message.
  const [messages, json] = oneRow(
    preparedArrays<[number, Uint8Array]>(
      database,
      `SELECT count(*), CAST('[' || coalesce(group_concat(${MESSAGE_JSON}), '') || ']' AS BLOB)
     FROM json_each(?) e CROSS JOIN messages m ON m.seq = e.value ->> 0 AND m.message_id = e.value ->> 1`,
    ),
    JSON.stringify(entries.map((entry) => [entry.seq, entry.messageId])),
  );
  if (messages !== entries.length)
    throw new IndexUnusable('the index lists a message that is not there', true);
  return json;
}
