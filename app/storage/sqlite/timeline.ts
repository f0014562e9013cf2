// Messages over time, counted by bucket, in SQL.
import type { DatabaseSync } from 'node:sqlite';
import type { TimelineCounts, TimelineQuery } from '../../model/timeline.ts';

/** How many messages have their instant in each bucket; a bucket without any counts 0. */
export function selectTimeline(database: DatabaseSync, query: TimelineQuery): TimelineCounts {
  const { fromSeconds, toSeconds, stepSeconds } = query;
  const counts: number[] = Array.from({ length: (toSeconds - fromSeconds) / stepSeconds }, () => 0);
  // The cast: numbers of JavaScript are bound as REAL, and dividing by one keeps the fraction.
  const rows = database
    .prepare(
      `SELECT CAST((ts_seconds - ?) / ? AS INTEGER) AS bucket, count(*) AS messages FROM messages
       WHERE ts_seconds >= ? AND ts_seconds < ? GROUP BY bucket`,
    )
    .iterate(fromSeconds, stepSeconds, fromSeconds, toSeconds);
  for (const row of rows) counts[Number(row['bucket'])] = Number(row['messages']);
  return counts;
}
