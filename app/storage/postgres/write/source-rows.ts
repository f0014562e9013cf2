// Rows that only items of named sources have, as the parameters of INSERTs: origins of messages, and events.
import { storedInstant } from '../../stored-instant.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Value } from '../database/session.ts';
import { deliveryKey } from './deliveries.ts';
import { BATCH } from './numbers.ts';

export interface NewOrigin {
  readonly source: string;
  readonly kind: string | null;
  readonly payload: string | null;
  readonly content: string;
  /** As DeliveryKeys gives it; 0 for none. */
  readonly delivery: number;
  /** The place of its message in the batch. */
  readonly ord: number;
}

export interface NewEvent {
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly ts: string;
  readonly payload: string | null;
  readonly content: string;
  readonly created_at: string;
  readonly delivery: number;
  readonly ord: number;
}

/** SQL for the origins of a batch. */
export const ORIGIN_ROWS =
  'unnest($1::int4[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::int8[]) AS o (ord, source, kind, payload, content, delivery)';
/** Of the messages of the batch that are stored. */
export const INSERT_ORIGINS = `INSERT INTO origins (message_id, source, kind, payload, content, delivery, ts_seconds, ts_nanos, batch)
  SELECT m.message_id, o.source, o.kind, o.payload, o.content, ${deliveryKey('o.delivery')}, m.ts_seconds, m.ts_nanos, m.batch
  FROM ${ORIGIN_ROWS}
  JOIN messages m ON m.batch = ${BATCH} AND m.ord = o.ord`;

/** Returns the arrays of ORIGIN_ROWS. */
export function originValues(rows: readonly NewOrigin[]): Value[] {
  return [
    int4Array(rows.map(({ ord }) => ord)),
    textArray(rows.map(({ source }) => source)),
    textArray(rows.map(({ kind }) => kind)),
    byteaArray(rows.map(({ payload }) => bytesOf(payload))),
    textArray(rows.map(({ content }) => content)),
    int8Array(rows.map(({ delivery }) => delivery)),
  ];
}

export const EVENT_COLUMNS =
  'event_id, source, type, subject, ts, payload, content, created_at, ts_seconds, ts_nanos, ord, delivery';
/** SQL for the events of a batch: EVENT_COLUMNS, by names of their own. */
export const EVENT_ROWS = `unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bytea[], $7::text[], $8::text[],
    $9::int8[], $10::int4[], $11::int4[], $12::int8[]) AS e (${EVENT_COLUMNS})`;
/** SQL that inserts the rows `e` that follow. */
export const INSERT_EVENTS = `INSERT INTO events (${EVENT_COLUMNS}, batch)
  SELECT ${EVENT_COLUMNS.split(', ')
    .map((name) => (name === 'delivery' ? deliveryKey('e.delivery') : `e.${name}`))
    .join(', ')}, ${BATCH}`;

/** Returns the arrays of EVENT_ROWS. Throws where one has an invalid `ts`. */
export function eventValues(unordered: readonly NewEvent[]): Value[] {
  // In the order of ids, as messages.
  const rows = unordered
    .map((row) => ({ ...row, id: Buffer.from(row.event_id), instant: storedInstant(row.ts) }))
    .toSorted((a, b) => Buffer.compare(a.id, b.id));
  return [
    byteaArray(rows.map(({ id }) => id)),
    textArray(rows.map(({ source }) => source)),
    textArray(rows.map(({ type }) => type)),
    byteaArray(rows.map(({ subject }) => bytesOf(subject))),
    textArray(rows.map(({ ts }) => ts)),
    byteaArray(rows.map(({ payload }) => bytesOf(payload))),
    textArray(rows.map(({ content }) => content)),
    textArray(rows.map(({ created_at }) => created_at)),
    int8Array(rows.map(({ instant }) => instant.seconds)),
    int4Array(rows.map(({ instant }) => instant.nanos)),
    int4Array(rows.map(({ ord }) => ord)),
    int8Array(rows.map(({ delivery }) => delivery)),
  ];
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}
