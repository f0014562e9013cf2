// Trigrams of folded texts as numbers: by them a search finds the blocks in which a text may be.

/** More trigrams than this exclude hardly a block more: texts are compared in any case. */
const SEARCHED_MAX = 24;

/** Adds the trigrams of a folded text to a set. Two that have the same number cost time, not correctness. */
export function addTrigrams(folded: string, into: Set<number>): void {
  let [first, second] = [-1, -1];
  for (const character of folded) {
    const third = character.codePointAt(0) ?? 0;
    if (first !== -1) into.add(hashOf(first, second, third));
    first = second;
    second = third;
  }
}

/** Returns trigrams that a text must have if it contains the folded one; null where that has none. */
export function searchedTrigrams(folded: string): number[] | null {
  const all = new Set<number>();
  addTrigrams(folded, all);
  if (all.size === 0) return null;
  const step = Math.max(1, all.size / SEARCHED_MAX);
  const trigrams = [...all];
  const picked: number[] = [];
  for (let at = 0; at < trigrams.length; at += step) picked.push(trigrams[Math.floor(at)] ?? 0);
  return picked;
}

/** A number of 32 bits with a sign, as the array in the index has them. Stored: another mapping needs another schema version. */
function hashOf(first: number, second: number, third: number): number {
  // Code points have 21 bits. The multipliers are odd and have no pattern, as in MurmurHash3.
  let hash = Math.imul(first, 0xcc9e2d51) ^ Math.imul(second, 0x1b873593);
  hash = Math.imul((hash << 13) | (hash >>> 19), 0x85ebca6b) ^ Math.imul(third, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x9e3779b1) | 0;
}
