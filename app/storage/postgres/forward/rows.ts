// Rows of what a destination has not finished, as they are read. Functions reject with what the client throws.
import type { ForwardMode, UnfinishedState } from '../../../model/forward.ts';
import type { DeadLetter, Unfinished } from '../../store.ts';
import { byteaArray } from '../database/arrays.ts';
import type { Session } from '../database/session.ts';
import { ENTRY_COLUMNS, type EntryRow, entryOf, entryWith } from './entries.ts';

/** The columns of an UnfinishedRow, of a row `i` of forward_items. */
export const UNFINISHED_COLUMNS =
  'i.seq, i.state, i.conversation, i.attempts, i.first_ms, i.last_ms, i.due_ms, i.error';
export type UnfinishedRow = readonly [
  seq: number,
  state: UnfinishedState,
  conversation: Buffer | null,
  attempts: number,
  firstMs: number | null,
  lastMs: number | null,
  dueMs: number | null,
  error: Buffer | null,
];

const DUE = `SELECT ${UNFINISHED_COLUMNS} FROM forward_items i WHERE i.forward = $1 AND i.state = 'retry'
  ORDER BY i.due_ms, i.seq LIMIT $2::int8`;
const HELD = `SELECT c.conversation FROM unnest($2::bytea[]) AS c (conversation) WHERE EXISTS (
    SELECT FROM forward_items i WHERE i.forward = $1 AND sha256(i.conversation) = sha256(c.conversation)
      AND i.conversation = c.conversation AND i.state <> 'dead')`;
const OF_ITEM = `SELECT ${UNFINISHED_COLUMNS}, f.name FROM forwards f JOIN forward_items i ON i.forward = f.name
  WHERE i.seq = $1::int8 ORDER BY f.name`;
const MODE = 'SELECT mode FROM forwards WHERE name = $1';
const dead = (mode: ForwardMode): string =>
  `SELECT ${UNFINISHED_COLUMNS}, e.${ENTRY_COLUMNS.replaceAll(', ', ', e.')} FROM forward_items i CROSS JOIN ${entryWith(mode, 'i.seq')}
    WHERE i.forward = $1 AND i.state = 'dead' AND i.seq > $2::int8 ORDER BY i.seq LIMIT $3::int8`;
const DEAD: Readonly<Record<ForwardMode, string>> = { item: dead('item'), raw: dead('raw') };

export function unfinishedRow(row: readonly [...UnfinishedRow, ...unknown[]]): Unfinished {
  const [seq, state, conversation, attempts, firstMs, lastMs, dueMs, error] = row;
  return {
    seq,
    state,
    conversation: conversation?.toString() ?? null,
    attempts,
    firstMs,
    lastMs,
    dueMs,
    error: error?.toString() ?? null,
  };
}

/** See `ForwardStore.due`. */
export async function selectDue(
  session: Session,
  name: string,
  nowMs: number,
  limit: number,
): Promise<{ readonly rows: readonly Unfinished[]; readonly nextMs: number | null }> {
  const all = (await session.rows<UnfinishedRow>(DUE, [name, limit + 1], 'forward_due')).map(
    unfinishedRow,
  );
  const rows = all.slice(0, limit).filter(({ dueMs }) => dueMs !== null && dueMs <= nowMs);
  return { rows, nextMs: all[rows.length]?.dueMs ?? null };
}

/** See `ForwardStore.held`. */
export async function selectHeld(
  session: Session,
  name: string,
  conversations: readonly string[],
): Promise<readonly string[]> {
  const list = byteaArray(conversations.map((each) => Buffer.from(each)));
  const rows = await session.rows<[Buffer]>(HELD, [name, list], 'forward_held');
  return rows.map(([conversation]) => conversation.toString());
}

/** See `ForwardStore.unfinishedOf`. */
export async function selectUnfinishedOf(
  session: Session,
  seq: number,
): Promise<(Unfinished & { readonly name: string })[]> {
  const rows = await session.rows<readonly [...UnfinishedRow, name: string]>(OF_ITEM, [seq]);
  return rows.map((row) => ({ name: row[8], ...unfinishedRow(row) }));
}

/** Returns the mode in which the destination was opened last; null where it never was. */
export async function modeOf(session: Session, name: string): Promise<ForwardMode | null> {
  const [row] = await session.rows<[ForwardMode]>(MODE, [name]);
  return row?.[0] ?? null;
}

type DeadRow = readonly [
  ...UnfinishedRow,
  ...(EntryRow extends readonly [number, ...infer R] ? R : never),
];

/** See `ForwardStore.dead`. */
export async function selectDead(
  session: Session,
  name: string,
  after: number,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const mode = await modeOf(session, name);
  if (mode === null) return [];
  const rows = await session.rows<DeadRow>(DEAD[mode], [name, after, limit]);
  return rows.map((row) => {
    const [seq, , , , , , , , isEvent, id, source, kind, party] = row;
    return { ...unfinishedRow(row), ...entryOf([seq, isEvent, id, source, kind, party]) };
  });
}
