// Reads everything that leaves a database: items in the order of their numbers, deliveries, tombstones.
import type { DatabaseSync } from 'node:sqlite';
import type {
  NumberedDelivery,
  NumberedEvent,
  NumberedItem,
  NumberedMessage,
} from '../../migration.ts';
import { openForReading } from '../file/connection.ts';
import { counterReader } from '../file/counters.ts';
import { schemaVersion } from '../file/migrations.ts';
import { prepared } from '../file/statements.ts';
import { take } from './chunks.ts';

/** The first schema with sources. */
const SOURCES_VERSION = 8;

const DELIVERY_COLUMNS = 'd.number, d.source, d.received_at AS receivedAt, d.headers, d.body';

/** Columns of an archived event. */
export const EVENT_COLUMNS = 'event_id, source, type, subject, ts, payload, content, created_at';

/** Whether the file has the tables of sources: a backup may be older. */
export function hasSources(database: DatabaseSync): boolean {
  return (schemaVersion(database) ?? 0) >= SOURCES_VERSION;
}

/** Returns the columns of an archived message `m`. */
export function messageColumns(database: DatabaseSync): string {
  const own = hasSources(database)
    ? 'm.source, m.kind, m.payload, m.content'
    : 'NULL AS source, NULL AS kind, NULL AS payload, NULL AS content';
  return `m.message_id, m.from_msisdn AS "from", m.to_msisdn AS "to", m.ts, m.text, m.created_at, ${own}`;
}

type DeliveryRow = Omit<NumberedDelivery, 'headers'> & { readonly headers: string };

/**
 * Returns the first deliveries `d` that a condition selects, in the order of their numbers, as many as fit into a chunk; and whether there
 * may be more. Throws what SQLite throws.
 */
export function readDeliveries(
  database: DatabaseSync,
  condition: string,
  parameters: readonly (number | string | null)[],
  limit: number,
): { readonly deliveries: NumberedDelivery[]; readonly more: boolean } {
  const select = prepared<DeliveryRow>(
    database,
    `SELECT ${DELIVERY_COLUMNS} FROM deliveries d WHERE ${condition} ORDER BY d.number`,
  );
  const { rows, more } = take(select.iterate(...parameters), limit);
  const deliveries = rows.map((row) => ({
    ...row,
    headers: JSON.parse(row.headers) as NumberedDelivery['headers'],
  }));
  return { deliveries, more };
}

/** Returns the last number that the database at `path` has assigned. Throws what SQLite throws. */
export function lastSeq(path: string): number {
  const database = openForReading(path);
  try {
    return new Archive(database).lastSeq();
  } finally {
    database.close();
  }
}

/** The methods of a MigrationEnd that read. Each statement has a snapshot of its own. */
export class Archive {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Throws what SQLite throws. */
  lastSeq(): number {
    return counterReader(this.#database)('last_seq');
  }

  /** Throws what SQLite throws. */
  items(after: number, upTo: number, limit: number): NumberedItem[] {
    const messages = take(
      prepared<NumberedMessage>(
        this.#database,
        `SELECT m.seq, ${messageColumns(this.#database)}, m.delivery FROM messages m
         WHERE m.seq > ? AND m.seq <= ? ORDER BY m.seq`,
      ).iterate(after, upTo),
      limit,
    );
    // Events up to the last of these messages, or up to the last of as many events.
    const end = messages.more ? (messages.rows.at(-1)?.seq ?? upTo) : upTo;
    const events = take(
      prepared<NumberedEvent>(
        this.#database,
        `SELECT seq, ${EVENT_COLUMNS}, delivery FROM events WHERE seq > ? AND seq <= ? ORDER BY seq`,
      ).iterate(after, end),
      limit,
    );
    const last = events.more ? (events.rows.at(-1)?.seq ?? end) : end;
    return [...messages.rows.filter(({ seq }) => seq <= last), ...events.rows]
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, limit);
  }

  /** Throws what SQLite throws. */
  deliveries(after: number, upTo: number, limit: number): NumberedDelivery[] {
    return readDeliveries(this.#database, 'd.number > ? AND d.number <= ?', [after, upTo], limit)
      .deliveries;
  }

  /** Throws what SQLite throws. */
  tombstones(after: Uint8Array | null, limit: number): Uint8Array[] {
    const select = prepared(
      this.#database,
      'SELECT id_hash FROM tombstones WHERE id_hash > ? ORDER BY id_hash LIMIT ?',
    );
    // None is empty.
    const rows = select.all(after ?? new Uint8Array(), limit);
    return rows.map((row) => row['id_hash'] as Uint8Array);
  }
}
