// The writer's side of the search index: puts in what the search thread has prepared, each piece in one transaction.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader, counterWriter } from '../counters.ts';
import { prepared } from '../statements.ts';
import { type Block, STATES, blockId, groupBitsOf, rowId, spanOf } from './blocks.ts';
import type { Group } from './build.ts';
import { childrenOf } from './merge.ts';

/** A piece of work that the search thread hands to the writer. */
export type SearchPiece =
  /** Groups of a block. `last`: with these it is complete, and takes the place of its children. */
  | {
      readonly kind: 'groups';
      readonly block: Block;
      readonly groups: readonly Group[];
      readonly last: boolean;
    }
  /** A merged block's rows go. */
  | { readonly kind: 'drop'; readonly block: Block };

/** Applies one piece. To be called inside a transaction. */
export function applyPiece(database: DatabaseSync, piece: SearchPiece): void {
  if (piece.kind === 'drop') drop(database, piece.block);
  else putGroups(database, piece);
}

function putGroups(
  database: DatabaseSync,
  { block, groups, last }: Extract<SearchPiece, { kind: 'groups' }>,
): void {
  const insert = prepared(
    database,
    'INSERT OR REPLACE INTO search_postings (row_id, postings) VALUES (?, ?)',
  );
  for (const { group, bytes } of groups) insert.run(rowId(block, group), bytes);
  setState(database, block, last ? 'ready' : 'building');
  if (!last) return;
  if (block.level > 0) {
    for (const child of childrenOf(block)) setState(database, child, 'merged');
    return;
  }
  const end = (block.index + 1) * spanOf(0);
  if (end > counterReader(database)('searched_seq')) counterWriter(database)('searched_seq', end);
}

function setState(database: DatabaseSync, block: Block, state: keyof typeof STATES): void {
  prepared(
    database,
    `INSERT INTO search_blocks (block_id, level, position, first_seq, state) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (block_id) DO UPDATE SET state = excluded.state`,
  ).run(
    blockId(block),
    block.level,
    block.index,
    block.index * spanOf(block.level) + 1,
    STATES[state],
  );
}

function drop(database: DatabaseSync, block: Block): void {
  const last = rowId(block, 2 ** groupBitsOf(block.level) - 1);
  prepared(database, 'DELETE FROM search_postings WHERE row_id BETWEEN ? AND ?').run(
    rowId(block, 0),
    last,
  );
  prepared(database, 'DELETE FROM search_blocks WHERE block_id = ?').run(blockId(block));
}
