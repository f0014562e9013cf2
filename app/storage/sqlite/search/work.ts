// What there is to do on the search index, prepared piece by piece from what the file holds.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../counters.ts';
import { firstAfter } from '../gaps.ts';
import {
  BLOCK_MESSAGES,
  type Block,
  LEVEL_MAX,
  STATES,
  blocksIn,
  parentOf,
  rangeOf,
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
    const counter = counterReader(this.#database);
    // Before the blocks: those of a larger block that ends here are then there, or there are none.
    const searched = counter('searched_seq');
    const full = mergeable(blocksIn(this.#database, 'ready'), searched);
    if (full !== null) return merge(this.#database, full);
    const end = blockStart(counter('last_seq'));
    if (searched >= end) return null;
    const next = firstAfter(this.#database, searched);
    const to = next === null ? end : Math.min(end, blockStart(next - 1));
    if (to > searched) return skip(searched, to);
    return build(this.#database, { level: 0, index: searched / BLOCK_MESSAGES });
  }
}

function pieceOf(work: Iterator<SearchPiece> | null): SearchPiece | null {
  const step = work?.next();
  return step?.done === false ? step.value : null;
}

/** How many messages the blocks hold that end before or with the message `seq`, where no number is left out. */
function blockStart(seq: number): number {
  return seq - (seq % BLOCK_MESSAGES);
}

/**
 * The block of the lowest level above 0 whose children are all ready. A child without messages is left out: so that
 * it is not taken for one that is still to be merged itself, lower levels come first.
 */
function mergeable(ready: readonly Block[], searched: number): Block | null {
  let lowest: Block | null = null;
  for (const block of ready) {
    if (block.level === LEVEL_MAX || block.level + 1 >= (lowest?.level ?? Infinity)) continue;
    const parent = parentOf(block);
    if (rangeOf(parent)[1] <= searched) lowest = parent;
  }
  return lowest;
}

function* skip(from: number, to: number): Generator<SearchPiece> {
  yield { kind: 'skip', from, to };
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
