// A page of messages with the total that matches it, and whether others come before and after it.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { MessageQuery, Page } from '../../../model/page.ts';
import { type Bounds, directionOf, filterBounds, shownOf } from '../../range.ts';
import { type Entry, LAST_KEY } from '../file/keys.ts';
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
  const { from, source, text } = query;
  const { entries, total } =
    text === null && (from === null || source === null)
      ? listEntries(database, progress, query)
      : searchEntries(database, progress, query);
  const { shown, prev, next } = shownOf(entries, query, keyOf);
  return { json: messagesJson(database, shown), total, prev, next };
}

function listEntries(database: DatabaseSync, progress: IndexProgress, query: MessageQuery): Slice {
  const list = new MergedList(database, progress, query.from, query.source);
  const bounds = filterBounds(query);
  if (compareOrder(bounds.from, bounds.below) >= 0) return { entries: [], total: 0 };
  const total = list.count(bounds.from, bounds.below);
  return { entries: entriesOf(list, query, bounds, total), total };
}

/** One entry more than a page has; of a backward page in the order in which they are found. */
function entriesOf(
  list: MergedList,
  query: MessageQuery,
  { from, below }: Bounds,
  total: number,
): readonly Entry[] {
  const { cursor, limit, offset } = query;
  if (directionOf(query) === 'asc') {
    const start = cursor !== null && compareOrder(cursor.key, from) > 0 ? cursor.key : from;
    const entries =
      cursor === null ? list.at(offset, limit + 1, from) : list.after(start, limit + 1);
    return below === LAST_KEY ? entries : entries.filter((entry) => compareOrder(entry, below) < 0);
  }
  if (cursor !== null || offset === 0) {
    const end = cursor !== null && compareOrder(cursor.key, below) < 0 ? cursor.key : below;
    return list.before(end, limit + 1, from);
  }
  // Position p from the end is position `total` - 1 - p from the start.
  const last = total - offset;
  const first = Math.max(0, last - limit - 1);
  return last <= 0 ? [] : list.at(first, last - first, from).toReversed();
}

function keyOf({ seconds, nanos, messageId }: Entry): OrderKey {
  return { seconds, nanos, messageId };
}

/** The messages of the entries, in their order, as a JSON array. */
function messagesJson(database: DatabaseSync, entries: readonly Entry[]): Uint8Array {
  // CROSS JOIN keeps the order of the two: the numbers in the order of the parameter, and for each its message. That each has its id is
  // compared at once for all of them: pairs of number and id as the parameter take twice as long.
  const [ids, json] = oneRow(
    preparedArrays<[string | null, Uint8Array]>(
      database,
      `SELECT group_concat(m.message_id), CAST('[' || coalesce(group_concat(${MESSAGE_JSON}), '') || ']' AS BLOB)
     FROM json_each(?) e CROSS JOIN messages m ON m.seq = e.value`,
    ),
    JSON.stringify(entries.map(({ seq }) => seq)),
  );
  if ((ids ?? '') !== entries.map(({ messageId }) => messageId).join())
    throw new IndexUnusable('the index lists a message that is not there', true);
  return json;
}
