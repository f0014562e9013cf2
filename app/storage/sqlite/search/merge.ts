// Merges neighbouring blocks into one of the next level, a few groups at a time.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from '../statements.ts';
import { type Block, FAN_OUT, groupBitsOf, rowId, spanOf } from './blocks.ts';
import type { Group } from './build.ts';
import { ByteReader, ByteWriter, listsOf, writeList } from './postings.ts';
import { BUCKET_BITS } from './trigrams.ts';

/** A stretch of the merged block's groups is handed on when it has this many bytes, so that its transaction stays short. */
const STRETCH_BYTES = 262_144;

/** The blocks that become part of this one. */
export function childrenOf({ level, index }: Block): Block[] {
  return Array.from({ length: FAN_OUT }, (_, child) => ({
    level: level - 1,
    index: index * FAN_OUT + child,
  }));
}

/** Gives the merged block's groups in stretches, in order. */
export function* mergeBlocks(database: DatabaseSync, block: Block): Generator<Group[]> {
  const children = childrenOf(block);
  const groupsBelow = 2 ** groupBitsOf(block.level - 1);
  let stretch: Group[] = [];
  let bytes = 0;
  for (let group = 0; group < groupsBelow; group += 1) {
    for (const merged of mergeGroup(database, block, children, group)) {
      stretch.push(merged);
      bytes += merged.bytes.length;
    }
    if (bytes >= STRETCH_BYTES) {
      yield stretch;
      stretch = [];
      bytes = 0;
    }
  }
  yield stretch;
}

interface Piece {
  readonly child: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly last: number;
}

/** The groups of the merged block that come out of one group of its children. */
function mergeGroup(
  database: DatabaseSync,
  block: Block,
  children: readonly Block[],
  group: number,
): Group[] {
  const select = prepared(database, 'SELECT postings FROM search_postings WHERE row_id = ?');
  const pieces = new Map<number, Piece[]>();
  for (const [child, below] of children.entries()) {
    const bytes = select.get(rowId(below, group))?.['postings'];
    if (!(bytes instanceof Uint8Array)) continue;
    for (const { low, start, end, last } of listsOf(bytes)) {
      const piece = { child, bytes, start, end, last };
      const others = pieces.get(low);
      if (others === undefined) pieces.set(low, [piece]);
      else others.push(piece);
    }
  }
  return packMerged(block, group, pieces);
}

function packMerged(
  block: Block,
  group: number,
  pieces: ReadonlyMap<number, readonly Piece[]>,
): Group[] {
  const bits = groupBitsOf(block.level);
  const lowBitsBelow = BUCKET_BITS - groupBitsOf(block.level - 1);
  const lowBits = BUCKET_BITS - bits;
  const span = spanOf(block.level - 1);
  const out = new ByteWriter();
  const list = new ByteWriter();
  const groups: Group[] = [];
  let current = -1;
  const finish = (): void => {
    if (out.length > 0) groups.push({ group: current, bytes: out.take() });
  };
  for (const low of [...pieces.keys()].toSorted((a, b) => a - b)) {
    const bucket = (group << lowBitsBelow) | low;
    if (bucket >>> lowBits !== current) {
      finish();
      current = bucket >>> lowBits;
    }
    const last = joinLists(list, pieces.get(low) ?? [], span);
    writeList(out, bucket & (2 ** lowBits - 1), last, list.view());
    list.length = 0;
  }
  finish();
  return groups;
}

/** Puts lists of neighbouring blocks behind one another: only the first number of each is written anew. */
function joinLists(list: ByteWriter, pieces: readonly Piece[], span: number): number {
  let last = 0;
  for (const piece of pieces) {
    const reader = new ByteReader(piece.bytes, piece.start);
    list.number(piece.child * span + reader.number() - last);
    list.bytes(piece.bytes, reader.position, piece.end);
    last = piece.child * span + piece.last;
  }
  return last;
}
