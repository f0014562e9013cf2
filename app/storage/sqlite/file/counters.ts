// The counters table: read and written in the transaction of what they count.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from './statements.ts';

/**
 * `last_seq`: the highest number assigned to an item. `messages`, `events`: how many are stored.
 * `tombstones`: how many ids are remembered of items that were removed.
 * `removals`: the highest number assigned to a removal. `removals_purged`: up to this number their records are deleted.
 */
type CounterName =
  'last_seq' | 'messages' | 'events' | 'tombstones' | 'removals' | 'removals_purged';

/** Returns a function that reads a counter. It throws where the counter is missing. */
export function counterReader(database: DatabaseSync): (name: CounterName) => number {
  const select = prepared(database, 'SELECT value FROM counters WHERE name = ?');
  return (name) => {
    const value = select.get(name)?.['value'];
    if (typeof value !== 'number') throw new Error(`the counter ${name} is missing`);
    return value;
  };
}

/** Returns a function that sets a counter. */
export function counterWriter(database: DatabaseSync): (name: CounterName, value: number) => void {
  const update = prepared(database, 'UPDATE counters SET value = ? WHERE name = ?');
  return (name, value) => {
    update.run(value, name);
  };
}
