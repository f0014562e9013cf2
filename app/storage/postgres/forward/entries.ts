// What there is to forward: entries by their numbers and after a number, without their contents. In SQL, and as rows of it.
import type { ForwardMode } from '../../../model/forward.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { ForwardEntry } from '../../store.ts';
import { ITEMS_AFTER } from '../database/numbers.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { lastSeqOf } from '../read/stream.ts';

/** SQL for the batch `b` that has the number `number`, if any has. */
export function batchWith(number: string): string {
  return `(SELECT first_seq, batch FROM batches WHERE first_seq <= ${number} ORDER BY first_seq DESC LIMIT 1) b`;
}

/** SQL for `from` of the first message of the delivery with a key. */
function partyOf(delivery: string): string {
  return `(SELECT m.from_msisdn FROM origins o JOIN messages m USING (message_id) JOIN batches n ON n.batch = m.batch
    WHERE o.delivery = ${delivery} ORDER BY n.first_seq, m.ord LIMIT 1)`;
}

/** The columns of an EntryRow without the number, of a message `m` with its origin `o`, an event `e` and a delivery `d`. */
const OF_MESSAGE = "false, m.message_id, o.source, o.kind, convert_to(m.from_msisdn, 'UTF8')";
const OF_EVENT = 'true, e.event_id, e.source, e.type, e.subject';
const OF_DELIVERY = `false, NULL::bytea, d.source, NULL::text, convert_to(${partyOf('d.delivery')}, 'UTF8')`;
export const ENTRY_COLUMNS = 'is_event, id, source, kind, party';

/** SQL for the entry `e` with the number `number`, and when it arrived, if there is one; of each mode. */
export function entryWith(mode: ForwardMode, number: string): string {
  const query =
    mode === 'raw'
      ? `SELECT ${OF_DELIVERY}, d.received_at FROM ${batchWith(number)}
          JOIN deliveries d ON d.batch = b.batch AND d.ord = ${number} - b.first_seq`
      : `SELECT ${OF_MESSAGE}, m.created_at FROM ${batchWith(number)}
          JOIN messages m ON m.batch = b.batch AND m.ord = ${number} - b.first_seq LEFT JOIN origins o USING (message_id)
        UNION ALL SELECT ${OF_EVENT}, e.created_at FROM ${batchWith(number)}
          JOIN events e ON e.batch = b.batch AND e.ord = ${number} - b.first_seq`;
  return `LATERAL (${query}) e (${ENTRY_COLUMNS}, arrived_at)`;
}

/** Deliveries are looked up in batches that have any item of a named source. */
const DELIVERIES_AFTER = `SELECT d.seq, d.received_at, d.source, d.delivery FROM (
    SELECT first_seq, batch FROM source_batches
    WHERE first_seq >= coalesce((SELECT max(first_seq) FROM source_batches WHERE first_seq <= $1::int8), 0) ORDER BY first_seq
  ) b CROSS JOIN LATERAL (
    SELECT b.first_seq + i.ord AS seq, i.received_at, i.source, i.delivery FROM deliveries i
    WHERE i.batch = b.batch AND i.ord > $1::int8 - b.first_seq ORDER BY i.ord OFFSET 0
  ) d`;

/** SQL for the first `$2` entries after the number `$1`. */
const AFTER: Readonly<Record<ForwardMode, string>> = {
  item: `SELECT m.seq, m.is_event, m.id, m.source, m.kind,
      CASE WHEN m.is_event THEN m.subject ELSE convert_to(m.from_msisdn, 'UTF8') END
    FROM ${ITEMS_AFTER} ORDER BY b.first_seq, m.ord LIMIT $2::int8`,
  raw: `SELECT d.seq, ${OF_DELIVERY} FROM (${DELIVERIES_AFTER} ORDER BY d.seq LIMIT $2::int8) d ORDER BY d.seq`,
};

/** SQL for whether a number is none of `$2`, and the destination `$3` has not given it up. */
const isAlive = (number: string): string => `${number} <> ALL($2::int8[]) AND NOT EXISTS (
    SELECT FROM forward_items i WHERE i.forward = $3 AND i.seq = ${number} AND i.state IN ('dead', 'discarded'))`;

/** SQL for the first such entry after the number `$1`: its number, and when it arrived. */
export const FIRST_AFTER: Readonly<Record<ForwardMode, string>> = {
  item: `SELECT m.seq, m.created_at FROM ${ITEMS_AFTER} WHERE ${isAlive('m.seq')} ORDER BY b.first_seq, m.ord LIMIT 1`,
  raw: `${DELIVERIES_AFTER} WHERE ${isAlive('d.seq')} ORDER BY d.seq LIMIT 1`,
};

export type EntryRow = readonly [
  seq: number,
  isEvent: boolean,
  id: Buffer | null,
  source: string | null,
  kind: string | null,
  party: Buffer | null,
];

/** Returns the entry of a row. That of a delivery has no id. */
export function entryOf([seq, isEvent, id, source, kind, who]: EntryRow): ForwardEntry {
  const party = who?.toString() ?? null;
  const of = source ?? DEFAULT_SOURCE;
  if (id === null) return { seq, id: `delivery:${seq}`, source: of, type: 'delivery', party };
  const name = isEvent ? 'event' : 'message';
  const type = kind === null ? name : `${name}.${kind}`;
  return { seq, id: id.toString(), source: of, type, party };
}

/** See `ForwardStore.entries`. To be called inside a snapshot. Rejects with what the client throws. */
export async function selectEntries(
  session: Session,
  mode: ForwardMode,
  after: number,
  limit: number,
): Promise<{ readonly entries: readonly ForwardEntry[]; readonly end: number }> {
  const [rows, lastSeq] = await settled([
    session.rows<EntryRow>(AFTER[mode], [after, limit + 1], `forward_${mode}s_after`),
    lastSeqOf(session),
  ]);
  const entries = rows.slice(0, limit).map(entryOf);
  const end = rows.length > limit ? entries.at(-1)?.seq : lastSeq;
  return { entries, end: end ?? after };
}
