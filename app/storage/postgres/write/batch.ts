// A batch of items as the parameters of INSERTs: each id once, in the order of ids, with the place that numbers it.
import type { Message } from '../../../model/message.ts';
import { type Storable, arrivalOf, deliveryOf, sourceOf } from '../../conflict.ts';
import { storedInstant } from '../../stored-instant.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Value } from '../database/session.ts';
import { DeliveryKeys, type StoredDeliveries } from './deliveries.ts';
import { type NewEvent, type NewOrigin, eventValues, originValues } from './source-rows.ts';

export interface Batch {
  readonly items: readonly Storable[];
  /** For each item the index of the first one of its kind with its id. */
  readonly first: readonly number[];
  /** Indexes of items that are not stored, as their delivery is gone. */
  readonly passed: ReadonlySet<number>;
  /** The arrays of BATCH_ROWS; null where there are no messages. */
  readonly messages: readonly Value[] | null;
  /** The arrays of what only items of named sources have; null where there is none. */
  readonly sourced: Sourced | null;
}

interface Sourced {
  /** Of ORIGIN_ROWS. */
  readonly origins: readonly Value[] | null;
  /** Of EVENT_ROWS. */
  readonly events: readonly Value[] | null;
  readonly deliveries: DeliveryKeys;
}

/** The columns that a batch brings along, in the order of `Batch.messages`. */
export const BATCH_COLUMNS =
  'message_id, from_msisdn, to_msisdn, ts, text, created_at, ts_seconds, ts_nanos, ord';
/** SQL for the messages of a batch. */
export const BATCH_ROWS =
  'unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::int8[], $8::int4[], $9::int4[])';

/**
 * Returns the batch. `createdAt` has the time of each one's arrival where that is not what the item says, or now. `stored` are the deliveries
 * that are stored already, with their keys. Throws where an item has an invalid `ts`: those that reach a store have been validated.
 */
export function batchOf(
  items: readonly Storable[],
  createdAt: readonly (string | null)[] = [],
  stored: StoredDeliveries = new Map(),
): Batch {
  const now = new Date().toISOString();
  const deliveries = new DeliveryKeys(stored);
  const [messageIds, eventIds] = [new Map<string, number>(), new Map<string, number>()];
  const passed = new Set<number>();
  const first = items.map((item, index) => {
    const [ids, id] =
      'event_id' in item ? [eventIds, item.event_id] : [messageIds, item.message_id];
    const known = ids.get(id);
    if (known !== undefined) return known;
    if (deliveries.isGone(deliveryOf(item))) passed.add(index);
    else ids.set(id, index);
    return index;
  });
  const messages: MessageRow[] = [];
  const origins: NewOrigin[] = [];
  for (const ord of messageIds.values()) {
    const item = items[ord] as Exclude<Storable, { event_id: string }>;
    messages.push(messageRow(item, ord, createdAt[ord] ?? arrivalOf(item) ?? now));
    if (!('content' in item) || item.content === null) continue;
    const { kind, payload, content } = item;
    const delivery = deliveries.keyOf(deliveryOf(item));
    origins.push({ source: sourceOf(item), kind, payload, content, delivery, ord });
  }
  const events: NewEvent[] = [];
  for (const ord of eventIds.values()) {
    const item = items[ord] as Extract<Storable, { event_id: string }>;
    const created_at = createdAt[ord] ?? arrivalOf(item) ?? now;
    const delivery = deliveries.keyOf(deliveryOf(item));
    events.push({ ...item, source: sourceOf(item), created_at, delivery, ord });
  }
  return {
    items,
    first,
    passed,
    messages: messages.length === 0 ? null : messageValues(messages),
    sourced:
      origins.length + events.length === 0
        ? null
        : {
            origins: origins.length === 0 ? null : originValues(origins),
            events: events.length === 0 ? null : eventValues(events),
            deliveries,
          },
  };
}

export interface MessageRow {
  readonly id: Buffer;
  readonly message: Message;
  readonly ord: number;
  readonly createdAt: string;
  readonly seconds: number;
  readonly nanos: number;
}

/** `ord`: the place of the message in its batch. Throws where it has an invalid `ts`. */
export function messageRow(message: Message, ord: number, createdAt: string): MessageRow {
  return {
    id: Buffer.from(message.message_id),
    message,
    ord,
    createdAt,
    ...storedInstant(message.ts),
  };
}

/** Returns the arrays of BATCH_ROWS. */
export function messageValues(unordered: readonly MessageRow[]): Value[] {
  // Two batches with ids in common wait for each other in the same order, so that there is no deadlock.
  const rows = unordered.toSorted((a, b) => Buffer.compare(a.id, b.id));
  return [
    byteaArray(rows.map(({ id }) => id)),
    textArray(rows.map(({ message }) => message.from)),
    textArray(rows.map(({ message }) => message.to)),
    textArray(rows.map(({ message }) => message.ts)),
    byteaArray(rows.map(({ message: { text } }) => (text === null ? null : Buffer.from(text)))),
    textArray(rows.map((row) => row.createdAt)),
    int8Array(rows.map(({ seconds }) => seconds)),
    int4Array(rows.map(({ nanos }) => nanos)),
    int4Array(rows.map(({ ord }) => ord)),
  ];
}
