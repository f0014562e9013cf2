// Removes selected items for good, step by step, also beside running services.
import type { PostgresLocation } from '../../../model/database.ts';
import type { OnProgress, Pruned, PruneOptions, Selection } from '../../admin.ts';
import { FIRST_KEY, LAST_KEY, keyParameter, keyValues } from '../database/keys.ts';
import type { Session } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { type Removed, removeItems } from '../index/removal.ts';
import { withSession } from './connection.ts';
import { type Selected, selectedEvents, selectedMessages } from './selection.ts';

/** Items of a step: the filling of lists and search waits for it. */
const STEP_ITEMS = 512;

/** Every table that has something of an item. */
const TABLES =
  'messages, origins, events, deliveries, batches, source_batches, tombstones, search_texts, search_blocks, segments, senders, sources, periods';

const SPACE_IS_KEPT =
  'PostgreSQL keeps the space for what comes, and the removed bytes until it is used again; --vacuum returns it.';

/** Removes what is selected. Rejects with Refusal, and when it is stopped: what was removed stays removed. */
export async function prune(
  location: PostgresLocation,
  selection: Selection,
  { vacuum, signal }: PruneOptions,
  onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
): Promise<Pruned> {
  const work = async (session: Session): Promise<Pruned> => {
    const bytesBefore = await bytesOf(session);
    const done = { removed: 0, removedEvents: 0, removedDeliveries: 0 };
    // What erases a sender erases the posts that its messages came in.
    const withDeliveries = selection.from !== null;
    for (const selected of [selectedMessages(selection), selectedEvents(selection)])
      if (selected !== null)
        await remove(session, selected, withDeliveries, ({ messages, events, deliveries }) => {
          done.removed += messages;
          done.removedEvents += events;
          done.removedDeliveries += deliveries;
          onProgress('removing', done.removed + done.removedEvents, null);
          signal.throwIfAborted();
        });
    if (vacuum) {
      onProgress('shrinking', 0, null);
      await session.run(`VACUUM (FULL, ANALYZE) ${TABLES}`);
    }
    const bytesAfter = await bytesOf(session);
    const isNothing = done.removed + done.removedEvents === 0;
    const notes = vacuum || isNothing ? [] : [SPACE_IS_KEPT];
    return { ...done, bytesBefore, bytesAfter, details: {}, notes };
  };
  return await withSession(location, work, signal);
}

/** Removes the items step by step, in the order of instant and id. `removed` is called after each step. */
async function remove(
  session: Session,
  { table, id, where, values }: Selected,
  withDeliveries: boolean,
  onStep: (removed: Removed) => void,
): Promise<void> {
  const key = `(m.ts_seconds, m.ts_nanos, m.${id})`;
  const next = `SELECT m.ts_seconds, m.ts_nanos, m.${id} FROM ${table} m WHERE ${where} AND ${key} > ${keyParameter(values.length + 1)}
    ORDER BY m.ts_seconds, m.ts_nanos, m.${id} LIMIT ${STEP_ITEMS}`;
  let after = keyValues(FIRST_KEY);
  for (;;) {
    const keys = await session.rows<[number, number, Buffer]>(next, [...values, ...after]);
    const last = keys.at(-1);
    if (last === undefined) return;
    const ids = keys.map(([, , bytes]) => bytes);
    const removal = { messages: [], events: [], [table]: ids, beforeSeconds: LAST_KEY.seconds };
    const step = (): Promise<Removed> => removeItems(session, { ...removal, withDeliveries });
    onStep(await inTransaction(session, step, 'READ COMMITTED'));
    after = [...last];
  }
}

async function bytesOf(session: Session): Promise<number> {
  const [row] = await session.rows<[number]>('SELECT pg_database_size(current_database())');
  return row?.[0] ?? 0;
}
