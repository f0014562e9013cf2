// The metrics of forwarding: there are none where nothing is forwarded.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { behindOf } from '../forward/behind.ts';
import { ATTEMPT_RESULTS, FORWARD_STATES, type ForwardState } from '../model/forward.ts';
import type { ForwardStatus } from '../storage/store.ts';

const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30,
];

export type ForwardMetrics = ReturnType<typeof createForwardMetrics>;

/** Registers what is counted, at 0 for each destination. */
export function createForwardMetrics(registers: Registry[], destinations: readonly string[]) {
  const attempts = new Counter({
    name: 'oncebox_forward_attempts_total',
    help: 'Requests to destinations that are over, by outcome.',
    labelNames: ['destination', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'oncebox_forward_attempt_duration_seconds',
    help: 'Time from a request to a destination to the end of its answer.',
    labelNames: ['destination'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const states = new Gauge({
    name: 'oncebox_forward_state',
    help: 'The state of a destination: 1 for the present one. standby: another replica forwards.',
    labelNames: ['destination', 'state'],
    registers,
  });
  const become = (destination: string, present: ForwardState): void => {
    for (const state of FORWARD_STATES)
      states.set({ destination, state }, state === present ? 1 : 0);
  };
  for (const destination of destinations) {
    for (const outcome of ATTEMPT_RESULTS) attempts.inc({ destination, outcome }, 0);
    duration.zero({ destination });
    become(destination, 'standby');
  }
  return { attempts, duration, become };
}

/** Registers the gauges that are read of the store when they are scraped. `read`: null where it cannot say within its time limit. */
export function watchForwards(
  registers: Registry[],
  destinations: readonly string[],
  read: () => Promise<readonly ForwardStatus[] | null>,
): void {
  // The gauges of one scrape share one reading.
  let reading: Promise<readonly ForwardStatus[] | null> | null = null;
  const shared = (): Promise<readonly ForwardStatus[] | null> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
  const gauge = (name: string, help: string, valueOf: (status: ForwardStatus) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['destination'],
      registers,
      async collect() {
        const statuses = await shared();
        for (const destination of destinations) {
          const status = statuses?.find((one) => one.name === destination);
          // Without a reading the last known value would be wrong: NaN means that it is unknown.
          this.set({ destination }, status === undefined ? Number.NaN : valueOf(status));
        }
      },
    });
  };
  gauge(
    'oncebox_forward_behind',
    'Items that a destination has not finished, without dead letters; with those it does not want that were not read yet.',
    behindOf,
  );
  gauge(
    'oncebox_forward_oldest_age_seconds',
    'Time since the oldest item arrived that is not finished and no dead letter; 0 where there is none.',
    ({ oldest }) => (oldest === null ? 0 : Math.max(0, (Date.now() - Date.parse(oldest)) / 1_000)),
  );
  gauge('oncebox_forward_dead', 'Dead letters of a destination.', ({ dead }) => dead);
}
