// The shape of the search index: blocks of consecutive messages, at levels of growing size.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from '../file/statements.ts';
import { BUCKET_BITS } from './trigrams.ts';

/** Messages in a block of level 0. Fewer than this wait to be indexed, and are looked at one by one. */
export const BLOCK_MESSAGES = 1_024;
/** This many neighbours of one level become one block of the next. */
export const FAN_OUT = 16;
const GROUP_BITS_LEVEL_0 = 8;
/** Each level has four times the groups of the one below, so that a group's bytes grow slower than its block. */
export const GROUP_BITS_STEP = 2;
export const LEVEL_MAX = 4;

/** Block `index` of a level holds the messages numbered index × span + 1 to (index + 1) × span. */
export interface Block {
  readonly level: number;
  readonly index: number;
}

/** `building`: not to be read yet. `ready`: to be read. `merged`: part of a larger block; its rows are to be deleted. */
export const STATES = { building: 0, ready: 1, merged: 2 } as const;

/** How many messages a block of this level spans. */
export function spanOf(level: number): number {
  return BLOCK_MESSAGES * FAN_OUT ** level;
}

/** How many of a bucket's leading bits name its group, at this level. */
export function groupBitsOf(level: number): number {
  return Math.min(BUCKET_BITS, GROUP_BITS_LEVEL_0 + GROUP_BITS_STEP * level);
}

/** The block's number in the tables. */
export function blockId({ level, index }: Block): number {
  return level * 2 ** 32 + index;
}

/** The row that holds a group of a block: rows of one block are neighbours. */
export function rowId(block: Block, group: number): number {
  return blockId(block) * 2 ** BUCKET_BITS + group;
}

/** Blocks in a state, in the order of their messages. */
export function blocksIn(database: DatabaseSync, state: keyof typeof STATES): Block[] {
  const sql = 'SELECT level, position FROM search_blocks WHERE state = ? ORDER BY first_seq';
  return prepared(database, sql)
    .all(STATES[state])
    .map((row) => ({ level: Number(row['level']), index: Number(row['position']) }));
}

/** Where a block stands: its state, how many messages were removed from it since it was cleaned, how often it was rewritten. */
export interface Standing {
  readonly state: number;
  readonly removed: number;
  readonly edits: number;
}

/** The standing of a block; null where the index has no such block. */
export function standingOf(database: DatabaseSync, block: Block): Standing | null {
  const sql = 'SELECT state, removed, edits FROM search_blocks WHERE block_id = ?';
  const row = prepared(database, sql).get(blockId(block));
  if (row === undefined) return null;
  return {
    state: Number(row['state']),
    removed: Number(row['removed']),
    edits: Number(row['edits']),
  };
}

/** The block of the next level that this one becomes a part of. */
export function parentOf({ level, index }: Block): Block {
  return { level: level + 1, index: Math.floor(index / FAN_OUT) };
}

/** The numbers (`seq`) of the first and the last message of a block. */
export function rangeOf({ level, index }: Block): [first: number, last: number] {
  return [index * spanOf(level) + 1, (index + 1) * spanOf(level)];
}
