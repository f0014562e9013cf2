// What the search index lacks: the next piece of work on it, whoever does it.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../counters.ts';
import { prepared } from '../statements.ts';
import { BLOCK_MESSAGES, type Block, FAN_OUT, LEVEL_MAX, blocksIn, spanOf } from './blocks.ts';
import { buildBlock } from './build.ts';
import type { SearchPiece } from './indexer.ts';
import { mergeBlocks } from './merge.ts';

/**
 * What is most worth doing: clearing away, then merging (it makes searches cheaper), then indexing new messages.
 * Gives it in pieces, each to be applied before the next is asked for; null where nothing is to be done.
 */
export function nextWork(database: DatabaseSync): Iterator<SearchPiece> | null {
  const merged = blocksIn(database, 'merged')[0];
  if (merged !== undefined) return drop(merged);
  const full = mergeable(blocksIn(database, 'ready'));
  if (full !== null) return merge(database, full);
  const counter = counterReader(database);
  const index = counter('searched_seq') / BLOCK_MESSAGES;
  return counter('last_seq') >= (index + 1) * BLOCK_MESSAGES
    ? build(database, { level: 0, index })
    : null;
}

/** The first block of a higher level whose children are all ready. */
function mergeable(ready: readonly Block[]): Block | null {
  const counts = new Map<string, number>();
  for (const { level, index } of ready) {
    if (level === LEVEL_MAX) continue;
    const parent = { level: level + 1, index: Math.floor(index / FAN_OUT) };
    const name = `${parent.level}:${parent.index}`;
    const count = (counts.get(name) ?? 0) + 1;
    if (count === FAN_OUT) return parent;
    counts.set(name, count);
  }
  return null;
}

function* drop(block: Block): Generator<SearchPiece> {
  yield { kind: 'drop', block };
}

function* build(database: DatabaseSync, block: Block): Generator<SearchPiece> {
  yield { kind: 'groups', block, groups: buildBlock(textsOf(database, block)), last: true };
}

function* merge(database: DatabaseSync, block: Block): Generator<SearchPiece> {
  for (const groups of mergeBlocks(database, block))
    yield { kind: 'groups', block, groups, last: false };
  yield { kind: 'groups', block, groups: [], last: true };
}

function* textsOf(
  connection: DatabaseSync,
  block: Block,
): Generator<{ offset: number; text: string }> {
  const first = block.index * spanOf(block.level) + 1;
  const select = prepared(
    connection,
    'SELECT seq, text FROM messages WHERE seq BETWEEN ? AND ? ORDER BY seq',
  );
  for (const row of select.all(first, first + spanOf(block.level) - 1)) {
    const text = row['text'];
    if (typeof text === 'string') yield { offset: Number(row['seq']) - first, text };
  }
}
