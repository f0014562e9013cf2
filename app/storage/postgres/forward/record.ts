// What became of entries: position, rows and counts change together, in a transaction whose statements each see what was committed.
import type { ForwardChange, Unfinished } from '../../store.ts';
import { byteaArray, int4Array, int8Array, textArray } from '../database/arrays.ts';
import type { Session, Value } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { recount, release } from '../index/forward-rows.ts';

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
