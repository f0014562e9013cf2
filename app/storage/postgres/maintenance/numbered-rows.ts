// Rows under numbers that they have already, as a migration stores them.
import type { NumberedDelivery, NumberedItem } from '../../migration.ts';
import { int8Array } from '../database/arrays.ts';
import type { Session, Value } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import {
  BATCH_COLUMNS,
  BATCH_ROWS,
  type MessageRow,
  messageRow,
  messageValues,
} from '../write/batch.ts';
import { deliveryValues } from '../write/deliveries.ts';
import { BATCH } from '../write/numbers.ts';
import {
  EVENT_COLUMNS,
  EVENT_ROWS,
  type NewEvent,
  type NewOrigin,
  ORIGIN_ROWS,
  eventValues,
  originValues,
} from '../write/source-rows.ts';

const BATCH_ROW = `INSERT INTO batches (first_seq, width, created, total, batch)
  VALUES ($1::int8, $2::int4, $3::int4, $4::int8, nextval('batch_ids'))`;
const MESSAGES = `INSERT INTO messages (${BATCH_COLUMNS}, batch) SELECT m.*, ${BATCH} FROM ${BATCH_ROWS} AS m`;
const ORIGINS = `INSERT INTO origins (message_id, source, kind, payload, content, delivery, ts_seconds, ts_nanos, batch)
  SELECT m.message_id, o.source, o.kind, o.payload, o.content, nullif(o.delivery, 0), m.ts_seconds, m.ts_nanos, m.batch
  FROM ${ORIGIN_ROWS} JOIN messages m ON m.batch = ${BATCH} AND m.ord = o.ord`;
const EVENTS = `INSERT INTO events (${EVENT_COLUMNS}, batch)
  SELECT ${EVENT_COLUMNS.replace('delivery', 'nullif(delivery, 0)')}, ${BATCH} FROM ${EVENT_ROWS}`;
const SOURCE_BATCH = `INSERT INTO source_batches (first_seq, batch, items) VALUES ($1::int8, ${BATCH}, $2::int4)`;

/** The batch that the number `$1` of a delivery belongs to: the last one that begins with it or before. A first one is made where there is none. */
const FIRST_BATCH = `INSERT INTO batches (first_seq, width, created, total, batch)
  SELECT n, 1, 0, 0, nextval('batch_ids') FROM (SELECT min(unnest) AS n FROM unnest($1::int8[])) n
  WHERE NOT EXISTS (SELECT FROM batches WHERE first_seq <= n)`;
const DELIVERIES = `WITH placed AS (
    SELECT d.*, b.batch, b.first_seq, (d.number - b.first_seq)::int4 AS ord
    FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::bytea[])
      AS d (number, delivery, source, received_at, headers, body)
    CROSS JOIN LATERAL (SELECT first_seq, batch FROM batches WHERE first_seq <= d.number ORDER BY first_seq DESC LIMIT 1) b
  ), noted AS (
    INSERT INTO source_batches (first_seq, batch, items) SELECT DISTINCT first_seq, batch, 0 FROM placed ON CONFLICT DO NOTHING
  )
  INSERT INTO deliveries (delivery, source, received_at, headers, body, batch, ord)
  SELECT delivery, source, received_at, headers, body, batch, ord FROM placed ON CONFLICT DO NOTHING`;

export const RELINK_MESSAGES = `UPDATE origins o SET delivery = nullif(k.delivery, 0)
  FROM unnest($1::bytea[], $2::int8[]) AS k (id, delivery) WHERE o.message_id = k.id`;
export const RELINK_EVENTS = `UPDATE events e SET delivery = nullif(k.delivery, 0)
  FROM unnest($1::bytea[], $2::int8[]) AS k (id, delivery) WHERE e.event_id = k.id`;

/** Returns the key of a delivery that is copied: below 0, so that none which a service makes has it. 0 for none. */
export function migratedKey(number: number | null): number {
  return number === null ? 0 : -number;
}

/**
 * Stores items as one batch, whose numbers begin with that of the first of them; `total` are the messages before it. To be called in a
 * transaction. Returns the messages up to its end. Rejects with what the client throws, and where an id comes twice.
 */
export async function storeBatch(
  session: Session,
  items: readonly NumberedItem[],
  total: number,
): Promise<number> {
  const first = items[0]?.seq ?? 0;
  const width = (items.at(-1)?.seq ?? 0) - first + 1;
  const messages: MessageRow[] = [];
  const origins: NewOrigin[] = [];
  const events: NewEvent[] = [];
  for (const item of items) {
    const place = { ord: item.seq - first, delivery: migratedKey(item.delivery) };
    if ('event_id' in item) {
      events.push({ ...item, ...place });
      continue;
    }
    messages.push(messageRow(item, place.ord, item.created_at));
    const { source, kind, payload, content } = item;
    if (source !== null && content !== null)
      origins.push({ source, kind, payload, content, ...place });
  }
  const insert = async (
    statement: string,
    rows: number,
    values: () => readonly Value[],
  ): Promise<void> => {
    if (rows > 0 && (await session.run(statement, values())) !== rows)
      throw new Error('two items of one batch have the same id');
  };
  const sourced = origins.length + events.length;
  await settled([
    session.run(BATCH_ROW, [first, width, messages.length, total + messages.length]),
    insert(MESSAGES, messages.length, () => messageValues(messages)),
    insert(ORIGINS, origins.length, () => originValues(origins)),
    insert(EVENTS, events.length, () => eventValues(events)),
    insert(SOURCE_BATCH, Math.min(sourced, 1), () => [first, sourced]),
  ]);
  return total + messages.length;
}

/** Stores deliveries under their numbers; those that are there already are passed over. Rejects with what the client throws. */
export async function storeDeliveries(
  session: Session,
  deliveries: readonly NumberedDelivery[],
): Promise<void> {
  const numbers = int8Array(deliveries.map(({ number }) => number));
  const keys = int8Array(deliveries.map(({ number }) => migratedKey(number)));
  await settled([
    session.run(FIRST_BATCH, [numbers]),
    session.run(DELIVERIES, [numbers, keys, ...deliveryValues(deliveries)]),
  ]);
}
