// Candidates for a search: the messages of a block that have every trigram of it.
import type { DatabaseSync } from 'node:sqlite';
import { prepared } from '../statements.ts';
import { type Block, groupBitsOf, rowId, spanOf } from './blocks.ts';
import { findList, unpack } from './postings.ts';
import { BUCKET_BITS, eachBucket } from './trigrams.ts';

/** More trigrams than this make the candidates hardly fewer, and each costs a look into every block. */
const BUCKETS_MAX = 8;
/** So few candidates are looked at sooner than compared with another list. */
const FEW = 8;

/** The buckets to look up for a search; empty when it is too short for the index to help. */
export function searchBuckets(text: string): number[] {
  const buckets: number[] = [];
  eachBucket(text, (bucket) => buckets.push(bucket));
  if (buckets.length <= BUCKETS_MAX) return buckets;
  // Spread over the search, because neighbouring trigrams tend to be in the same texts.
  return Array.from(
    { length: BUCKETS_MAX },
    (_, at) => buckets[Math.floor((at * buckets.length) / BUCKETS_MAX)] as number,
  );
}

/** The numbers (`seq`) of the block's candidates, ascending. */
export function candidatesIn(
  database: DatabaseSync,
  block: Block,
  buckets: readonly number[],
): number[] {
  const lists: Uint8Array[] = [];
  for (const bucket of buckets) {
    const list = listOf(database, block, bucket);
    if (list === null) return [];
    lists.push(list);
  }
  const [shortest, ...others] = lists.toSorted((a, b) => a.length - b.length);
  let numbers = unpack(shortest ?? new Uint8Array());
  for (const list of others) {
    if (numbers.length <= FEW) break;
    // A list that is far longer than the candidates are many would take longer to read than the texts.
    if (list.length > numbers.length * 64) break;
    numbers = intersect(numbers, unpack(list));
  }
  const first = block.index * spanOf(block.level) + 1;
  return numbers.map((number) => first + number);
}

function listOf(database: DatabaseSync, block: Block, bucket: number): Uint8Array | null {
  const lowBits = BUCKET_BITS - groupBitsOf(block.level);
  const select = prepared(database, 'SELECT postings FROM search_postings WHERE row_id = ?');
  const bytes = select.get(rowId(block, bucket >>> lowBits))?.['postings'];
  return bytes instanceof Uint8Array ? findList(bytes, bucket & (2 ** lowBits - 1)) : null;
}

/** The numbers that both ascending lists have. */
function intersect(a: readonly number[], b: readonly number[]): number[] {
  const both: number[] = [];
  let at = 0;
  for (const number of a) {
    while (at < b.length && (b[at] as number) < number) at += 1;
    if (b[at] === number) both.push(number);
  }
  return both;
}
