// The search thread: reads new messages, prepares their part of the index, and hands it to the writer piece by piece.
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openForReading } from '../connection.ts';
import { counterReader } from '../counters.ts';
import { prepared } from '../statements.ts';
import { BLOCK_MESSAGES, type Block, FAN_OUT, LEVEL_MAX, blocksIn, spanOf } from './blocks.ts';
import { buildBlock } from './build.ts';
import type { SearchPiece } from './indexer.ts';
import { mergeBlocks } from './merge.ts';

if (parentPort === null) throw new Error('search-thread.ts runs as a worker thread only');
const { path, port } = workerData as { path: string; port: MessagePort };
const database = openForReading(path);
/** What is to be handed over, made one piece at a time. */
let work: Iterator<SearchPiece> | null = null;

// Each message from the writer asks for the next piece: it has applied the last one, or has new messages.
port.on('message', () => {
  const piece = nextPiece();
  port.postMessage(piece);
});

function nextPiece(): SearchPiece | null {
  const going = work?.next();
  if (going?.done === false) return going.value;
  work = nextWork();
  const begun = work?.next();
  return begun?.done === false ? begun.value : null;
}

/** What is most worth doing: clearing away, then merging (it makes searches cheaper), then indexing new messages. */
function nextWork(): Iterator<SearchPiece> | null {
  const merged = blocksIn(database, 'merged')[0];
  if (merged !== undefined) return drop(merged);
  const full = mergeable(blocksIn(database, 'ready'));
  if (full !== null) return merge(full);
  const counter = counterReader(database);
  const index = counter('searched_seq') / BLOCK_MESSAGES;
  return counter('last_seq') >= (index + 1) * BLOCK_MESSAGES ? build({ level: 0, index }) : null;
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

function* build(block: Block): Generator<SearchPiece> {
  yield { kind: 'groups', block, groups: buildBlock(textsOf(database, block)), last: true };
}

function* merge(block: Block): Generator<SearchPiece> {
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
