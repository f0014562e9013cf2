// The writer's side of the search index: puts in what was prepared, each piece in one transaction.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader, counterWriter } from '../counters.ts';
import { prepared } from '../statements.ts';
import {
  type Block,
  STATES,
  blockId,
  groupBitsOf,
  parentOf,
  rangeOf,
  rowId,
  standingOf,
} from './blocks.ts';
import type { Groups } from './groups.ts';
import { childrenOf } from './merge.ts';

/** A piece of work on the index, prepared outside of the transaction that puts it in. */
export type SearchPiece =
  /** All groups of a block of level 0. `messages`: how many messages it had when they were read. */
  | {
      readonly kind: 'build';
      readonly block: Block;
      readonly groups: Groups;
      readonly messages: number;
    }
  /** No message is numbered above `from` up to `to`, which ends a block: the index leaves these numbers out. */
  | { readonly kind: 'skip'; readonly from: number; readonly to: number }
  /** A larger block is about to be made of its children: comes before any of them is read. */
  | { readonly kind: 'begin'; readonly block: Block }
  /** Groups of a larger block. `last`: with these it is complete, and takes the place of its children. */
  | {
      readonly kind: 'merge';
      readonly block: Block;
      readonly groups: Groups;
      readonly last: boolean;
    }
  /** A merged block's rows go. */
  | { readonly kind: 'drop'; readonly block: Block }
  /**
   * Groups of a block without its removed messages; an empty one goes. `edits`: how often the block had been rewritten
   * when they were read. `last`: with these it is rid of `removed` messages that it had lost by then.
   */
  | {
      readonly kind: 'clean';
      readonly block: Block;
      readonly groups: Groups;
      readonly edits: number;
      readonly removed: number;
      readonly last: boolean;
    };

/**
 * Applies one piece. To be called inside a transaction. A piece that was overtaken, because another process
 * works on the same index, changes nothing.
 */
export function applyPiece(database: DatabaseSync, piece: SearchPiece): void {
  if (piece.kind === 'build') build(database, piece);
  else if (piece.kind === 'skip') skip(database, piece);
  else if (piece.kind === 'begin') begin(database, piece.block);
  else if (piece.kind === 'merge') merge(database, piece);
  else if (piece.kind === 'clean') clean(database, piece);
  else drop(database, piece.block);
}

type Piece<K extends SearchPiece['kind']> = Extract<SearchPiece, { kind: K }>;

function build(database: DatabaseSync, { block, groups, messages }: Piece<'build'>): void {
  const [first, last] = rangeOf(block);
  if (counterReader(database)('searched_seq') !== first - 1) return;
  putGroups(database, block, groups);
  // Messages that were removed since they were read are in these groups.
  const now = prepared(
    database,
    'SELECT count(*) AS count FROM messages WHERE seq BETWEEN ? AND ?',
  ).get(first, last)?.['count'];
  putBlock(database, block, 'ready', messages - Number(now));
  counterWriter(database)('searched_seq', last);
}

function skip(database: DatabaseSync, { from, to }: Piece<'skip'>): void {
  if (counterReader(database)('searched_seq') === from) counterWriter(database)('searched_seq', to);
}

function begin(database: DatabaseSync, block: Block): void {
  // A child that is not there has no messages.
  const standings = childrenOf(block).flatMap((child) => standingOf(database, child) ?? []);
  if (standings.length === 0 || standings.some(({ state }) => state !== STATES.ready)) return;
  const removed = standings.reduce((sum, standing) => sum + standing.removed, 0);
  if (standingOf(database, block) === null) putBlock(database, block, 'building', removed);
}

function merge(database: DatabaseSync, { block, groups, last }: Piece<'merge'>): void {
  if (standingOf(database, block)?.state !== STATES.building) return;
  putGroups(database, block, groups);
  if (!last) return;
  setState(database, block, 'ready');
  for (const child of childrenOf(block)) setState(database, child, 'merged');
}

function clean(
  database: DatabaseSync,
  { block, groups, edits, removed, last }: Piece<'clean'>,
): void {
  const standing = standingOf(database, block);
  if (standing?.state !== STATES.ready || standing.edits !== edits) return;
  // Its groups are being read for the larger block, which has taken over what is to be cleaned.
  if (standingOf(database, parentOf(block)) !== null) return;
  putGroups(database, block, groups);
  prepared(
    database,
    'UPDATE search_blocks SET edits = edits + 1, removed = removed - ? WHERE block_id = ?',
  ).run(last ? removed : 0, blockId(block));
}

function putGroups(database: DatabaseSync, block: Block, groups: Groups): void {
  const put = prepared(
    database,
    'INSERT OR REPLACE INTO search_postings (row_id, postings) VALUES (?, ?)',
  );
  const remove = prepared(database, 'DELETE FROM search_postings WHERE row_id = ?');
  let start = 0;
  for (const [index, group] of groups.numbers.entries()) {
    const end = groups.ends[index] ?? start;
    if (end > start) put.run(rowId(block, group), groups.bytes.subarray(start, end));
    else remove.run(rowId(block, group));
    start = end;
  }
}

function putBlock(
  database: DatabaseSync,
  block: Block,
  state: keyof typeof STATES,
  removed: number,
): void {
  prepared(
    database,
    `INSERT INTO search_blocks (block_id, level, position, first_seq, state, removed)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(blockId(block), block.level, block.index, rangeOf(block)[0], STATES[state], removed);
}

function setState(database: DatabaseSync, block: Block, state: keyof typeof STATES): void {
  prepared(database, 'UPDATE search_blocks SET state = ? WHERE block_id = ?').run(
    STATES[state],
    blockId(block),
  );
}

function drop(database: DatabaseSync, block: Block): void {
  if (standingOf(database, block)?.state !== STATES.merged) return;
  const last = rowId(block, 2 ** groupBitsOf(block.level) - 1);
  prepared(database, 'DELETE FROM search_postings WHERE row_id BETWEEN ? AND ?').run(
    rowId(block, 0),
    last,
  );
  prepared(database, 'DELETE FROM search_blocks WHERE block_id = ?').run(blockId(block));
}
