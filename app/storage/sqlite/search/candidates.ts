// Candidates for a search: the messages of a block that have every trigram of it.
import type { DatabaseSync } from 'node:sqlite';
import { preparedArrays } from '../file/statements.ts';
import { type Block, groupBitsOf, rowId, spanOf } from './blocks.ts';
import { findList, unpack } from './postings.ts';
import { BUCKET_BITS, eachBucket } from './trigrams.ts';

/** More trigrams than this make the candidates hardly fewer, and each costs a look into every block. */
const BUCKETS_MAX = 8;
/** So few candidates are looked at sooner than compared with another list. */
const FEW = 8;
/** A group of more bytes a candidate takes longer to read than the candidates' texts. */
const GROUP_BYTES_MAX = 2_048;
/** The same for a list in it, which is to be unpacked. */
const LIST_BYTES_MAX = 64;
/** A list that leaves more than this share of the candidates did not help; after two such lists no other is expected to. */
const LEFT_MAX = 0.98;
const USELESS_MAX = 2;

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

/** Messages by their places: `first` is the number (`seq`) of place 0. */
export interface Places {
  readonly first: number;
  readonly places: ArrayLike<number>;
}

/** The block's candidates, ascending. */
export function candidatesIn(
  database: DatabaseSync,
  block: Block,
  buckets: readonly number[],
): Places {
  const first = block.index * spanOf(block.level) + 1;
  const lowBits = BUCKET_BITS - groupBitsOf(block.level);
  const groups = buckets.map((bucket) => {
    const row = rowId(block, bucket >>> lowBits);
    return { row, low: bucket & (2 ** lowBits - 1), bytes: groupBytes(database, row) };
  });
  let places: Uint32Array | null = null;
  let useless = 0;
  // The small ones first: they have the shortest lists, and after them the large ones may not be worth reading.
  for (const { row, low, bytes } of groups.toSorted((a, b) => a.bytes - b.bytes)) {
    const count: number = places?.length ?? Infinity;
    if (count <= FEW || bytes > count * GROUP_BYTES_MAX || useless === USELESS_MAX) break;
    const list = bytes === 0 ? null : listOf(database, row, low);
    if (list === null) return { first, places: [] };
    if (list.length > count * LIST_BYTES_MAX) continue;
    places = places === null ? unpack(list) : intersect(places, unpack(list));
    useless = places.length > count * LEFT_MAX ? useless + 1 : 0;
  }
  return { first, places: places ?? [] };
}

/** How long a group is; 0 where there is none. */
function groupBytes(database: DatabaseSync, row: number): number {
  const select = 'SELECT length(postings) FROM search_postings WHERE row_id = ?';
  const length = preparedArrays(database, select).get(row) as unknown as [number] | undefined;
  return length?.[0] ?? 0;
}

function listOf(database: DatabaseSync, row: number, low: number): Uint8Array | null {
  const select = 'SELECT postings FROM search_postings WHERE row_id = ?';
  const group = preparedArrays(database, select).get(row) as unknown as [Uint8Array] | undefined;
  return group === undefined ? null : findList(group[0], low);
}

/** The numbers that both ascending lists have, written over the first of them. */
function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  let count = 0;
  let at = 0;
  for (const number of a) {
    while (at < b.length && (b[at] as number) < number) at += 1;
    if (b[at] === number) a[count++] = number;
  }
  return a.subarray(0, count);
}
