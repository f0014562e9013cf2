// Messages over time, counted by bucket from the counted segments of the order, and the tail on top.
import type { DatabaseSync } from 'node:sqlite';
import type { TimelineCounts, TimelineQuery } from '../../../model/timeline.ts';
import { prepared } from '../file/statements.ts';
import { readTail } from './tail.ts';

/**
 * How many messages have their instant in each bucket; a bucket without any counts 0. To be called inside a snapshot.
 * A bucket holds what comes before its end and not before its start: both are found from the segments, so that
 * however many messages there are, each end costs a walk through at most one segment.
 */
export function selectTimeline(database: DatabaseSync, query: TimelineQuery): TimelineCounts {
  const { fromSeconds, toSeconds, stepSeconds } = query;
  const buckets = (toSeconds - fromSeconds) / stepSeconds;
  const ends = Array.from({ length: buckets + 1 }, (_, place) => fromSeconds + place * stepSeconds);
  const before = countsBefore(database, ends);
  const counts = ends.slice(1).map((_, place) => (before[place + 1] ?? 0) - (before[place] ?? 0));
  for (const { seconds } of readTail(database, null, null).entries) {
    const place = Math.floor((seconds - fromSeconds) / stepSeconds);
    if (place >= 0 && place < buckets) counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

/** How many messages of the order come before each of the ends, which are in order of time. */
function countsBefore(database: DatabaseSync, ends: readonly number[]): number[] {
  const within = prepared(
    database,
    `SELECT count(*) AS count FROM by_time
     WHERE (ts_seconds, ts_nanos, message_id) >= (?, ?, ?) AND ts_seconds < ?`,
  );
  const segments = prepared(
    database,
    'SELECT ts_seconds, ts_nanos, message_id, messages FROM segments ORDER BY ts_seconds, ts_nanos, message_id',
  ).all();
  const before: number[] = [];
  let passed = 0;
  for (const [place, segment] of segments.entries()) {
    const nextStart = Number(segments[place + 1]?.['ts_seconds'] ?? Infinity);
    // No message has an empty id, so a segment that begins in the second of an end begins after it.
    while (before.length < ends.length && (ends[before.length] ?? 0) <= nextStart) {
      const end = ends[before.length] ?? 0;
      const start = [segment['ts_seconds'], segment['ts_nanos'], segment['message_id']] as const;
      const count = within.get(Number(start[0]), Number(start[1]), String(start[2]), end)?.[
        'count'
      ];
      before.push(passed + Number(count));
    }
    passed += Number(segment['messages']);
  }
  return before;
}
