// Destinations as a migration takes them along. Functions reject with what the client throws.
import type { ForwardMode } from '../../../model/forward.ts';
import type { MigratedForward } from '../../migration.ts';
import type { Unfinished } from '../../store.ts';
import { int8Array } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { recordChange } from '../forward/record.ts';
import { UNFINISHED_COLUMNS, type UnfinishedRow, unfinishedRow } from '../forward/rows.ts';

const FORWARDS = `SELECT name, mode, started_after, position, to_json(finished)::text, delivered, report,
    round(extract(epoch FROM used_at) * 1000)::int8 FROM forwards ORDER BY name`;
const UNFINISHED = `SELECT ${UNFINISHED_COLUMNS} FROM forward_items i WHERE i.forward = $1 AND i.seq > $2::int8 ORDER BY i.seq LIMIT $3::int8`;
const INSERT = `INSERT INTO forwards (name, mode, started_after, position, finished, delivered, report, used_at)
  VALUES ($1, $2, $3::int8, $4::int8, $5::int8[], $6::int8, $7, to_timestamp($8::int8 / 1000.0))`;

type ForwardRow = readonly [
  name: string,
  mode: ForwardMode,
  startedAfter: number,
  position: number,
  finished: string,
  delivered: number,
  report: string | null,
  usedMs: number,
];

/** See `MigrationEnd.forwards`. */
export async function migratedForwards(session: Session): Promise<MigratedForward[]> {
  const rows = await session.rows<ForwardRow>(FORWARDS);
  return rows.map(([name, mode, startedAfter, position, list, delivered, report, usedMs]) => {
    const finished = JSON.parse(list) as number[];
    return { name, mode, startedAfter, position, finished, delivered, report, usedMs };
  });
}

/** See `MigrationEnd.unfinished`. */
export async function migratedUnfinished(
  session: Session,
  name: string,
  after: number,
  limit: number,
): Promise<Unfinished[]> {
  return (await session.rows<UnfinishedRow>(UNFINISHED, [name, after, limit])).map(unfinishedRow);
}

/** See `MigrationTarget.storeForwards`. To be called in a transaction. */
export async function replaceForwards(
  session: Session,
  forwards: readonly MigratedForward[],
): Promise<void> {
  await session.run('TRUNCATE forward_items, forwards');
  for (const each of forwards)
    await session.run(INSERT, [
      each.name,
      each.mode,
      each.startedAfter,
      each.position,
      int8Array(each.finished),
      each.delivered,
      each.report,
      each.usedMs,
    ]);
}

/** See `MigrationTarget.storeUnfinished`. To be called in a transaction. */
export async function insertUnfinished(
  session: Session,
  { name, position, finished }: MigratedForward,
  put: readonly Unfinished[],
): Promise<void> {
  const nothing = { remove: [], release: [], wakeSinceMs: null, delivered: 0, nowMs: 0 };
  await recordChange(session, name, { position, finished, put, ...nothing });
}
