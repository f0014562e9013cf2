// Reads all events and deliveries that match, in bounded memory. Each chunk has a snapshot of its own.
import type { PostgresLocation } from '../../../model/database.ts';
import type {
  ArchivedDelivery,
  ArchivedEvent,
  DeliveryFilter,
  ExportFilter,
} from '../../archive.ts';
import { int8Array } from '../database/arrays.ts';
import { keyParameter, keyValues } from '../database/keys.ts';
import type { Session, Value } from '../database/session.ts';
import { inSnapshot } from '../database/transaction.ts';
import { filterBounds, keyAfter } from '../../range.ts';
import {
  ARCHIVED_EVENT_COLUMNS,
  type ArchivedEventValues,
  archivedEventOf,
  readDeliveries,
} from './archive.ts';
import { firstRows } from '../database/chunks.ts';
import { expected, withStream } from './connection.ts';

const CHUNK_EVENTS = 2_000;
const CHUNK_DELIVERIES = 200;
const STATEMENT_MS_MAX = 0;

const KEY = '(e.ts_seconds, e.ts_nanos, e.event_id)';
const ORDER = 'ORDER BY e.ts_seconds, e.ts_nanos, e.event_id';

/** Yields the events that match, in the order of instant and id, in chunks. Rejects with Refusal. */
export async function* exportEvents(
  location: PostgresLocation,
  filter: ExportFilter,
): AsyncGenerator<ArchivedEvent[]> {
  const { source } = filter;
  const { below, ...bounds } = filterBounds(filter);
  const next =
    firstRows(`SELECT ${ARCHIVED_EVENT_COLUMNS}, e.ts_seconds, e.ts_nanos, row_number() OVER (${ORDER}) AS place,
      coalesce(octet_length(e.payload), 0) AS size
    FROM (SELECT * FROM events e WHERE ${KEY} >= ${keyParameter(1)} AND ${KEY} < ${keyParameter(4)}
      ${source === null ? '' : 'AND e.source = $7::text'} ${ORDER} LIMIT ${CHUNK_EVENTS}) e`);
  yield* withStream(location, async function* (session) {
    for (let { from } = bounds; ;) {
      const values = [
        ...keyValues(from),
        ...keyValues(below),
        ...(source === null ? [] : [source]),
      ];
      const rows = await expected(() =>
        session.rows<[...ArchivedEventValues, seconds: number, nanos: number, ...unknown[]]>(
          next,
          values,
        ),
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(archivedEventOf);
      from = keyAfter({ seconds: last[8], nanos: last[9], messageId: last[0].toString() });
    }
  });
}

/** Yields the deliveries that match, in the order of their numbers, with the ids of their items. Rejects with Refusal. */
export async function* exportDeliveries(
  location: PostgresLocation,
  filter: DeliveryFilter,
): AsyncGenerator<ArchivedDelivery[]> {
  const [condition, values] = conditionOf(filter);
  yield* withStream(location, async function* (session) {
    for (let after = 0; ;) {
      const chunk = await expected(() =>
        inSnapshot(session, STATEMENT_MS_MAX, () => readChunk(session, after, condition, values)),
      );
      const last = chunk.at(-1);
      if (last === undefined) return;
      yield chunk;
      after = last.number;
    }
  });
}

async function readChunk(
  session: Session,
  after: number,
  condition: string,
  values: readonly Value[],
): Promise<ArchivedDelivery[]> {
  const found = await readDeliveries(session, after, CHUNK_DELIVERIES, condition, values);
  if (found.length === 0) return [];
  const items = await session.rows<[key: number, isEvent: boolean, id: Buffer]>(ITEMS, [
    int8Array(found.map(({ key }) => key)),
  ]);
  const ids = Map.groupBy(items, ([key]) => key);
  return found.map(({ key, delivery }) => {
    const of = (isEvent: boolean): string[] =>
      (ids.get(key) ?? []).filter((item) => item[1] === isEvent).map(([, , id]) => id.toString());
    return { ...delivery, messages: of(false), events: of(true) };
  });
}

/** The items of deliveries, in the order of their numbers. */
const ITEMS = `SELECT o.delivery, false, o.message_id, b.first_seq + m.ord AS seq
    FROM origins o JOIN messages m USING (message_id) JOIN batches b ON b.batch = m.batch WHERE o.delivery = ANY($1::int8[])
  UNION ALL SELECT e.delivery, true, e.event_id, b.first_seq + e.ord
    FROM events e JOIN batches b USING (batch) WHERE e.delivery = ANY($1)
  ORDER BY seq`;

/** The condition on a delivery `d` and its batch `b`; its first parameter is `$2`. */
function conditionOf(filter: DeliveryFilter): readonly [condition: string, values: Value[]] {
  if ('numbers' in filter)
    return ['b.first_seq + d.ord = ANY($2::int8[])', [int8Array(filter.numbers)]];
  const { source, eventType, upTo } = filter;
  const ofType =
    'EXISTS (SELECT FROM events e WHERE e.delivery = d.delivery AND e.type = $3::text)';
  return [
    `($2::text IS NULL OR d.source = $2) AND ($3::text IS NULL OR ${ofType}) AND ($4::int8 IS NULL OR b.first_seq + d.ord <= $4)`,
    [source, eventType, upTo],
  ];
}
