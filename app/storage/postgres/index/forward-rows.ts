// Rows of what destinations have not finished: how they are locked, counted and released, and that they go with their entries.
import { byteaArray, int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';

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

/**
 * Conversations are `$2`, the time is `$3`. In the order of the states' names, what is to be retried comes before what waits. The order
 * begins with the hash so that it is that of the index of conversations alone: by the one of states, all that waits would be read.
 */
const RELEASE = `WITH first AS MATERIALIZED (
    SELECT w.seq FROM (SELECT DISTINCT conversation FROM unnest($2::bytea[]) AS u (conversation)) c
    CROSS JOIN LATERAL (
      SELECT i.seq, i.state FROM forward_items i WHERE i.forward = $1 AND sha256(i.conversation) = sha256(c.conversation)
        AND i.conversation = c.conversation AND i.state <> 'dead' ORDER BY sha256(i.conversation), i.state, i.seq LIMIT 1
    ) w WHERE w.state = 'waiting'
  ), released AS (
    UPDATE forward_items i SET state = 'retry', due_ms = $3::int8 FROM first w WHERE i.forward = $1 AND i.seq = w.seq
    RETURNING i.state
  ) ${recount('released', `(SELECT 'waiting' AS state FROM released) w`)} AND EXISTS (SELECT FROM released)`;

/** Destinations with rows of the items `$1` or the deliveries `$2`. */
const AFFECTED = `SELECT f.name FROM forwards f WHERE EXISTS (
    SELECT FROM forward_items i WHERE i.forward = f.name AND i.seq = ANY(CASE f.mode WHEN 'raw' THEN $2::int8[] ELSE $1::int8[] END)
  ) ORDER BY f.name`;
/** Those of the destination `$1`, of the items `$2` or the deliveries `$3`. */
const REMOVE = `WITH gone AS (
    DELETE FROM forward_items i USING forwards f
    WHERE f.name = $1 AND i.forward = $1 AND i.seq = ANY(CASE f.mode WHEN 'raw' THEN $3::int8[] ELSE $2::int8[] END)
    RETURNING i.state, i.conversation
  ), counted AS (${recount('(SELECT state FROM gone WHERE false) n', 'gone')})
  SELECT DISTINCT conversation FROM gone WHERE conversation IS NOT NULL AND state <> 'dead'`;

/** Takes the lock. Returns whether the destination was ever opened. */
export async function lockForward(session: Session, name: string): Promise<boolean> {
  return (await session.run(LOCK, [name])) === 1;
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

/**
 * Removes the rows of items and of deliveries with these numbers, which are removed: the next of their conversations becomes due. To be
 * called in a transaction whose statements each see what was committed before them. Rejects with what the client throws.
 */
export async function removeForwardRows(
  session: Session,
  items: readonly number[],
  deliveries: readonly number[],
): Promise<void> {
  const numbers = [int8Array(items), int8Array(deliveries)];
  for (const [name] of await session.rows<[string]>(AFFECTED, numbers)) {
    await lockForward(session, name);
    const rows = await session.rows<[Buffer]>(REMOVE, [name, ...numbers]);
    const conversations = rows.map(([conversation]) => conversation.toString());
    await release(session, name, conversations, Date.now());
  }
}
