// From Prometheus's text to the figures that the overview shows: outcomes, rates, and the latency of ingest.

export interface Sample {
  readonly atMs: number;
  /** Webhook requests by what became of them, since the service started. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Requests by upper bound of their latency in milliseconds, added up, as Prometheus does it. */
  readonly latency: readonly (readonly [boundMs: number, count: number])[];
}

const OUTCOME = /^webhook_requests_total\{result="([a-z_]+)"\} (\S+)$/;
const LATENCY = /^request_latency_ms_bucket\{(.*)\} (\S+)$/;

/** Reads the exposition. What is not looked for is left alone. */
export function readSample(text: string, atMs: number): Sample {
  const outcomes: Record<string, number> = {};
  const latency: (readonly [number, number])[] = [];
  for (const line of text.split('\n')) {
    const outcome = OUTCOME.exec(line);
    if (outcome !== null) outcomes[outcome[1] as string] = Number(outcome[2]);
    const bucket = LATENCY.exec(line);
    if (bucket === null || !(bucket[1] as string).includes('path="/webhook"')) continue;
    if (!(bucket[1] as string).includes('method="POST"')) continue;
    const bound = /le="([^"]*)"/.exec(bucket[1] as string)?.[1] ?? '+Inf';
    latency.push([bound === '+Inf' ? Infinity : Number(bound), Number(bucket[2])]);
  }
  return { atMs, outcomes, latency };
}

/** How often a second, between two samples; 0 where the service started anew in between. */
export function rateOf(older: Sample, newer: Sample, outcome: string): number {
  const seconds = (newer.atMs - older.atMs) / 1_000;
  const grown = (newer.outcomes[outcome] ?? 0) - (older.outcomes[outcome] ?? 0);
  return seconds <= 0 || grown < 0 ? 0 : grown / seconds;
}

/**
 * The latency that a share of requests stayed under, between two samples, as PromQL's histogram_quantile has it:
 * evenly spread within a bucket. Null without requests.
 */
export function quantileOf(older: Sample | null, newer: Sample, share: number): number | null {
  const before = new Map(older?.latency ?? []);
  const grown = newer.latency.map(
    ([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const,
  );
  const total = grown.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let [lowMs, lowCount] = [0, 0];
  for (const [bound, count] of grown) {
    if (count >= rank) {
      if (bound === Infinity) return lowMs;
      return lowMs + (bound - lowMs) * ((rank - lowCount) / (count - lowCount));
    }
    [lowMs, lowCount] = [bound, count];
  }
  return lowMs;
}
