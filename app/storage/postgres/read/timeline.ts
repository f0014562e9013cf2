// Messages over time, by bucket: the longest periods that make up a bucket, and the messages that they do not count yet.
import type { TimelineCounts, TimelineQuery } from '../../../model/timeline.ts';
import type { Session } from '../database/session.ts';
import { PERIODS } from '../index/limits.ts';
import type { Progress } from '../index/progress.ts';
import { assertListed, tail } from './list.ts';

/** `$2` and `$3` are the range, `$4` the length of a bucket, `$5` that of a period. */
const COUNTS = `SELECT ((start - $2::int8) / $4::int8)::int4, sum(messages)::int8 FROM (
    SELECT start, messages FROM periods WHERE unit = $5::int4 AND start >= $2::int8 AND start < $3::int8
    UNION ALL
    SELECT m.ts_seconds, 1 FROM ${tail('$1')} AND m.ts_seconds >= $2::int8 AND m.ts_seconds < $3::int8
  ) c GROUP BY 1`;

/**
 * How many messages have their instant in each bucket; a bucket without any counts 0. To be called inside the snapshot of `progress`.
 * Rejects with StoreUnavailable, and with what the client throws.
 */
export async function selectTimeline(
  session: Session,
  progress: Progress,
  { fromSeconds, toSeconds, stepSeconds }: TimelineQuery,
): Promise<TimelineCounts> {
  assertListed(progress);
  const unit = PERIODS.findLast((period) => stepSeconds % period === 0);
  if (unit === undefined) throw new Error(`no period divides a bucket of ${stepSeconds} s`);
  const rows = await session.rows<[number, number]>(COUNTS, [
    progress.listedSeq,
    fromSeconds,
    toSeconds,
    stepSeconds,
    unit,
  ]);
  const counts = Array.from({ length: (toSeconds - fromSeconds) / stepSeconds }, () => 0);
  for (const [bucket, count] of rows) counts[bucket] = count;
  return counts;
}
