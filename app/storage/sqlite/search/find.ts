// Finds the messages whose text holds a string: candidates out of an index or a scan, each of them looked at.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import type { MessageQuery } from '../../../model/page.ts';
import { foldCase } from '../../../model/search.ts';
import { counterReader } from '../counters.ts';
import { blocksIn } from './blocks.ts';
import { candidatesIn, searchBuckets } from './candidates.ts';
import { Nearest } from './nearest.ts';
import { type Entry, entryOf } from '../ranks.ts';
import { prepared } from '../statements.ts';

const COLUMNS = 'ts_seconds, ts_nanos, m.message_id AS message_id, m.seq AS seq, text';

/** Entries that are held in memory at most. */
const KEPT_MAX = 100_000;

/** The stretch that `query` asks for, one longer where more follow, and how many match in all. */
export function searchEntries(
  database: DatabaseSync,
  query: MessageQuery,
  text: string,
): { entries: readonly Entry[]; total: number } {
  const wanted = stretchOf(query);
  let skip = wanted.skip;
  let nearest = new Nearest(Math.min(skip + query.limit + 1, KEPT_MAX), wanted.descending);
  let total = 0;
  for (const entry of matches(database, query, text)) {
    total += 1;
    if (wanted.includes(entry)) nearest.add(entry);
  }
  if (skip >= total) return { entries: [], total };
  // A place far down a long list of matches is reached in strides, so that memory stays bounded.
  while (skip + query.limit + 1 > KEPT_MAX) {
    const stride = nearest.take();
    const floor = stride.at(-1);
    if (stride.length < KEPT_MAX || floor === undefined) break;
    skip -= stride.length;
    nearest = new Nearest(Math.min(skip + query.limit + 1, KEPT_MAX), wanted.descending);
    for (const entry of matches(database, query, text)) {
      if (compareOrder(entry, floor) > 0) nearest.add(entry);
    }
  }
  return { entries: nearest.take().slice(skip, skip + query.limit + 1), total };
}

/** The entries of all messages that match, in no order. */
function* matches(database: DatabaseSync, query: MessageQuery, text: string): Iterable<Entry> {
  const needle = foldCase(text);
  const least = query.since === null ? null : { ...query.since, messageId: '' };
  for (const row of candidates(database, query, text)) {
    const value = row['text'];
    if (typeof value !== 'string' || !foldCase(value).includes(needle)) continue;
    const entry = entryOf(row);
    if (least === null || compareOrder(entry, least) >= 0) yield entry;
  }
}

interface WantedStretch {
  readonly skip: number;
  readonly descending: boolean;
  readonly includes: (key: OrderKey) => boolean;
}

function stretchOf({ cursor, offset }: MessageQuery): WantedStretch {
  if (cursor === null) return { skip: offset, descending: false, includes: () => true };
  const descending = cursor.direction === 'before';
  const sign = descending ? -1 : 1;
  return { skip: 0, descending, includes: (key) => compareOrder(key, cursor.key) * sign > 0 };
}

type Row = Record<string, unknown>;

/** Messages that may match, cheapest source first: one sender's, those that the index names, or all. */
function candidates(database: DatabaseSync, query: MessageQuery, text: string): Iterable<Row> {
  if (query.from !== null) return ofSender(database, query.from);
  const buckets = searchBuckets(text);
  if (buckets.length === 0)
    return prepared(database, `SELECT ${COLUMNS} FROM messages m`).iterate();
  return ofIndex(database, buckets);
}

/** The messages that the index names, then those that it does not hold yet. */
function* ofIndex(database: DatabaseSync, buckets: readonly number[]): Iterable<Row> {
  const one = prepared(database, `SELECT ${COLUMNS} FROM messages m WHERE seq = ?`);
  for (const block of blocksIn(database, 'ready')) {
    for (const seq of candidatesIn(database, block, buckets)) {
      const row = one.get(seq);
      if (row !== undefined) yield row;
    }
  }
  const watermark = counterReader(database)('searched_seq');
  yield* prepared(database, `SELECT ${COLUMNS} FROM messages m WHERE seq > ?`).iterate(watermark);
}

/** The messages of one sender: those in its order, then those in the tail. */
function* ofSender(database: DatabaseSync, from: string): Iterable<Row> {
  const ordered = `SELECT ${COLUMNS.replaceAll(/ts_(seconds|nanos)/g, 'm.ts_$1')} FROM senders JOIN by_sender b USING (sender_id)
    JOIN messages m ON m.seq = b.seq WHERE senders.from_msisdn = ?`;
  yield* prepared(database, ordered).iterate(from);
  const watermark = counterReader(database)('ordered_seq');
  yield* prepared(
    database,
    `SELECT ${COLUMNS} FROM messages m WHERE seq > ? AND +from_msisdn = ?`,
  ).iterate(watermark, from);
}
