// The overview: totals, messages over time, who sends, what became of requests, and whether all is well.
import { getReadiness, getStats, type Stats } from '../api.ts';
import { formatCount } from '../format.ts';
import { Time } from '../instant.tsx';
import { hrefOf } from '../route.ts';
import { usePolled } from '../polled.ts';
import { useSources } from '../sources.ts';
import { FirstRun } from './first-run.tsx';
import { Health } from './health.tsx';
import { Outcomes, latencyOf, useFigures } from './outcomes.tsx';
import { Tile } from './tile.tsx';
import { TimelineCard } from './timeline.tsx';
import { formatRate, formatMs } from '../format.ts';
import { rateOf } from '../metrics.ts';

export function Overview({ range }: { range: string }) {
  const stats = usePolled('stats', 2_000, getStats);
  const readiness = usePolled('readiness', 5_000, getReadiness);
  const sources = useSources();
  const figures = useFigures();
  const { samples, locked } = figures;
  const { data } = stats;
  const events = (sources.data ?? []).reduce((sum, source) => sum + source.events, 0);
  const isEmpty = data?.total_messages === 0 && events === 0;
  if (isEmpty && (sources.data ?? sources.error) !== null) return <FirstRun />;
  const rate = samples === null ? null : rateOf(samples.recent, samples.newest, 'created');
  const p95 = samples === null ? null : latencyOf(samples, 0.95);
  return (
    <div class="overview">
      {stats.error !== null && data === null && <Failed reason={stats.error.message} />}
      <div class="tiles">
        <Tile
          name="Messages"
          value={data === null ? null : formatCount(data.total_messages)}
          note={<LastMessage stats={data} events={events} />}
        />
        <Tile
          name="Senders"
          value={data === null ? null : formatCount(data.senders_count)}
          note="distinct numbers"
        />
        <Tile
          name="New messages"
          value={locked ? '–' : rate === null ? null : formatRate(rate)}
          note={locked ? 'needs the metrics token' : 'over the last minute'}
        />
        <Tile
          name="Ingest, p95"
          value={p95 === null ? (samples === null && !locked ? null : '–') : formatMs(p95)}
          note={locked ? 'needs the metrics token' : 'until it is on disk'}
        />
      </div>
      <TimelineCard range={range} stats={data} />
      <div class="columns">
        <Senders stats={data} />
        <Outcomes figures={figures} />
        <Health readiness={readiness} />
      </div>
    </div>
  );
}

function LastMessage({ stats, events }: { stats: Stats | null; events: number }) {
  const ts = stats?.last_message_ts ?? null;
  if (ts === null && events > 0)
    return (
      <a href={hrefOf('events')}>
        and {formatCount(events)} {events === 1 ? 'event' : 'events'}
      </a>
    );
  if (ts === null) return <>&nbsp;</>;
  return (
    <>
      latest <Time ts={ts} />
    </>
  );
}

function Senders({ stats }: { stats: Stats | null }) {
  const senders = stats?.messages_per_sender ?? [];
  const most = senders[0]?.count ?? 1;
  return (
    <section class="card" aria-labelledby="senders">
      <h2 id="senders">Top senders</h2>
      <ol class="senders">
        {senders.map(({ from, count }) => (
          <li key={from}>
            <a href={hrefOf('messages', { from })} title={`Show the messages from ${from}`}>
              <span class="mono">{from}</span>
              <span class="number">{formatCount(count)}</span>
              <meter class="share" min={0} max={most} value={count} aria-hidden="true" />
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Failed({ reason }: { reason: string }) {
  return (
    <p class="notice bad" role="alert">
      The totals cannot be read: {reason}. This page retries automatically.
    </p>
  );
}
