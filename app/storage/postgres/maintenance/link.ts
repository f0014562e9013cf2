// Stores deliveries whose items are there already, as an import does.
import type { ArchivedDelivery, LinkOutcome } from '../../archive.ts';
import { eventTombstoneOf, tombstoneOf } from '../../tombstones.ts';
import { byteaArray, int4Array, int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { inTransaction, settled } from '../database/transaction.ts';
import { deliveryValues, newDeliveryKey } from '../write/deliveries.ts';

/** The locks of a removal: nothing of this is removed or counted in between. */
const LOCK = `SET LOCAL synchronous_commit = on;
  SELECT 1 FROM list_state l, search_state s, source_state c FOR UPDATE`;

/** What is stored of the ids `$1` of messages and `$2` of events. A delivery that is gone is none. */
const ITEMS = `SELECT i.is_event, i.id, i.source, i.batch, i.ord, b.first_seq + i.ord, d.delivery, p.first_seq + d.ord, d.source, d.received_at
  FROM (
    SELECT false AS is_event, m.message_id AS id, o.source, m.batch, m.ord, o.delivery
    FROM messages m JOIN origins o USING (message_id) WHERE m.message_id = ANY($1::bytea[])
    UNION ALL SELECT true, e.event_id, e.source, e.batch, e.ord, e.delivery FROM events e WHERE e.event_id = ANY($2::bytea[])
  ) i JOIN batches b USING (batch) LEFT JOIN (deliveries d JOIN batches p USING (batch)) ON d.delivery = i.delivery`;
const REMOVED = 'SELECT id_hash FROM tombstones WHERE id_hash = ANY($1::bytea[])';

const INSERT = `WITH added AS (
    INSERT INTO deliveries (delivery, source, received_at, headers, body, batch, ord)
    SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int8[], $7::int4[])
    RETURNING source, batch, ord
  )
  UPDATE sources s SET deliveries = s.deliveries + r.deliveries
  FROM (SELECT g.source, count(*) AS deliveries FROM source_state c, added g JOIN batches b USING (batch)
    WHERE b.first_seq + g.ord <= c.counted_seq GROUP BY 1) r WHERE s.source = r.source`;
const SET_OF_MESSAGES = `UPDATE origins o SET delivery = k.delivery
  FROM unnest($1::bytea[], $2::int8[]) AS k (id, delivery) WHERE o.message_id = k.id`;
const SET_OF_EVENTS = `UPDATE events e SET delivery = k.delivery
  FROM unnest($1::bytea[], $2::int8[]) AS k (id, delivery) WHERE e.event_id = k.id`;

type Row = readonly [
  isEvent: boolean,
  id: Buffer,
  source: string,
  batch: number,
  ord: number,
  seq: number,
  key: number | null,
  number: number | null,
  deliverySource: string | null,
  receivedAt: string | null,
];

/** A delivery that is stored, or is going to be. */
interface Stored {
  readonly key: number;
  readonly number: number;
  readonly source: string;
  readonly receivedAt: string;
}

interface LinkedItem {
  readonly isEvent: boolean;
  readonly id: Buffer;
  readonly source: string;
  readonly batch: number;
  readonly ord: number;
  readonly seq: number;
  delivery: Stored | null;
}

interface Added {
  readonly delivery: ArchivedDelivery;
  readonly key: number;
  readonly first: LinkedItem;
}

/** See `BulkImport.link`. Rejects with what the client throws. */
export async function linkDeliveries(
  session: Session,
  deliveries: readonly ArchivedDelivery[],
): Promise<readonly LinkOutcome[]> {
  if (deliveries.length === 0) return [];
  return await inTransaction(
    session,
    async () => {
      await session.run(LOCK);
      return await link(session, deliveries);
    },
    'READ COMMITTED',
  );
}

async function link(
  session: Session,
  deliveries: readonly ArchivedDelivery[],
): Promise<LinkOutcome[]> {
  const { items, removed } = await readItems(session, deliveries);
  const [batch] = await session.rows<[number]>(`SELECT nextval('batch_ids')`);
  const added: Added[] = [];
  const linked = new Set<LinkedItem>();
  const outcomes = deliveries.map((delivery): LinkOutcome => {
    const { source, receivedAt, messages, events } = delivery;
    const gone = [...messages.map(tombstoneOf), ...events.map(eventTombstoneOf)].filter((hash) =>
      removed.has(hexOf(hash)),
    );
    const own = [
      ...messages.map((id) => items.get(nameOf(false, id))),
      ...events.map((id) => items.get(nameOf(true, id))),
    ].filter((item) => item?.source === source) as LinkedItem[];
    if (own.length === 0 && gone.length < messages.length + events.length) return 'missing';
    // The body holds what was removed, too.
    if (gone.length > 0) return 'duplicate';
    const same = own
      .map((item) => item.delivery)
      .filter((other) => other?.source === source && other.receivedAt === receivedAt)
      .toSorted((a, b) => (a?.number ?? 0) - (b?.number ?? 0))[0];
    const rest: LinkedItem[] = [];
    for (const item of own) {
      if (item.delivery !== null) continue;
      if (same && item.seq > same.number) item.delivery = same;
      else rest.push(item);
      linked.add(item);
    }
    const [first] = rest.toSorted((a, b) => a.seq - b.seq);
    if (first === undefined) return 'duplicate';
    const key = newDeliveryKey(batch?.[0] ?? 0, added.length + 1);
    added.push({ delivery, key, first });
    for (const item of rest) item.delivery = { key, number: first.seq, source, receivedAt };
    return 'created';
  });
  await write(session, added, [...linked]);
  return outcomes;
}

async function readItems(
  session: Session,
  deliveries: readonly ArchivedDelivery[],
): Promise<{ items: Map<string, LinkedItem>; removed: Set<string> }> {
  const messages = deliveries.flatMap((delivery) => delivery.messages);
  const events = deliveries.flatMap((delivery) => delivery.events);
  const [rows, tombstones] = await settled([
    session.rows<Row>(ITEMS, [
      byteaArray(messages.map((id) => Buffer.from(id))),
      byteaArray(events.map((id) => Buffer.from(id))),
    ]),
    session.rows<[Buffer]>(REMOVED, [
      byteaArray([...messages.map(tombstoneOf), ...events.map(eventTombstoneOf)]),
    ]),
  ]);
  const stored = new Map<number, Stored>();
  const items = new Map<string, LinkedItem>();
  for (const [isEvent, id, source, batch, ord, seq, key, number, of, receivedAt] of rows) {
    let delivery: Stored | null = null;
    if (key !== null && number !== null && of !== null && receivedAt !== null) {
      delivery = stored.get(key) ?? { key, number, source: of, receivedAt };
      stored.set(key, delivery);
    }
    items.set(nameOf(isEvent, id.toString()), { isEvent, id, source, batch, ord, seq, delivery });
  }
  return { items, removed: new Set(tombstones.map(([hash]) => hexOf(hash))) };
}

async function write(
  session: Session,
  added: readonly Added[],
  linked: readonly LinkedItem[],
): Promise<void> {
  const keysOf = (isEvent: boolean): Buffer[] => {
    const items = linked.filter((item) => item.isEvent === isEvent);
    return [
      byteaArray(items.map(({ id }) => id)),
      int8Array(items.map(({ delivery }) => delivery?.key ?? 0)),
    ];
  };
  await settled([
    session.run(INSERT, [
      int8Array(added.map(({ key }) => key)),
      ...deliveryValues(added.map(({ delivery }) => delivery)),
      int8Array(added.map(({ first }) => first.batch)),
      int4Array(added.map(({ first }) => first.ord)),
    ]),
    session.run(SET_OF_MESSAGES, keysOf(false)),
    session.run(SET_OF_EVENTS, keysOf(true)),
  ]);
}

function nameOf(isEvent: boolean, id: string): string {
  return `${isEvent ? 'event' : 'message'} ${id}`;
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
