// What became of webhook requests, with rates over the last minute.
import { useEffect, useState } from 'preact/hooks';
import { ApiError, getMetrics, setMetricsToken } from '../api.ts';
import { formatCount, formatMs, formatRate } from '../format.ts';
import { quantileOf, rateOf, readSample, type Sample } from '../metrics.ts';
import { usePolled } from '../polled.ts';
import { TokenField } from '../token-prompt.tsx';

const INTERVAL_MS = 3_000;
const WINDOW_MS = 60_000;
const UNLOCK_TIMEOUT_MS = 10_000;
const OUTCOMES = [
  ['created', 'Created', 'good'],
  ['duplicate', 'Duplicate', 'plain'],
  ['invalid_signature', 'Invalid signature', 'bad'],
  ['validation_error', 'Validation error', 'warn'],
  ['payload_too_large', 'Too large', 'warn'],
  ['unavailable', 'Unavailable', 'bad'],
] as const;

/** The newest sample, and the oldest of the last minute. */
interface Samples {
  readonly recent: Sample;
  readonly newest: Sample;
}

export interface Figures {
  /** Null before the first. */
  readonly samples: Samples | null;
  /** Why there are none: the metrics want another token than the rest. */
  readonly locked: boolean;
  /** Returns whether the token fits. */
  readonly unlock: (token: string) => Promise<boolean>;
}

/** Reads the metrics every few seconds and keeps a minute of them. */
export function useFigures(): Figures {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [tries, setTries] = useState(0);
  const { data, error } = usePolled(`metrics ${tries}`, INTERVAL_MS, async (signal) =>
    readSample(await getMetrics(signal), performance.now()),
  );
  useEffect(() => {
    if (data === null) return;
    setSamples((before) => [...before.filter(({ atMs }) => data.atMs - atMs <= WINDOW_MS), data]);
  }, [data]);
  const [recent] = samples;
  const newest = samples.at(-1);
  return {
    samples: recent === undefined || newest === undefined ? null : { recent, newest },
    locked: error instanceof ApiError && error.status === 401,
    unlock: async (token) => {
      setMetricsToken(token);
      const fits = await getMetrics(AbortSignal.timeout(UNLOCK_TIMEOUT_MS)).then(
        () => true,
        () => false,
      );
      if (fits) setTries((before) => before + 1);
      return fits;
    },
  };
}

/** The latency that a share of requests stayed under: over the last minute, or since the start where that had none. */
export function latencyOf({ recent, newest }: Samples, share: number): number | null {
  return quantileOf(recent, newest, share) ?? quantileOf(null, newest, share);
}

export function Outcomes({ figures }: { figures: Figures }) {
  return (
    <section class="card" aria-labelledby="outcomes">
      <h2 id="outcomes">Outcomes since start</h2>
      {figures.locked ? (
        <Locked unlock={figures.unlock} />
      ) : (
        <OutcomeTable samples={figures.samples} />
      )}
    </section>
  );
}

/** Says what is missing, and asks for it. */
function Locked({ unlock }: { unlock: Figures['unlock'] }) {
  const [token, change] = useState('');
  const [refused, setRefused] = useState(false);
  return (
    <form
      class="locked"
      onSubmit={(event) => {
        event.preventDefault();
        void unlock(token).then((fits) => setRefused(!fits));
      }}
    >
      <p class="muted">
        Outcomes and latency come from <code>/metrics</code>, which has its own token here: the
        value of <code>METRICS_TOKEN</code>.
      </p>
      <TokenField label="Metrics token" value={token} change={change} />
      {refused && (
        <p class="bad-text" role="alert">
          This token is wrong.
        </p>
      )}
      <button class="button" type="submit">
        Show outcomes
      </button>
    </form>
  );
}

function OutcomeTable({ samples }: { samples: Samples | null }) {
  const shown = (share: number): string => {
    const value = samples === null ? null : latencyOf(samples, share);
    return value === null ? '–' : formatMs(value);
  };
  return (
    <>
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
            <dd>{shown(of)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
