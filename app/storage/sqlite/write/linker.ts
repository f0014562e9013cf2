// Stores deliveries whose items are there already, as an import does.
import type { DatabaseSync } from 'node:sqlite';
import type { ArchivedDelivery, LinkOutcome } from '../../archive.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import type { Failure } from '../file/protocol.ts';
import { prepared } from '../file/statements.ts';
import { SourceTally, insertDelivery } from './rows.ts';

interface LinkedItem {
  readonly table: 'messages' | 'events';
  readonly seq: number;
  readonly source: string | null;
  readonly delivery: number | null;
}

/** What became of each delivery, unless the transaction failed. */
export interface Linked {
  readonly linked: readonly LinkOutcome[];
  readonly failure: Failure | null;
}

/** See `BulkImport.link`. To be called inside a transaction. Throws what SQLite throws. */
export function linkDeliveries(
  database: DatabaseSync,
  deliveries: readonly ArchivedDelivery[],
): LinkOutcome[] {
  const tally = new SourceTally();
  const outcomes = deliveries.map((delivery) => link(database, delivery, tally));
  tally.write(database);
  return outcomes;
}

function link(database: DatabaseSync, delivery: ArchivedDelivery, tally: SourceTally): LinkOutcome {
  const items = itemsOf(database, delivery);
  const removed = removedOf(database, delivery);
  if (items.length === 0 && removed < delivery.messages.length + delivery.events.length)
    return 'missing';
  // The body holds what was removed, too.
  if (removed > 0) return 'duplicate';
  const free = items.filter((item) => item.delivery === null);
  const stored = storedNumber(database, delivery, items);
  const added = free.filter(({ seq }) => stored !== null && seq > stored);
  if (stored !== null) setDelivery(database, added, stored);
  const rest = free.filter((item) => !added.includes(item));
  if (rest.length === 0) return 'duplicate';
  const number = Math.min(...rest.map(({ seq }) => seq));
  insertDelivery(database, number, delivery);
  setDelivery(database, rest, number);
  tally.add(delivery.source, 'deliveries', 1, null);
  return 'created';
}

/** The items of the delivery that are stored. */
function itemsOf(
  database: DatabaseSync,
  { source, messages, events }: ArchivedDelivery,
): LinkedItem[] {
  const message = prepared<LinkedItem>(
    database,
    `SELECT 'messages' AS "table", seq, source, delivery FROM messages WHERE message_id = ?`,
  );
  const event = prepared<LinkedItem>(
    database,
    `SELECT 'events' AS "table", seq, source, delivery FROM events WHERE event_id = ?`,
  );
  return [...messages.map((id) => message.get(id)), ...events.map((id) => event.get(id))].filter(
    (item) => item?.source === source,
  ) as LinkedItem[];
}

/** How many of its items were removed. */
function removedOf(database: DatabaseSync, { messages, events }: ArchivedDelivery): number {
  const select = prepared(database, 'SELECT 1 FROM tombstones WHERE id_hash = ?');
  const hashes = [...messages.map(tombstoneOf), ...events.map(eventTombstoneOf)];
  return hashes.filter((hash) => select.get(hash) !== undefined).length;
}

/** The number under which the same post is stored with other items of it; null where it is not. */
function storedNumber(
  database: DatabaseSync,
  { source, receivedAt }: ArchivedDelivery,
  items: readonly LinkedItem[],
): number | null {
  const select = prepared(
    database,
    'SELECT 1 FROM deliveries WHERE number = ? AND source = ? AND received_at = ?',
  );
  const numbers = items
    .map(({ delivery }) => delivery)
    .filter((number) => number !== null && select.get(number, source, receivedAt) !== undefined);
  return numbers.length === 0 ? null : Math.min(...numbers.filter((number) => number !== null));
}

function setDelivery(database: DatabaseSync, items: readonly LinkedItem[], number: number): void {
  for (const { table, seq } of items)
    prepared(database, `UPDATE ${table} SET delivery = ? WHERE seq = ?`).run(number, seq);
}
