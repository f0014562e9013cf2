// A page of messages with the total that matches it, and whether others come before and after it.
import type { MessageQuery, Page } from '../../../model/page.ts';
import { messageJson } from '../../message-json.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import type { Progress } from '../index/progress.ts';
import { listOf } from './lists.ts';
import { boundsOf, directionOf, filterBounds, shownOf } from '../../range.ts';
import { type Slice, messageOf, orderKeyOf } from './rows.ts';
import { searchRows } from './search.ts';

/** To be called inside the snapshot of `progress`. Rejects with StoreUnavailable, and with what the client throws. */
export async function selectPage(
  session: Session,
  progress: Progress,
  query: MessageQuery,
): Promise<Page> {
  const { rows, total } = await selectSlice(session, progress, query);
  const { shown, prev, next } = shownOf(rows, query, orderKeyOf);
  const json = shown.map((row) => messageJson(messageOf(row))).join(',');
  return { json: Buffer.from(`[${json}]`), total, prev, next };
}

async function selectSlice(
  session: Session,
  progress: Progress,
  query: MessageQuery,
): Promise<Slice> {
  const { from, source, text } = query;
  // PostgreSQL refuses such texts, and no message has one.
  if (from?.includes('\0') || source?.includes('\0')) return { rows: [], total: 0 };
  if (text === null) return await listRows(session, progress, query);
  return await searchRows(session, progress, query, text);
}

async function listRows(session: Session, progress: Progress, query: MessageQuery): Promise<Slice> {
  const { cursor, limit, offset } = query;
  const list = await listOf(session, progress, query);
  const filter = filterBounds(query);
  const direction = directionOf(query);
  const counted = Promise.all([list.rank(filter.from), list.rank(filter.below)]);
  if (cursor !== null || offset === 0) {
    // Sent with the counts: what is read depends on nothing that they say.
    const read = list.rows(boundsOf(query), direction, limit + 1, 0);
    const [[first, end], rows] = await settled([counted, read]);
    return { rows, total: Math.max(0, end - first) };
  }
  const [first, end] = await counted;
  const total = Math.max(0, end - first);
  if (offset >= total) return { rows: [], total };
  // Positions count from the oldest message on.
  const count = Math.min(limit + 1, total - offset);
  const position = direction === 'asc' ? first + offset : end - offset - count;
  const { start, skip } = await list.locate(position);
  const rows = await list.rows({ from: start, below: filter.below }, 'asc', count, skip);
  return { rows: direction === 'asc' ? rows : rows.toReversed(), total };
}
