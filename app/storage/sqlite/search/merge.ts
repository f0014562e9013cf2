// Merges neighbouring blocks into one of the next level, a few groups at a time.
import type { DatabaseSync } from 'node:sqlite';
import { type Block, FAN_OUT, GROUP_BITS_STEP, groupBitsOf, spanOf } from './blocks.ts';
import { type Groups, GroupsWriter, readGroups } from './groups.ts';
import { ListCursor, sizeOf } from './postings.ts';
import { BUCKET_BITS } from './trigrams.ts';

/** A stretch of the merged block's groups is handed on when it has this many bytes, so that its transaction stays short. */
const STRETCH_BYTES = 262_144;

/** Groups of a child of level 0 that are read in one statement; of higher levels fewer, as they are larger. */
const READ_GROUPS = 16;

/** The blocks that become part of this one. */
export function childrenOf({ level, index }: Block): Block[] {
  return Array.from({ length: FAN_OUT }, (_, child) => ({
    level: level - 1,
    index: index * FAN_OUT + child,
  }));
}

/** Gives the merged block's groups in stretches, in order. */
export function* mergeBlocks(database: DatabaseSync, block: Block): Generator<Groups> {
  const children = childrenOf(block);
  const groupsBelow = 2 ** groupBitsOf(block.level - 1);
  const writer = new GroupsWriter();
  const step = Math.max(1, READ_GROUPS >> (GROUP_BITS_STEP * (block.level - 1)));
  for (let first = 0; first < groupsBelow; first += step) {
    const read = children.map((child) => readGroups(database, child, first, step));
    for (let group = first; group < first + step; group += 1) {
      mergeGroup(writer, block, group, cursorsOf(read, group, spanOf(block.level - 1)));
      if (writer.out.length >= STRETCH_BYTES) yield writer.take();
    }
  }
  yield writer.take();
}

/** A place in each child's lists of one group; none for a child without the group. `span`: messages of a child. */
function cursorsOf(children: readonly Groups[], group: number, span: number): ListCursor[] {
  return children.flatMap(({ bytes, numbers, ends }, child) => {
    const at = numbers.indexOf(group);
    if (at === -1) return [];
    return [new ListCursor(bytes, ends[at - 1] ?? 0, ends[at] ?? 0, child * span)];
  });
}

/** Writes the groups of the merged block that come out of one group of its children. */
function mergeGroup(
  writer: GroupsWriter,
  block: Block,
  group: number,
  cursors: readonly ListCursor[],
): void {
  const lowBitsBelow = BUCKET_BITS - groupBitsOf(block.level - 1);
  const lowBits = BUCKET_BITS - groupBitsOf(block.level);
  const { out } = writer;
  let current = -1;
  for (let low = lowest(cursors); low < 2 ** lowBitsBelow; low = lowest(cursors)) {
    const bucket = (group << lowBitsBelow) | low;
    if (bucket >>> lowBits !== current) {
      if (current !== -1) writer.end(current);
      current = bucket >>> lowBits;
    }
    let last = 0;
    let length = 0;
    for (const cursor of cursors) {
      if (cursor.low !== low) continue;
      length += sizeOf(cursor.first - last) + cursor.end - cursor.start;
      ({ last } = cursor);
    }
    out.number(bucket & (2 ** lowBits - 1));
    out.number(length);
    out.number(last);
    joinLists(writer, cursors, low);
  }
  if (current !== -1) writer.end(current);
}

/** Puts the lists of neighbouring blocks behind one another: only the first number of each is written anew. */
function joinLists({ out }: GroupsWriter, cursors: readonly ListCursor[], low: number): void {
  let last = 0;
  for (const cursor of cursors) {
    if (cursor.low !== low) continue;
    out.number(cursor.first - last);
    out.bytes(cursor.bytes, cursor.start, cursor.end);
    ({ last } = cursor);
    cursor.next();
  }
}

function lowest(cursors: readonly ListCursor[]): number {
  let low = Infinity;
  for (const cursor of cursors) if (cursor.low < low) ({ low } = cursor);
  return low;
}
