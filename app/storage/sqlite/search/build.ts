// Builds the groups of a block of level 0 from the texts of its messages.
import { groupBitsOf } from './blocks.ts';
import type { Groups } from './groups.ts';
import type { Texts } from './texts.ts';
import { BUCKETS, BUCKET_BITS, bucketOf } from './trigrams.ts';

const GROUPS = 1 << groupBitsOf(0);
const LOWS = 1 << (BUCKET_BITS - groupBitsOf(0));
/** A list's head has three numbers below 2,048, of two bytes at most. */
const HEAD_BYTES_MAX = 6;

/*
 * A number for each bucket, first made of three parts: its last message's offset and one (so 1 while it has none), the
 * bytes of its list, and a bit that is set while it has no message. Then, the place where its list goes on.
 */
const LAST_BITS = 11;
const LAST = (1 << LAST_BITS) - 1;
const NEW_SHIFT = 22;
const LENGTH_AND_LAST = (1 << NEW_SHIFT) - 1;
const NOTHING = (1 << NEW_SHIFT) + 1;
const states = new Uint32Array(BUCKETS);

/** A bucket, and the distance of a message from the one before it in the bucket's list, in the low bits. */
const DISTANCE_BITS = 10;
const DISTANCE = (1 << DISTANCE_BITS) - 1;
let pairs = new Uint32Array(0);
let scratch = new Uint8Array(0);

/** Gives the groups that have any list. The texts are in the order of their offsets, 0 to BLOCK_MESSAGES - 1. */
export function buildBlock(texts: Texts): Groups {
  const { units, ends, offsets } = texts;
  if (pairs.length <= units.length) pairs = new Uint32Array(withRoom(units.length));
  states.fill(NOTHING);
  let count = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index += 1) {
    const end = ends[index] as number;
    count = note(units, start, end, offsets[index] as number, count);
    start = end + 1;
  }
  const most = count * 2 + BUCKETS * HEAD_BYTES_MAX;
  if (scratch.length < most) scratch = new Uint8Array(withRoom(most));
  const groups = layOut(scratch);
  fillIn(scratch, count);
  return { ...groups, bytes: scratch.slice(0, groups.ends.at(-1) ?? 0) };
}

/** A size a little over the one that is needed, as the next block may need a little more. */
function withRoom(needed: number): number {
  return needed + (needed >>> 2) + 1;
}

/**
 * Notes a pair for each bucket of a text, and gives how many pairs there are now. Without a branch: whether a trigram
 * comes again in its text is not to be foreseen by a processor, and guessing wrong took half of the time.
 */
function note(
  units: Uint16Array,
  start: number,
  end: number,
  offset: number,
  before: number,
): number {
  const noted = pairs;
  const known = states;
  const mark = offset + 1;
  let count = before;
  let a = units[start] as number;
  let b = units[start + 1] as number;
  for (let index = start + 2; index < end; index += 1) {
    const c = units[index] as number;
    const bucket = bucketOf(a, b, c);
    const state = known[bucket] as number;
    const distance = mark - (state & LAST);
    // Written in any case, and written over by the next one where the bucket was this text's already.
    noted[count] = (bucket << DISTANCE_BITS) | distance;
    const fresh = -(distance | (state >>> NEW_SHIFT)) >>> 31;
    const second = (0x7f - distance) >>> 31;
    count += fresh;
    known[bucket] = (state & LENGTH_AND_LAST) + distance + ((fresh + second) << LAST_BITS);
    a = b;
    b = c;
  }
  return count;
}

/** Writes the heads of all lists, leaves room for each list behind its head, and keeps where that room begins. */
function layOut(out: Uint8Array): { numbers: number[]; ends: number[] } {
  const numbers: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (let group = 0; group < GROUPS; group += 1) {
    const begin = at;
    for (let low = 0; low < LOWS; low += 1) {
      const bucket = group * LOWS + low;
      const state = states[bucket] as number;
      if (state === NOTHING) continue;
      const length = state >>> LAST_BITS;
      at = writeNumber(out, at, low);
      at = writeNumber(out, at, length);
      at = writeNumber(out, at, (state & LAST) - 1);
      states[bucket] = at;
      at += length;
    }
    if (at === begin) continue;
    numbers.push(group);
    ends.push(at);
  }
  return { numbers, ends };
}

/** Writes each pair's distance to its bucket's list. */
function fillIn(out: Uint8Array, count: number): void {
  const noted = pairs;
  for (let index = 0; index < count; index += 1) {
    const pair = noted[index] as number;
    const bucket = pair >>> DISTANCE_BITS;
    states[bucket] = writeNumber(out, states[bucket] as number, pair & DISTANCE);
  }
}

/** Writes a number of 14 bits at most, as postings.ts describes it, and gives the place behind it. */
function writeNumber(out: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    out[at] = value;
    return at + 1;
  }
  out[at] = (value & 0x7f) | 0x80;
  out[at + 1] = value >>> 7;
  return at + 2;
}
