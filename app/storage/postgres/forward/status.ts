// Destinations: where they begin, what is said of them, and when they are forgotten. Functions reject with what the client throws.
import type { ForwardMode, ForwardReport, ForwardStart } from '../../../model/forward.ts';
import type { ForwardPosition, ForwardStatus } from '../../store.ts';
import { int8Array, textArray } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { settled } from '../database/transaction.ts';
import { lastSeqOf } from '../read/stream.ts';
import { FIRST_AFTER, entryWith } from './entries.ts';
import { REMOVE_LEASES } from './lease.ts';

/** Rows of a destination that are removed in one transaction. */
const FORGET_ROWS = 10_000;

/** JSON, as a list of numbers. */
const FINISHED = 'to_json(finished)::text';
const OPEN = `INSERT INTO forwards AS f (name, mode, started_after, position, finished, used_at)
  VALUES ($1, $2, $3::int8, $3, '{}', now())
  ON CONFLICT (name) DO UPDATE SET mode = excluded.mode, used_at = now() RETURNING position, ${FINISHED}`;
const REPORT = 'UPDATE forwards SET report = $2, used_at = now() WHERE name = $1';
const STATUSES = `SELECT name, mode, started_after, position, ${FINISHED}, delivered, retrying, waiting, dead, report FROM forwards ORDER BY name`;
const oldest = (mode: ForwardMode): string =>
  `SELECT i.seq, e.arrived_at FROM forward_items i CROSS JOIN ${entryWith(mode, 'i.seq')}
    WHERE i.forward = $1 AND i.state = $2 ORDER BY i.seq LIMIT 1`;
const OLDEST: Readonly<Record<ForwardMode, string>> = { item: oldest('item'), raw: oldest('raw') };

const UNUSED = `SELECT name FROM forwards WHERE used_at < to_timestamp($1::float8 / 1000) AND name <> ALL($2::text[]) FOR UPDATE`;
const FORGET_SOME = `DELETE FROM forward_items i USING (
    SELECT forward, seq FROM forward_items WHERE forward = ANY($1::text[]) ORDER BY forward, seq LIMIT ${FORGET_ROWS}
  ) s WHERE i.forward = s.forward AND i.seq = s.seq`;
const FORGET = 'DELETE FROM forwards WHERE name = ANY($1::text[])';

type StatusRow = readonly [
  name: string,
  mode: ForwardMode,
  startedAfter: number,
  position: number,
  finished: string,
  delivered: number,
  retrying: number,
  waiting: number,
  dead: number,
  report: string | null,
];
type Arrival = readonly [seq: number, arrivedAt: string, ...unknown[]];

/** See `ForwardStore.open`. */
export async function openForward(
  session: Session,
  name: string,
  mode: ForwardMode,
  start: ForwardStart,
): Promise<ForwardPosition> {
  const after = start === 'now' ? await lastSeqOf(session) : 0;
  const [row] = await session.rows<[number, string]>(OPEN, [name, mode, after]);
  if (row === undefined) throw new Error('a destination has no position');
  return { position: row[0], finished: JSON.parse(row[1]) as number[] };
}

/** See `ForwardStore.report`. */
export async function keepReport(
  session: Session,
  name: string,
  report: ForwardReport,
): Promise<void> {
  await session.run(REPORT, [name, JSON.stringify(report)]);
}

/** See `ForwardStore.statuses`. To be called inside a snapshot. */
export async function selectStatuses(session: Session): Promise<ForwardStatus[]> {
  const [rows, lastSeq] = await settled([session.rows<StatusRow>(STATUSES), lastSeqOf(session)]);
  return await settled(rows.map((row) => statusOf(session, row, lastSeq)));
}

async function statusOf(session: Session, row: StatusRow, lastSeq: number): Promise<ForwardStatus> {
  const [name, mode, startedAfter, position, list, delivered, retrying, waiting, dead, said] = row;
  const finished = JSON.parse(list) as number[];
  const arrivals = await settled([
    session.rows<Arrival>(OLDEST[mode], [name, 'retry']),
    session.rows<Arrival>(OLDEST[mode], [name, 'waiting']),
    session.rows<Arrival>(FIRST_AFTER[mode], [position, int8Array(finished), name]),
  ]);
  const [first] = arrivals.flat().toSorted(([a], [b]) => a - b);
  return {
    name,
    startedAfter,
    position,
    finished,
    lastSeq,
    delivered,
    retrying,
    waiting,
    dead,
    oldest: first?.[1] ?? null,
    report: said === null ? null : (JSON.parse(said) as ForwardReport),
  };
}

/** Forgets some of what is to be forgotten. Returns whether there may be more. To be called in a transaction. */
export async function forgetSome(
  session: Session,
  unusedSinceMs: number,
  configured: readonly string[],
): Promise<boolean> {
  const rows = await session.rows<[string]>(UNUSED, [unusedSinceMs, textArray(configured)]);
  if (rows.length === 0) return false;
  const names = [textArray(rows.map(([name]) => name))];
  if ((await session.run(FORGET_SOME, names)) === FORGET_ROWS) return true;
  await settled([session.run(FORGET, names), session.run(REMOVE_LEASES, names)]);
  return false;
}
