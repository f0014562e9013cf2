// How far each destination is. To be called inside a snapshot; functions throw what SQLite throws.
import type { DatabaseSync } from 'node:sqlite';
import type { ForwardMode, ForwardReport } from '../../../model/forward.ts';
import type { ForwardStatus } from '../../store.ts';
import { counterReader } from '../file/counters.ts';
import { type KeptForward, allForwards } from '../file/forwards.ts';
import { oneRow, prepared, preparedArrays } from '../file/statements.ts';
import { type EntryRow, entriesAfter, selectEntry } from './forward-entries.ts';
import { FORWARD_STATEMENTS } from './forward-rows.ts';

/** Numbers of rows of one state, in order. */
export const SEQS_OF_STATE = `SELECT seq FROM forward_items INDEXED BY forward_items_by_state
  WHERE forward = ? AND state = ? ORDER BY seq`;

type Counts = Pick<ForwardStatus, 'startedAfter' | 'delivered' | 'retrying' | 'waiting' | 'dead'>;

/** See `ForwardStore.statuses`. */
export function selectStatuses(database: DatabaseSync): readonly ForwardStatus[] {
  const lastSeq = counterReader(database)('last_seq');
  return allForwards(database).map((kept) => {
    const { forward, name, position, finished } = kept;
    const { report, ...counts } = oneRow(
      prepared<Counts & { readonly report: string | null }>(
        database,
        `SELECT started_after AS startedAfter, delivered, retrying, waiting, dead, report
         FROM forwards WHERE forward = ?`,
      ),
      forward,
    );
    return {
      name,
      position,
      finished,
      lastSeq,
      ...counts,
      oldest: oldestOf(database, kept),
      report: report === null ? null : (JSON.parse(report) as ForwardReport),
    };
  });
}

/** When the first entry arrived that is not finished and not given up; null where there is none. */
function oldestOf(database: DatabaseSync, kept: KeptForward): string | null {
  const candidates = [
    firstOfState(database, kept, 'retry'),
    firstOfState(database, kept, 'waiting'),
    firstAfterPosition(database, kept),
  ].filter((entry) => entry !== null);
  return candidates.toSorted((a, b) => a.seq - b.seq)[0]?.created_at ?? null;
}

/** The first row whose entry is there: one that was removed takes its row along, but for what was in flight meanwhile. */
function firstOfState(
  database: DatabaseSync,
  { forward, mode }: { readonly forward: number; readonly mode: ForwardMode },
  state: 'retry' | 'waiting',
): EntryRow | null {
  const rows = preparedArrays<[number]>(database, SEQS_OF_STATE).iterate(forward, state);
  for (const [seq] of rows) {
    const entry = selectEntry(database, mode, seq);
    if (entry !== null) return entry;
  }
  return null;
}

/** Those that are finished above the position are few: what is in flight lies between them. */
function firstAfterPosition(
  database: DatabaseSync,
  { forward, mode, position, finished }: KeptForward,
): EntryRow | null {
  const finishedAbove = new Set(finished);
  const isGivenUp = prepared(database, FORWARD_STATEMENTS.isGivenUp);
  for (const entry of entriesAfter(database, mode, position)) {
    if (finishedAbove.has(entry.seq) || isGivenUp.get(forward, entry.seq) !== undefined) continue;
    return entry;
  }
  return null;
}
