// Takes removed messages out of the lists of a block of the search index.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from '../file/statements.ts';
import {
  type Block,
  type Standing,
  STATES,
  groupBitsOf,
  parentOf,
  rangeOf,
  rowId,
  spanOf,
  standingOf,
} from './blocks.ts';
import { type Groups, GroupsWriter } from './groups.ts';
import type { SearchPiece } from './indexer.ts';
import { keptGroup } from './postings.ts';

/** A stretch of rewritten groups ends when so many bytes were read for it, so that its transaction stays short. */
const STRETCH_BYTES = 262_144;

/** A block whose lists name removed messages, `removedShare` of its messages at least or all that it had; null where none is. */
export function blockToClean(database: DatabaseSync, removedShare: number): Block | null {
  const rows = prepared(
    database,
    'SELECT level, position, removed FROM search_blocks WHERE state = ? AND removed > 0 ORDER BY first_seq',
  ).all(STATES.ready);
  for (const row of rows) {
    const block = { level: Number(row['level']), index: Number(row['position']) };
    if (standingOf(database, parentOf(block)) !== null) continue;
    if (Number(row['removed']) >= spanOf(block.level) * removedShare) return block;
    const any = 'SELECT 1 FROM messages WHERE seq BETWEEN ? AND ? LIMIT 1';
    if (prepared(database, any).get(...rangeOf(block)) === undefined) return block;
  }
  return null;
}

/** Gives the pieces that clean a block. Ends early where another process has changed the block meanwhile. */
export function* cleanBlock(database: DatabaseSync, block: Block): Generator<SearchPiece> {
  const begun = standingOf(database, block);
  if (begun === null) return;
  // Read after `removed`: what is removed from now on may stay in the lists, and is noted anew.
  const isKept = keptOf(database, block);
  const { removed } = begun;
  let { edits } = begun;
  for (const { groups, last } of stretches(database, block, isKept)) {
    if (overtaken(standingOf(database, block), edits)) return;
    yield { kind: 'clean', block, groups, edits, removed, last };
    edits += 1;
  }
}

function overtaken(standing: Standing | null, edits: number): boolean {
  return standing?.state !== STATES.ready || standing.edits !== edits;
}

/** Which messages of the block are there, by their place in it. One bit each, however large the block is. */
function keptOf(database: DatabaseSync, block: Block): (place: number) => boolean {
  const [first, last] = rangeOf(block);
  const bits = new Uint8Array(spanOf(block.level) / 8);
  const seqs = prepared(database, 'SELECT seq FROM messages WHERE seq BETWEEN ? AND ?');
  for (const row of seqs.iterate(first, last)) {
    const place = Number(row['seq']) - first;
    bits[place >>> 3] = (bits[place >>> 3] ?? 0) | (1 << (place & 7));
  }
  return (place) => ((bits[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0;
}

function* stretches(
  database: DatabaseSync,
  block: Block,
  isKept: (place: number) => boolean,
): Generator<{ groups: Groups; last: boolean }> {
  const select = prepared(database, 'SELECT postings FROM search_postings WHERE row_id = ?');
  const groupCount = 2 ** groupBitsOf(block.level);
  const writer = new GroupsWriter();
  let bytes = 0;
  for (let group = 0; group < groupCount; group += 1) {
    const before = select.get(rowId(block, group))?.['postings'];
    if (!(before instanceof Uint8Array)) continue;
    const after = keptGroup(before, isKept);
    if (after !== before) {
      writer.out.bytes(after);
      writer.end(group);
    }
    bytes += before.length;
    if (bytes >= STRETCH_BYTES) {
      yield { groups: writer.take(), last: false };
      bytes = 0;
    }
  }
  yield { groups: writer.take(), last: true };
}
