// Destinations as a migration takes them along. Functions throw what SQLite throws.
import type { DatabaseSync } from 'node:sqlite';
import type { MigratedForward } from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { UNFINISHED_COLUMNS, forwardOf } from '../file/forwards.ts';
import { prepared } from '../file/statements.ts';
import { ForwardRows } from '../write/forward-rows.ts';

/** See `MigrationEnd.forwards`. */
export function migratedForwards(database: DatabaseSync): MigratedForward[] {
  const rows = prepared<Omit<MigratedForward, 'finished'> & { readonly finished: string }>(
    database,
    `SELECT name, mode, started_after AS startedAfter, position, finished, delivered, report, used_ms AS usedMs
     FROM forwards ORDER BY name`,
  ).all();
  return rows.map((row) => ({ ...row, finished: JSON.parse(row.finished) as number[] }));
}

/** See `MigrationEnd.unfinished`. */
export function migratedUnfinished(
  database: DatabaseSync,
  name: string,
  after: number,
  limit: number,
): Unfinished[] {
  const select = prepared<Unfinished>(
    database,
    `SELECT ${UNFINISHED_COLUMNS} FROM forward_items
     WHERE forward = (SELECT forward FROM forwards WHERE name = ?) AND seq > ? ORDER BY seq LIMIT ?`,
  );
  return select.all(name, after, limit).map((row) => ({ ...row }));
}

/** See `MigrationTarget.storeForwards`. To be called inside a transaction. */
export function replaceForwards(
  database: DatabaseSync,
  forwards: readonly MigratedForward[],
): void {
  database.exec('DELETE FROM forward_items; DELETE FROM forwards');
  const insert = prepared(
    database,
    `INSERT INTO forwards (name, mode, started_after, position, finished, delivered, report, used_ms, retrying, waiting, dead)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
  );
  for (const each of forwards) {
    const { name, mode, startedAfter, position, delivered, report, usedMs } = each;
    const finished = JSON.stringify(each.finished);
    insert.run(name, mode, startedAfter, position, finished, delivered, report, usedMs);
  }
}

/** See `MigrationTarget.storeUnfinished`. To be called inside a transaction. */
export function insertUnfinished(
  database: DatabaseSync,
  { name }: MigratedForward,
  put: readonly Unfinished[],
): void {
  const kept = forwardOf(database, name);
  if (kept === null) throw new Error('rows of a destination that was not copied');
  const rows = new ForwardRows(database, kept.forward);
  for (const row of put) rows.put(row);
  rows.end();
}
