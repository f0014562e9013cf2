// What one transaction of appends has stored so far: the numbers that it gives, its deliveries, and the counts that it writes at its end.
import type { DatabaseSync } from 'node:sqlite';
import type { Delivery } from '../../../model/item.ts';
import { counterReader, counterWriter } from '../file/counters.ts';
import { prepared } from '../file/statements.ts';
import { SourceTally, insertDelivery } from './rows.ts';

/** To be used inside one transaction. Methods throw what SQLite throws. */
export class Batch {
  /** The time of arrival of what has no other. */
  readonly now = new Date().toISOString();
  readonly hasTombstones: boolean;
  /** Messages and events that are stored. */
  messages = 0;
  events = 0;
  readonly #database: DatabaseSync;
  // Read in each transaction: another process may have written in between.
  readonly #first: number;
  readonly #sources = new SourceTally();
  readonly #deliveries = new Map<Delivery, number>();

  constructor(database: DatabaseSync) {
    const counter = counterReader(database);
    this.#database = database;
    this.#first = counter('last_seq');
    this.hasTombstones = counter('tombstones') > 0;
  }

  /** The highest number that is assigned. */
  get lastSeq(): number {
    return this.#first + this.messages + this.events;
  }

  /** Whether the delivery was stored once, and is not any more. */
  isGone({ number }: Delivery): boolean {
    if (number === undefined) return false;
    const select = prepared(this.#database, 'SELECT 1 FROM deliveries WHERE number = ?');
    return select.get(number) === undefined;
  }

  /** The number of the delivery as an item has it that is stored next. */
  numberOf(delivery: Delivery): number {
    return delivery.number ?? this.#deliveries.get(delivery) ?? this.lastSeq + 1;
  }

  /** An item of a named source, or a conflict, was stored under the next number. Its delivery is stored with the first of them. */
  added(rows: 'messages' | 'events', { source, receivedAt, delivery }: Stored): void {
    this[rows] += 1;
    this.#sources.add(source, rows, 1, receivedAt);
    if (delivery === null || this.#deliveries.has(delivery) || delivery.number !== undefined)
      return;
    insertDelivery(this.#database, this.lastSeq, delivery);
    this.#deliveries.set(delivery, this.lastSeq);
    this.#sources.add(source, 'deliveries', 1, null);
  }

  /** Writes the counts. */
  end(): void {
    if (this.messages + this.events === 0) return;
    const counter = counterReader(this.#database);
    const setCounter = counterWriter(this.#database);
    setCounter('last_seq', this.lastSeq);
    if (this.messages > 0) setCounter('messages', counter('messages') + this.messages);
    if (this.events > 0) setCounter('events', counter('events') + this.events);
    this.#sources.write(this.#database);
  }
}

interface Stored {
  readonly source: string;
  readonly receivedAt: string;
  readonly delivery: Delivery | null;
}
