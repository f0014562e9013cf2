// What readers and the writer share of forwarding: destinations as they are kept, and the columns of their rows.
import type { DatabaseSync } from 'node:sqlite';
import type { ForwardMode } from '../../../model/forward.ts';
import type { ForwardPosition } from '../../store.ts';
import { prepared } from './statements.ts';

/** Columns of an `Unfinished`, as its members are named. */
export const UNFINISHED_COLUMNS =
  'seq, state, conversation, attempts, first_ms AS firstMs, last_ms AS lastMs, due_ms AS dueMs, error';

/** A destination. */
export interface KeptForward extends ForwardPosition {
  /** Its number in `forward_items`. */
  readonly forward: number;
  readonly name: string;
  readonly mode: ForwardMode;
}

type Row = Omit<KeptForward, 'finished'> & { readonly finished: string };

const COLUMNS = 'forward, name, mode, position, finished';

/** Returns the destination with this name; null where it was never opened. Throws what SQLite throws. */
export function forwardOf(database: DatabaseSync, name: string): KeptForward | null {
  const row = prepared<Row>(database, `SELECT ${COLUMNS} FROM forwards WHERE name = ?`).get(name);
  return row === undefined ? null : keptOf(row);
}

/** Returns all destinations, by name; they are few. Throws what SQLite throws. */
export function allForwards(database: DatabaseSync): KeptForward[] {
  return prepared<Row>(database, `SELECT ${COLUMNS} FROM forwards ORDER BY name`).all().map(keptOf);
}

function keptOf(row: Row): KeptForward {
  return { ...row, finished: JSON.parse(row.finished) as number[] };
}
