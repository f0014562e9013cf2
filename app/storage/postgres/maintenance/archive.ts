// Reads everything that leaves a database: items in the order of their numbers, deliveries, tombstones.
import type { ArchivedEvent, ArchivedMessage } from '../../archive.ts';
import type { MigratedForward, NumberedDelivery, NumberedItem } from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { ITEMS_AFTER, deliveryNumber } from '../database/numbers.ts';
import type { Session, Value } from '../database/session.ts';
import { DELIVERY_COLUMNS, type DeliveryValues, deliveryOf } from '../read/items.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from '../read/rows.ts';
import { lastSeqOf } from '../read/stream.ts';
import { firstRows } from '../database/chunks.ts';
import { ended, expected } from './connection.ts';
import { migratedForwards, migratedUnfinished } from './migrated-forwards.ts';

/** The columns of an ArchivedValues, of a message `m` with its origin `o`. */
export const ARCHIVED_COLUMNS = `${MESSAGE_COLUMNS}, m.created_at, o.source, o.kind, o.payload, o.content`;
export type ArchivedValues = readonly [
  ...MessageRow,
  createdAt: string,
  source: string | null,
  kind: string | null,
  payload: Buffer | null,
  content: string | null,
];

export function archivedMessageOf(
  row: readonly [...ArchivedValues, ...unknown[]],
): ArchivedMessage {
  const [, , , , , , , created_at, source, kind, payload, content] = row;
  return {
    ...messageOf(row),
    created_at,
    source,
    kind,
    payload: payload?.toString() ?? null,
    content,
  };
}

/** The columns of an EventArchiveValues, of an event `e`. */
export const ARCHIVED_EVENT_COLUMNS =
  'e.event_id, e.source, e.type, e.subject, e.ts, e.created_at, e.payload, e.content';
export type ArchivedEventValues = readonly [
  id: Buffer,
  source: string,
  type: string,
  subject: Buffer | null,
  ts: string,
  createdAt: string,
  payload: Buffer | null,
  content: string,
];

export function archivedEventOf(
  row: readonly [...ArchivedEventValues, ...unknown[]],
): ArchivedEvent {
  const [id, source, type, subject, ts, created_at, payload, content] = row;
  return {
    event_id: id.toString(),
    source,
    type,
    subject: subject?.toString() ?? null,
    ts,
    created_at,
    payload: payload?.toString() ?? null,
    content,
  };
}

/** The key of a delivery that is copied tells its number, also before it is there. */
const ITEMS =
  firstRows(`SELECT m.is_event, m.id, m.source, m.kind, m.from_msisdn, m.to_msisdn, m.text, m.subject, m.ts, m.created_at,
    m.payload, m.content, coalesce(${deliveryNumber('m.delivery')}, CASE WHEN m.delivery < 0 THEN -m.delivery END) AS delivery, m.seq AS place,
    coalesce(octet_length(m.text), 0) + coalesce(octet_length(m.payload), 0) AS size
  FROM ${ITEMS_AFTER} WHERE b.first_seq <= $2::int8 AND m.seq <= $2::int8 ORDER BY b.first_seq, m.seq LIMIT $3::int8`);

type ItemValues = readonly [
  isEvent: boolean,
  id: Buffer,
  source: string | null,
  /** Of an event its type. */
  kind: string | null,
  from: string,
  to: string,
  text: Buffer | null,
  subject: Buffer | null,
  ts: string,
  createdAt: string,
  payload: Buffer | null,
  content: string | null,
  delivery: number | null,
  seq: number,
  ...unknown[],
];

function itemOf([isEvent, id, ...row]: ItemValues): NumberedItem {
  const [source, kind, from, to, text, subject, ts, created_at, bytes, content, delivery, seq] =
    row;
  const payload = bytes?.toString() ?? null;
  if (!isEvent) {
    const fields = { message_id: id.toString(), from, to, ts, text: text?.toString() ?? null };
    return { ...fields, created_at, source, kind, payload, content, delivery, seq };
  }
  return {
    event_id: id.toString(),
    source: source ?? '',
    type: kind ?? '',
    subject: subject?.toString() ?? null,
    ts,
    created_at,
    payload,
    content: content ?? '',
    delivery,
    seq,
  };
}

/**
 * Reads the first deliveries `d` with a number above `after` that meet a condition, whose parameters begin with `$2`, in the order of their
 * numbers: at most `limit`, and as many as fit into a chunk. Resolves with their keys, too. Rejects with what the client throws.
 */
export async function readDeliveries(
  session: Session,
  after: number,
  limit: number,
  condition: string,
  values: readonly Value[],
): Promise<{ readonly key: number; readonly delivery: NumberedDelivery }[]> {
  const rows = await session.rows<[...DeliveryValues, key: number, ...unknown[]]>(
    firstRows(`SELECT ${DELIVERY_COLUMNS}, d.delivery, b.first_seq + d.ord AS place, octet_length(d.body) AS size
      FROM (SELECT first_seq, batch FROM source_batches
        WHERE first_seq >= coalesce((SELECT max(first_seq) FROM source_batches WHERE first_seq <= $1::int8), 0) ORDER BY first_seq) b
      CROSS JOIN LATERAL (
        SELECT i.* FROM deliveries i WHERE i.batch = b.batch AND i.ord > $1::int8 - b.first_seq ORDER BY i.ord OFFSET 0
      ) d WHERE ${condition} ORDER BY b.first_seq, d.ord LIMIT ${limit}`),
    [after, ...values],
  );
  return rows.map(([number, source, receivedAt, headers, body, key]) => ({
    key,
    delivery: deliveryOf([number, source, receivedAt, headers, body]),
  }));
}

/** The methods of a MigrationEnd. Each statement has a snapshot of its own. */
export class Archive {
  protected readonly session: Session;

  /** The connection is ended by `close`. */
  protected constructor(session: Session) {
    this.session = session;
  }

  async lastSeq(): Promise<number> {
    return await expected(() => lastSeqOf(this.session));
  }

  async items(after: number, upTo: number, limit: number): Promise<NumberedItem[]> {
    const rows = await expected(() => this.session.rows<ItemValues>(ITEMS, [after, upTo, limit]));
    return rows.map(itemOf);
  }

  async deliveries(after: number, upTo: number, limit: number): Promise<NumberedDelivery[]> {
    const found = await expected(() =>
      readDeliveries(this.session, after, limit, 'b.first_seq + d.ord <= $2::int8', [upTo]),
    );
    return found.map(({ delivery }) => delivery);
  }

  async tombstones(after: Uint8Array | null, limit: number): Promise<Uint8Array[]> {
    const rows = await expected(() =>
      this.session.rows<[Buffer]>(
        'SELECT id_hash FROM tombstones WHERE id_hash > $1::bytea ORDER BY id_hash LIMIT $2::int8',
        // None is empty.
        [after ?? Buffer.alloc(0), limit],
      ),
    );
    return rows.map(([hash]) => hash);
  }

  async forwards(): Promise<MigratedForward[]> {
    return await expected(() => migratedForwards(this.session));
  }

  async unfinished(name: string, after: number, limit: number): Promise<Unfinished[]> {
    return await expected(() => migratedUnfinished(this.session, name, after, limit));
  }

  async close(): Promise<void> {
    await ended(this.session);
  }
}
