// What a prune selects, in SQL.
import type { PostgresLocation } from '../../../model/database.ts';
import { CONFLICT } from '../../../model/item.ts';
import { DEFAULT_SOURCE } from '../../../model/source.ts';
import type { Prunable, Selection } from '../../admin.ts';
import { keyParameter, keyValues, LAST_KEY } from '../database/keys.ts';
import type { Value } from '../database/session.ts';
import { originIs } from '../read/rows.ts';
import { withSession } from './connection.ts';

/** Items of one kind that are selected: rows `m` of a table. */
export interface Selected {
  readonly table: 'messages' | 'events';
  readonly id: 'message_id' | 'event_id';
  readonly where: string;
  readonly values: readonly Value[];
}

/** Returns the messages that are selected. */
export function selectedMessages({ before, source, from }: Selection): Selected {
  const values = [...endOf(before)];
  const where = [`(m.ts_seconds, m.ts_nanos, m.message_id) < ${keyParameter(1)}`];
  if (from !== null) where.push(`m.from_msisdn = $${values.push(from)}`);
  if (source !== null) {
    const origin = originIs(source, values.length + 1);
    where.push(origin.condition);
    values.push(...origin.values);
  }
  return { table: 'messages', id: 'message_id', where: where.join(' AND '), values };
}

/** Returns the events that are selected; null where there are none: a sender has messages, and the conflicts about them go with them. */
export function selectedEvents({ before, source, from }: Selection): Selected | null {
  if (from !== null) return null;
  const values = [...endOf(before)];
  const where = [`(m.ts_seconds, m.ts_nanos, m.event_id) < ${keyParameter(1)}`];
  if (source === DEFAULT_SOURCE) where.push(`m.source = '${DEFAULT_SOURCE}'`);
  else if (source !== null) where.push(`m.source = $${values.push(source)}`);
  return { table: 'events', id: 'event_id', where: where.join(' AND '), values };
}

function endOf(before: Selection['before']): Value[] {
  return keyValues(before === null ? LAST_KEY : { ...before, messageId: '' });
}

/** Returns how many items are selected, and with messages the conflicts about them. Rejects with Refusal. */
export async function countPrunable(
  location: PostgresLocation,
  selection: Selection,
): Promise<Prunable> {
  const messages = selectedMessages(selection);
  const events = selectedEvents(selection);
  const ids = [
    `SELECT e.event_id FROM events e JOIN messages m ON m.message_id = e.subject WHERE e.type = '${CONFLICT}' AND ${messages.where}`,
    ...(events === null ? [] : [`SELECT m.event_id FROM events m WHERE ${events.where}`]),
  ];
  // Both have the same parameters where both are there.
  const sql = `SELECT (SELECT count(*) FROM messages m WHERE ${messages.where}), (SELECT count(*) FROM (${ids.join(' UNION ')}) e)`;
  const [row] = await withSession(location, (session) =>
    session.rows<[number, number]>(sql, messages.values),
  );
  return { messages: row?.[0] ?? 0, events: row?.[1] ?? 0 };
}
