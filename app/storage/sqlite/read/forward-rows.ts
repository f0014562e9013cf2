// Rows of entries that are not finished, by the indexes that are made for each question: none costs more where there are many.
import type { DatabaseSync } from 'node:sqlite';
import type { DeadLetter, Unfinished } from '../../store.ts';
import type { ForwardReadResults } from '../file/forward-protocol.ts';
import { type KeptForward, UNFINISHED_COLUMNS, allForwards, forwardOf } from '../file/forwards.ts';
import { prepared, preparedArrays } from '../file/statements.ts';
import { entryOf, selectEntry, seqsOfId } from './forward-entries.ts';

/** The statements, named for the test of their plans. */
export const FORWARD_STATEMENTS = {
  held: `SELECT 1 FROM forward_items INDEXED BY forward_items_by_conversation
    WHERE forward = ? AND conversation = ? AND state <> 'dead' LIMIT 1`,
  due: `SELECT ${UNFINISHED_COLUMNS} FROM forward_items INDEXED BY forward_items_by_due
    WHERE forward = ? AND state = 'retry' ORDER BY due_ms, seq LIMIT ?`,
  dead: `SELECT ${UNFINISHED_COLUMNS} FROM forward_items INDEXED BY forward_items_by_state
    WHERE forward = ? AND state = 'dead' AND seq > ? ORDER BY seq`,
  deadSeqs: `SELECT seq FROM forward_items INDEXED BY forward_items_by_state
    WHERE forward = ? AND state = 'dead' AND seq > ? ORDER BY seq LIMIT ?`,
  isDead: `SELECT 1 FROM forward_items WHERE forward = ? AND seq = ? AND state = 'dead'`,
  isGivenUp: `SELECT 1 FROM forward_items WHERE forward = ? AND seq = ? AND state IN ('dead', 'discarded')`,
  row: `SELECT ${UNFINISHED_COLUMNS} FROM forward_items WHERE forward = ? AND seq = ?`,
} as const;

/** See `ForwardStore.held`. */
export function selectHeld(
  database: DatabaseSync,
  name: string,
  conversations: readonly string[],
): readonly string[] {
  const kept = forwardOf(database, name);
  if (kept === null) return [];
  const select = prepared(database, FORWARD_STATEMENTS.held);
  return conversations.filter((each) => select.get(kept.forward, each) !== undefined);
}

/** See `ForwardStore.due`. */
export function selectDue(
  database: DatabaseSync,
  name: string,
  nowMs: number,
  limit: number,
): ForwardReadResults['forward:due'] {
  const kept = forwardOf(database, name);
  if (kept === null) return { rows: [], nextMs: null };
  const first = prepared<Unfinished>(database, FORWARD_STATEMENTS.due).all(kept.forward, limit + 1);
  const rows = first.slice(0, limit).filter(({ dueMs }) => dueMs !== null && dueMs <= nowMs);
  return { rows, nextMs: first[rows.length]?.dueMs ?? null };
}

/** See `ForwardStore.dead`. */
export function selectDead(
  database: DatabaseSync,
  name: string,
  after: number,
  limit: number,
): readonly DeadLetter[] {
  const kept = forwardOf(database, name);
  const letters: DeadLetter[] = [];
  if (kept === null || limit === 0) return letters;
  const rows = prepared<Unfinished>(database, FORWARD_STATEMENTS.dead);
  for (const row of rows.iterate(kept.forward, after)) {
    const entry = selectEntry(database, kept.mode, row.seq);
    if (entry !== null) letters.push({ ...row, ...entryOf(entry) });
    if (letters.length === limit) break;
  }
  return letters;
}

/** The numbers of the first dead letters after a number, in order. */
export function selectDeadSeqs(
  database: DatabaseSync,
  name: string,
  after: number,
  limit: number,
): readonly number[] {
  const kept = forwardOf(database, name);
  if (kept === null) return [];
  return preparedArrays<[number]>(database, FORWARD_STATEMENTS.deadSeqs)
    .all(kept.forward, after, limit)
    .map(([seq]) => seq);
}

/** The numbers of the dead letters with these ids, in order. */
export function selectDeadOfIds(
  database: DatabaseSync,
  name: string,
  ids: readonly string[],
): readonly number[] {
  const kept = forwardOf(database, name);
  if (kept === null) return [];
  const select = prepared(database, FORWARD_STATEMENTS.isDead);
  const isDead = (seq: number): boolean => select.get(kept.forward, seq) !== undefined;
  const seqs = new Set(ids.flatMap((id) => deadOfId(database, kept, id, isDead)));
  return [...seqs].toSorted((a, b) => a - b);
}

function deadOfId(
  database: DatabaseSync,
  { mode }: KeptForward,
  id: string,
  isDead: (seq: number) => boolean,
): number[] {
  return seqsOfId(database, mode, id).filter(
    // A delivery's number is in its id: it is looked up only here.
    (seq) => isDead(seq) && selectEntry(database, mode, seq) !== null,
  );
}

/** See `ForwardStore.unfinishedOf`. */
export function selectUnfinished(
  database: DatabaseSync,
  seq: number,
): ForwardReadResults['forward:unfinished'] {
  return allForwards(database).flatMap(({ forward, name }) => {
    const row = prepared<Unfinished>(database, FORWARD_STATEMENTS.row).get(forward, seq);
    return row === undefined ? [] : [{ name, ...row }];
  });
}
