// What a database of PostgreSQL holds after whatever happened to it, and what replicas and streams show of it.
import assert from 'node:assert/strict';
import { assertRows } from '../faults/verify.ts';
import { eventually } from '../support/bounded.ts';
import type { Stored } from '../support/message.ts';
import { queryOnce } from '../support/postgres.ts';
import type { Service } from '../support/service.ts';
import { statsIn } from '../support/shapes.ts';
import type { Seen } from './stream-reader.ts';

/** A message of the table, with its number. */
export interface Kept extends Stored {
  readonly seq: number;
}

/** How many of the messages that were acknowledged last are searched for. */
const SEARCHED_MAX = 5;

/** An index that lost or doubled an entry would not show it. */
const WITHOUT_INDEXES = ['indexscan', 'indexonlyscan', 'bitmapscan']
  .map((name) => `-c enable_${name}=off`)
  .join(' ');

/** Reads all messages in the order of their numbers, from the tables themselves. */
export async function keptMessages(url: string): Promise<Kept[]> {
  const direct = new URL(url);
  direct.searchParams.set('options', WITHOUT_INDEXES);
  const rows = await queryOnce(
    direct.href,
    `SELECT (b.first_seq + m.ord)::float8 AS seq, convert_from(m.message_id, 'UTF8') AS message_id,
       m.from_msisdn AS "from", m.to_msisdn AS "to", m.ts, convert_from(m.text, 'UTF8') AS text
     FROM messages m LEFT JOIN batches b ON b.batch = m.batch ORDER BY 1`,
  );
  return rows as unknown as Kept[];
}

/** Every acknowledged message is kept once, as it was sent, under a number of its own. Gives what is kept. */
export async function assertKept(
  url: string,
  acknowledged: ReadonlyMap<string, Stored>,
  mayBeThere?: (id: string) => boolean,
): Promise<Kept[]> {
  const kept = await keptMessages(url);
  assertRows(kept, acknowledged, mayBeThere);
  let last = 0;
  for (const { seq, message_id } of kept) {
    assert.ok(seq > last, `${message_id} has the number ${seq}, after ${last}`);
    last = seq;
  }
  return kept;
}

/** The stream has shown each message that is kept once, in the order of numbers, and nothing else. */
export function assertStreamed(seen: readonly Seen[], kept: readonly Kept[]): void {
  for (const [place, { seq, message_id }] of kept.entries()) {
    const shown = seen[place];
    assert.deepEqual([shown?.seq, shown?.id], [seq, message_id], `at place ${place} of the stream`);
  }
  assert.equal(seen.length, kept.length);
}

/** What a replica counts and finds is what is kept. Nothing must be stored meanwhile. */
export async function assertCounted(service: Service, kept: readonly Kept[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const { from } of kept) counts.set(from, (counts.get(from) ?? 0) + 1);
  const senders = [...counts]
    .map(([from, count]) => ({ from, count }))
    .toSorted((a, b) => b.count - a.count || (a.from < b.from ? -1 : 1));
  const stats = statsIn((await service.get('/stats')).json());
  assert.deepEqual(
    [stats.total_messages, stats.senders_count, stats.messages_per_sender],
    [kept.length, senders.length, senders.slice(0, 10)],
  );
  assert.equal((await service.page('?limit=1')).total, kept.length);
  for (const { seq: _, ...stored } of kept.slice(-SEARCHED_MAX)) {
    const word = /word[0-9]+end/.exec(stored.text ?? '')?.[0] ?? stored.text ?? '';
    const { data } = await service.page(`?q=${encodeURIComponent(word.toUpperCase())}`);
    assert.ok(data.some((found) => found.message_id === stored.message_id));
  }
}

/** Waits until the database has as many messages as were acknowledged on it and all that is derived holds them. */
export async function followed(service: Service): Promise<void> {
  await eventually('lists and search to follow', async () => {
    const { text } = await service.get('/metrics');
    return /^oncebox_list_backlog_messages 0$/m.test(text) &&
      /^oncebox_search_backlog_messages 0$/m.test(text)
      ? true
      : undefined;
  });
}
