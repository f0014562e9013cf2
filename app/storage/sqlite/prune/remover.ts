// Takes messages out of everything that holds or counts them, and leaves a tombstone of each.
import type { DatabaseSync } from 'node:sqlite';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { counterReader, counterWriter } from '../counters.ts';
import type { Entry } from '../ranks.ts';
import { LEVEL_MAX, blockId, spanOf } from '../search/blocks.ts';
import { prepared } from '../statements.ts';
import { tombstoneOf } from '../tombstones.ts';

const KEY = '(ts_seconds, ts_nanos, message_id)';
const SAME_KEY = 'ts_seconds = ? AND ts_nanos = ? AND message_id = ?';
/** The segment that begins before every message; it stays, also with nothing in it. */
const FIRST_SEGMENT_SECONDS = -99_999_999_999;

type KeyValues = [seconds: number, nanos: number, messageId: string];

/**
 * Removes messages that the orders hold. `entries` are in the order of messages, and are there.
 * To be called inside a transaction: with it the counts, totals and orders are right again.
 */
export function removeEntries(database: DatabaseSync, entries: readonly Entry[]): void {
  if (entries.length === 0) return;
  removeRows(database, entries);
  shrinkSegments(database, entries);
  markSearchBlocks(database, entries);
  bury(database, entries);
  const counter = counterReader(database);
  counterWriter(database)('messages', counter('messages') - entries.length);
}

/** The rows themselves and their places in both orders; a sender without messages goes too. */
function removeRows(database: DatabaseSync, entries: readonly Entry[]): void {
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
  const bySender = new Map<number, number>();
  for (const entry of entries) {
    const sender = Number(senderOf.get(entry.seq)?.['sender_id']);
    const gone =
      Number(fromTime.run(...valuesOf(entry)).changes) +
      Number(fromSender.run(sender, ...valuesOf(entry)).changes) +
      Number(message.run(entry.seq).changes);
    if (gone !== 3) throw new Error('the orders do not hold a message that is to be removed');
    bySender.set(sender, (bySender.get(sender) ?? 0) + 1);
  }
  const shrink = prepared(
    database,
    'UPDATE senders SET messages = messages - ? WHERE sender_id = ?',
  );
  const forget = prepared(database, 'DELETE FROM senders WHERE sender_id = ? AND messages = 0');
  for (const [sender, count] of bySender) {
    shrink.run(count, sender);
    forget.run(sender);
  }
}

/** Counts the removed messages out of their segments; one that holds nothing any more goes, but for the first. */
function shrinkSegments(database: DatabaseSync, entries: readonly Entry[]): void {
  const columns = 'SELECT ts_seconds, ts_nanos, message_id FROM segments';
  const order = 'ts_seconds, ts_nanos, message_id';
  const startOf = prepared(
    database,
    `${columns} WHERE ${KEY} <= (?, ?, ?) ORDER BY ${order.replaceAll(',', ' DESC,')} DESC LIMIT 1`,
  );
  const nextOf = prepared(
    database,
    `${columns} WHERE ${KEY} > (?, ?, ?) ORDER BY ${order} LIMIT 1`,
  );
  const shrink = prepared(
    database,
    `UPDATE segments SET messages = messages - ? WHERE ${SAME_KEY} RETURNING messages`,
  );
  const drop = prepared(
    database,
    `DELETE FROM segments WHERE ${SAME_KEY} AND ts_seconds > ${FIRST_SEGMENT_SECONDS}`,
  );
  for (let at = 0; at < entries.length;) {
    const start = keyOf(startOf.get(...valuesOf(entries[at] as Entry)));
    if (start === null) throw new Error('no segment holds a message that is to be removed');
    const next = keyOf(nextOf.get(...valuesOf(start)));
    const first = at;
    while (at < entries.length && (next === null || compareOrder(entries[at] as Entry, next) < 0))
      at += 1;
    if (shrink.get(at - first, ...valuesOf(start))?.['messages'] === 0)
      drop.run(...valuesOf(start));
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
