// A page of messages with the total that matches it, and whether others come before and after it.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { MessageQuery, Page } from '../../../model/page.ts';
import { type Entry, FIRST_KEY } from '../file/keys.ts';
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
  const { cursor, limit, offset, text } = query;
  const { entries, total } =
    text === null
      ? listEntries(database, progress, query)
      : searchEntries(database, progress, query, text);
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
  const { cursor, from, limit, offset, since } = query;
  const list = new MergedList(database, progress, from);
  const least = since === null ? FIRST_KEY : { ...since, messageId: '' };
  const total = list.count(least);
  if (cursor === null) return { entries: list.at(offset, limit + 1, least), total };
  if (cursor.direction === 'before')
    return { entries: list.before(cursor.key, limit + 1, least), total };
  const start = compareOrder(cursor.key, least) < 0 ? least : cursor.key;
  return { entries: list.after(start, limit + 1), total };
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
