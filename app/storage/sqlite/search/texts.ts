// The texts of a block's messages, folded, in the form that the search index is built from.
import type { DatabaseSync } from 'node:sqlite';
import { foldCase } from '../../../model/search.ts';
import { preparedArrays } from '../file/statements.ts';
import { BLOCK_MESSAGES, type Block, rangeOf } from './blocks.ts';

/** Folded texts behind one another, in the order of their messages; one unit stands between two, and belongs to neither. */
export interface Texts {
  /** UTF-16 units. Those that `readTexts` gives are valid until it is called again. */
  readonly units: Uint16Array;
  /** Where each text ends in `units`. */
  readonly ends: readonly number[];
  /** Each one's message: its place in the block, from 0. */
  readonly offsets: readonly number[];
}

/** Stands between texts ("record separator" in ASCII). Nothing else folds into it, and hardly a text has it. */
const SEPARATOR = '\x1e';

const EVERY_OFFSET = Array.from({ length: BLOCK_MESSAGES }, (_, offset) => offset);

/** Kept from one block to the next, because most are as long as the last. */
let scratch = Buffer.alloc(0);

/** Reads a block's texts, and how many messages it has: one without a text counts, too. */
export function readTexts(
  database: DatabaseSync,
  block: Block,
): { texts: Texts; messages: number } {
  const range = rangeOf(block);
  // All in one row, and as bytes: a row and a string for each message would cost more than all that is done with them.
  const row = preparedArrays(
    database,
    `SELECT CAST(group_concat(text, '${SEPARATOR}') AS BLOB), count(text), count(*)
     FROM (SELECT text FROM messages WHERE seq BETWEEN ? AND ? ORDER BY seq)`,
  ).get(...range) as unknown as [Uint8Array<ArrayBuffer> | null, number, number];
  const [joined, count, messages] = row;
  const folded = foldCase(joined === null ? '' : stringOf(joined));
  const ends = count === 0 ? [] : endsIn(folded);
  // More ends than texts: one of them has a separator of its own.
  if (ends.length !== count) return { texts: foldedTexts(readEach(database, range)), messages };
  const offsets = count === BLOCK_MESSAGES ? EVERY_OFFSET : readOffsets(database, range);
  return { texts: { units: unitsOf(folded), ends, offsets }, messages };
}

/** The same form for texts that are at hand one by one. */
export function foldedTexts(
  texts: Iterable<{ readonly offset: number; readonly text: string }>,
): Texts {
  const offsets: number[] = [];
  const ends: number[] = [];
  const folded: string[] = [];
  let end = -SEPARATOR.length;
  for (const { offset, text } of texts) {
    offsets.push(offset);
    folded.push(foldCase(text));
    end += SEPARATOR.length + (folded.at(-1)?.length ?? 0);
    ends.push(end);
  }
  return { units: unitsOf(folded.join(SEPARATOR)).slice(), ends, offsets };
}

function stringOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

/** The units of a string, in memory that the next call uses again. */
function unitsOf(text: string): Uint16Array {
  if (scratch.length < text.length * 2)
    scratch = Buffer.from(new ArrayBuffer(text.length * 2 + (text.length >>> 1)));
  // In the order of bytes of the processor, which is this one wherever Node 26 is offered.
  scratch.write(text, 'utf16le');
  return new Uint16Array(scratch.buffer, 0, text.length);
}

function endsIn(folded: string): number[] {
  const ends: number[] = [];
  let at = folded.indexOf(SEPARATOR);
  while (at >= 0) {
    ends.push(at);
    at = folded.indexOf(SEPARATOR, at + 1);
  }
  ends.push(folded.length);
  return ends;
}

/** The places of a block's messages that have a text. */
function readOffsets(database: DatabaseSync, [first, last]: [number, number]): number[] {
  const rows = preparedArrays(
    database,
    'SELECT seq - ?1 FROM messages WHERE seq BETWEEN ?1 AND ?2 AND text IS NOT NULL ORDER BY seq',
  ).all(first, last) as unknown as [number][];
  return rows.map(([offset]) => offset);
}

function readEach(
  database: DatabaseSync,
  [first, last]: [number, number],
): { offset: number; text: string }[] {
  const rows = preparedArrays(
    database,
    `SELECT seq - ?1, text FROM messages
     WHERE seq BETWEEN ?1 AND ?2 AND text IS NOT NULL ORDER BY seq`,
  ).all(first, last) as unknown as [number, string][];
  return rows.map(([offset, text]) => ({ offset, text }));
}
