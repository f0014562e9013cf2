// A page of events: a range of the index that fits the filters, with the rest of them checked event by event.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EventPage, EventQuery } from '../../../model/event.ts';
import { type EventRow, eventJson } from '../../item-json.ts';
import { boundsOf, directionOf, shownOf } from '../../range.ts';
import { keyValues } from '../file/keys.ts';
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
  const { limit } = query;
  const { from, below } = boundsOf(query);
  const filters = INDEXES.filter(([column]) => query[column] !== null);
  const index = filters[0]?.[1] ?? 'events_by_time';
  const where = filters.map(([column]) => `${column} = ? AND `).join('');
  const values: SQLInputValue[] = filters.map(([column]) => query[column]);
  const rows = prepared<Row>(
    database,
    `SELECT ${EVENT_COLUMNS}, ts_seconds, ts_nanos FROM events INDEXED BY ${index}
     WHERE ${where}${KEY} >= (?, ?, ?) AND ${KEY} < (?, ?, ?) ${ORDER[directionOf(query)]} LIMIT ?`,
  ).all(...values, ...keyValues(from), ...keyValues(below), limit + 1);
  const { shown, prev, next } = shownOf(rows, query, (row) => ({
    seconds: row.ts_seconds,
    nanos: row.ts_nanos,
    messageId: row.event_id,
  }));
  return { json: Buffer.from(`[${shown.map(eventJson).join()}]`), prev, next };
}
