// The metrics: what is counted, under which names, with which labels.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { BATCH_FAILURES, type ForwardStatus, type GaugeDescription } from '../storage/store.ts';
import { type ForwardMetrics, createForwardMetrics, watchForwards } from './forward-metrics.ts';
import { countPosts, countSources } from './post-metrics.ts';
import { PostTally } from './post-tally.ts';
import type { Readiness } from './readiness.ts';
import { unavailableCounter } from './unavailable-counter.ts';

const LATENCY_BUCKETS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const COMMIT_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Gauges of prom-client whose names end in _total, as those of counters do: promtool warns about them. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** What the gauges read when they are scraped. */
export interface Sources {
  readonly writerDepth: () => number;
  readonly readersWaiting: () => number;
  readonly droppedLogLines: () => number;
  readonly openStreams: () => number;
  /** The gauges of the store's engine. */
  readonly storeGauges: readonly GaugeDescription[];
  readonly readStoreGauges: () => Promise<ReadonlyMap<string, number> | null>;
  readonly readiness: () => Promise<Readiness>;
  /** Destinations that are configured, and what is known of each. */
  readonly forwards: readonly string[];
  readonly readForwards: () => Promise<readonly ForwardStatus[] | null>;
  /** The setting: messages that may wait for the writer. */
  readonly queueMessagesMax: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Registers every metric. `sources`: the names of those that are configured beside the default one; `forwards`: those of destinations.
 * What gauges read may be set later by `watch`: the store opens after the metrics exist.
 */
export function createMetrics(sources: readonly string[], forwards: readonly string[]) {
  const registry = new Registry();
  const registers = [registry];
  const posts = new PostTally(sources);
  // Metrics are written in the order of their registration: these two come first, where `head` shows them.
  countPosts(registers, posts);
  const httpRequests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests by method, route and status. 499: the client went away before the response.',
    labelNames: ['method', 'path', 'status'],
    registers,
  });
  const latency = new Histogram({
    name: 'request_latency_ms',
    help: 'Time from the request to the end of its response, in milliseconds.',
    labelNames: ['method', 'path'],
    buckets: LATENCY_BUCKETS_MS,
    registers,
  });
  const signatures = new Counter({
    name: 'webhook_signatures_total',
    help: 'Valid signatures by the secret they were made with: the previous one may go when it counts no more.',
    labelNames: ['secret'],
    registers,
  });
  for (const secret of ['current', 'previous']) signatures.inc({ secret }, 0);
  countSources(registers, posts);
  const refusedConnections = new Counter({
    name: 'oncebox_connections_refused_total',
    help: 'Connections closed at once, because CONNECTIONS_MAX were open.',
    registers,
  });
  const writer = writerMetrics(registers);
  const forward: ForwardMetrics | null =
    forwards.length === 0 ? null : createForwardMetrics(registers, forwards);
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return {
    registry,
    httpRequests,
    latency,
    unavailable: unavailableCounter(registers),
    posts,
    signatures,
    refusedConnections,
    forward,
    ...writer,
  };
}

/** Registers the metrics of the writer's batches. */
function writerMetrics(registers: Registry[]) {
  const batchSize = new Histogram({
    name: 'oncebox_batch_messages',
    help: 'Messages a commit.',
    buckets: BATCH_BUCKETS,
    registers,
  });
  const commitSeconds = new Histogram({
    name: 'oncebox_commit_duration_seconds',
    help: 'Time a batch takes in the writer, from its first statement to the end of the sync.',
    buckets: COMMIT_BUCKETS_SECONDS,
    registers,
  });
  const batchFailures = new Counter({
    name: 'oncebox_batch_failures_total',
    help: 'Batches that could not be committed, by reason.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of BATCH_FAILURES) batchFailures.inc({ reason }, 0);
  const pruned = new Counter({
    name: 'oncebox_pruned_messages_total',
    help: 'Messages removed because they were older than RETENTION_DAYS.',
    registers,
  });
  return { batchSize, commitSeconds, batchFailures, pruned };
}

/** Returns the metrics in Prometheus's text format 0.0.4. prom-client writes `Nan` where the format has `NaN`. */
export async function exposition(registry: Registry): Promise<string> {
  return (await registry.metrics()).replaceAll(/ Nan$/gm, ' NaN');
}

/** Registers the gauges that read their source when they are scraped. */
export function watch(metrics: Metrics, sources: Sources): void {
  const registers = [metrics.registry];
  gauge(
    'oncebox_writer_queue_messages',
    'Messages that wait for the writer or are being committed.',
    sources.writerDepth,
  );
  gauge(
    'oncebox_writer_queue_messages_max',
    'Messages that may wait for the writer: QUEUE_MESSAGES_MAX. Over it posts get 503.',
    () => sources.queueMessagesMax,
  );
  gauge(
    'oncebox_reader_queue_questions',
    'Reads that wait for a reader thread.',
    sources.readersWaiting,
  );
  gauge('oncebox_streams', 'Streams of messages that are open.', sources.openStreams);
  gauge(
    'oncebox_log_lines_dropped',
    'Log lines dropped since the start, because stdout was not read.',
    sources.droppedLogLines,
  );

  function gauge(name: string, help: string, read: () => number): Gauge {
    return new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  watchReadiness(registers, sources.readiness);
  if (sources.forwards.length > 0) watchForwards(registers, sources.forwards, sources.readForwards);
  // The gauges of one scrape share one reading of the store.
  let reading: Promise<ReadonlyMap<string, number> | null> | null = null;
  const read = (): Promise<ReadonlyMap<string, number> | null> => {
    reading ??= sources.readStoreGauges().finally(() => {
      reading = null;
    });
    return reading;
  };
  for (const { name, help } of sources.storeGauges) {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        // Without a reading the last known value would be wrong: NaN means that it is unknown.
        this.set((await read())?.get(name) ?? Number.NaN);
      },
    });
  }
}

/** Registers the gauge of the readiness checks, so that what keeps the service from being ready can be alerted on by its name. */
function watchReadiness(registers: Registry[], read: () => Promise<Readiness>): void {
  new Gauge({
    name: 'oncebox_ready',
    help: 'Whether each check of /health/ready holds: 1 or 0.',
    labelNames: ['check'],
    registers,
    async collect() {
      const { checks } = await read();
      for (const [check, state] of Object.entries(checks))
        this.set({ check }, state === 'ok' ? 1 : 0);
    },
  });
}
