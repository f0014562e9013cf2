// Single items, deliveries, and what is stored of each source. To be called inside a snapshot; functions throw what SQLite throws.
import type { DatabaseSync } from 'node:sqlite';
import { CONFLICT, type Delivery, STATUS } from '../../../model/item.ts';
import { EVENTS_OF_MESSAGE_MAX } from '../../../model/page-size.ts';
import { DEFAULT_SOURCE, type SourceCounts } from '../../../model/source.ts';
import {
  type EventRow,
  type MessageRow,
  eventDetailJson,
  messageDetailJson,
} from '../../item-json.ts';
import { counterReader } from '../file/counters.ts';
import { prepared, preparedArrays } from '../file/statements.ts';
import { INDEX, KIND } from '../index/schema.ts';
import type { IndexProgress } from '../index/state.ts';

/** Columns of an EventRow, without the payload and the delivery. */
export const EVENT_COLUMNS = 'event_id, source, type, subject, ts, created_at, seq';
/** Columns of a MessageRow, likewise. */
export const MESSAGE_COLUMNS =
  'message_id, from_msisdn AS "from", to_msisdn AS "to", ts, text, source, kind, created_at, seq';

/** The message with this id as `GET /message` returns it; null where there is none. */
export function selectMessage(database: DatabaseSync, messageId: string): Uint8Array | null {
  const message = prepared<MessageRow>(
    database,
    `SELECT ${MESSAGE_COLUMNS}, delivery, payload FROM messages WHERE message_id = ?`,
  ).get(messageId);
  if (message === undefined) return null;
  const json = messageDetailJson(message, {
    statuses: eventsAbout(database, messageId, STATUS),
    conflicts: eventsAbout(database, messageId, CONFLICT),
  });
  return Buffer.from(json);
}

/** The newest events of one type about an item, in the order of their numbers. */
function eventsAbout(database: DatabaseSync, subject: string, type: string): EventRow[] {
  return prepared<EventRow>(
    database,
    `SELECT ${EVENT_COLUMNS}, delivery, payload FROM events WHERE subject = ? AND type = ?
     ORDER BY seq DESC LIMIT ${EVENTS_OF_MESSAGE_MAX}`,
  )
    .all(subject, type)
    .toReversed();
}

/** The event with this id as `GET /event` returns it; null where there is none. */
export function selectEvent(database: DatabaseSync, eventId: string): Uint8Array | null {
  const event = prepared<EventRow>(
    database,
    `SELECT ${EVENT_COLUMNS}, delivery, payload FROM events WHERE event_id = ?`,
  ).get(eventId);
  return event === undefined ? null : Buffer.from(eventDetailJson(event));
}

interface DeliveryRow {
  readonly number: number;
  readonly source: string;
  readonly received_at: string;
  readonly headers: string;
  readonly body: Uint8Array;
}

/** The delivery with this number; null where there is none. */
export function selectDelivery(database: DatabaseSync, number: number): Delivery | null {
  const row = prepared<DeliveryRow>(
    database,
    'SELECT number, source, received_at, headers, body FROM deliveries WHERE number = ?',
  ).get(number);
  if (row === undefined) return null;
  const { source, received_at: receivedAt, body } = row;
  const headers = JSON.parse(row.headers) as Delivery['headers'];
  return { number, source, receivedAt, headers, body };
}

/** What is stored of each source, by name. To be called inside the snapshot of `progress`. */
export function selectSources(database: DatabaseSync, progress: IndexProgress): SourceCounts[] {
  const rows = prepared<SourceCounts>(
    database,
    `SELECT source, messages, events, deliveries, last_received_at AS lastReceivedAt FROM sources`,
  ).all();
  const counted = rows.reduce((sum, { messages }) => sum + messages, 0);
  const messages = counterReader(database)('messages') - counted;
  const other = rows.find(({ source }) => source === DEFAULT_SOURCE);
  if (messages === 0) return sorted(rows);
  const lastReceivedAt = later(lastOfDefault(database, progress), other?.lastReceivedAt ?? null);
  const { events = 0, deliveries = 0 } = other ?? {};
  return sorted([
    ...rows.filter((row) => row !== other),
    { source: DEFAULT_SOURCE, messages, events, deliveries, lastReceivedAt },
  ]);
}

function sorted(rows: readonly SourceCounts[]): SourceCounts[] {
  return rows.map((row) => ({ ...row })).toSorted((a, b) => (a.source < b.source ? -1 : 1));
}

/** When the newest message of the default source arrived. The index knows its number, so that those of other sources are not scanned. */
function lastOfDefault(database: DatabaseSync, { index }: IndexProgress): string | null {
  const newest = preparedArrays<[number | null]>(
    database,
    `SELECT newest FROM ${INDEX}.lists WHERE kind = ${KIND.source} AND name = '${DEFAULT_SOURCE}'`,
  ).get();
  const select = preparedArrays<[string]>(
    database,
    `SELECT created_at FROM messages WHERE source IS NULL AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT 1`,
  );
  const row =
    select.get(index.listedSeq, Number.MAX_SAFE_INTEGER) ?? select.get(0, newest?.[0] ?? 0);
  return row?.[0] ?? null;
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
