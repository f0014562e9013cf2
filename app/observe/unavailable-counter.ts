// The counter of requests that could not be served, by route and reason.
import { Counter, type Registry } from 'prom-client';
import { UNAVAILABLE_REASONS } from '../model/unavailable.ts';

/** The routes that can be answered 503. Their counters exist from the start: a rise from nothing is none to Prometheus. */
const ROUTES = [
  '/webhook',
  '/messages',
  '/messages/stream',
  '/stats',
  '/stats/timeline',
  '/health/ready',
];

export function unavailableCounter(registers: Registry[]): Counter<'path' | 'reason'> {
  const counter = new Counter({
    name: 'oncebox_unavailable_total',
    help: 'Requests that could not be served (503), by route and reason, also where the client had gone before the answer.',
    labelNames: ['path', 'reason'] as const,
    registers,
  });
  for (const path of ROUTES)
    for (const reason of UNAVAILABLE_REASONS) counter.inc({ path, reason }, 0);
  return counter;
}
