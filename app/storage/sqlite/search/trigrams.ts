// The trigrams of a text, as buckets: what the search index is made of, for texts and for searches alike.
import { foldCase } from '../../../model/search.ts';

/** Trigrams are hashed into this many buckets. Two that share one cost a look at a text, never a wrong answer. */
export const BUCKET_BITS = 16;
export const BUCKETS = 1 << BUCKET_BITS;

/** The bucket of three neighbouring UTF-16 units of a folded text. */
export function bucketOf(a: number, b: number, c: number): number {
  const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  // BUCKETS - 1, but that would be loaded anew for each trigram, and a block take 40 % longer to build.
  return (hash ^ (hash >>> 15)) & 0xffff;
}

/** Remembers which buckets the current text has had, without being cleared between texts. */
const seenIn = new Uint32Array(BUCKETS);
let turn = 0;

/** Calls `visit` once for each bucket that the text's trigrams fall into. Texts under three units have none. */
export function eachBucket(text: string, visit: (bucket: number) => void): void {
  const folded = foldCase(text);
  turn += 1;
  let a = folded.charCodeAt(0);
  let b = folded.charCodeAt(1);
  for (let index = 2; index < folded.length; index += 1) {
    const c = folded.charCodeAt(index);
    const bucket = bucketOf(a, b, c);
    if (seenIn[bucket] !== turn) {
      seenIn[bucket] = turn;
      visit(bucket);
    }
    a = b;
    b = c;
  }
}
