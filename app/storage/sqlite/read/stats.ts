// The statistics of `GET /stats`: the counts that the index keeps, corrected by the tail.
import type { DatabaseSync } from 'node:sqlite';
import type { Stats } from '../../../model/stats.ts';
import { counterReader } from '../file/counters.ts';
import type { Entry } from '../file/keys.ts';
import { prepared, preparedArrays } from '../file/statements.ts';
import { INDEX, KIND } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';
import { MergedList } from './merged-list.ts';

/** Senders that the statistics list. */
export const TOP_SENDERS = 10;

/** To be called inside the snapshot of `progress`. Throws StoreUnavailable where the tail is too long, and what SQLite throws. */
export function selectStats(database: DatabaseSync, progress: IndexProgress): Stats {
  const list = new MergedList(database, progress, null);
  const { first, last } = list.ends();
  return {
    total_messages: counterReader(database)('messages'),
    ...senders(database, progress.index.senders, list.tail.changesBySender()),
    first_message_ts: tsOf(database, first),
    last_message_ts: tsOf(database, last),
  };
}

/**
 * Senders by count. One among the first ten either has messages in the tail, or is among the first ten of those whose count
 * in the index is right; so many more are read as have a wrong one. `listedSenders`: how many the index counts.
 */
function senders(
  database: DatabaseSync,
  listedSenders: number,
  changes: ReadonlyMap<string, number>,
): Pick<Stats, 'senders_count' | 'messages_per_sender'> {
  const top = preparedArrays<[string, number]>(
    database,
    `SELECT name, messages FROM ${INDEX}.lists
     WHERE kind = ${KIND.sender} ORDER BY messages DESC, name LIMIT ?`,
  ).all(TOP_SENDERS + changes.size);
  const counts = new Map(top);
  const listed = listedCounts(database, [...changes.keys()]);
  let sendersCount = listedSenders;
  for (const [from, change] of changes) {
    const before = listed.get(from) ?? 0;
    const count = before + change;
    if (before === 0 && count > 0) sendersCount += 1;
    if (before > 0 && count === 0) sendersCount -= 1;
    counts.set(from, count);
  }
  const ranked = [...counts]
    .filter(([, count]) => count > 0)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    senders_count: sendersCount,
    messages_per_sender: ranked.slice(0, TOP_SENDERS).map(([from, count]) => ({ from, count })),
  };
}

/** What the index counts of these senders; one that it does not know is left out. */
function listedCounts(database: DatabaseSync, froms: readonly string[]): Map<string, number> {
  if (froms.length === 0) return new Map();
  const rows = preparedArrays<[string, number]>(
    database,
    `SELECT l.name, l.messages FROM json_each(?) e
     CROSS JOIN ${INDEX}.lists l ON l.kind = ${KIND.sender} AND l.name = e.value`,
  ).all(JSON.stringify(froms));
  return new Map(rows);
}

function tsOf(database: DatabaseSync, entry: Entry | undefined): string | null {
  if (entry === undefined) return null;
  const row = prepared(database, 'SELECT ts FROM messages WHERE seq = ?').get(entry.seq);
  return row === undefined ? null : String(row['ts']);
}
