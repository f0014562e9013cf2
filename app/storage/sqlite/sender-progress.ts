// How far the order by sender has come: it is filled in rounds, one sender after another.
import type { DatabaseSync } from 'node:sqlite';
import { prepared, preparedArrays } from './file/statements.ts';

/**
 * The order by sender, and what is counted by sender, hold every message up to `filledSeq`. Of those after it, up to
 * `roundSeq`, they hold the ones that come before or at (`reachedFrom`, `reachedSeq`), by sender and then by number.
 * Between two rounds `roundSeq` is `filledSeq`.
 */
export interface SenderProgress {
  readonly filledSeq: number;
  readonly roundSeq: number;
  readonly reachedFrom: string;
  readonly reachedSeq: number;
}

/** Nothing of a round is done: no sender is the empty string. */
export const ROUND_START = { reachedFrom: '', reachedSeq: 0 } as const;

/** The condition that a message `m` is in the order by sender. Its parameters: `progressValues`. */
export const IN_SENDER_ORDER = '(m.seq <= ? OR (m.seq <= ? AND (m.from_msisdn, m.seq) <= (?, ?)))';

/** The values of a progress, in the order of its columns and of the parameters of IN_SENDER_ORDER. */
export function progressValues(progress: SenderProgress): [number, number, string, number] {
  return [progress.filledSeq, progress.roundSeq, progress.reachedFrom, progress.reachedSeq];
}

/** The number up to which the order by sender holds the messages of this sender. */
export function heldUpTo(progress: SenderProgress, from: string): number {
  const { filledSeq, roundSeq, reachedFrom, reachedSeq } = progress;
  // Senders are ASCII, so that they compare here as in SQLite.
  if (from < reachedFrom) return roundSeq;
  return from === reachedFrom ? Math.max(filledSeq, reachedSeq) : filledSeq;
}

/** Reads the progress. Throws where its row is missing. */
export function readProgress(database: DatabaseSync): SenderProgress {
  const row = preparedArrays(
    database,
    'SELECT filled_seq, round_seq, reached_from, reached_seq FROM sender_progress',
  ).get() as unknown as [number, number, string, number] | undefined;
  if (row === undefined) throw new Error('the progress of the order by sender is missing');
  const [filledSeq, roundSeq, reachedFrom, reachedSeq] = row;
  return { filledSeq, roundSeq, reachedFrom, reachedSeq };
}

/** Sets the progress, in the transaction that fills the order. */
export function writeProgress(database: DatabaseSync, progress: SenderProgress): void {
  prepared(
    database,
    'UPDATE sender_progress SET filled_seq = ?, round_seq = ?, reached_from = ?, reached_seq = ?',
  ).run(...progressValues(progress));
}
