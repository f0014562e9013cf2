// Reads all events and deliveries that match, in bounded memory. Each chunk has a snapshot of its own, so that the WAL does not grow meanwhile.
import type { DatabaseSync } from 'node:sqlite';
import type { OrderKey } from '../../../model/order.ts';
import { parseInstant } from '../../../model/instant.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  DeliveryFilter,
  ExportFilter,
} from '../../archive.ts';
import { openForReading } from '../file/connection.ts';
import { FIRST_KEY, LAST_KEY, keyValues } from '../file/keys.ts';
import { prepared } from '../file/statements.ts';
import { EVENT_COLUMNS, hasSources, readDeliveries } from './archive.ts';
import { take } from './chunks.ts';

const CHUNK_EVENTS = 2_000;
const CHUNK_DELIVERIES = 200;

const EVENT_KEY = '(ts_seconds, ts_nanos, event_id)';

/** Yields the events that match, in the order of instant and id. Throws what SQLite throws. */
export function* exportEvents(path: string, filter: ExportFilter): Generator<ArchivedEvent[]> {
  const { source, since, until } = filter;
  const database = openForReading(path);
  try {
    if (!hasSources(database)) return;
    const ofSource = source === null ? '' : 'AND source = ?';
    const select = prepared<ArchivedEvent>(
      database,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE ${EVENT_KEY} > (?, ?, ?) AND ${EVENT_KEY} < (?, ?, ?) ${ofSource}
       ORDER BY ts_seconds, ts_nanos, event_id`,
    );
    // No event has the key of an instant alone: its id would be empty.
    const end = until === null ? LAST_KEY : { ...until, messageId: '' };
    let after = since === null ? FIRST_KEY : { ...since, messageId: '' };
    for (let more = true; more;) {
      const values = [...keyValues(after), ...keyValues(end), ...(source === null ? [] : [source])];
      const chunk = take(select.iterate(...values), CHUNK_EVENTS);
      yield chunk.rows;
      after = keyOf(chunk.rows.at(-1)) ?? after;
      more = chunk.more;
    }
  } finally {
    database.close();
  }
}

function keyOf(event: ArchivedEvent | undefined): OrderKey | null {
  const instant = event === undefined ? null : parseInstant(event.ts);
  return event === undefined || instant === null ? null : { ...instant, messageId: event.event_id };
}

/** Yields the deliveries that match, in the order of their numbers, with the ids of their items. Throws what SQLite throws. */
export function* exportDeliveries(
  path: string,
  filter: DeliveryFilter,
): Generator<ArchivedDelivery[]> {
  const database = openForReading(path);
  try {
    if (!hasSources(database)) return;
    const [condition, parameters] = conditionOf(filter);
    for (let [after, more] = [0, true]; more;) {
      const chunk = readDeliveries(
        database,
        `d.number > ? AND ${condition}`,
        [after, ...parameters],
        CHUNK_DELIVERIES,
      );
      yield chunk.deliveries.map((delivery) => ({
        ...delivery,
        messages: idsOf(database, 'message_id', 'messages', delivery.number),
        events: idsOf(database, 'event_id', 'events', delivery.number),
      }));
      after = chunk.deliveries.at(-1)?.number ?? after;
      more = chunk.more;
    }
  } finally {
    database.close();
  }
}

function conditionOf(
  filter: DeliveryFilter,
): readonly [condition: string, parameters: (number | string | null)[]] {
  if ('numbers' in filter)
    return ['d.number IN (SELECT value FROM json_each(?))', [JSON.stringify(filter.numbers)]];
  const { source, eventType, upTo } = filter;
  const ofSource = source === null ? '' : 'AND d.source = ?';
  const ofType =
    eventType === null
      ? ''
      : 'AND EXISTS (SELECT 1 FROM events e WHERE e.delivery = d.number AND e.type = ?)';
  const parameters = [source, eventType].filter((value) => value !== null);
  return [`d.number <= ? ${ofSource} ${ofType}`, [upTo ?? Number.MAX_SAFE_INTEGER, ...parameters]];
}

/** The ids of the items of a delivery, in the order of their numbers. */
function idsOf(
  database: DatabaseSync,
  column: 'message_id' | 'event_id',
  table: 'messages' | 'events',
  delivery: number,
): string[] {
  const select = prepared<{ readonly id: string }>(
    database,
    `SELECT ${column} AS id FROM ${table} WHERE delivery = ? ORDER BY seq`,
  );
  return select.all(delivery).map(({ id }) => id);
}
