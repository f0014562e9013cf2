// What became of webhook requests, with rates over the last minute.
import { useEffect, useState } from 'preact/hooks';
import { getMetrics } from '../api.ts';
import { formatCount, formatMs, formatRate } from '../format.ts';
import { quantileOf, rateOf, readSample, type Sample } from '../metrics.ts';
import { usePolled } from '../polled.ts';

const INTERVAL_MS = 3_000;
const WINDOW_MS = 60_000;
const OUTCOMES = [
  ['created', 'Created', 'good'],
  ['duplicate', 'Duplicate', 'plain'],
  ['invalid_signature', 'Invalid signature', 'bad'],
  ['validation_error', 'Validation error', 'warn'],
  ['payload_too_large', 'Too large', 'warn'],
  ['unavailable', 'Unavailable', 'bad'],
] as const;

/** The newest sample, and the oldest of the last minute. */
export interface Samples {
  readonly recent: Sample;
  readonly newest: Sample;
}

/** Reads the metrics every few seconds and keeps a minute of them. Null before the first. */
export function useSamples(): Samples | null {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const { data } = usePolled('metrics', INTERVAL_MS, async (signal) =>
    readSample(await getMetrics(signal), performance.now()),
  );
  useEffect(() => {
    if (data === null) return;
    setSamples((before) => [...before.filter(({ atMs }) => data.atMs - atMs <= WINDOW_MS), data]);
  }, [data]);
  const [recent] = samples;
  const newest = samples.at(-1);
  return recent === undefined || newest === undefined ? null : { recent, newest };
}

export function Outcomes({ samples }: { samples: Samples | null }) {
  const share = (of: number): string => {
    const value =
      samples === null
        ? null
        : (quantileOf(samples.recent, samples.newest, of) ?? quantileOf(null, samples.newest, of));
    return value === null ? '–' : formatMs(value);
  };
  return (
    <section class="card" aria-labelledby="outcomes">
      <h2 id="outcomes">Outcomes since start</h2>
      <table class="figures">
        <thead class="offscreen">
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Requests</th>
            <th scope="col">A second</th>
          </tr>
        </thead>
        <tbody>
          {OUTCOMES.map(([name, label, colour]) => (
            <tr key={name}>
              <th scope="row">
                <span class={`dot ${colour}`} aria-hidden="true" />
                {label}
              </th>
              <td class="number">
                {samples === null ? '…' : formatCount(samples.newest.outcomes[name] ?? 0)}
              </td>
              <td class="number muted">
                {samples === null ? '' : formatRate(rateOf(samples.recent, samples.newest, name))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl class="latency">
        {(
          [
            ['p50', 0.5],
            ['p95', 0.95],
            ['p99', 0.99],
          ] as const
        ).map(([name, of]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{share(of)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
