// Deliveries of a batch: each is stored with the first item of it that is new, in the same transaction, and has that item's number.
import type { Delivery } from '../../../model/item.ts';
import { type Storable, deliveryOf } from '../../conflict.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Session, Value } from '../database/session.ts';
import { BATCH } from './numbers.ts';

/** Deliveries that are stored, with their keys. */
export type StoredDeliveries = ReadonlyMap<Delivery, number>;

/** New deliveries of one batch. The key of one is made of this, its batch and its place among them. */
const NEW_MAX = 65_536;

/** Returns the key of the new delivery of a batch that has the place, from 1 on. */
export function newDeliveryKey(batch: number, place: number): number {
  return batch * NEW_MAX + place;
}

/** SQL for the key of a delivery that `DeliveryKeys` has given: that of one which is gone meanwhile is null. */
export function deliveryKey(parameter: string): string {
  return `CASE WHEN ${parameter} BETWEEN 1 AND ${NEW_MAX - 1} THEN ${BATCH} * ${NEW_MAX} + ${parameter}
    ELSE (SELECT d.delivery FROM deliveries d WHERE d.delivery = ${parameter}) END`;
}

/** Of the new deliveries of the batch those of which an item is stored. Returns their keys. */
const INSERT_DELIVERIES = `INSERT INTO deliveries (delivery, source, received_at, headers, body, batch, ord)
  SELECT i.delivery, d.source, d.received_at, d.headers, d.body, ${BATCH}, i.ord
  FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::bytea[]) AS d (place, source, received_at, headers, body)
  JOIN (
    SELECT delivery, min(ord) AS ord FROM (
      SELECT o.delivery, m.ord FROM messages m JOIN origins o USING (message_id) WHERE m.batch = ${BATCH}
      UNION ALL SELECT delivery, ord FROM events WHERE batch = ${BATCH}
    ) s GROUP BY 1
  ) i ON i.delivery = ${BATCH} * ${NEW_MAX} + d.place
  RETURNING delivery`;
/** Until the end of the transaction they are not removed. */
const KEEP =
  'SELECT 1 FROM deliveries WHERE delivery = ANY($1::int8[]) ORDER BY delivery FOR KEY SHARE';

/** The keys of the deliveries of one batch: those of the stored ones, and for each new one its place, from 1 on. */
export class DeliveryKeys {
  readonly #stored: StoredDeliveries;
  readonly #places = new Map<Delivery, number>();

  constructor(stored: StoredDeliveries) {
    this.#stored = stored;
  }

  /** Whether it was stored once, and is no more. */
  isGone(delivery: Delivery | null): boolean {
    return delivery?.number !== undefined && !this.#stored.has(delivery);
  }

  /** The key as `deliveryKey` takes it; 0 for none. */
  keyOf(delivery: Delivery | null): number {
    if (delivery === null) return 0;
    const known = this.#stored.get(delivery) ?? this.#places.get(delivery);
    if (known !== undefined) return known;
    const place = this.#places.size + 1;
    if (place >= NEW_MAX) throw new Error('a batch has too many deliveries');
    this.#places.set(delivery, place);
    return place;
  }

  /** Keeps those that are stored from being removed. To be sent before the items. */
  async keep(session: Session): Promise<void> {
    if (this.#stored.size > 0) await session.run(KEEP, [int8Array([...this.#stored.values()])]);
  }

  /** Stores the new ones. To be sent after the items. Resolves with all that are stored then, with their keys. */
  async insert(session: Session): Promise<StoredDeliveries> {
    const rows =
      this.#places.size === 0
        ? []
        : await session.rows<[number]>(INSERT_DELIVERIES, this.#values(), 'append_deliveries');
    const keys = new Map(rows.map(([key]) => [key % NEW_MAX, key]));
    const inserted = [...this.#places].flatMap(([delivery, place]) => {
      const key = keys.get(place);
      return key === undefined ? [] : [[delivery, key] as const];
    });
    return new Map([...this.#stored, ...inserted]);
  }

  #values(): Value[] {
    return [int4Array([...this.#places.values()]), ...deliveryValues([...this.#places.keys()])];
  }
}

/** Returns the arrays of sources, times of arrival, headers and bodies. */
export function deliveryValues(deliveries: readonly Delivery[]): Value[] {
  return [
    textArray(deliveries.map(({ source }) => source)),
    textArray(deliveries.map(({ receivedAt }) => receivedAt)),
    textArray(deliveries.map(({ headers }) => JSON.stringify(headers))),
    byteaArray(deliveries.map(({ body }) => body)),
  ];
}

/** SQL for the keys of the deliveries with the numbers in `$1`. */
const KEYS_OF = `SELECT n.number, d.delivery FROM unnest($1::int8[]) AS n (number)
  CROSS JOIN LATERAL (SELECT first_seq, batch FROM batches WHERE first_seq <= n.number ORDER BY first_seq DESC LIMIT 1) b
  JOIN deliveries d ON d.batch = b.batch AND d.ord = n.number - b.first_seq`;

/** Returns those deliveries of the items that have a number and are stored, with their keys. Rejects with what the client throws. */
export async function storedDeliveries(
  session: Session,
  items: readonly Storable[],
): Promise<StoredDeliveries> {
  const numbered = new Map<Delivery, number>();
  for (const item of items) {
    const delivery = deliveryOf(item);
    if (delivery?.number !== undefined) numbered.set(delivery, delivery.number);
  }
  if (numbered.size === 0) return numbered;
  const rows = await session.rows<[number, number]>(KEYS_OF, [
    int8Array([...new Set(numbered.values())]),
  ]);
  const keys = new Map(rows);
  return new Map(
    [...numbered].flatMap(([delivery, number]) => {
      const key = keys.get(number);
      return key === undefined ? [] : [[delivery, key] as const];
    }),
  );
}
