// Builds the groups of a block of level 0 from the texts of its messages.
import { BLOCK_MESSAGES, groupBitsOf } from './blocks.ts';
import { ByteWriter, writeList } from './postings.ts';
import { BUCKETS, BUCKET_BITS, eachBucket } from './trigrams.ts';

/** A group of a block: its number and its bytes. */
export interface Group {
  readonly group: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const LOW_BITS = BUCKET_BITS - groupBitsOf(0);
const starts = new Uint32Array(BUCKETS + 1);
let pairs = new Uint32Array(BLOCK_MESSAGES * 256);
let sorted = new Uint16Array(pairs.length);

/**
 * Gives the groups that have any list, in order. `texts` are in the order of their numbers;
 * `offset` is a message's place in the block, 0 to BLOCK_MESSAGES - 1.
 */
export function buildBlock(
  texts: Iterable<{ readonly offset: number; readonly text: string }>,
): Group[] {
  const count = collect(texts);
  // A counting sort: one pass to place each message behind the others of its bucket.
  for (let bucket = 0; bucket < BUCKETS; bucket += 1)
    starts[bucket + 1] = at(starts, bucket + 1) + at(starts, bucket);
  const next = starts.slice(0, BUCKETS);
  for (let index = 0; index < count; index += 1) {
    const pair = at(pairs, index);
    const place = at(next, pair >>> 10);
    sorted[place] = pair & 0x3ff;
    next[pair >>> 10] = place + 1;
  }
  return packGroups();
}

/** An element that is known to be there. */
function at(array: Uint16Array | Uint32Array, index: number): number {
  return array[index] as number;
}

/** Notes (bucket, offset) for every bucket of every text, and counts each bucket. */
function collect(texts: Iterable<{ readonly offset: number; readonly text: string }>): number {
  starts.fill(0);
  let count = 0;
  for (const { offset, text } of texts) {
    if (count + text.length * 3 > pairs.length) grow(count + text.length * 3);
    eachBucket(text, (bucket) => {
      pairs[count++] = (bucket << 10) | offset;
      starts[bucket + 1] = at(starts, bucket + 1) + 1;
    });
  }
  return count;
}

function grow(least: number): void {
  const grown = new Uint32Array(Math.max(least, pairs.length * 2));
  grown.set(pairs);
  pairs = grown;
  sorted = new Uint16Array(grown.length);
}

function packGroups(): Group[] {
  const groups: Group[] = [];
  const out = new ByteWriter();
  const list = new ByteWriter();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const start = at(starts, bucket);
    const end = at(starts, bucket + 1);
    if (end > start) {
      let previous = 0;
      for (let index = start; index < end; index += 1) {
        list.number(at(sorted, index) - previous);
        previous = at(sorted, index);
      }
      writeList(out, bucket & (2 ** LOW_BITS - 1), previous, list.view());
      list.length = 0;
    }
    const lastOfGroup = (bucket + 1) % 2 ** LOW_BITS === 0;
    if (lastOfGroup && out.length > 0)
      groups.push({ group: bucket >>> LOW_BITS, bytes: out.take() });
  }
  return groups;
}
