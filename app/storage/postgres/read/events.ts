// A page of events: a range of an index that fits the filters, with the rest of them checked event by event.
import type { EventPage, EventQuery } from '../../../model/event.ts';
import { eventJson } from '../../item-json.ts';
import type { Session, Value } from '../database/session.ts';
import { keyParameter, keyValues } from '../database/keys.ts';
import { EVENT_COLUMNS, type EventValues, eventOf } from './items.ts';
import { boundsOf, directionOf, shownOf } from '../../range.ts';

type Row = readonly [...EventValues, seconds: number, nanos: number];

const KEY = '(e.ts_seconds, e.ts_nanos, e.event_id)';
const ORDER = {
  asc: 'ORDER BY e.ts_seconds, e.ts_nanos, e.event_id',
  desc: 'ORDER BY e.ts_seconds DESC, e.ts_nanos DESC, e.event_id DESC',
};

/** Conditions with the parameter `$n`, as the indexes have them. */
const CONDITIONS = {
  source: (n: number) => `e.source = $${n}::text`,
  type: (n: number) => `left(e.type, 64) = left($${n}::text, 64) AND e.type = $${n}`,
  subject: (n: number) => `sha256(e.subject) = sha256($${n}::bytea) AND e.subject = $${n}`,
};

/** To be called inside a snapshot. Rejects with what the client throws. */
export async function selectEvents(session: Session, query: EventQuery): Promise<EventPage> {
  const { source, type, subject, limit } = query;
  const { from, below } = boundsOf(query);
  const values: Value[] = [...keyValues(from), ...keyValues(below)];
  const where = [`${KEY} >= ${keyParameter(1)}`, `${KEY} < ${keyParameter(4)}`];
  const filter = (name: keyof typeof CONDITIONS, value: Value): void => {
    if (value === null) return;
    values.push(value);
    where.push(CONDITIONS[name](values.length));
  };
  // PostgreSQL refuses such texts, and no event has one.
  if (source?.includes('\0') || type?.includes('\0'))
    return { json: Buffer.from('[]'), prev: null, next: null };
  filter('source', source);
  filter('type', type);
  filter('subject', subject === null ? null : Buffer.from(subject));
  const order = ORDER[directionOf(query)];
  const rows = await session.rows<Row>(
    `SELECT ${EVENT_COLUMNS}, e.ts_seconds, e.ts_nanos FROM (
       SELECT * FROM events e WHERE ${where.join(' AND ')} ${order} LIMIT ${limit + 1}
     ) e JOIN batches b USING (batch) ${order}`,
    values,
  );
  const { shown, prev, next } = shownOf(rows, query, (row) => ({
    seconds: row[7],
    nanos: row[8],
    messageId: row[0].toString(),
  }));
  const json = shown.map((row) => eventJson(eventOf(row))).join(',');
  return { json: Buffer.from(`[${json}]`), prev, next };
}
