// Holds the search index against the texts: each message is listed under every trigram of its text, and under no other.
import type { DatabaseSync } from 'node:sqlite';
import { counterReader } from '../counters.ts';
import { firstAfter } from '../gaps.ts';
import { prepared } from '../statements.ts';
import { type Block, blocksIn, groupBitsOf, rowId, spanOf } from './blocks.ts';
import { ByteReader, listsOf } from './postings.ts';
import { BUCKETS, BUCKET_BITS, eachBucket } from './trigrams.ts';

/** Told how many messages have been looked at. */
type Tell = (messages: number) => void;

/**
 * Gives one sentence for each difference, none where index and texts agree. Messages that were deleted may still be
 * listed: a search looks at each message that is listed, and does not find these. Reads every text and every list;
 * to be called inside a snapshot where others write.
 */
export function verifySearch(database: DatabaseSync, tell: Tell = () => undefined): string[] {
  const differences = verifyCover(database);
  if (differences.length > 0) return differences;
  for (const block of blocksIn(database, 'ready')) {
    const difference = verifyBlock(database, block, tell);
    if (difference !== null) differences.push(difference);
  }
  return differences;
}

/** Whether the blocks that are read cover the messages up to the watermark, each once. */
export function verifyCover(database: DatabaseSync): string[] {
  const areLeftOut = (above: number, upTo: number): boolean => {
    const first = firstAfter(database, above);
    return upTo < above || (first !== null && first <= upTo);
  };
  let covered = 0;
  for (const { level, index } of blocksIn(database, 'ready')) {
    const before = index * spanOf(level);
    if (areLeftOut(covered, before))
      return [
        `search index: after message ${covered} comes a block that begins with ${before + 1}`,
      ];
    covered = before + spanOf(level);
  }
  const watermark = counterReader(database)('searched_seq');
  if (!areLeftOut(covered, watermark)) return [];
  return [`search index: its blocks end with message ${covered}, its watermark is ${watermark}`];
}

/**
 * Two sums for each bucket over the messages that it lists: how many, and a hash of their numbers.
 * The texts add to them, the lists take away; where all are zero again, the lists are those of the texts.
 */
class Sums {
  readonly #counts = new Int32Array(BUCKETS);
  readonly #hashes = new Int32Array(BUCKETS);

  add(bucket: number, place: number, sign: 1 | -1): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + sign;
    this.#hashes[bucket] = (this.#hashes[bucket] ?? 0) ^ mixed(place);
  }

  /** How many buckets differ. */
  differences(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      if (this.#counts[bucket] !== 0 || this.#hashes[bucket] !== 0) count += 1;
    return count;
  }
}

/** Spreads the bits of a number, so that two wrong ones do not cancel each other (the finalizer of MurmurHash3). */
function mixed(number: number): number {
  let hash = number + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function verifyBlock(database: DatabaseSync, block: Block, tell: Tell): string | null {
  const first = block.index * spanOf(block.level) + 1;
  const last = first + spanOf(block.level) - 1;
  const sums = new Sums();
  const there = addTexts(database, block, sums, tell);
  const lowBits = BUCKET_BITS - groupBitsOf(block.level);
  const select = 'SELECT row_id, postings FROM search_postings WHERE row_id BETWEEN ? AND ?';
  const rows = prepared(database, select).iterate(
    rowId(block, 0),
    rowId(block, 2 ** groupBitsOf(block.level) - 1),
  );
  try {
    for (const row of rows) {
      const group = Number(row['row_id']) - rowId(block, 0);
      subtractLists(row['postings'] as Uint8Array, group << lowBits, there, sums);
    }
  } catch (error) {
    return `search index of the messages ${first} to ${last}: ${(error as Error).message}`;
  }
  const count = sums.differences();
  if (count === 0) return null;
  return `search index of the messages ${first} to ${last}: ${count} of its lists are not those of the texts`;
}

/** Adds the texts of a block. Gives a bit for each of its messages that has one. */
function addTexts(database: DatabaseSync, block: Block, sums: Sums, tell: Tell): Uint8Array {
  const span = spanOf(block.level);
  const first = block.index * span + 1;
  const there = new Uint8Array(Math.ceil(span / 8));
  const select = 'SELECT seq, text FROM messages WHERE seq BETWEEN ? AND ?';
  let read = 0;
  for (const row of prepared(database, select).iterate(first, first + span - 1)) {
    const { seq, text } = row;
    read += 1;
    if (read % 1_024 === 0) tell(first - 1 + read);
    if (typeof text !== 'string') continue;
    const place = Number(seq) - first;
    there[place >>> 3] = (there[place >>> 3] ?? 0) | (1 << (place & 7));
    eachBucket(text, (bucket) => sums.add(bucket, place, 1));
  }
  return there;
}

function subtractLists(
  group: Uint8Array,
  firstBucket: number,
  there: Uint8Array,
  sums: Sums,
): void {
  for (const { low, start, end } of listsOf(group)) {
    const reader = new ByteReader(group, start);
    let place = 0;
    while (reader.position < end) {
      place += reader.number();
      if (((there[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0)
        sums.add(firstBucket | low, place, -1);
    }
  }
}
