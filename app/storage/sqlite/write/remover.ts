// Takes messages out of everything that holds or counts them, and leaves a tombstone of each.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { type Entry, FIRST_KEY } from '../read/ordered-list.ts';
import { LEVEL_MAX, blockId, spanOf } from '../search/blocks.ts';
import { prepared } from '../file/statements.ts';
import { tombstoneOf } from '../file/tombstones.ts';

const KEY = '(ts_seconds, ts_nanos, message_id)';
const SAME_KEY = 'ts_seconds = ? AND ts_nanos = ? AND message_id = ?';

type KeyValues = [seconds: number, nanos: number, messageId: string];

/**
 * Removes messages that the orders hold. `entries` are in the order of messages, and are there.
 * To be called inside a transaction: with it the counts, totals and orders are right again.
 */
export function removeEntries(database: DatabaseSync, entries: readonly Entry[]): void {
  if (entries.length === 0) return;
  const bySender = removeRows(database, entries);
  shrinkSegments(database, entries, 'segments');
  for (const [sender, own] of bySender)
    shrinkSegments(database, own, 'sender_segments', 'sender_id = ? AND ', [sender]);
  shrinkSenders(database, bySender);
  markSearchBlocks(database, entries);
  bury(database, entries);
  const counter = counterReader(database);
  counterWriter(database)('messages', counter('messages') - entries.length);
}

/** The rows themselves and their places in both orders. Gives the entries by the number of their sender. */
function removeRows(database: DatabaseSync, entries: readonly Entry[]): Map<number, Entry[]> {
  const senderOf = prepared(
    database,
    'SELECT sender_id FROM messages JOIN senders USING (from_msisdn) WHERE seq = ?',
  );
  const fromTime = prepared(database, `DELETE FROM by_time WHERE ${SAME_KEY}`);
  const fromSender = prepared(
    database,
    `DELETE FROM by_sender WHERE sender_id = ? AND ${SAME_KEY}`,
  );
  const message = prepared(database, 'DELETE FROM messages WHERE seq = ?');
  const bySender = new Map<number, Entry[]>();
  for (const entry of entries) {
    const sender = Number(senderOf.get(entry.seq)?.['sender_id']);
    const gone =
      Number(fromTime.run(...valuesOf(entry)).changes) +
      Number(fromSender.run(sender, ...valuesOf(entry)).changes) +
      Number(message.run(entry.seq).changes);
    if (gone !== 3) throw new Error('the orders do not hold a message that is to be removed');
    const own = bySender.get(sender);
    if (own === undefined) bySender.set(sender, [entry]);
    else own.push(entry);
  }
  return bySender;
}

/** Counts the removed messages out of their senders; one without messages goes, with its segments. */
function shrinkSenders(
  database: DatabaseSync,
  bySender: ReadonlyMap<number, readonly Entry[]>,
): void {
  const shrink = prepared(
    database,
    'UPDATE senders SET messages = messages - ? WHERE sender_id = ? RETURNING messages',
  );
  const forget = prepared(database, 'DELETE FROM senders WHERE sender_id = ?');
  const forgetSegments = prepared(database, 'DELETE FROM sender_segments WHERE sender_id = ?');
  for (const [sender, own] of bySender) {
    if (shrink.get(own.length, sender)?.['messages'] !== 0) continue;
    forget.run(sender);
    forgetSegments.run(sender);
  }
}

/**
 * Counts the removed messages out of their segments; one that holds nothing any more goes, but for the first.
 * `scope` with its `values` picks the segments of one list out of a table that has those of several; there a list may have none.
 */
function shrinkSegments(
  database: DatabaseSync,
  entries: readonly Entry[],
  table: 'segments' | 'sender_segments',
  scope = '',
  values: readonly number[] = [],
): void {
  const columns = `SELECT ts_seconds, ts_nanos, message_id FROM ${table}`;
  const order = 'ts_seconds, ts_nanos, message_id';
  const startOf = prepared(
    database,
    `${columns} WHERE ${scope}${KEY} <= (?, ?, ?) ORDER BY ${order.replaceAll(',', ' DESC,')} DESC LIMIT 1`,
  );
  const nextOf = prepared(
    database,
    `${columns} WHERE ${scope}${KEY} > (?, ?, ?) ORDER BY ${order} LIMIT 1`,
  );
  const shrink = prepared(
    database,
    `UPDATE ${table} SET messages = messages - ? WHERE ${scope}${SAME_KEY} RETURNING messages`,
  );
  const drop = prepared(
    database,
    `DELETE FROM ${table} WHERE ${scope}${SAME_KEY} AND ts_seconds > ${FIRST_KEY.seconds}`,
  );
  for (let at = 0; at < entries.length;) {
    const start = keyOf(startOf.get(...values, ...valuesOf(entries[at] as Entry)));
    if (start === null && table === 'sender_segments') return;
    if (start === null) throw new Error('no segment holds a message that is to be removed');
    const next = keyOf(nextOf.get(...values, ...valuesOf(start)));
    const first = at;
    while (at < entries.length && (next === null || compareOrder(entries[at] as Entry, next) < 0))
      at += 1;
    if (shrink.get(at - first, ...values, ...valuesOf(start))?.['messages'] === 0)
      drop.run(...values, ...valuesOf(start));
  }
}

/** Notes how many messages each block of the search index has lost, whatever its state. */
function markSearchBlocks(database: DatabaseSync, entries: readonly Entry[]): void {
  const lost = new Map<number, number>();
  for (const { seq } of entries) {
    for (let level = 0; level <= LEVEL_MAX; level += 1) {
      const id = blockId({ level, index: Math.floor((seq - 1) / spanOf(level)) });
      lost.set(id, (lost.get(id) ?? 0) + 1);
    }
  }
  const mark = prepared(
    database,
    'UPDATE search_blocks SET removed = removed + ? WHERE block_id = ?',
  );
  for (const [id, count] of lost) mark.run(count, id);
}

function bury(database: DatabaseSync, entries: readonly Entry[]): void {
  const insert = prepared(database, 'INSERT OR IGNORE INTO tombstones (id_hash) VALUES (?)');
  let buried = 0;
  // Sorted, so that neighbours go into the same page one after another.
  const hashes = entries
    .map(({ messageId }) => tombstoneOf(messageId))
    .toSorted((a, b) => Buffer.compare(a, b));
  for (const hash of hashes) buried += Number(insert.run(hash).changes);
  counterWriter(database)('tombstones', counterReader(database)('tombstones') + buried);
}

function valuesOf(key: OrderKey): KeyValues {
  return [key.seconds, key.nanos, key.messageId];
}

function keyOf(row: Record<string, unknown> | undefined): OrderKey | null {
  if (row === undefined) return null;
  return {
    seconds: Number(row['ts_seconds']),
    nanos: Number(row['ts_nanos']),
    messageId: String(row['message_id']),
  };
}
