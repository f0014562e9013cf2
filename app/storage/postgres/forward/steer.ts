// Retry, discard and replay, in a transaction whose statements each see what was committed before them.
import type { ForwardMode } from '../../../model/forward.ts';
import type { DeadSelection, Unfinished } from '../../store.ts';
import { byteaArray, int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { lockForward, recount, release } from '../index/forward-rows.ts';
import { modeOf } from './rows.ts';

/** Dead letters of a step: the replica that forwards waits for it. */
const STEP_LETTERS = 1_000;

const DELIVERY_ID = /^delivery:([1-9]\d{0,15})$/;
const NUMBERS = `SELECT b.first_seq + m.ord FROM messages m JOIN batches b USING (batch) WHERE m.message_id = ANY($1::bytea[])
  UNION ALL SELECT b.first_seq + e.ord FROM events e JOIN batches b USING (batch) WHERE e.event_id = ANY($1)`;

const NEXT = `SELECT seq FROM forward_items WHERE forward = $1 AND state = 'dead' AND seq > $2::int8 ORDER BY seq LIMIT ${STEP_LETTERS}`;

/** As if it was never attempted: at once, or behind its conversation. `$3` is the time. */
const AGAIN = `state = CASE WHEN i.conversation IS NULL THEN 'retry' ELSE 'waiting' END,
  due_ms = CASE WHEN i.conversation IS NULL THEN $3::int8 END, attempts = 0, first_ms = NULL, last_ms = NULL, error = NULL`;
const RETRY = `WITH again AS (
    UPDATE forward_items i SET ${AGAIN} WHERE i.forward = $1 AND i.state = 'dead' AND i.seq = ANY($2::int8[])
    RETURNING i.state, i.conversation
  ), counted AS (${recount('again', `(SELECT 'dead' AS state FROM again) d`)})
  SELECT conversation FROM again`;
const DISCARD = `WITH gone AS (
    UPDATE forward_items SET state = 'discarded', conversation = NULL WHERE forward = $1 AND state = 'dead' AND seq = ANY($2::int8[])
    RETURNING 'dead' AS state
  ), counted AS (${recount('(SELECT state FROM gone WHERE false) n', 'gone')})
  SELECT 1 FROM gone`;
/** Conversations are `$4`. */
const REPLAY = `WITH wanted AS MATERIALIZED (
    SELECT w.seq, w.conversation, i.state FROM forwards f CROSS JOIN unnest($2::int8[], $4::bytea[]) AS w (seq, conversation)
    LEFT JOIN forward_items i ON i.forward = $1 AND i.seq = w.seq
    WHERE f.name = $1 AND CASE WHEN i.seq IS NULL THEN w.seq <= f.position OR w.seq = ANY(f.finished) ELSE i.state IN ('dead', 'discarded') END
  ), again AS (
    INSERT INTO forward_items AS i (forward, seq, state, conversation, attempts, due_ms)
    SELECT $1, seq, CASE WHEN conversation IS NULL THEN 'retry' ELSE 'waiting' END, conversation, 0, CASE WHEN conversation IS NULL THEN $3::int8 END
    FROM wanted
    ON CONFLICT (forward, seq) DO UPDATE SET state = excluded.state, conversation = excluded.conversation, due_ms = excluded.due_ms,
      attempts = 0, first_ms = NULL, last_ms = NULL, error = NULL
    RETURNING i.state, i.conversation
  ), counted AS (${recount('again', '(SELECT state FROM wanted WHERE state IS NOT NULL) d')})
  SELECT conversation FROM again`;

type Conversations = readonly (readonly [conversation: Buffer | null])[];

/** What is done with dead letters of the numbers. Returns how many. */
export type Steer = (session: Session, name: string, seqs: readonly number[]) => Promise<number>;

/** Returns the step that has dead letters attempted again. */
export function retryAt(nowMs: number): Steer {
  return async (session, name, seqs) => {
    const again = await session.rows<[Buffer | null]>(RETRY, [name, int8Array(seqs), nowMs]);
    return await released(session, name, again, nowMs);
  };
}

export const discard: Steer = async (session, name, seqs) =>
  (await session.rows<[number]>(DISCARD, [name, int8Array(seqs)])).length;

/** See `ForwardStore.replay`. */
export async function replay(
  session: Session,
  name: string,
  entries: readonly Pick<Unfinished, 'seq' | 'conversation'>[],
  nowMs: number,
): Promise<number> {
  if (!(await lockForward(session, name))) return 0;
  const again = await session.rows<[Buffer | null]>(REPLAY, [
    name,
    int8Array(entries.map(({ seq }) => seq)),
    nowMs,
    byteaArray(
      entries.map(({ conversation }) => (conversation === null ? null : Buffer.from(conversation))),
    ),
  ]);
  return await released(session, name, again, nowMs);
}

/**
 * Does one step with the dead letters that are chosen, of all with those after a number. Returns how many, and after which number to go on;
 * null where there are no others.
 */
export async function steerSome(
  session: Session,
  name: string,
  which: DeadSelection,
  after: number,
  steer: Steer,
): Promise<{ readonly count: number; readonly next: number | null }> {
  if (!(await lockForward(session, name))) return { count: 0, next: null };
  if (which !== 'all') {
    const mode = await modeOf(session, name);
    const seqs = await numbersOf(session, mode ?? 'item', which.ids);
    return { count: await steer(session, name, seqs), next: null };
  }
  const rows = await session.rows<[number]>(NEXT, [name, after]);
  const seqs = rows.map(([seq]) => seq);
  const next = seqs.length === STEP_LETTERS ? (seqs.at(-1) ?? null) : null;
  return { count: await steer(session, name, seqs), next };
}

async function numbersOf(
  session: Session,
  mode: ForwardMode,
  ids: readonly string[],
): Promise<number[]> {
  if (mode === 'raw') return ids.flatMap((id) => Number(DELIVERY_ID.exec(id)?.[1] ?? []));
  const rows = await session.rows<[number]>(NUMBERS, [
    byteaArray(ids.map((id) => Buffer.from(id))),
  ]);
  return rows.map(([seq]) => seq);
}

/** The first of each conversation follows at once where nothing is before it. Returns how many are sent again. */
async function released(
  session: Session,
  name: string,
  again: Conversations,
  nowMs: number,
): Promise<number> {
  const named = again.flatMap(([conversation]) => conversation?.toString() ?? []);
  await release(session, name, [...new Set(named)], nowMs);
  return again.length;
}
