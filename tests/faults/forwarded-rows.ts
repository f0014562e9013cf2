// What must hold of a destination in a file that no service has opened: it counts nothing as finished that its application never took.
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';

interface Kept {
  readonly forward: number;
  readonly position: number;
  /** Numbers above the position, in JSON. */
  readonly finished: string;
  readonly retrying: number;
  readonly waiting: number;
  readonly dead: number;
}

/** The items that a destination has behind it: up to its position or finished above it, and without a row. */
const FINISHED = ['messages', 'events']
  .map(
    (table) =>
      `SELECT ${table === 'messages' ? 'message_id' : 'event_id'} AS id FROM ${table} NOT INDEXED
       WHERE (seq <= ?1 OR seq IN (SELECT value FROM json_each(?2)))
         AND seq NOT IN (SELECT seq FROM forward_items WHERE forward = ?3)`,
  )
  .join(' UNION ALL ');
const UNKNOWN = `SELECT count(*) AS count FROM forward_items
  WHERE seq NOT IN (SELECT seq FROM messages UNION ALL SELECT seq FROM events)`;

/**
 * Fails where a destination without filters is past what is not among `taken`, the ids that its application ever took, or where
 * its counts are not those of its rows. Returns how many items the destinations have finished.
 */
export function assertForwarded(database: DatabaseSync, taken: ReadonlySet<string>): number {
  const kept = database
    .prepare('SELECT forward, position, finished, retrying, waiting, dead FROM forwards')
    .all() as unknown as Kept[];
  const last = database.prepare("SELECT value FROM counters WHERE name = 'last_seq'").get();
  let count = 0;
  for (const { forward, position, finished, ...counts } of kept) {
    assert.ok(position <= Number(last?.['value']), `a destination is at ${position}`);
    const rows = database
      .prepare('SELECT state, count(*) AS count FROM forward_items WHERE forward = ? GROUP BY 1')
      .all(forward);
    const of = (state: string): number =>
      Number(rows.find((row) => row['state'] === state)?.['count'] ?? 0);
    assert.deepEqual(counts, {
      retrying: of('retry'),
      waiting: of('waiting'),
      dead: of('dead'),
    });
    const done = database.prepare(FINISHED).all(position, finished, forward);
    const never = done.map(({ id }) => String(id)).filter((id) => !taken.has(id));
    assert.deepEqual(never, [], 'a destination is past what its application never took');
    count += done.length;
  }
  assert.equal(database.prepare(UNKNOWN).get()?.['count'], 0, 'rows of items that are not there');
  return count;
}
