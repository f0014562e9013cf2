// What is sent of entries: items with their payloads, and deliveries.
import { CONTENTS_BYTES_MAX, type ForwardMode } from '../../../model/forward.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';

import type { ForwardContent, ForwardEntry } from '../../store.ts';
import { int8Array } from '../database/arrays.ts';
import { firstRows } from '../database/chunks.ts';
import { deliveryNumber } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { type DeliveryValues, deliveryOf } from '../read/items.ts';
import { ENTRY_COLUMNS, type EntryRow, batchWith, entryOf, entryWith } from './entries.ts';

const WANTED = `unnest($1::int8[]) AS w (place)`;
const ITEM_ROWS = firstRows(
  `SELECT w.place, coalesce(octet_length(i.payload), 0) + coalesce(octet_length(i.text), 0) AS size, i.is_event, i.id, i.source, i.kind, i.party,
      i.recipient, i.ts, i.text, i.created_at, ${deliveryNumber('i.delivery')} AS delivery, i.payload
    FROM ${WANTED} CROSS JOIN LATERAL ${batchWith('w.place')}
    CROSS JOIN LATERAL (
      SELECT false, m.message_id, o.source, o.kind, convert_to(m.from_msisdn, 'UTF8'), m.to_msisdn, m.ts, m.text, m.created_at, o.delivery, o.payload
      FROM messages m LEFT JOIN origins o USING (message_id) WHERE m.batch = b.batch AND m.ord = w.place - b.first_seq
      UNION ALL
      SELECT true, e.event_id, e.source, e.type, e.subject, NULL, e.ts, NULL, e.created_at, e.delivery, e.payload
      FROM events e WHERE e.batch = b.batch AND e.ord = w.place - b.first_seq
    ) i (${ENTRY_COLUMNS}, recipient, ts, text, created_at, delivery, payload)`,
  CONTENTS_BYTES_MAX,
);
const DELIVERY_ROWS = firstRows(
  `SELECT w.place, octet_length(d.body) AS size, e.${ENTRY_COLUMNS.replaceAll(', ', ', e.')}, d.received_at, d.headers, d.body
    FROM ${WANTED} CROSS JOIN LATERAL ${batchWith('w.place')}
    JOIN deliveries d ON d.batch = b.batch AND d.ord = w.place - b.first_seq
    CROSS JOIN ${entryWith('raw', 'w.place')}`,
  CONTENTS_BYTES_MAX,
);

/** The columns of an entry, behind its size. */
type Common = readonly [
  seq: number,
  size: number,
  ...(EntryRow extends readonly [number, ...infer R] ? R : never),
];
type ItemRow = readonly [
  ...Common,
  to: string,
  ts: string,
  text: Buffer | null,
  createdAt: string,
  delivery: number | null,
  payload: Buffer | null,
];
type DeliveryRow = readonly [...Common, receivedAt: string, headers: string, body: Buffer];

interface Found {
  readonly entry: ForwardEntry;
  readonly content: ForwardContent;
}

/** See `ForwardStore.contents`. To be called inside a snapshot. Rejects with what the client throws. */
export async function selectContents(
  session: Session,
  mode: ForwardMode,
  seqs: readonly number[],
): Promise<{ readonly found: readonly Found[]; readonly gone: readonly number[] }> {
  const numbers = [int8Array(seqs)];
  const rows =
    mode === 'raw'
      ? (await session.rows<DeliveryRow>(DELIVERY_ROWS, numbers)).map((row) => ofDelivery(row))
      : (await session.rows<ItemRow>(ITEM_ROWS, numbers)).map((row) => ofItem(row));
  const bytes = rows.reduce((sum, { size }) => sum + size, 0);
  const end = bytes < CONTENTS_BYTES_MAX ? Infinity : (rows.at(-1)?.entry.seq ?? Infinity);
  const there = new Set(rows.map(({ entry }) => entry.seq));
  const gone = seqs.filter((seq) => seq <= end && !there.has(seq));
  return { found: rows.map(({ entry, content }) => ({ entry, content })), gone };
}

function ofItem(row: ItemRow): Found & { readonly size: number } {
  const [seq, size, isEvent, id, source, kind, who, to, ts, words, created_at, delivery, json] =
    row;
  const entry = entryOf([seq, isEvent, id, source, kind, who]);
  const common = { ts, created_at, seq, delivery, payload: json?.toString() ?? null };
  if (isEvent) {
    const about = { source: source ?? DEFAULT_SOURCE, type: kind ?? '', subject: entry.party };
    return { size, entry, content: { seq, event: { event_id: entry.id, ...about, ...common } } };
  }
  const text = words?.toString() ?? null;
  const fields = { message_id: entry.id, from: entry.party ?? '', to, text, source, kind };
  return { size, entry, content: { seq, message: { ...fields, ...common } } };
}

function ofDelivery(row: DeliveryRow): Found & { readonly size: number } {
  const [seq, size, isEvent, id, source, kind, party, receivedAt, headers, body] = row;
  const values: DeliveryValues = [seq, source ?? '', receivedAt, headers, body];
  const entry = entryOf([seq, isEvent, id, source, kind, party]);
  return { size, entry, content: { seq, delivery: deliveryOf(values) } };
}
