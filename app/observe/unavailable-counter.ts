// The counter of requests that could not be served, by route and reason.
import { Counter, type Registry } from 'prom-client';
import { UNAVAILABLE_REASONS } from '../model/unavailable.ts';

type UnavailableCounter = Counter<'path' | 'reason'>;

export function unavailableCounter(registers: Registry[]): UnavailableCounter {
  return new Counter({
    name: 'oncebox_unavailable_total',
    help: 'Requests that could not be served (503), by route and reason, also where the client had gone before the answer.',
    labelNames: ['path', 'reason'] as const,
    registers,
  });
}

/** Sets the counters of a route that can be answered 503 to 0: to Prometheus a counter that appears later has not risen. */
export function startAtZero(counter: UnavailableCounter, path: string): void {
  for (const reason of UNAVAILABLE_REASONS) counter.inc({ path, reason }, 0);
}
