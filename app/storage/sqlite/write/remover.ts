// Removes items from the database: a tombstone of each id stays, and of a message a record that the index follows.
import type { DatabaseSync } from 'node:sqlite';
import { CONFLICT } from '../../../model/item.ts';
import type { OrderKey } from '../../../model/order.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { type Entry, KEY_COLUMNS, LAST_KEY, keyValues, readEntries } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import { ForwardRemoval, type KeepUnfinished } from './forward-removal.ts';
import { SourceTally } from './rows.ts';

/** A step ends when payloads and bodies pass this: what is removed is overwritten, and commits wait meanwhile. */
const STEP_BYTES = 4_194_304;

export interface RemovalOptions {
  /** Items of this second and later stay. */
  readonly beforeSeconds?: number;
  /** Items that stay because they are not forwarded yet. */
  readonly keep?: KeepUnfinished;
  /** Whether the deliveries of what is removed go too, also where other items of them stay. */
  readonly withDeliveries?: boolean;
}

/** What a step removed. `messages` and `events` are rows; `events` has the conflicts of messages, too. */
export interface Removed {
  readonly messages: number;
  readonly events: number;
  readonly deliveries: number;
  /** How many of the numbers the step came to: the others are for the next one. */
  readonly done: number;
  /** How many of them stay because they are not forwarded yet. */
  readonly kept: number;
}

export const NOTHING_REMOVED: Removed = {
  messages: 0,
  events: 0,
  deliveries: 0,
  done: 0,
  kept: 0,
};

/**
 * Removes the messages or the events with these numbers, as far as they are there; with messages the conflicts about them, and deliveries
 * of which no item is left. To be called inside a transaction; it updates the counters as well. Throws what SQLite throws.
 */
export function removeItems(
  database: DatabaseSync,
  items: 'messages' | 'events',
  seqs: readonly number[],
  options: RemovalOptions = {},
): Removed {
  const removal = new Removal(database, options);
  return removal.each(items, seqs);
}

/** Returns the next events after a key, in the order of instants; `messageId` is an `event_id`. Throws what SQLite throws. */
export function eventsAfter(database: DatabaseSync, key: OrderKey, limit: number): Entry[] {
  return readEntries(
    database,
    `SELECT ts_seconds, ts_nanos, event_id, seq FROM events INDEXED BY events_by_time
     WHERE (ts_seconds, ts_nanos, event_id) > (?, ?, ?) ORDER BY ts_seconds, ts_nanos, event_id LIMIT ?`,
    ...keyValues(key),
    limit,
  );
}

/** Deletes the records of removals up to the number, which the index has followed. Throws what SQLite throws. */
export function purgeRemovals(database: DatabaseSync, upTo: number): void {
  const counter = counterReader(database);
  if (counter('removals_purged') >= upTo || upTo > counter('removals')) return;
  prepared(database, 'DELETE FROM removals WHERE number <= ?').run(upTo);
  counterWriter(database)('removals_purged', upTo);
}

interface RemovedRow {
  readonly id: string;
  readonly seq: number;
  readonly source: string | null;
  readonly delivery: number | null;
  readonly bytes: number;
}

/** Columns of a RemovedRow, behind its id and its number. */
const REMOVED = 'source, delivery, coalesce(octet_length(payload), 0) AS bytes';

/** One transaction of removals. */
class Removal {
  readonly #database: DatabaseSync;
  readonly #beforeSeconds: number;
  readonly #withDeliveries: boolean;
  readonly #firstRecord: number;
  /** Without any event no message has conflicts. */
  readonly #hasEvents: boolean;
  readonly #forwards: ForwardRemoval;
  readonly #sources = new SourceTally();
  readonly #tombstones: Uint8Array[] = [];
  #messages = 0;
  #events = 0;
  #deliveries = 0;
  #bytes = 0;

  constructor(database: DatabaseSync, options: RemovalOptions) {
    const counter = counterReader(database);
    this.#database = database;
    this.#beforeSeconds = options.beforeSeconds ?? LAST_KEY.seconds;
    this.#withDeliveries = options.withDeliveries ?? false;
    this.#forwards = new ForwardRemoval(database, options.keep ?? null);
    this.#firstRecord = counter('removals');
    this.#hasEvents = counter('events') > 0;
  }

  /** Removes each, as far as a step goes, and writes the counts. */
  each(items: 'messages' | 'events', seqs: readonly number[]): Removed {
    let [done, kept] = [0, 0];
    for (const seq of seqs) {
      if (this.#bytes >= STEP_BYTES) break;
      if (this.#forwards.isKept(items, seq)) kept += 1;
      else if (items === 'messages') this.#removeMessage(seq);
      else this.#removeEvent(seq);
      done += 1;
    }
    if (this.#messages + this.#events > 0) this.#writeCounts();
    const [messages, events, deliveries] = [this.#messages, this.#events, this.#deliveries];
    return { messages, events, deliveries, done, kept };
  }

  #writeCounts(): void {
    const counter = counterReader(this.#database);
    const setCounter = counterWriter(this.#database);
    setCounter('removals', this.#firstRecord + this.#messages);
    setCounter('messages', counter('messages') - this.#messages);
    if (this.#events > 0) setCounter('events', counter('events') - this.#events);
    setCounter('tombstones', counter('tombstones') + this.#addTombstones());
    this.#sources.write(this.#database);
  }

  #removeMessage(seq: number): void {
    const record = prepared(
      this.#database,
      `INSERT INTO removals (number, seq, ${KEY_COLUMNS}, from_msisdn, source)
       SELECT ?, seq, ${KEY_COLUMNS}, from_msisdn, source FROM messages
       WHERE seq = ? AND ts_seconds < ?`,
    );
    const number = this.#firstRecord + this.#messages + 1;
    if (record.run(number, seq, this.#beforeSeconds).changes === 0) return;
    const [row] = prepared<RemovedRow>(
      this.#database,
      `DELETE FROM messages WHERE seq = ? RETURNING message_id AS id, seq, ${REMOVED}`,
    ).all(seq);
    if (row === undefined) return;
    this.#messages += 1;
    this.#bytes += row.bytes;
    this.#forwards.removed('item', seq);
    this.#tombstones.push(tombstoneOf(row.id));
    if (row.source !== null) this.#sources.add(row.source, 'messages', -1, null);
    if (this.#hasEvents) this.#removeConflicts(row.id);
    this.#leave(row.delivery);
  }

  #removeEvent(seq: number): void {
    const rows = prepared<RemovedRow>(
      this.#database,
      `DELETE FROM events WHERE seq = ? AND ts_seconds < ? RETURNING event_id AS id, seq, ${REMOVED}`,
    ).all(seq, this.#beforeSeconds);
    for (const row of rows) this.#eventRemoved(row);
  }

  /** They hold content of the message. */
  #removeConflicts(messageId: string): void {
    const rows = prepared<RemovedRow>(
      this.#database,
      `DELETE FROM events WHERE subject = ? AND type = '${CONFLICT}' RETURNING event_id AS id, seq, ${REMOVED}`,
    ).all(messageId);
    for (const row of rows) this.#eventRemoved(row);
  }

  #eventRemoved({ id, seq, source, delivery, bytes }: RemovedRow): void {
    this.#events += 1;
    this.#forwards.removed('item', seq);
    this.#bytes += bytes;
    this.#tombstones.push(eventTombstoneOf(id));
    if (source !== null) this.#sources.add(source, 'events', -1, null);
    this.#leave(delivery);
  }

  /** An item of the delivery is gone: the last one takes the delivery along. */
  #leave(number: number | null): void {
    if (number === null) return;
    if (this.#withDeliveries) {
      for (const table of ['messages', 'events'])
        prepared(this.#database, `UPDATE ${table} SET delivery = NULL WHERE delivery = ?`).run(
          number,
        );
    } else if (this.#hasItems(number)) return;
    const rows = prepared<{ source: string; bytes: number }>(
      this.#database,
      'DELETE FROM deliveries WHERE number = ? RETURNING source, octet_length(body) AS bytes',
    ).all(number);
    for (const { source, bytes } of rows) {
      this.#deliveries += 1;
      this.#bytes += bytes;
      this.#forwards.removed('raw', number);
      this.#sources.add(source, 'deliveries', -1, null);
    }
  }

  #hasItems(delivery: number): boolean {
    const select = prepared(
      this.#database,
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM messages WHERE delivery = ?1)
         OR EXISTS (SELECT 1 FROM events WHERE delivery = ?1)`,
    );
    return select.get(delivery) !== undefined;
  }

  /** Returns how many of the tombstones are new. */
  #addTombstones(): number {
    const insert = prepared(
      this.#database,
      'INSERT OR IGNORE INTO tombstones (id_hash) VALUES (?)',
    );
    // Sorted, so that neighbours go into the same page one after another.
    const hashes = this.#tombstones.toSorted((a, b) => Buffer.compare(a, b));
    let added = 0;
    for (const hash of hashes) added += Number(insert.run(hash).changes);
    return added;
  }
}
