// Inserts rows of items, deliveries and counts of sources; what a row means is up to the caller.
import type { DatabaseSync } from 'node:sqlite';
import type { Delivery } from '../../../model/item.ts';
import type { NumberedEvent, NumberedMessage } from '../../migration.ts';
import { storedInstant } from '../../stored-instant.ts';
import { prepared } from '../file/statements.ts';

/** Inserts a message, of any source. Returns whether its id is new; otherwise nothing changes. Throws what SQLite throws. */
export function insertMessage(database: DatabaseSync, message: NumberedMessage): boolean {
  const { seconds, nanos } = storedInstant(message.ts);
  const insert = prepared(
    database,
    `INSERT INTO messages (message_id, from_msisdn, to_msisdn, ts, text, created_at, seq, ts_seconds, ts_nanos,
       source, kind, payload, content, delivery)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
  );
  const { changes } = insert.run(
    message.message_id,
    message.from,
    message.to,
    message.ts,
    message.text,
    message.created_at,
    message.seq,
    seconds,
    nanos,
    message.source,
    message.kind,
    message.payload,
    message.content,
    message.delivery,
  );
  return changes === 1;
}

/** Inserts an event likewise. */
export function insertEvent(database: DatabaseSync, event: NumberedEvent): boolean {
  const { seconds, nanos } = storedInstant(event.ts);
  const insert = prepared(
    database,
    `INSERT INTO events (event_id, source, type, subject, ts, payload, content, delivery, created_at, seq, ts_seconds, ts_nanos)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
  );
  const { changes } = insert.run(
    event.event_id,
    event.source,
    event.type,
    event.subject,
    event.ts,
    event.payload,
    event.content,
    event.delivery,
    event.created_at,
    event.seq,
    seconds,
    nanos,
  );
  return changes === 1;
}

/** Inserts a delivery under the number of its first item. Returns whether none has it. Throws what SQLite throws. */
export function insertDelivery(
  database: DatabaseSync,
  number: number,
  { source, receivedAt, headers, body }: Delivery,
): boolean {
  const insert = prepared(
    database,
    `INSERT INTO deliveries (number, source, received_at, headers, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (number) DO NOTHING`,
  );
  return insert.run(number, source, receivedAt, JSON.stringify(headers), body).changes === 1;
}

/** What is counted of a source. */
export type SourceRows = 'messages' | 'events' | 'deliveries';

interface Change {
  messages: number;
  events: number;
  deliveries: number;
  receivedAt: string | null;
}

/** Changes of the table `sources`, written together: messages of the default source are not counted there, they are the rest of all. */
export class SourceTally {
  readonly #changes = new Map<string, Change>();

  /** `receivedAt`: when a row that is added arrived, ISO-8601; null where it does not matter. */
  add(source: string, rows: SourceRows, count: number, receivedAt: string | null): void {
    let change = this.#changes.get(source);
    if (change === undefined) {
      change = { messages: 0, events: 0, deliveries: 0, receivedAt: null };
      this.#changes.set(source, change);
    }
    change[rows] += count;
    if (receivedAt !== null && (change.receivedAt ?? '') < receivedAt)
      change.receivedAt = receivedAt;
  }

  /** Writes the changes; a source of which nothing is stored any more is not listed. To be called inside the transaction of the rows. */
  write(database: DatabaseSync): void {
    for (const [source, { messages, events, deliveries, receivedAt }] of this.#changes) {
      prepared(
        database,
        `INSERT INTO sources VALUES (?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET
           messages = messages + excluded.messages, events = events + excluded.events,
           deliveries = deliveries + excluded.deliveries,
           last_received_at = nullif(max(coalesce(last_received_at, ''), coalesce(excluded.last_received_at, '')), '')`,
      ).run(source, messages, events, deliveries, receivedAt);
      prepared(
        database,
        'DELETE FROM sources WHERE source = ? AND messages = 0 AND events = 0 AND deliveries = 0',
      ).run(source);
    }
    this.#changes.clear();
  }
}
