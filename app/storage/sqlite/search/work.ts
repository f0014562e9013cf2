// What there is to do on the search index, prepared piece by piece from what the file holds.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../file/counters.ts';
import {
  BLOCK_MESSAGES,
  type Block,
  FAN_OUT,
  LEVEL_MAX,
  STATES,
  blocksIn,
  parentOf,
  standingOf,
} from './blocks.ts';
import { buildBlock } from './build.ts';
import { blockToClean, cleanBlock } from './clean.ts';
import { NO_GROUPS } from './groups.ts';
import type { SearchPiece } from './indexer.ts';
import { mergeBlocks } from './merge.ts';
import { readTexts } from './texts.ts';

/** Prepares work with a connection that reads. Several processes may do so for one file: what is overtaken is given up. */
export class SearchWork {
  readonly #database: DatabaseSync;
  readonly #removedShare: number;
  /** What is to be handed over, made one piece at a time. */
  #work: Iterator<SearchPiece> | null = null;
  /** Cleaning a large block takes long: new messages are indexed in between. */
  #cleaning: Iterator<SearchPiece> | null = null;

  /** `removedShare`: the part of a block's messages that must have been removed before its lists are rewritten. */
  constructor(database: DatabaseSync, removedShare: number) {
    this.#database = database;
    this.#removedShare = removedShare;
  }

  /** The next piece, to be asked for when the last one was applied; null when nothing is left to do. */
  next(): SearchPiece | null {
    const going = pieceOf(this.#work);
    if (going !== null) return going;
    this.#work = this.#nextWork();
    const begun = pieceOf(this.#work);
    if (begun !== null) return begun;
    const cleaning = pieceOf(this.#cleaning);
    if (cleaning !== null) return cleaning;
    const block = blockToClean(this.#database, this.#removedShare);
    this.#cleaning = block === null ? null : cleanBlock(this.#database, block);
    return pieceOf(this.#cleaning);
  }

  /** How many messages no block holds. */
  unindexed(): number {
    const counter = counterReader(this.#database);
    return counter('last_seq') - counter('searched_seq');
  }

  /** What is most worth doing: clearing away, then merging (it makes searches cheaper), then indexing new messages. */
  #nextWork(): Iterator<SearchPiece> | null {
    const merged = blocksIn(this.#database, 'merged')[0];
    if (merged !== undefined) return drop(merged);
    const full = mergeable(blocksIn(this.#database, 'ready'));
    if (full !== null) return merge(this.#database, full);
    const counter = counterReader(this.#database);
    const index = counter('searched_seq') / BLOCK_MESSAGES;
    return counter('last_seq') >= (index + 1) * BLOCK_MESSAGES
      ? build(this.#database, { level: 0, index })
      : null;
  }
}

function pieceOf(work: Iterator<SearchPiece> | null): SearchPiece | null {
  const step = work?.next();
  return step?.done === false ? step.value : null;
}

/** The first block of a higher level whose children are all ready. */
function mergeable(ready: readonly Block[]): Block | null {
  const counts = new Map<string, number>();
  for (const block of ready) {
    if (block.level === LEVEL_MAX) continue;
    const parent = parentOf(block);
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
  const { texts, messages } = readTexts(database, block);
  yield { kind: 'build', block, groups: buildBlock(texts), messages };
}

function* merge(database: DatabaseSync, block: Block): Generator<SearchPiece> {
  yield { kind: 'begin', block };
  for (const groups of mergeBlocks(database, block)) {
    if (standingOf(database, block)?.state !== STATES.building) return;
    yield { kind: 'merge', block, groups, last: false };
  }
  yield { kind: 'merge', block, groups: NO_GROUPS, last: true };
}
