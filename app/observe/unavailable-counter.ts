// The counter of requests that could not be served, by route and reason.
import { Counter, type Registry } from 'prom-client';
import { UNAVAILABLE_REASONS } from '../model/unavailable.ts';

type UnavailableCounter = Counter<'path' | 'reason'>;

export function unavailableCounter(registers: Registry[]): UnavailableCounter {
  return new Counter({
    name: 'oncebox_unavailable_total',
    help: 'Requests that could not be served (503), by route and reason, also where the client had gone before the response.',
    labelNames: ['path', 'reason'] as const,
    registers,
  });
}

/** Starts the counters of a route that has a 503 at 0: Prometheus sees no increase in a counter that appears later. */
export function startAtZero(counter: UnavailableCounter, path: string): void {
  for (const reason of UNAVAILABLE_REASONS) counter.inc({ path, reason }, 0);
}
