// The figures of `GET /stats`: the counts that the file keeps, and the tail on top.
import type { DatabaseSync } from 'node:sqlite';
import type { Stats } from '../../../model/stats.ts';
import { counterReader } from '../file/counters.ts';
import { type Entry, FIRST_KEY, LAST_KEY, orderOfAll } from './ordered-list.ts';
import { countSenderTails } from '../sender-tail.ts';
import { prepared, preparedArrays } from '../file/statements.ts';
import { merge, readTail } from './tail.ts';
import { compareOrder } from '../../../model/order.ts';

const TOP_SENDERS = 10;

/** To be called inside a snapshot. */
export function selectStats(database: DatabaseSync): Stats {
  const counter = counterReader(database);
  const total = counter('messages');
  const { entries: tail, all } = readTail(database, null, null);
  const order = orderOfAll(database, all);
  const first = merge(order.after(FIRST_KEY, 1), tail.slice(0, 1), compareOrder)[0];
  const last = merge(order.before(LAST_KEY, 1), tail.slice(-1), compareOrder).at(-1);
  return {
    total_messages: total,
    ...senders(database),
    first_message_ts: tsOf(database, first),
    last_message_ts: tsOf(database, last),
  };
}

/**
 * Senders by count. A sender among the first ten is either one of the tail's, or among the first ten of those
 * that were counted before it: the others' counts have not changed.
 */
function senders(database: DatabaseSync): Pick<Stats, 'senders_count' | 'messages_per_sender'> {
  const counted = Number(
    prepared(database, 'SELECT count(*) AS count FROM senders').get()?.['count'],
  );
  const top = prepared(
    database,
    `SELECT from_msisdn, messages FROM senders ORDER BY messages DESC, from_msisdn LIMIT ${TOP_SENDERS}`,
  );
  const counts = new Map(
    top.all().map((row) => [String(row['from_msisdn']), Number(row['messages'])]),
  );
  const inTail = countSenderTails(database);
  const before = countsOf(database, [...inTail.keys()]);
  for (const [from, count] of inTail) counts.set(from, (before.get(from) ?? 0) + count);
  const ranked = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    senders_count: counted + inTail.size - before.size,
    messages_per_sender: ranked.slice(0, TOP_SENDERS).map(([from, count]) => ({ from, count })),
  };
}

/** What is counted of these senders; one that is not known yet is left out. */
function countsOf(database: DatabaseSync, froms: readonly string[]): Map<string, number> {
  if (froms.length === 0) return new Map();
  const known = preparedArrays(
    database,
    'SELECT s.from_msisdn, s.messages FROM json_each(?) e CROSS JOIN senders s ON s.from_msisdn = e.value',
  );
  return new Map(known.all(JSON.stringify(froms)) as unknown as [string, number][]);
}

function tsOf(database: DatabaseSync, entry: Entry | undefined): string | null {
  if (entry === undefined) return null;
  return String(prepared(database, 'SELECT ts FROM messages WHERE seq = ?').get(entry.seq)?.['ts']);
}
