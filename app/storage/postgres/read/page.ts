// A page of messages with the total that matches it, and whether others come before and after it.
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { MessageQuery, Page } from '../../../model/page.ts';
import { messageJson } from '../../message-json.ts';
import { FIRST_KEY } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import type { Progress } from '../index/progress.ts';
import { MessageList } from './list.ts';
import { type MessageRow, type Slice, messageOf, orderKeyOf } from './rows.ts';
import { searchRows } from './search.ts';

/** To be called inside the snapshot of `progress`. Rejects with StoreUnavailable, and with what the client throws. */
export async function selectPage(
  session: Session,
  progress: Progress,
  query: MessageQuery,
): Promise<Page> {
  const { cursor, limit, offset } = query;
  const { rows, total } = await selectRows(session, progress, query);
  const more = rows.length > limit;
  const backward = cursor?.direction === 'before';
  const shown = backward ? rows.slice(0, limit).toReversed() : rows.slice(0, limit);
  const prev = backward ? more : cursor !== null || offset > 0;
  const next = backward ? shown.length > 0 : more;
  const json = shown.map((row) => messageJson(messageOf(row))).join(',');
  return {
    json: Buffer.from(`[${json}]`),
    total,
    prev: prev ? keyOrNull(shown[0]) : null,
    next: next ? keyOrNull(shown.at(-1)) : null,
  };
}

async function selectRows(
  session: Session,
  progress: Progress,
  query: MessageQuery,
): Promise<Slice> {
  // PostgreSQL refuses such a text, and no sender has one.
  if (query.from?.includes('\0')) return { rows: [], total: 0 };
  if (query.text === null) return await listRows(session, progress, query);
  return await searchRows(session, progress, query, query.text);
}

async function listRows(
  session: Session,
  progress: Progress,
  { cursor, from, limit, offset, since }: MessageQuery,
): Promise<Slice> {
  const list = new MessageList(session, progress, from);
  const least = since === null ? FIRST_KEY : { ...since, messageId: '' };
  const counted = Promise.all([list.count(), since === null ? 0 : list.rank(least)]);
  if (cursor !== null || offset === 0) {
    // Sent with the count: what is read depends on nothing that it says.
    const read = rowsAt(list, cursor, least, limit + 1);
    const [[count, passed], rows] = await settled([counted, read]);
    return { rows, total: count - passed };
  }
  const [count, passed] = await counted;
  const total = count - passed;
  if (offset >= total) return { rows: [], total };
  return { rows: await list.at(await list.locate(passed + offset), limit + 1), total };
}

async function rowsAt(
  list: MessageList,
  cursor: MessageQuery['cursor'],
  least: OrderKey,
  limit: number,
): Promise<MessageRow[]> {
  if (cursor === null) return await list.at({ start: least, skip: 0 }, limit);
  if (cursor.direction === 'before') return await list.before(cursor.key, least, limit);
  // One condition, so that the index is entered at the right place.
  if (compareOrder(cursor.key, least) < 0) return await list.at({ start: least, skip: 0 }, limit);
  return await list.after(cursor.key, limit);
}

function keyOrNull(row: MessageRow | undefined): OrderKey | null {
  return row === undefined ? null : orderKeyOf(row);
}
