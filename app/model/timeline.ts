// Messages over time: how many have their instant in each bucket of a range.

/** Lengths of a bucket, in seconds: a minute to a year's quarter. Each divides the day or is a number of whole days. */
export const TIMELINE_STEPS = [
  60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 7_776_000,
] as const;

/** The most buckets that one response may hold. */
export const TIMELINE_BUCKETS_MAX = 400;

/** Whole seconds since 1970-01-01T00:00:00Z. Both ends are multiples of `stepSeconds`; `toSeconds` is not part of the range. */
export interface TimelineQuery {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
}

/** One count for each bucket, in order of time. */
export type TimelineCounts = readonly number[];
