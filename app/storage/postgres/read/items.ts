// Single items and deliveries. To be called inside a snapshot; functions reject with what the client throws.
import { CONFLICT, type Delivery, STATUS } from '../../../model/item.ts';
import { EVENTS_OF_MESSAGE_MAX } from '../../../model/page-size.ts';
import { type EventRow, eventDetailJson, messageDetailJson } from '../../item-json.ts';
import { deliveryNumber } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageOf } from './rows.ts';

/** The columns of an EventValues, of a row `e` of events and its batch `b`. */
export const EVENT_COLUMNS =
  'e.event_id, e.source, e.type, e.subject, e.ts, e.created_at, b.first_seq + e.ord AS seq';
const WITH_PAYLOAD = `${EVENT_COLUMNS}, ${deliveryNumber('e.delivery')}, e.payload`;

export type EventValues = readonly [
  id: Buffer,
  source: string,
  type: string,
  subject: Buffer | null,
  ts: string,
  createdAt: string,
  seq: number,
];
type EventDetail = readonly [...EventValues, delivery: number | null, payload: Buffer | null];

export function eventOf([id, source, type, subject, ts, created_at, seq]: readonly [
  ...EventValues,
  ...unknown[],
]): Omit<EventRow, 'delivery' | 'payload'> {
  const about = subject?.toString() ?? null;
  return { event_id: id.toString(), source, type, subject: about, ts, created_at, seq };
}

function detailOf(row: EventDetail): EventRow {
  return { ...eventOf(row), delivery: row[7], payload: row[8]?.toString() ?? null };
}

type MessageDetail = readonly [
  ...MessageRow,
  source: string | null,
  kind: string | null,
  createdAt: string,
  seq: number,
  delivery: number | null,
  payload: Buffer | null,
];

const MESSAGE = `SELECT ${MESSAGE_COLUMNS}, o.source, o.kind, m.created_at, b.first_seq + m.ord, ${deliveryNumber('o.delivery')}, o.payload
  FROM messages m JOIN batches b USING (batch) LEFT JOIN origins o USING (message_id) WHERE m.message_id = $1::bytea`;
/** The newest events of one type about an item. */
const ABOUT = `SELECT ${WITH_PAYLOAD} FROM events e JOIN batches b USING (batch)
  WHERE sha256(e.subject) = sha256($1::bytea) AND e.subject = $1 AND e.type = $2
  ORDER BY seq DESC LIMIT ${EVENTS_OF_MESSAGE_MAX}`;
const EVENT = `SELECT ${WITH_PAYLOAD} FROM events e JOIN batches b USING (batch) WHERE e.event_id = $1::bytea`;

/** Reads the message with this id as `GET /message` returns it; null where there is none. */
export async function selectMessage(
  session: Session,
  messageId: string,
): Promise<Uint8Array | null> {
  const id = Buffer.from(messageId);
  const [[row], statuses, conflicts] = await settled([
    session.rows<MessageDetail>(MESSAGE, [id]),
    session.rows<EventDetail>(ABOUT, [id, STATUS]),
    session.rows<EventDetail>(ABOUT, [id, CONFLICT]),
  ]);
  if (row === undefined) return null;
  const [, , , , , , , source, kind, created_at, seq, delivery, payload] = row;
  const origin = { source, kind, delivery, payload: payload?.toString() ?? null };
  const json = messageDetailJson(
    { ...messageOf(row), ...origin, created_at, seq },
    {
      statuses: statuses.toReversed().map(detailOf),
      conflicts: conflicts.toReversed().map(detailOf),
    },
  );
  return Buffer.from(json);
}

/** Reads the event with this id as `GET /event` returns it; null where there is none. */
export async function selectEvent(session: Session, eventId: string): Promise<Uint8Array | null> {
  const [row] = await session.rows<EventDetail>(EVENT, [Buffer.from(eventId)]);
  return row === undefined ? null : Buffer.from(eventDetailJson(detailOf(row)));
}

/** The columns of a DeliveryValues, of a row `d` of deliveries and its batch `b`. */
export const DELIVERY_COLUMNS =
  'b.first_seq + d.ord AS number, d.source, d.received_at, d.headers, d.body';
export type DeliveryValues = readonly [
  number: number,
  source: string,
  receivedAt: string,
  headers: string,
  body: Buffer,
];

const DELIVERY = `SELECT ${DELIVERY_COLUMNS}
  FROM (SELECT first_seq, batch FROM batches WHERE first_seq <= $1::int8 ORDER BY first_seq DESC LIMIT 1) b
  JOIN deliveries d ON d.batch = b.batch AND d.ord = $1::int8 - b.first_seq`;

export function deliveryOf([
  number,
  source,
  receivedAt,
  headers,
  body,
]: DeliveryValues): Delivery & {
  readonly number: number;
} {
  return {
    number,
    source,
    receivedAt,
    headers: JSON.parse(headers) as Delivery['headers'],
    body,
  };
}

/** Reads the delivery with this number; null where there is none. */
export async function selectDelivery(session: Session, number: number): Promise<Delivery | null> {
  const [row] = await session.rows<DeliveryValues>(DELIVERY, [number]);
  return row === undefined ? null : deliveryOf(row);
}
