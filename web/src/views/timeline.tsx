// Messages over time: the range, the bars, and what the pointer is over.
import { useState } from 'preact/hooks';
import { getTimeline, type Stats, type Timeline } from '../api.ts';
import { formatBucket, formatCount } from '../format.ts';
import { usePolled } from '../polled.ts';
import { hrefOf } from '../route.ts';
import { Bars } from './bars.tsx';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const ALL_SECONDS_MAX = 90 * 365 * DAY_SECONDS;
const RANGES = [
  ['1h', 'Hour', HOUR_SECONDS, 60],
  ['24h', 'Day', DAY_SECONDS, 900],
  ['7d', 'Week', 7 * DAY_SECONDS, 10_800],
  ['30d', 'Month', 30 * DAY_SECONDS, 43_200],
  ['1y', 'Year', 365 * DAY_SECONDS, 604_800],
  ['all', 'All', 0, 0],
] as const;

/** The parameters for a range that ends now, or for everything there is. */
function queryFor(range: string, stats: Stats): URLSearchParams {
  const [, , lengthSeconds, step] = RANGES.find(([name]) => name === range) ?? RANGES[5];
  const now = Math.floor(Date.now() / 1_000);
  if (lengthSeconds > 0)
    return new URLSearchParams({
      from: instantOf(now - lengthSeconds),
      to: instantOf(now),
      step: String(step),
    });
  const first = secondsOf(stats.first_message_ts) ?? now;
  const last = (secondsOf(stats.last_message_ts) ?? now) + 1;
  return new URLSearchParams({
    from: instantOf(Math.max(first, last - ALL_SECONDS_MAX)),
    to: instantOf(last),
  });
}

function secondsOf(ts: string | null): number | null {
  return ts === null ? null : Math.floor(Date.parse(ts.replace(/\.\d+Z$/, 'Z')) / 1_000);
}

function instantOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}

/** A day, unless the newest message is older than that. */
function usualRange(stats: Stats): string {
  const last = secondsOf(stats.last_message_ts) ?? 0;
  return last > Date.now() / 1_000 - DAY_SECONDS ? '24h' : 'all';
}

export function TimelineCard({ range, stats }: { range: string; stats: Stats | null }) {
  const wanted = RANGES.some(([name]) => name === range)
    ? range
    : stats === null
      ? ''
      : usualRange(stats);
  const [over, setOver] = useState<number | null>(null);
  const { data, error } = usePolled(`timeline ${wanted} ${stats === null}`, 5_000, (signal) =>
    stats === null ? Promise.resolve(null) : getTimeline(queryFor(wanted, stats), signal),
  );
  return (
    <section class="card" aria-labelledby="timeline">
      <div class="card-head">
        <h2 id="timeline">Messages over time</h2>
        <nav class="segments" aria-label="Range">
          {RANGES.map(([name, label]) => (
            <a
              key={name}
              href={hrefOf('', { range: name })}
              aria-current={name === wanted ? 'true' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
      </div>
      <p class="under-pointer muted">
        {error !== null && data === null
          ? `Cannot be loaded: ${error.message}`
          : captionOf(data, over)}
      </p>
      <Bars
        timeline={data}
        label={data === null ? 'Loading' : captionOf(data, null)}
        over={setOver}
      />
    </section>
  );
}

function captionOf(timeline: Timeline | null, over: number | null): string {
  if (timeline === null) return '\u00a0';
  const start = Date.parse(timeline.from) / 1_000;
  const count = over === null ? undefined : timeline.counts[over];
  if (over !== null && count !== undefined)
    return `${formatBucket(start + over * timeline.step, timeline.step)}: ${formatCount(count)} ${count === 1 ? 'message' : 'messages'}`;
  const total = timeline.counts.reduce((sum, value) => sum + value, 0);
  const most = Math.max(0, ...timeline.counts);
  return `${formatCount(total)} ${total === 1 ? 'message' : 'messages'}, at most ${formatCount(most)} in ${lengthOf(timeline.step)}`;
}

function lengthOf(stepSeconds: number): string {
  if (stepSeconds < HOUR_SECONDS)
    return stepSeconds === 60 ? 'a minute' : `${stepSeconds / 60} minutes`;
  if (stepSeconds < DAY_SECONDS)
    return stepSeconds === HOUR_SECONDS ? 'an hour' : `${stepSeconds / HOUR_SECONDS} hours`;
  return stepSeconds === DAY_SECONDS ? 'a day' : `${stepSeconds / DAY_SECONDS} days`;
}
