// Messages over time, by bucket: differences of positions in the list of all messages.
import type { DatabaseSync } from 'node:sqlite';
import type { TimelineCounts, TimelineQuery } from '../../../model/timeline.ts';
import type { IndexProgress } from '../index/state.ts';
import { MergedList } from './merged-list.ts';

/**
 * How many messages have their instant in each bucket; a bucket without any counts 0. To be called inside the snapshot of `progress`.
 * However many messages there are, each end costs a walk through at most one segment. Throws StoreUnavailable.
 */
export function selectTimeline(
  database: DatabaseSync,
  progress: IndexProgress,
  { fromSeconds, toSeconds, stepSeconds }: TimelineQuery,
): TimelineCounts {
  const list = new MergedList(database, progress, null);
  const buckets = (toSeconds - fromSeconds) / stepSeconds;
  const ends = Array.from(
    { length: buckets + 1 },
    (_, bucket) => fromSeconds + bucket * stepSeconds,
  );
  const before = list.countsBefore(ends);
  return ends.slice(1).map((_, bucket) => (before[bucket + 1] ?? 0) - (before[bucket] ?? 0));
}
