// Removes selected messages for good, step by step, also beside running services.
import type { PostgresLocation } from '../../../model/database.ts';
import type { OnProgress, Pruned, PruneOptions, Selection } from '../../admin.ts';
import {
  FIRST_KEY,
  KEY_COLUMNS,
  LAST_KEY,
  keyOf,
  keyParameter,
  keyValues,
} from '../database/keys.ts';
import type { Session, Value } from '../database/session.ts';
import { inTransaction } from '../database/transaction.ts';
import { removeMessages } from '../index/removal.ts';
import { withSession } from './connection.ts';

/** Messages of a step: the filling of lists and search waits for it. */
const STEP_MESSAGES = 512;

/** Every table that has something of a message. */
const TABLES =
  'messages, batches, tombstones, search_texts, search_blocks, segments, senders, periods';

const SPACE_IS_KEPT =
  'PostgreSQL keeps the space for new messages, and the removed bytes until it is used again; --vacuum returns it.';

/** Returns how many messages are selected. Rejects with Refusal. */
export async function countPrunable(
  location: PostgresLocation,
  selection: Selection,
): Promise<number> {
  return await withSession(location, async (session) => {
    const { where, values } = conditionOf(selection);
    const sql = `SELECT count(*) FROM messages m WHERE ${where}`;
    const [row] = await session.rows<[number]>(sql, values);
    return row?.[0] ?? 0;
  });
}

/** Removes what is selected. Rejects with Refusal, and when it is stopped: what was removed stays removed. */
export async function prune(
  location: PostgresLocation,
  selection: Selection,
  { vacuum, signal }: PruneOptions,
  onProgress: OnProgress<'removing' | 'index' | 'shrinking'>,
): Promise<Pruned> {
  const work = async (session: Session): Promise<Pruned> => {
    const bytesBefore = await bytesOf(session);
    const removed = await remove(session, selection, (done) => {
      onProgress('removing', done, null);
      signal.throwIfAborted();
    });
    if (vacuum) {
      onProgress('shrinking', 0, null);
      await session.run(`VACUUM (FULL, ANALYZE) ${TABLES}`);
    }
    const bytesAfter = await bytesOf(session);
    const notes = vacuum || removed === 0 ? [] : [SPACE_IS_KEPT];
    return { removed, bytesBefore, bytesAfter, details: {}, notes };
  };
  return await withSession(location, work, signal);
}

async function remove(
  session: Session,
  selection: Selection,
  onStep: (removed: number) => void,
): Promise<number> {
  const { where, values } = conditionOf(selection);
  const next = `SELECT ${KEY_COLUMNS} FROM messages m WHERE ${where} AND ${keyOf('m')} > ${keyParameter(values.length + 1)}
    ORDER BY ${KEY_COLUMNS} LIMIT ${STEP_MESSAGES}`;
  let after = keyValues(FIRST_KEY);
  let removed = 0;
  for (;;) {
    const keys = await session.rows<[number, number, Buffer]>(next, [...values, ...after]);
    const last = keys.at(-1);
    if (last === undefined) return removed;
    const ids = keys.map(([, , id]) => id);
    const step = (): Promise<number> => removeMessages(session, ids, LAST_KEY.seconds);
    removed += await inTransaction(session, step, 'READ COMMITTED');
    after = [...last];
    onStep(removed);
  }
}

function conditionOf({ before, from }: Selection): { where: string; values: readonly Value[] } {
  const end = keyValues(before === null ? LAST_KEY : { ...before, messageId: '' });
  const isBefore = `${keyOf('m')} < ${keyParameter(1)}`;
  return from === null
    ? { where: isBefore, values: end }
    : { where: `${isBefore} AND m.from_msisdn = $4`, values: [...end, from] };
}

async function bytesOf(session: Session): Promise<number> {
  const [row] = await session.rows<[number]>('SELECT pg_database_size(current_database())');
  return row?.[0] ?? 0;
}
