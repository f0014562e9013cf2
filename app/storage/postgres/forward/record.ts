// What became of entries: position, rows and counts change together, in a transaction whose statements each see what was committed.
import type { ForwardChange, Unfinished } from '../../store.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Session, Value } from '../database/session.ts';
import { settled } from '../database/transaction.ts';

/** Taken before rows of a destination are changed: the counts are those of all its rows. */
const LOCK = 'SELECT 1 FROM forwards WHERE name = $1 FOR UPDATE';

/** SQL that adds to the counts of the destination `$1` what the states in `added` are, and takes away those in `removed`. */
export function recount(added: string, removed: string, others = ''): string {
  const count = (state: string): string => `coalesce(sum(n) FILTER (WHERE state = '${state}'), 0)`;
  return `UPDATE forwards f SET ${others} retrying = f.retrying + c.retrying, waiting = f.waiting + c.waiting, dead = f.dead + c.dead
    FROM (
      SELECT ${count('retry')} AS retrying, ${count('waiting')} AS waiting, ${count('dead')} AS dead
      FROM (SELECT state, 1 AS n FROM ${added} UNION ALL SELECT state, -1 FROM ${removed}) s
    ) c WHERE f.name = $1`;
}

/** Numbers to put are `$2`, those to remove `$10`. */
const RECORD = `WITH old AS MATERIALIZED (
    SELECT seq, state FROM forward_items WHERE forward = $1 AND seq = ANY($2::int8[] || $10::int8[])
  ), gone AS (
    DELETE FROM forward_items WHERE forward = $1 AND seq = ANY($10)
  ), new AS (
    SELECT * FROM unnest($2, $3::text[], $4::bytea[], $5::int4[], $6::int8[], $7::int8[], $8::int8[], $9::bytea[])
      AS n (seq, state, conversation, attempts, first_ms, last_ms, due_ms, error)
  ), put AS (
    INSERT INTO forward_items (forward, seq, state, conversation, attempts, first_ms, last_ms, due_ms, error)
    SELECT $1, n.seq, n.state, n.conversation, n.attempts, nullif(n.first_ms, -1), nullif(n.last_ms, -1), nullif(n.due_ms, -1), n.error
    FROM new n
    ON CONFLICT (forward, seq) DO UPDATE SET state = excluded.state, conversation = excluded.conversation, attempts = excluded.attempts,
      first_ms = excluded.first_ms, last_ms = excluded.last_ms, due_ms = excluded.due_ms, error = excluded.error
  ) ${recount('new', 'old', 'position = $11::int8, finished = $12::int8[], delivered = f.delivered + $13::int8,')}`;

/** Conversations are `$2`, the time is `$3`. */
const RELEASE = `WITH first AS MATERIALIZED (
    SELECT w.seq FROM (SELECT DISTINCT conversation FROM unnest($2::bytea[]) AS u (conversation)) c
    CROSS JOIN LATERAL (
      SELECT i.seq FROM forward_items i WHERE i.forward = $1 AND sha256(i.conversation) = sha256(c.conversation)
        AND i.conversation = c.conversation AND i.state <> 'dead' AND i.state = 'waiting' ORDER BY i.seq LIMIT 1
    ) w WHERE NOT EXISTS (
      SELECT FROM forward_items i WHERE i.forward = $1 AND sha256(i.conversation) = sha256(c.conversation)
        AND i.conversation = c.conversation AND i.state <> 'dead' AND i.state = 'retry')
  ), released AS (
    UPDATE forward_items i SET state = 'retry', due_ms = $3::int8 FROM first w WHERE i.forward = $1 AND i.seq = w.seq
    RETURNING i.state
  ) ${recount('released', `(SELECT 'waiting' AS state FROM released) w`)} AND EXISTS (SELECT FROM released)`;

/** Takes the lock. Returns whether the destination was ever opened. */
export async function lockForward(session: Session, name: string): Promise<boolean> {
  return (await session.run(LOCK, [name])) === 1;
}

/** See `ForwardStore.record`. To be called with the lock. */
export async function recordChange(
  session: Session,
  name: string,
  change: ForwardChange,
): Promise<void> {
  const { position, finished, put, remove, delivered, nowMs } = change;
  const numbers = [int8Array(remove), position, int8Array(finished), delivered];
  const sent = [
    session.rows(RECORD, [name, ...rowValues(put), ...numbers], 'forward_record'),
    release(session, name, change.release, nowMs),
  ] as const;
  await settled(sent);
}

/** See `ForwardChange.release`. To be called with the lock. */
export async function release(
  session: Session,
  name: string,
  conversations: readonly string[],
  nowMs: number,
): Promise<void> {
  if (conversations.length === 0) return;
  const list = byteaArray(conversations.map((each) => Buffer.from(each)));
  await session.rows(RELEASE, [name, list, nowMs], 'forward_release');
}

/** The columns of rows as arrays; times that are null as -1. */
function rowValues(rows: readonly Unfinished[]): Value[] {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  return [
    int8Array(rows.map(({ seq }) => seq)),
    textArray(rows.map(({ state }) => state)),
    byteaArray(rows.map(({ conversation }) => bytes(conversation))),
    int4Array(rows.map(({ attempts }) => attempts)),
    int8Array(rows.map(({ firstMs }) => firstMs ?? -1)),
    int8Array(rows.map(({ lastMs }) => lastMs ?? -1)),
    int8Array(rows.map(({ dueMs }) => dueMs ?? -1)),
    byteaArray(rows.map(({ error }) => bytes(error))),
  ];
}
