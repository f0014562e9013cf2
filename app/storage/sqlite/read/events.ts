// A page of events: a range of the index that fits the filters, with the rest of them checked event by event.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EventPage, EventQuery } from '../../../model/event.ts';
import { compareOrder, type OrderKey } from '../../../model/order.ts';
import { isAscending } from '../../../model/page.ts';
import { type EventRow, eventJson } from '../../item-json.ts';
import { FIRST_KEY, LAST_KEY, keyValues } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { EVENT_COLUMNS } from './items.ts';

/** The index that each filter has, the one that leaves the fewest events first. */
const INDEXES = [
  ['subject', 'events_by_subject'],
  ['type', 'events_by_type'],
  ['source', 'events_by_source'],
] as const;

const KEY = '(ts_seconds, ts_nanos, event_id)';
const ORDER = {
  asc: 'ORDER BY ts_seconds, ts_nanos, event_id',
  desc: 'ORDER BY ts_seconds DESC, ts_nanos DESC, event_id DESC',
};

type Row = EventRow & { readonly ts_seconds: number; readonly ts_nanos: number };

/** To be called inside a snapshot. Throws what SQLite throws. */
export function selectEvents(database: DatabaseSync, query: EventQuery): EventPage {
  const { cursor, limit, order } = query;
  const backward = cursor?.direction === 'before';
  const ascending = isAscending(order, cursor);
  const { above, below } = rangeOf(query, ascending);
  const filters = INDEXES.filter(([column]) => query[column] !== null);
  const index = filters[0]?.[1] ?? 'events_by_time';
  const where = filters.map(([column]) => `${column} = ? AND `).join('');
  const values: SQLInputValue[] = filters.map(([column]) => query[column]);
  const rows = prepared<Row>(
    database,
    `SELECT ${EVENT_COLUMNS}, ts_seconds, ts_nanos FROM events INDEXED BY ${index}
     WHERE ${where}${KEY} > (?, ?, ?) AND ${KEY} < (?, ?, ?) ${ORDER[ascending ? 'asc' : 'desc']} LIMIT ?`,
  ).all(...values, ...keyValues(above), ...keyValues(below), limit + 1);
  const more = rows.length > limit;
  const shown = backward ? rows.slice(0, limit).toReversed() : rows.slice(0, limit);
  const prev = backward ? more : cursor !== null;
  const next = backward ? shown.length > 0 : more;
  return {
    json: Buffer.from(`[${shown.map(eventJson).join()}]`),
    prev: prev ? keyOf(shown[0]) : null,
    next: next ? keyOf(shown.at(-1)) : null,
  };
}

/** The keys between which the page lies. No event has the key of an instant alone: its id would be empty. */
function rangeOf(
  { since, until, cursor }: EventQuery,
  ascending: boolean,
): { above: OrderKey; below: OrderKey } {
  let above = since === null ? FIRST_KEY : { ...since, messageId: '' };
  let below = until === null ? LAST_KEY : { ...until, messageId: '' };
  if (cursor !== null && ascending && compareOrder(cursor.key, above) > 0) above = cursor.key;
  if (cursor !== null && !ascending && compareOrder(cursor.key, below) < 0) below = cursor.key;
  return { above, below };
}

function keyOf(row: Row | undefined): OrderKey | null {
  if (row === undefined) return null;
  return { seconds: row.ts_seconds, nanos: row.ts_nanos, messageId: row.event_id };
}
