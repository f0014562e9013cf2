// Chance that can be repeated: numbers that depend on nothing but a seed.

/** Returns numbers from 0 to 1, 1 excluded. */
export type Random = () => number;

/** The numbers of a seed, a whole number of up to 32 bits; the same ones each time (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
